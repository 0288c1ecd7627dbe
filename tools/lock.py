"""Compile the three dependency locks from pyproject.toml: hash-pinned, without any host name.

uv's own lock format and pylock.toml record the address of the index they were made from, which is
of no use to somebody behind a mirror; requirement files with digests do not.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UV = ROOT / ".tools" / "bin" / "uv"
OPTIONS = ("--universal", "--python-version", "3.11", "--generate-hashes", "--no-header")
LOCKS = {
    "requirements.lock": ("pyproject.toml",),
    "requirements-dev.lock": (
        *("pyproject.toml", "--group", "test", "--group", "dev"),
        *("-c", "requirements.lock"),
    ),
    "requirements-tools.lock": ("--group", "tools"),
}


def main() -> int:
    for name, sources in LOCKS.items():
        command = [str(UV), "pip", "compile", "-q", *OPTIONS, "--no-annotate", *sources]
        code = subprocess.run([*command, "-o", name], cwd=ROOT, check=False).returncode
        if code:
            return code
        print(f"{name} written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
