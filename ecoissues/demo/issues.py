"""The issue list of the home district (问题清单), with its open issues and its late entries."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from ecoissues.demo.matters import Matter, tell
from ecoissues.demo.plan import DAY, Plan, home_unit
from ecoissues.demo.wording import is_clear

#: Open issues and late entries are drawn from so many of the youngest.
_YOUNG: Final = 600


class IssuePlan(Plan):
    """The issue list of the home district (问题清单)."""

    def matters(self) -> Iterator[Matter]:
        """Give every issue with its whole walk."""
        totals = self.document.issues
        days = sorted(
            self.ground.between(totals.begins, totals.as_of - DAY * 12) for _ in range(totals.total)
        )
        libraries = [*totals.libraries, totals.unknown]
        still_open = self.ground.deal({library.name: library.open for library in libraries})
        youngest = range(max(0, totals.total - _YOUNG), totals.total)
        held = dict(zip(self.draw.sample(youngest, len(still_open)), still_open, strict=True))
        late = set(self.draw.sample([p for p in youngest if p not in held], totals.late))
        for place, day in enumerate(days):
            if place in held:
                yield self._open(place, day, held[place])
            else:
                yield self._closed(place, day, place in late)
        for place in range(totals.later):
            yield self._later(totals.total + place, self._new_day(place))

    def _new_day(self, place: int) -> date:
        totals = self.document.issues
        span = (self.document.until - totals.as_of).days - 20
        first = totals.as_of + DAY * (4 + span * place // totals.later)
        return self.ground.workday(first, totals.as_of + DAY * 2)

    def _matter(self, place: int, day: date, batch: str, *, at_once: bool, due: date) -> Matter:
        matter = self._draw(place, day, batch, at_once=at_once, due=due)
        matter.walk("register", day)
        return matter

    def _draw(self, place: int, day: date, batch: str, *, at_once: bool, due: date) -> Matter:
        entry = self.document.entry("issues")
        collected = self.chance(0.35)
        opening = self.ground.words.phrase("channels_collected" if collected else "channels_self")
        type_ = self.draw.choice(self.ground.words.types)
        unit = home_unit(self.ground, self.document, type_)
        story = self.ground.words.story(type_, self.area(unit), opening)
        if is_clear(story.verdict):
            story.handling = story.measures
        number = f"NC-{day.year}-{place + 1:04d}"
        parties = [[unit, "lead"]]
        other = home_unit(self.ground, self.document, type_)
        if other != unit and self.chance(0.05):
            parties.append([other, "joint"])
        given: dict[str, Any] = {
            "number": number, "received_on": day.isoformat(), "content": story.content,
            "channel": "collected" if collected else "self_found", "types": list(story.types),
            "batch": batch, "site": story.site, "goal": story.goal, "measures": story.measures,
            "visibility": "on_request",
        }  # fmt: skip
        if collected:
            given["origin_number"] = f"{day:%Y%m}{self.draw.randint(1, 999):03d}"
        if at_once:
            given.update(units=parties, deadline_on=due.isoformat())
        matter = Matter(self.ground, entry, number, given)
        tell(matter, story)
        matter.data.update(parties=parties, verdict="", deadline_on=due.isoformat())
        return matter

    def fresh(self, place: int, day: date, unit: str) -> Matter:
        """Draw an issue for a unit (empty: not yet given to one); its walk is the caller's."""
        matter = self._draw(place, day, self._library(), at_once=False, due=day + DAY * 60)
        if unit:
            matter.data["parties"] = [[unit, "lead"]]
        matter.data["remark"] = self.ground.words.phrase("note")
        return matter

    def _library(self) -> str:
        libraries = self.document.issues.libraries
        names = [library.name for library in libraries]
        return self.draw.choices(names, [library.share for library in libraries])[0]

    def _closed(self, place: int, day: date, is_late: bool) -> Matter:
        end = self.document.issues.as_of
        at_once = self.chance(0.55)
        due = day + DAY * self.draw.randint(30, 120)
        matter = self._matter(place, day, self._library(), at_once=at_once, due=due)
        last = min(end, due + DAY * self.draw.choice((0, 0, 0, 0, 0, 25)))
        if at_once:
            matter.walk("at_once", min(last, day + DAY * self.draw.randint(1, 6)))
        else:
            self._accept(matter, end)
            ready = self.ground.between(
                matter.last_on + DAY * 2, max(last - DAY * 4, matter.last_on)
            )
            matter.walk("complete", max(ready, matter.last_on))
        closing = min(end, matter.last_on + DAY * self.draw.randint(1, 30))
        if is_late:
            closing = max(matter.last_on, end - DAY * self.draw.randint(0, 5))
            entered = end + DAY * self.draw.randint(5, 10)
            matter.walk("close", closing, recorded=entered, within=4)
        else:
            matter.walk("close", max(self.ground.workday(closing, matter.last_on), matter.last_on))
        self._afterwards(matter)
        return matter

    def _accept(self, matter: Matter, end: date) -> None:
        matter.walk("transfer", min(end, matter.last_on + DAY * self.draw.randint(0, 2)))
        matter.walk("accept", min(end, matter.last_on + DAY * self.draw.randint(0, 2)))

    def _afterwards(self, matter: Matter) -> None:
        """Correct a few entries, look back at some issues, find some come back."""
        closed = matter.actions[-1]
        gap = (closed.on - matter.actions[-2].on).days
        if gap > 3 and not closed.late_reason and self.chance(0.006):
            matter.data.update(
                event=len(matter.actions), right_day=(closed.on - DAY * 2).isoformat()
            )
            matter.walk("correct", closed.on + DAY * self.draw.randint(12, 40))
        elif self.chance(0.03):
            first = self.document.issues.as_of + DAY * 30
            day = self.ground.between(max(first, closed.on + DAY * 90), first + DAY * 560)
            if self.chance(0.8):
                matter.walk("review", day)
            else:
                matter.data["deadline_on"] = (day + DAY * 45).isoformat()
                matter.walk("rebound", day)
                matter.walk("complete", day + DAY * self.draw.randint(15, 55), within=30)
                matter.walk("close", matter.last_on + DAY * self.draw.randint(2, 9))

    def _open(self, place: int, day: date, library: str) -> Matter:
        """Make an issue that is open on the day of the figure; why, only where the source says."""
        totals = self.document.issues
        unknown = library == totals.unknown.name
        due = totals.as_of + DAY * self.draw.randint(20, 400)
        matter = self._matter(place, day, library, at_once=False, due=due)
        if unknown:
            matter.data["remark"] = self.ground.words.phrase("unknown")
        else:
            matter.data["remark"] = self.ground.words.phrase("library")
            matter.data["progress"] = self.draw.choice(("on_schedule", "on_schedule", "behind"))
        self._accept(matter, totals.as_of)
        matter.walk("note", self.ground.between(matter.last_on, totals.as_of))
        if not self.chance(0.85):
            return matter
        if self.chance(0.3):
            asked = self.ground.between(totals.as_of + DAY * 5, due - DAY)
            matter.data["new_due"] = (due + DAY * self.draw.randint(20, 80)).isoformat()
            matter.walk("extension", asked, within=2)
            due += DAY * 15
        ready = max(matter.last_on, totals.as_of + DAY * 10, due - DAY * self.draw.randint(-9, 30))
        matter.walk("complete", self.ground.workday(ready, matter.last_on))
        matter.walk("close", matter.last_on + DAY * self.draw.randint(3, 14))
        return matter

    def _later(self, place: int, day: date) -> Matter:
        at_once = self.chance(0.5)
        due = day + DAY * self.draw.randint(30, 150)
        matter = self._matter(place, day, self._library(), at_once=at_once, due=due)
        if at_once:
            matter.walk("at_once", day + DAY * self.draw.randint(0, 5))
        else:
            self._accept(matter, self.document.until)
            done = due + DAY * self.draw.randint(-20, 4)
            matter.walk("complete", self.ground.workday(max(done, matter.last_on), matter.last_on))
        if self.chance(0.93) or day < self.document.until - DAY * 120:
            matter.walk("close", matter.last_on + DAY * self.draw.randint(2, 25))
        return matter
