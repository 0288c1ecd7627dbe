"""A matter and its walk: which steps are taken, on which day they count, when they are recorded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any, Final

from msgspec import Struct

from ecoissues.core.calendars import Calendars
from ecoissues.core.instants import SHANGHAI
from ecoissues.demo.documents import ListEntry, Lives, StepLine
from ecoissues.demo.wording import Wording, is_clear

_DAY: Final = timedelta(days=1)
_PICTURES: Final = ("before", "after")
#: How many days before its last one a stretch of several steps begins at the earliest.
_WITHIN: Final = 9


class Action(Struct):
    """One step of one matter, planned: ``at`` is when it is recorded, ``on`` when it counts."""

    at: datetime
    on: date
    matter: Matter
    line: StepLine
    values: dict[str, Any]
    files: tuple[str, ...]
    late_reason: str = ""


class Matter:
    """One case of the demonstration while its walk is drawn.

    ``data`` holds what the lines of a life name with ``@``; ``given`` what it is registered with.
    """

    def __init__(
        self, ground: Ground, entry: ListEntry, number: str, given: dict[str, Any]
    ) -> None:
        self.ground, self.entry, self.number, self.given = ground, entry, number, given
        self.data: dict[str, Any] = {}
        self.actions: list[Action] = []
        self.walked: list[str] = []
        self.complainant: dict[str, str] = {}
        self.turn = ground.next_turn()

    @property
    def key(self) -> str:
        """Its name in the log."""
        return f"{self.entry.code}/{self.number.strip('*')}"

    @property
    def last_on(self) -> date:
        """The day of its last step."""
        return self.actions[-1].on

    def parties_before(self, action: Action) -> list[list[str]]:
        """Give its units as the steps before one left them."""
        parties = [[self.entry.unit, "lead"]]
        for earlier in self.actions:
            if earlier is action:
                break
            parties = earlier.values.get("units", parties)
        return parties

    def walk(
        self, name: str, end: date, *, recorded: date | None = None, within: int = _WITHIN
    ) -> None:
        """Take the steps of a stretch; the last one counts on ``end``.

        In: ``recorded``, the day on which the last step is entered when that is later (a late
        entry, with a reason); ``within``: the stretch begins so many days before its end at most.
        """
        lines = self.ground.lives[self.entry.lives][name]
        draw = self.ground.random
        start = max(self.last_on, end - timedelta(days=within)) if self.actions else end
        if end < start:
            raise ValueError(f"{self.key}: {name} would end on {end}, before {start}")
        span = (end - start).days
        days = sorted(draw.randint(0, span) for _ in lines[1:])
        for place, line in enumerate(lines):
            last = place == len(lines) - 1
            day = end if last else self.ground.workday(start + _DAY * days[place], start)
            if self.actions and day < self.last_on:
                day = self.last_on
            self._add(line, day, recorded if last else None)
        self.walked.append(name)

    def take(self, line: StepLine, day: date, at: datetime | None = None) -> None:
        """Take one step on a day, at the earliest on the day of the one before.

        In: ``at``, its moment, where that is not just any of the day.
        """
        self._add(line, max(day, self.last_on) if self.actions else day, None, at)

    def _add(
        self, line: StepLine, day: date, recorded: date | None, at: datetime | None = None
    ) -> None:
        reason = self.ground.words.phrase("late") if recorded else ""
        values = self.given if not self.actions else self._values(line)
        files = tuple(
            stage
            for stage in line.files
            if stage not in _PICTURES or not is_clear(str(self.data.get("verdict", "")))
        )
        at = at or self._moment(line, recorded or day, bool(recorded))
        self.actions.append(Action(at, day, self, line, values, files, reason))

    def _values(self, line: StepLine) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for code, value in line.values.items():
            if isinstance(value, str) and value[:1] == "@":
                value = len(self.actions) if value == "@asked" else self.data.get(value[1:])
            elif isinstance(value, str) and value[:1] == "#":
                story = str(self.data.get("handling", ""))
                value = self.ground.words.phrase(value[1:], handling=story)
            if value is not None:
                found[code] = value
        return found

    def _moment(self, line: StepLine, day: date, is_late: bool) -> datetime:
        """Draw a moment of the working day, after the step before; some are entered a day later."""
        draw = self.ground.random
        if not is_late and line.by in ("officer", "head") and draw.random() < 0.04:
            day += _DAY
        minutes = draw.randint(8 * 60 + 40, 17 * 60 + 40)
        at = datetime.combine(day, time(minutes // 60, minutes % 60, draw.randint(0, 59)), SHANGHAI)
        if self.actions and at <= self.actions[-1].at:
            at = self.actions[-1].at + timedelta(seconds=draw.randint(120, 900))
        return at


class Ground:
    """What every matter stands on: lives, words, calendars and one source of chance."""

    def __init__(self, lives: Lives, words: Wording, calendars: Calendars, random: Random) -> None:
        self.lives, self.words, self.calendars, self.random = lives, words, calendars, random
        self._turn = 0

    def next_turn(self) -> int:
        """Number the matters as they are made."""
        self._turn += 1
        return self._turn

    def workday(self, day: date, earliest: date) -> date:
        """Give the day, or the last workday before it that is not before ``earliest``."""
        found = day
        while found > earliest and not self.calendars.is_workday(found):
            found -= _DAY
        return found if self.calendars.is_workday(found) else day

    def between(self, first: date, last: date) -> date:
        """Draw a day between two, both included, a workday where there is one."""
        if last <= first:
            return first
        drawn = first + _DAY * self.random.randint(0, (last - first).days)
        return self.workday(drawn, first)

    def deal(self, shares: Mapping[str, int]) -> list[str]:
        """Give each key as often as its number says, shuffled."""
        cards = [key for key, times in shares.items() for _ in range(times)]
        self.random.shuffle(cards)
        return cards


def tell(matter: Matter, story: Any) -> None:
    """Put a story's words where the lines of a life look for them."""
    matter.data.update(
        verdict=story.verdict, investigation=story.investigation, handling=story.handling,
        remains=story.remains, situation=story.done,
    )  # fmt: skip
