"""A list recounted as of a day, as known at a position: its cuts, members and groups (``recount``)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from tests.services.machine import CITY
from tests.services.recount import (
    DEFINITIONS,
    WITH_VOID,
    Book,
    Standing,
    chain,
    district_of,
    seen_on,
    standing,
)


@dataclass
class Recount:
    """A list as of a day, as known at a position."""

    list_code: str
    list_unit: str
    day: date
    standings: list[Standing]

    @classmethod
    def of(
        cls, books: list[Book], list_code: str, list_unit: str, day: date, known: int,
        until: str = "",
    ) -> Recount:  # fmt: skip
        """Fold every case that stands on the list that day.

        In: ``until``, the instant of the day at which it is looked at ("": its end).
        """
        every = (replace(standing(book, day, known), until=until) for book in books)
        shown = [seen_on(s, list_code) for s in every if list_code in s.lists]
        return cls(list_code, list_unit, day, shown)

    def chosen(
        self, scope: str = "", unit: str = "", type_: str = "", month: str = "", *,
        void: bool = False,
    ) -> Iterator[Standing]:  # fmt: skip
        """Give the cases of a cut that count, with ``void`` those that do not count too."""
        whole = not scope or scope in chain(self.list_unit)
        for now in self.standings:
            above = {place for code in now.units for place in chain(code)}
            seen = (whole or scope in above) and (not unit or unit in above)
            of_type = not type_ or type_ in now.types
            if (now.counts or (void and now.phase)) and seen and of_type and now.registered.startswith(month):
                yield now

    def members(self, code: str, **cut: str) -> tuple[list[int], list[int]]:
        """Give the ids of the part and of the rest of a figure."""
        in_part, in_whole = DEFINITIONS[code]
        day = self.day.isoformat()
        whole = [now for now in self.chosen(**cut, void=code in WITH_VOID) if in_whole(now, day)]
        part = [now.case_id for now in whole if in_part(now, day)]
        return sorted(part), sorted({now.case_id for now in whole} - set(part))

    def groups(self, code: str, by: str, **cut: str) -> dict[str, tuple[int, int]]:
        """Give (part, whole) of a figure for each key of a grouping; empty groups are left out."""
        in_part, in_whole = DEFINITIONS[code]
        day = self.day.isoformat()
        found: dict[str, tuple[int, int]] = {}
        for now in self.chosen(**cut, void=code in WITH_VOID):
            if in_whole(now, day):
                for key in keys(now, by):
                    part, whole = found.get(key, (0, 0))
                    found[key] = (part + in_part(now, day), whole + 1)
        return found


def keys(now: Standing, by: str) -> set[str]:
    """Give the groups a case counts in."""
    if by == "district":
        return {district_of(code) for code in now.units}
    if by == "unit":
        return set(now.units)
    if by == "type":
        return set(now.types)
    if by == "weight":
        return {now.weight or "normal"}
    if by == "due":
        days = [w.current for w in now.watches.values() if w.slot == "finish" and w.current]
        return {max(days)[:7] if days else "none"}
    return {now.registered[:7]}


def equal_shares(one: Recount, code: str, by: str) -> dict[str, tuple[Fraction, Fraction]]:
    """Give (part, whole) by district or unit where joint cases are shared equally."""
    in_part, in_whole = DEFINITIONS[code]
    day = one.day.isoformat()
    found: dict[str, tuple[Fraction, Fraction]] = {}
    for now in one.chosen(void=code in WITH_VOID):
        if in_whole(now, day):
            handlers = keys(now, by) or {CITY}
            share = Fraction(1, len(handlers))
            for key in handlers:
                part, whole = found.get(key, (Fraction(0), Fraction(0)))
                found[key] = (part + share * in_part(now, day), whole + share)
    return found
