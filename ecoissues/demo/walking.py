"""A walk through any kind: the steps its document offers, who takes them, and a filled-in form."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final, NoReturn

from ecoissues.core import workflow
from ecoissues.core.kind_fields import Field
from ecoissues.core.kinds import Kind, Step
from ecoissues.core.vocabulary import WORDLISTS
from ecoissues.demo.matters import Ground

#: Words a report of progress is drawn from, the usual one more often.
_PROGRESS: Final = ("on_schedule", "on_schedule", "on_schedule", "ahead", "behind")
_DAY: Final = timedelta(days=1)
#: More days than any case has.
_ANY: Final = 20_000
#: How many steps after registration only pass a case on.
_SOON: Final = 2
#: The part of the map that places are drawn in: longitude and latitude, least and most.
_MAP: Final = ((106.95, 107.35), (28.85, 29.40))


def way_to(kind: Kind, target: str, by: Collection[str] = ()) -> list[Step]:
    """Give the fewest steps from registration to a state; ValueError when no way leads there.

    In: ``by``, codes of steps to go by: as many as a way without going back can take.
    """
    ways = list(_ways(kind, target, frozenset(by))) if by else []
    if not ways:
        return next(_ways(kind, target, None), None) or _lost(kind, target)
    return max(ways, key=lambda way: len({step.code for step in way} & set(by)))


def _lost(kind: Kind, target: str) -> NoReturn:
    raise ValueError(f"{kind.code}: no way to {target}")


def _ways(kind: Kind, target: str, by: frozenset[str] | None) -> Iterator[list[Step]]:
    """Give ways to a state, short ones first; with ``by`` none goes back, and any choice is kept."""
    first = next(step for step in kind.steps if step.effect == "register")
    start = (first.to, frozenset(first.meets), frozenset[str]())
    seen = {start}
    queue = deque([(*start, [first])])
    while queue:
        state, met, gone, way = queue.popleft()
        if state == target:
            yield way
            continue
        for step in workflow.possible_steps(kind, state):
            moves = step.to or (step.meets and not step.effect)
            if not moves or not set(step.requires) <= met or (by and step.sort == "back"):
                continue
            after = step.to or state
            kept = frozenset[str]() if step.to and kind.state_by_code[after].work else met
            by_now = gone | {step.code} if by and step.code in by else gone
            node = (after, (kept | set(step.meets)) - set(step.drops), by_now)
            if node not in seen:
                seen.add(node)
                queue.append((*node, [*way, step]))


def least_days(kind: Kind, step: Step) -> int:
    """Give how many days a step must wait for a period (a public notice) to end."""
    if not step.after_clock:
        return 0
    clock = kind.clock_by_code[step.after_clock]
    return clock.length + 1 if clock.unit == "days" else clock.length * 2 + 12


def most_days(kind: Kind, step: Step) -> int:
    """Give within how many days a step must follow the one before it (a period to object in)."""
    if not step.before_clock:
        return _ANY
    return max(kind.clock_by_code[step.before_clock].length - 2, 0)


def quick_minutes(kind: Kind, way: Sequence[Step]) -> dict[str, int]:
    """Give the steps of a way that are taken at once: code -> minutes for it, 0 for passing on.

    They are those up to the one that meets a clock in minutes; without such a clock there are none.
    """
    clocks = [clock for clock in kind.clocks if clock.unit == "minutes"]
    for place, step in enumerate(way):
        said = {*step.marks, f"step:{step.code}", kind.phase_of(step.to) if step.to else ""}
        met = [clock.length for clock in clocks if said & set(clock.met_by)]
        if met:
            return {**{one.code: 0 for one in way[:place]}, step.code: min(met)}
    return {step.code: 0 for step in way} if clocks else {}


def taker(step: Step, taken: Mapping[str, str]) -> str:
    """Name who takes a step, as lines of lives do.

    In: who has taken the steps so far; nobody whom the step excludes takes it.
    """
    if "supervisor" not in step.roles or (step.by == "handler" and "officer" in step.roles):
        return next(role for role in ("officer", "head", "leader") if role in step.roles)
    excluded = {taken.get(code) for code in step.other_than}
    wanted = ("keeper2", "keeper") if step.signs else ("keeper", "keeper2")
    if step.by != "office" and not excluded & {*wanted, "superior"}:
        return "superior"
    return next(who for who in wanted if who not in excluded)


class Filler:
    """Fills the forms of one case: its own values, then those of its list, then usual ones."""

    def __init__(
        self, ground: Ground, own: Mapping[str, Any], common: Mapping[str, Any], slots: dict[str, str]
    ) -> None:  # fmt: skip
        self.ground, self.own, self.common, self.slots = ground, own, common, slots

    def form(self, step: Step, day: date, given: Mapping[str, Any]) -> dict[str, Any]:
        """Give the values of a step's form: what is ``given``, what has words, what is required.

        KeyError names a required field for which the list's document has no words.
        """
        values: dict[str, Any] = {}
        for field in step.fields:
            if field.code in given:
                value = given[field.code]
            else:
                value = self._told(step, field, day)
                if value is None and field.required:
                    value = self._usual(step, field, day)
            if value is not None:
                values[field.code] = value
        return values

    def _told(self, step: Step, field: Field, day: date) -> Any:
        for found in (
            self.own.get(f"{step.code}.{field.code}"), self.common.get(f"{step.code}.{field.code}"),
            self.own.get(field.code), self.common.get(field.code),
        ):  # fmt: skip
            if found is not None:
                return self._drawn(found, field, day)
        return None

    def _drawn(self, found: Any, field: Field, day: date) -> Any:
        draw = self.ground.random
        if isinstance(found, list) and field.type not in ("choices", "outcomes"):
            found = draw.choice(found)
        if isinstance(found, dict):
            found = draw.randrange(found["least"], found["most"] + 1, found.get("step", 1))
        if field.type == "date" and isinstance(found, int):
            return (day + _DAY * found).isoformat()
        if field.type == "place" and isinstance(found, str):
            (west, east), (south, north) = _MAP
            spot = f"{draw.uniform(west, east):.4f},{draw.uniform(south, north):.4f}"
            return f"{spot} {self._told_text(found)}"
        return self._told_text(found) if isinstance(found, str) else found

    def _told_text(self, text: str) -> str:
        return text.format_map({**self.ground.words.slots(), **self.slots}) if "{" in text else text

    def _usual(self, step: Step, field: Field, day: date) -> Any:
        draw, phrases = self.ground.random, self.ground.words.texts.phrases
        if field.type in ("date", "month"):
            return day.isoformat()[: 7 if field.type == "month" else 10]
        if field.words == "progress":
            return draw.choice(_PROGRESS)
        if field.type in ("choice", "choices"):
            codes = [option.code for option in field.options] or list(WORDLISTS[field.words])
            return [draw.choice(codes)] if field.type == "choices" else draw.choice(codes)
        if field.type == "flag":
            return draw.random() < 0.5
        if field.type in ("text", "long_text") and field.code in phrases:
            return self.ground.words.phrase(field.code, handling="")
        raise KeyError(f"{step.code}.{field.code}")


def spread(
    ground: Ground, first: date, last: date, waits: list[int], most: Sequence[int] = ()
) -> list[date]:
    """Give a day for each step from ``first`` to about ``last``, in order, workdays where it can be.

    In: for each step after the first how many days it must wait; such a wait moves the rest.
    ``most``: for each of these steps within how many days of the one before it comes.
    """
    draw, room = ground.random, max((last - first).days - sum(waits), 0)
    # What only passes a case on is done soon; the work and its checks fill the time.
    soon = [draw.randint(0, min(room, 5 * place)) for place in range(1, min(len(waits), _SOON + 1))]
    offsets = sorted([*soon, *(draw.randint(room // 4, room) for _ in waits[_SOON + 1 :])])
    days, waited = [first], 0
    ends = zip(waits, most or [_ANY] * len(waits), strict=True)
    for offset, (wait, limit) in zip([*offsets, room] if waits else [], ends, strict=True):
        waited += wait
        wanted = min(first + _DAY * (offset + waited), days[-1] + _DAY * limit)
        day = ground.workday(wanted, days[-1] + _DAY * wait)
        days.append(max(day, days[-1] + _DAY * wait))
    return days
