"""What a row read from a sheet would change in the case that already stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ecoissues.intake.rows import IntakeRow
from ecoissues.intake.text import squeeze

Standing = Literal["new", "changed", "same"]

#: Derived or positional values: a different one alone changes no case.
NOT_COMPARED = frozenset({"ordinal", "outcomes", "types_text", "task_number", "problem", "key"})


@dataclass(frozen=True, slots=True)
class Difference:
    """``standing`` of a row against the case, and for each differing field (old, new)."""

    standing: Standing
    fields: dict[str, tuple[Any, Any]] = field(default_factory=dict)


def alike(old: Any, new: Any) -> bool:
    """Say whether two values mean the same: letter width and blanks aside, sets without order."""
    if isinstance(old, str) and isinstance(new, str):
        return old == new or squeeze(old) == squeeze(new)
    if isinstance(old, list | tuple) and isinstance(new, list | tuple):
        return [_plain(each) for each in old] == [_plain(each) for each in new] or (
            sorted(map(_plain, old)) == sorted(map(_plain, new))
        )
    if old is None or new is None:
        return (old or None) == (new or None)
    return _plain(old) == _plain(new)


def _plain(value: Any) -> str:
    return squeeze(value.isoformat() if hasattr(value, "isoformat") else str(value))


def difference(
    row: IntakeRow, existing: Mapping[str, Any] | None, fields: Iterable[str] | None = None
) -> Difference:
    """Compare a row with the case of the same number.

    In: the row; the case's values by the same field codes, or None when there is no such case;
    ``fields`` to compare, by default all that the row fills and the case knows. A blank cell
    never clears a value. Out: ``new``, ``changed`` with (old, new) by field, or ``same``.
    """
    if existing is None:
        return Difference("new")
    wanted = set(fields) if fields is not None else set(existing) - NOT_COMPARED
    changed = {
        code: (existing.get(code), value)
        for code, value in row.values.items()
        if code in wanted and not alike(existing.get(code), value)
    }
    return Difference("changed" if changed else "same", changed)
