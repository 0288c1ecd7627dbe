"""Let uv use the package index the machine is set up for.

pip reads its configuration files and uv does not. Many offices can reach a mirror only, and their
administrators write it into pip's configuration; without this step the second half of the
installation would go elsewhere than the first and fail.
"""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

# pip's setting -> uv's environment variable, see "pip config" and "uv environment variables".
SETTINGS = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
}


def for_uv(python: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for uv: ``environment`` plus what ``python``'s pip is configured with.

    A variable that is set already is never replaced. Hashes are required for every package, so
    looking into all indexes at once cannot bring in a foreign package.
    """
    asked = subprocess.run(
        [str(python), "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    )
    result = dict(environment)
    for name, value in read_settings(asked.stdout).items():
        result.setdefault(SETTINGS[name], value)
    result.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    result.setdefault("UV_LINK_MODE", "copy")
    return result


def read_settings(listing: str) -> dict[str, str]:
    """Settings of interest from the output of ``pip config list``, lists joined by blanks."""
    found: dict[str, str] = {}
    for line in listing.splitlines():
        key, _, quoted = line.partition("=")
        scope, _, name = key.strip().partition(".")
        if scope not in {"global", "install", ":env:"} or name not in SETTINGS:
            continue
        text = " ".join(shlex.split(quoted)).replace("\\n", " ")
        found[name] = " ".join(text.split())
    return found
