"""Rectification tasks: those of the warning films and those of the inspection rounds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from ecoissues.demo.documents import ListEntry, Round
from ecoissues.demo.matters import Matter, tell
from ecoissues.demo.plan import DAY, Plan

#: Units a municipal task may be led by, beside the districts.
_DEPARTMENTS: Final = ("STHJ", "ZJW", "CGJ", "JXW", "JTW", "SLJ", "NYW", "LYJ", "GZJ")


class TaskPlan(Plan):
    """Rectification tasks: those of the warning films and those of the two inspection rounds."""

    def films(self) -> Iterator[Matter]:
        """Give the problems of the films; those not completed are on schedule."""
        totals = self.document.film
        count = sum(totals.years.values())
        still_open = set(
            self.draw.sample(range(max(0, count - 9), count), count - totals.completed)
        )
        place = 0
        for year, times in totals.years.items():
            for number in range(1, times + 1):
                day = self.ground.workday(
                    date(int(year) + 1, 1, 8 + number), date(int(year) + 1, 1, 2)
                )
                yield self._film(f"{year}-{number}", f"{year}年", day, place in still_open)
                place += 1

    def _film(self, number: str, batch: str, day: date, stays_open: bool) -> Matter:
        end = self.document.film.as_of
        due = date(end.year + (3 if stays_open else 0), 12, 31)
        lead = f"{self.document.entry('film').unit}-STHJ" if stays_open else self._lead()
        matter = self._task("film", number, batch, day, due, lead, "film")
        self._accept(matter)
        ready = self.ground.between(max(day + DAY * 150, end - DAY * 700), end - DAY * 30)
        self._reports(matter, "on_schedule", ready)
        if stays_open:
            self._report(matter, end - DAY * self.draw.randint(5, 20), "on_schedule")
            self._report(matter, end + DAY * 170, self.draw.choice(("on_schedule", "behind")))
            return matter
        matter.walk("complete", ready, within=20)
        self._notice(matter, end)
        return matter

    def tasks(self) -> Iterator[Matter]:
        """Give the tasks of the rounds, all completed by the day of the figure."""
        for entry in self.document.tasks.rounds:
            for number in range(1, entry.tasks + 1):
                yield self._round_task(entry, number)

    def _round_task(self, entry: Round, number: int) -> Matter:
        end = self.document.tasks.as_of
        span = (entry.ends - entry.begins).days
        day = self.ground.workday(entry.begins + DAY * (span * number // entry.tasks), entry.begins)
        long_term = self.chance(0.15)
        due = None if long_term else date(self.draw.randint(day.year + 1, end.year), 12, 31)
        matter = self._task(
            "tasks", f"{entry.number}-{number}", entry.name, day, due, self._lead(), "inspection"
        )
        self._accept(matter)
        last = min(due or end, end) - DAY * 20
        ready = self.ground.between(min(matter.last_on + DAY * 120, last), last)
        if self.chance(0.06):
            ready = self.ground.between(last, end - DAY * 2)
        self._reports(matter, self.draw.choice(("on_schedule", "ahead", "on_schedule")), ready)
        matter.walk("complete", max(ready, matter.last_on), within=25)
        self._notice(matter, end)
        return matter

    def _lead(self) -> str:
        if self.chance(0.4):
            root = self.document.entry("tasks").unit
            return f"{root}-{self.draw.choice(_DEPARTMENTS)}"
        districts = [u.code for u in self.tree.tops() if u.kind == "district"]
        return self.draw.choice([code for code in districts if code != self.document.home])

    def _task(
        self, key: str, number: str, batch: str, day: date, due: date | None, lead: str,
        channel: str,
    ) -> Matter:  # fmt: skip
        entry: ListEntry = self.document.entry(key)
        unit = self.tree.by_code[lead]
        story = self.ground.words.task(unit.name if unit.kind == "district" else "全市")
        parties = [[lead, "lead"]]
        if self.chance(0.3):
            other = self._lead()
            if other != lead:
                parties.append([other, "joint"])
        text = f"{due.year}年12月底" if due else "立行立改,长期坚持"
        given = {
            "number": number, "received_on": day.isoformat(), "content": story.content,
            "goal": story.goal, "measures": story.measures, "deadline_text": text,
            "types": list(story.types), "channel": channel, "batch": batch,
            "visibility": "public",
        }  # fmt: skip
        matter = Matter(self.ground, entry, number, given)
        tell(matter, story)
        matter.data.update(
            parties=parties, deadline_text=text, deadline_on=due.isoformat() if due else None,
            long_term=None if due else True,
        )  # fmt: skip
        matter.walk("register", day)
        return matter

    def _accept(self, matter: Matter) -> None:
        matter.walk("transfer", matter.last_on + DAY * self.draw.randint(1, 5))
        matter.walk("accept", matter.last_on + DAY * self.draw.randint(0, 4))

    def _reports(self, matter: Matter, progress: str, until: date) -> None:
        for _ in range(self.draw.randint(1, 2)):
            day = self.ground.between(matter.last_on + DAY * 30, until - DAY * 25)
            if matter.last_on <= day < until:
                self._report(matter, day, progress)

    def _report(self, matter: Matter, day: date, progress: str) -> None:
        matter.data.update(month=f"{day:%Y-%m}", progress=progress)
        matter.walk("progress", day)

    def _notice(self, matter: Matter, end: date) -> None:
        """Put a completed task on notice in the years after and close it when nobody objected."""
        if self.chance(0.1):
            return
        day = self.ground.between(end + DAY * 20, end + DAY * 800)
        matter.walk("notice", day)
        matter.walk("close", day + DAY * self.draw.randint(24, 40))
        if self.chance(0.12):
            matter.walk("review", matter.last_on + DAY * self.draw.randint(150, 260))
