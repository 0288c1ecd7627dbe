"""Calendars as documents: one TOML file per year (and region), read strictly, gathered once."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec

from ecoissues.core.calendars import Calendar, Calendars, bad_calendar
from ecoissues.core.decoding import told


def decode_calendar(text: str, name: str) -> Calendar:
    """Read one calendar document, strictly.

    In: the TOML text and the file's name (``2026.toml``), which is told in the refusal.
    Refused ``bad_calendar`` with facts ``file`` and ``reason``: not TOML, a field missing, unknown
    or of the wrong type, a day listed twice, or days that cannot be true (see Calendar).
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise bad_calendar(name, told(error)) from error
    try:
        calendar = msgspec.convert(document, Calendar)
    except msgspec.ValidationError as error:
        raise bad_calendar(name, told(error)) from error
    _refuse_doubles(document, name)
    stem = Path(name).stem
    if stem.isdecimal() and int(stem) != calendar.year:
        raise bad_calendar(name, f"文件名与年份 {calendar.year} 不符")
    return calendar


def gather_calendars(extra: Path | None = None) -> Calendars:
    """Read the packaged calendars and, if given, a site's own folder, whose files override.

    In: a folder of ``YEAR.toml`` files; one that does not exist counts as empty. An overriding file
    with other days must carry a higher version, or proofs written under that version would be
    ambiguous. Refused ``bad_calendar``: a broken document, or an override without a new version.
    """
    return overridden(Calendars(_packaged()), _own_calendars(extra))


@cache
def _packaged() -> tuple[Calendar, ...]:
    """Give the packaged calendars: like the code beside them, they are read once in a process."""
    folder = resources.files("ecoissues").joinpath("calendars")
    return tuple(
        decode_calendar(entry.read_text(encoding="utf-8"), entry.name)
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".toml")
    )


def overridden(calendars: Calendars, later: Iterable[Calendar]) -> Calendars:
    """Give the calendars with further documents in force, each in place of its year's and region's.

    Refused ``bad_calendar``: other days under a version that is not higher.
    """
    found = {(one.year, one.region): one for one in calendars.documents()}
    for calendar in later:
        known = found.get((calendar.year, calendar.region))
        if known and not calendar.same_days(known) and calendar.version <= known.version:
            reason = f"内容与已有的第 {known.version} 版不同，版本号须大于 {known.version}"
            raise bad_calendar(calendar.name, reason)
        found[calendar.year, calendar.region] = calendar
    return Calendars(found.values())


def _own_calendars(folder: Path | None) -> Iterable[Calendar]:
    if folder is None or not folder.is_dir():
        return ()
    paths = sorted(folder.glob("*.toml"))
    return Calendars(decode_calendar(_read(path), path.name) for path in paths).documents()


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise bad_calendar(path.name, f"无法按 UTF-8 文本读取（{error}）") from error


def _refuse_doubles(document: Mapping[str, Any], name: str) -> None:
    """A set would swallow a day written twice, which mostly is a slip for its neighbour."""
    for field in ("holidays", "makeup"):
        days = sorted(str(day) for day in document[field])
        for day, following in pairwise(days):
            if day == following:
                raise bad_calendar(name, f"{field} 中 {day} 重复")
