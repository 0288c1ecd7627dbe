"""The zip container of a workbook, opened with suspicion (runs in the reading child).

Sizes are checked in the directory first and counted again while inflating, because a directory
can lie; an XML token that never ends is refused before the parser's buffer grows with it.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable, Iterator
from typing import BinaryIO
from xml.parsers import expat

from ecoissues.intake import refusals
from ecoissues.intake.limits import Limits

#: Small, because one piece of references to one long text may stand for millions of characters.
_CHUNK = 8 * 1024
_TOKEN_BYTES = 1024 * 1024
_END_RECORD = b"PK\x05\x06"


def check_directory_size(file: BinaryIO, limits: Limits) -> None:
    """Refuse a container whose list of parts is itself a bomb, before that list is loaded.

    Source: end of central directory record, APPNOTE 4.3.16.
    """
    file.seek(0, 2)
    size = file.tell()
    file.seek(max(0, size - 66_000))
    tail = file.read()
    at = tail.rfind(_END_RECORD)
    if at < 0 or len(tail) - at < 22:
        raise refusals.unreadable("文件不完整，压缩目录缺失")
    entries, directory = struct.unpack("<HI", tail[at + 10 : at + 16])
    if entries > limits.entries or directory > limits.directory_bytes:
        raise refusals.dangerous(f"压缩包内的部件超过 {limits.entries} 个")
    file.seek(0)


def open_archive(file: BinaryIO, limits: Limits) -> zipfile.ZipFile:
    """Open the container and check what its directory promises (sum, ratio, number of parts)."""
    check_directory_size(file, limits)
    try:
        archive = zipfile.ZipFile(file)
    # NotImplementedError is zipfile's word for a compression that it does not know.
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error) as error:
        raise refusals.unreadable("文件已损坏，无法打开压缩目录") from error
    parts = archive.infolist()
    total = sum(part.file_size for part in parts)
    if total > limits.unpacked_bytes:
        raise refusals.dangerous(f"文件解压后有 {total // 1_048_576} MB（压缩炸弹）")
    for part in parts:
        if part.flag_bits & 1:
            raise refusals.unreadable("文件设有密码", "请去掉密码后再导入")
        if part.file_size > limits.ratio_from and part.file_size > limits.ratio * max(
            1, part.compress_size
        ):
            raise refusals.dangerous("文件的压缩比异常（压缩炸弹）")
    return archive


def find_part(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo | None:
    """Find a part by name, letters of either case (some writers change them)."""
    wanted = name.lower().lstrip("/")
    for part in archive.infolist():
        if part.filename.replace("\\", "/").lower() == wanted:
            return part
    return None


def inflate(archive: zipfile.ZipFile, part: zipfile.ZipInfo, limits: Limits) -> Iterator[bytes]:
    """Give a part's bytes piece by piece; refuses damage and more bytes than allowed."""
    seen = 0
    try:
        with archive.open(part) as stream:
            while piece := stream.read(_CHUNK):
                seen += len(piece)
                if seen > limits.unpacked_bytes:
                    raise refusals.dangerous("文件解压后的内容超出目录所写（压缩炸弹）")
                yield piece
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError) as error:
        raise refusals.unreadable("文件已损坏，解压失败") from error
    except Exception as error:
        # zlib and lzma have their own error classes, all meaning a damaged stream.
        if type(error).__name__ in ("error", "LZMAError"):
            raise refusals.unreadable("文件已损坏，解压失败") from error
        raise


def new_parser() -> expat.XMLParserType:
    """Make a parser that refuses document types: a workbook has none, an XML attack needs one."""
    parser = expat.ParserCreate()

    def refuse(*_: object) -> None:
        raise refusals.dangerous("文件含有 XML 文档类型声明（DOCTYPE）")

    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    return parser


def feed(
    parser: expat.XMLParserType, pieces: Iterator[bytes], after: Callable[[], None] | None = None
) -> Iterator[None]:
    """Feed the parser, pausing after each piece; ``after`` checks what the piece brought."""
    fed = 0
    try:
        for piece in pieces:
            parser.Parse(piece, False)
            fed += len(piece)
            if fed - max(parser.CurrentByteIndex, 0) > _TOKEN_BYTES:
                raise refusals.dangerous("文件含有异常长的 XML 标记")
            if after is not None:
                after()
            yield
        parser.Parse(b"", True)
        yield
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise refusals.unreadable("文件已损坏，内容不是有效的 XML") from error


def drain(pauses: Iterator[None]) -> None:
    """Run a feeding to its end, for parts that are read as a whole."""
    for _ in pauses:
        pass
