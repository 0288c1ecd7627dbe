"""Files by content: stored once under their SHA-256, never changed, never trusted by their name."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from msgspec import Struct

from ecoissues.core.errors import NotFound


class Blob(Struct, frozen=True):
    """A stored file: its digest (hex), size in bytes and media type."""

    sha256: str
    size: int
    media_type: str


class BlobStore:
    """A folder of files named by their content."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _path(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / sha256

    def put(self, content: bytes, media_type: str) -> Blob:
        """Store bytes; written aside, synced, then renamed, so a crash leaves no half file."""
        sha256 = hashlib.sha256(content).hexdigest()
        path = self._path(sha256)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=path.parent)
            try:
                with os.fdopen(handle, "wb") as out:
                    out.write(content)
                    out.flush()
                    os.fsync(out.fileno())
                os.replace(temporary, path)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise
        return Blob(sha256=sha256, size=len(content), media_type=media_type)

    def get(self, sha256: str) -> bytes:
        """Read a file back; raises NotFound if it is missing or its content was changed."""
        path = self._path(sha256)
        if len(sha256) != 64 or not path.is_file():
            raise NotFound("附件文件不存在。")
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != sha256:
            raise NotFound("附件内容与登记的摘要不一致，已拒绝打开，请联系管理员核验。")
        return content
