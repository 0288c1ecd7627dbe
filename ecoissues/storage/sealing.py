"""Sealing of complainants' data at rest: encrypted with the site's key, which never leaves it."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
from cryptography.fernet import Fernet, InvalidToken

from ecoissues.core.errors import Refused


class Sealer:
    """Encrypts small mappings of text with the key file of the site (made on first use)."""

    def __init__(self, key_path: Path) -> None:
        if not key_path.exists():
            key_path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(key_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as out:
                out.write(Fernet.generate_key())
        self._fernet = Fernet(key_path.read_bytes())

    def seal(self, person: dict[str, str]) -> bytes:
        """Encrypt a mapping of text."""
        return self._fernet.encrypt(msgspec.json.encode(person))

    def open(self, sealed: bytes) -> dict[str, str]:
        """Decrypt; raises Refused ``sealed_key`` if the key is not the one it was sealed with."""
        try:
            return msgspec.json.decode(self._fernet.decrypt(sealed), type=dict[str, str])
        except InvalidToken:
            raise Refused(
                "sealed_key", "举报人信息无法解密：站点密钥与加密时不同；数据仍在，未作改动。"
            ) from None
