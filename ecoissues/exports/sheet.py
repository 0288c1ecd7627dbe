"""What goes around a table and what comes back from writing it, whatever the file format."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import BinaryIO, Final

from ecoissues.core.errors import Refused
from ecoissues.core.forms import Form, fill_title

#: One row of a sheet: values by column key. Keys the form does not know are left out.
Row = Mapping[str, object]

#: Notes told one by one; further ones are only counted.
_MOST_NOTES: Final = 50


@dataclass(frozen=True)
class Heading:
    """Everything printed above the table.

    ``list_title``, ``batch``, ``unit`` and ``as_of`` fill the form's title and the line under it
    (填报单位, 截至日期, 填报日期); ``number`` is the 表号 (else the form's); ``lines`` are further
    lines under the title.
    """

    list_title: str = ""
    batch: str = ""
    unit: str = ""
    as_of: date | None = None
    filled_on: date | None = None
    number: str = ""
    lines: tuple[str, ...] = ()

    def title(self, form: Form) -> str:
        """The form's title with this heading's values."""
        as_of = chinese_date(self.as_of) if self.as_of else ""
        values = {"list": self.list_title, "batch": self.batch, "unit": self.unit, "as_of": as_of}
        return fill_title(form, values)

    def corners(self, form: Form) -> tuple[str, str, str]:
        """Left, middle and right of the line under the title: unit; as-of day; 表号, fill day."""
        left = f"填报单位：{self.unit}" if self.unit else ""
        middle = f"截至日期：{chinese_date(self.as_of)}" if self.as_of else ""
        number = self.number or form.number
        right = [f"表号：{number}"] if number else []
        if self.filled_on:
            right.append(f"填报日期：{chinese_date(self.filled_on)}")
        return left, middle, "  ".join(right)


@dataclass(frozen=True)
class Written:
    """A finished sheet: data rows written (sums not counted), SHA-256 of the file, its notes.

    ``notes`` tell in Chinese, with row and column, what differs from the data: text cut at the
    format's limit, control characters removed, rows too tall to print in full.
    """

    rows: int
    sha256: str
    notes: tuple[str, ...] = ()


@dataclass
class Notes:
    """Collects notes; keeps the first ones and counts the others."""

    told: list[str] = field(default_factory=list)
    untold: int = 0

    def add(self, sentence: str) -> None:
        """Tell one more difference between the data and the sheet."""
        if len(self.told) < _MOST_NOTES:
            self.told.append(sentence)
        else:
            self.untold += 1

    def closed(self) -> tuple[str, ...]:
        """All notes, with the number of those not told one by one."""
        rest = (f"另有 {self.untold} 处同类情况未逐一列出。",) if self.untold else ()
        return (*self.told, *rest)


class Digesting:
    """A write-only stream that computes the digest of what passes; nothing is read back."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._digest = hashlib.sha256()

    def write(self, content: bytes) -> int:
        """Pass ``content`` on and count it into the digest."""
        self._digest.update(content)
        return self._stream.write(content)

    def flush(self) -> None:
        """Flush the stream behind."""
        self._stream.flush()

    def close(self) -> None:
        """Leave the stream behind open: whoever opened it closes it."""

    def sha256(self) -> str:
        """Digest of everything written so far, in hexadecimal."""
        return self._digest.hexdigest()


@contextmanager
def opened(out: Path | BinaryIO) -> Iterator[Digesting]:
    """Open the place a sheet is written to.

    In: a path, replaced at the end in one move (a failure leaves the old file as it was and no
    half one), or a binary stream, which stays open. Refused ``not_writable``: no such folder, a
    folder in the file's place, no right, a full disk.
    """
    if not isinstance(out, Path):
        yield Digesting(out)
        return
    try:
        handle, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.", suffix=".part")
    except OSError as error:
        raise _unwritable(out) from error
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield Digesting(stream)
        draft.chmod(0o640)
        draft.replace(out)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise _unwritable(out) from error
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _unwritable(out: Path) -> Refused:
    sentence = f"无法写入 {out}：请核对文件夹是否存在、有无写入权限、磁盘是否已满。没有写出文件。"
    return Refused("not_writable", sentence)


def chinese_date(day: date) -> str:
    """``2024-06-05`` as 2024年6月5日."""
    return f"{day.year}年{day.month}月{day.day}日"
