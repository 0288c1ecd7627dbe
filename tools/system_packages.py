"""The two things a test run needs from the operating system: a Chromium and a Chinese font.

Debian and Ubuntu, as root or with a sudo that asks nothing: installed. Elsewhere: a sentence with
the packages to install. Nothing is skipped for want of them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts")
FONT_PATTERNS = ("*CJK*", "*wqy*", "*SourceHanSans*", "*simsun*", "*msyh*")
APT_NAMES = {"browser": "chromium", "font": "fonts-noto-cjk"}


class Missing(Exception):
    """Something is missing that could not be installed here; the text says what to install."""


def find_browser() -> str | None:
    """Path of a Chromium-family browser; ``CHROMIUM`` in the environment goes first."""
    wanted = os.environ.get("CHROMIUM")
    for name in (wanted,) if wanted else BROWSERS:
        found = shutil.which(name)
        # Ubuntu's "chromium-browser" package is only a pointer to a snap, which needs snapd.
        if found and "snap" not in Path(found).read_bytes()[:400].decode("latin-1"):
            return found
    return None


def find_font() -> Path | None:
    """A font file with Chinese glyphs; without one Chromium draws boxes and screenshots lie."""
    for folder in FONT_FOLDERS:
        for pattern in FONT_PATTERNS:
            for path in Path(folder).expanduser().rglob(pattern):
                return path
    system = Path("/System/Library/Fonts/PingFang.ttc")
    return system if system.exists() else None


def missing() -> list[str]:
    """Which of ``APT_NAMES`` are not there."""
    present = {"browser": find_browser(), "font": find_font()}
    return [name for name, found in present.items() if found is None]


def ensure() -> None:
    """Install what is missing, or raise ``Missing`` with the exact cure."""
    wanted = missing()
    if not wanted:
        return
    packages = [APT_NAMES[name] for name in wanted]
    prefix = privilege()
    if shutil.which("apt-get") and prefix is not None:
        install(prefix, packages)
        wanted = missing()
    if wanted:
        names = " ".join(APT_NAMES[name] for name in wanted)
        raise Missing(
            f"The tests need on this machine: {names}\n"
            f"  Debian:  apt-get install --no-install-recommends {names}\n"
            "  Ubuntu:  google-chrome-stable (its chromium is a snap) and fonts-noto-cjk\n"
            "  other:   any Chromium or Chrome, and any font with Chinese characters;\n"
            "           a browser off the PATH is named with CHROMIUM=/path/to/chrome make test\n"
            "Without a browser: make quick."
        )


def privilege() -> list[str] | None:
    """What to put before a command that needs root: nothing, ``sudo -n``, or no way (None)."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return []
    if shutil.which("sudo"):
        trial = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False)
        if trial.returncode == 0:
            return ["sudo", "-n"]
    return None


def install(prefix: list[str], packages: list[str]) -> None:
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    print(f"installing {' '.join(packages)} with apt-get …", flush=True)
    for command in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        done = subprocess.run([*apt, *command], capture_output=True, text=True, check=False)
        if done.returncode:
            raise Missing(f"{done.stdout}{done.stderr}\napt-get {' '.join(command)} failed.")
