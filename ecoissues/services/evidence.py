"""Evidence files: checked and cleaned before any lock is taken, then kept with the step."""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from typing import Any, Final

import filetype
import msgspec
from PIL import Image, ImageOps
from sqlalchemy import Connection, insert

from ecoissues.core.errors import Refused
from ecoissues.core.vocabulary import EVIDENCE_STAGES
from ecoissues.services.site import Site
from ecoissues.storage import tables as t

LARGEST: Final = 20 * 1024 * 1024
MOST_PIXELS: Final = 50_000_000
LONGEST_SIDE: Final = 4096

_OFFICE: Final = {
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/msword",
    "application/vnd.ms-excel",
}
_IMAGES: Final = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
ACCEPTED: Final = frozenset({*_IMAGES, *_OFFICE, "application/pdf"})


class Prepared(msgspec.Struct, frozen=True):
    """A file that has been checked and stored under its digest, ready to be named by a step."""

    sha256: str
    name: str
    stage: str
    media_type: str
    size: int

    def fact(self) -> dict[str, Any]:
        """What the event says of it."""
        return {"sha256": self.sha256, "name": self.name, "stage": self.stage, "size": self.size}


def safe_name(name: str) -> str:
    """Give a file name without path, control characters and length that could do harm."""
    bare = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    bare = re.sub(r"[\x00-\x1f\x7f<>:\"|?*\u202a-\u202e\u2066-\u2069]", "", bare).strip(". ")
    stem, dot, ending = bare.rpartition(".")
    if dot and len(ending) <= 5:
        return f"{stem[:80] or '附件'}.{ending}"
    return bare[:80] or "附件"


def prepare(site: Site, name: str, stage: str, content: bytes) -> Prepared:
    """Check a file by its content, clean a picture (turned upright, place and time data removed).

    Refused ``file_empty``, ``file_too_large``, ``file_type``, ``file_broken``, ``bad_stage``.
    """
    shown = safe_name(name)
    if stage not in EVIDENCE_STAGES:
        raise Refused("bad_stage", f"附件“{shown}”的类别不对，请选择整改前、整改后或佐证材料。")
    if not content:
        raise Refused("file_empty", f"附件“{shown}”是空文件，未上传。")
    if len(content) > LARGEST:
        raise Refused(
            "file_too_large",
            f"附件“{shown}”有 {len(content) / 1048576:.1f} MB，超过上限 20 MB，未上传。",
        )
    kind = filetype.guess(content)
    media_type = kind.mime if kind else ""
    if media_type not in ACCEPTED:
        raise Refused(
            "file_type",
            f"附件“{shown}”不是可接受的类型；可上传照片（JPG、PNG）、PDF、Word、Excel。未上传。",
        )
    if media_type in _IMAGES:
        content = _clean_picture(shown, content, _IMAGES[media_type])
    elif "openxml" in media_type:
        _check_package(shown, content)
    blob = site.blobs.put(content, media_type)
    return Prepared(blob.sha256, shown, stage, media_type, blob.size)


def _clean_picture(name: str, content: bytes, form: str) -> bytes:
    try:
        with Image.open(io.BytesIO(content)) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise Refused("file_too_large", f"图片“{name}”像素过多，请缩小后再传。")
            upright = ImageOps.exif_transpose(picture)
            if upright.mode in ("P", "PA"):  # its colours stand in a palette that pasting loses
                upright = upright.convert("RGBA")
            upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            if form == "JPEG" and upright.mode != "RGB":
                upright = upright.convert("RGB")
            clean = Image.new(upright.mode, upright.size)
            clean.paste(upright)
            out = io.BytesIO()
            clean.save(out, format=form, quality=88)
            return out.getvalue()
    except Refused:
        raise
    except Exception:
        raise Refused("file_broken", f"图片“{name}”已损坏，无法读取，未上传。") from None


def _check_package(name: str, content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            size = sum(item.file_size for item in package.infolist())
            names = package.namelist()
    except zipfile.BadZipFile:
        raise Refused("file_broken", f"附件“{name}”已损坏，无法读取，未上传。") from None
    if size > 300 * 1024 * 1024 or any("vbaProject" in item for item in names):
        raise Refused("file_type", f"附件“{name}”过大或含有宏，未上传。")


def keep_files(connection: Connection, case_id: int, seq: int, files: Any) -> None:
    """Write the rows that name the files a step brought."""
    rows = [
        {
            "case_id": case_id, "seq": seq, "sha256": file.sha256, "name": file.name,
            "stage": file.stage, "media_type": file.media_type, "size": file.size,
        }
        for file in files
    ]  # fmt: skip
    if rows:
        connection.execute(insert(t.evidence), rows)
