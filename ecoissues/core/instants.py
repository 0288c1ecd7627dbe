"""Instants and the days they fall on: the log keeps UTC, an office counts days in Shanghai."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Final

from ecoissues.core.errors import Refused

#: Asia/Shanghai has had no summer time since 1992, so a fixed offset is exact and needs no table.
SHANGHAI: Final = timezone(timedelta(hours=8))

#: Earlier years have fewer than four figures, or none before them to compare with.
_FIRST_YEAR: Final = 1001


def instant_text(instant: datetime) -> str:
    """Give an instant as the log stores it: UTC, microseconds, ``Z``."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def day_of(instant: str) -> date:
    """Give the day in Shanghai of an instant of the log."""
    found = datetime.fromisoformat(instant)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(SHANGHAI).date()


def read_instant(text: str) -> datetime:
    """Read an instant: ISO with zone, without one in Shanghai; a bare day means its end.

    Refused ``bad_instant``: it cannot be read.
    """
    try:
        if len(text) == 10:
            found = datetime.combine(date.fromisoformat(text), time.max, SHANGHAI)
        else:
            found = datetime.fromisoformat(text)
        found = found if found.tzinfo else found.replace(tzinfo=SHANGHAI)
        # As UTC it must be a text that sorts among those of the log.
        if found.astimezone(UTC).year < _FIRST_YEAR:
            raise ValueError(text)
    except (ValueError, OverflowError):
        raise Refused(
            "bad_instant", f"时间“{text[:40]}”无法识别；请写成 2025-01-02 或 2025-01-02T18:00:00+08:00。"
        ) from None
    return found
