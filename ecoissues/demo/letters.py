"""Complaints outside the campaign: those of the municipal inspection, and everyday ones."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from ecoissues.core.units import UnitTree
from ecoissues.demo.documents import SiteDocument
from ecoissues.demo.matters import Ground, Matter, tell
from ecoissues.demo.plan import DAY, Plan, draw_outcomes, home_unit
from ecoissues.demo.wording import is_clear


class DistrictPlan(Plan):
    """The complaints of the municipal inspection in the home district."""

    def matters(self) -> Iterator[Matter]:
        """Give every letter with its whole walk."""
        totals = self.document.district
        ordered = set(self.draw.sample(range(totals.total), totals.ordered))
        still_open = set(self.draw.sample(range(totals.total), totals.total - totals.closed))
        for place in range(totals.total):
            day = totals.begins + DAY * (totals.days * place // totals.total)
            matter = self._matter(place, day, place in ordered)
            report = day + DAY * self.draw.randint(4, 10)
            matter.walk("investigate", report - DAY * self.draw.randint(0, 2))
            matter.walk("report", report)
            matter.walk("reply", report + DAY)
            if place in still_open:
                self._phase(matter)
            else:
                matter.walk("close", self.ground.between(report + DAY * 2, totals.as_of - DAY * 4))
                if self.chance(0.2):
                    matter.walk(
                        "review",
                        self.ground.between(totals.as_of + DAY * 40, totals.as_of + DAY * 300),
                    )
            yield matter

    def _matter(self, place: int, day: date, is_ordered: bool) -> Matter:
        words = self.ground.words
        type_ = self.draw.choice([kind for kind in words.types if kind != "radiation"])
        unit = home_unit(self.ground, self.document, type_)
        channel = "call" if self.chance(0.6) else "letter"
        story = words.story(type_, self.area(unit), words.opening(channel))
        while is_ordered and is_clear(story.verdict):  # nobody is ordered to correct nothing
            story = words.story(type_, self.area(unit), words.opening(channel))
        number = f"{'D' if channel == 'call' else 'X'}{day - DAY:%Y%m%d}{place + 1:03d}"
        matter = Matter(
            self.ground, self.document.entry("district"), number,
            {
                "number": number, "received_on": (day - DAY).isoformat(),
                "content": story.content, "types": [type_], "channel": channel,
                "batch": f"{day.month}月", "site": story.site, "goal": story.goal,
                "visibility": "public",
            },
        )  # fmt: skip
        tell(matter, story)
        matter.data.update(first=[[unit, "lead"]], parties=[[unit, "lead"]])
        if is_ordered:
            matter.data["outcomes"] = [{"sort": "ordered_to_correct", "count": 1}]
        for name in ("register", "transfer"):
            matter.walk(name, day)
        matter.walk("accept", day + DAY * self.draw.randint(0, 1))
        return matter

    def _phase(self, matter: Matter) -> None:
        totals = self.document.district
        day = self.ground.between(matter.last_on + DAY * 5, totals.as_of - DAY * 20)
        promised = totals.as_of + DAY * self.draw.randint(60, 300)
        matter.data["promised_on"] = promised.isoformat()
        matter.walk("phase_close", day)
        if self.chance(0.7):
            matter.walk("final", promised - DAY * self.draw.randint(0, 20))


class DailyPlan(Plan):
    """Everyday complaints after the campaign."""

    def matters(self) -> Iterator[Matter]:
        """Give every letter with its whole walk."""
        daily = self.document.daily
        span = (self.document.until - daily.begins).days - 8
        for place in range(daily.total):
            yield self._course(place, daily.begins + DAY * (span * place // daily.total))

    def _course(self, place: int, day: date) -> Matter:
        matter = everyday(self.ground, self.document, self.tree, place, day, self._unit())
        for name in ("register", "transfer"):
            matter.walk(name, day)
        if matter.data["first"] != matter.data["parties"]:
            matter.walk("forward", day)
        matter.walk("accept", day + DAY * self.draw.randint(0, 2))
        if not is_clear(matter.data["verdict"]) and self.chance(0.25):
            matter.data["outcomes"] = draw_outcomes(self.ground)
        report = day + DAY * self.draw.choice((4, 5, 6, 7, 8, 9, 10, 12))
        matter.walk("investigate", report - DAY)
        matter.walk("report", report)
        matter.walk("reply", report)
        if self.chance(0.12):
            promised = report + DAY * self.draw.randint(50, 200)
            matter.data["promised_on"] = promised.isoformat()
            matter.walk("phase_close", report + DAY * self.draw.randint(1, 9))
            matter.walk("final", max(promised - DAY * self.draw.randint(-5, 25), matter.last_on))
        else:
            matter.walk("close", report + DAY * self.draw.randint(3, 30))
        return matter

    def _unit(self) -> str:
        places = self.document.central.places
        code = self.draw.choices(list(places), list(places.values()))[0]
        if code == self.document.home or self.chance(0.2):
            return home_unit(self.ground, self.document, "air")
        return code


def everyday(
    ground: Ground, document: SiteDocument, tree: UnitTree, place: int, day: date, unit: str
) -> Matter:
    """Draw an everyday letter for a unit; its walk is the caller's."""
    kinds = document.central.later_types
    type_ = ground.random.choices(list(kinds), list(kinds.values()))[0]
    top = tree.by_id[tree.by_code[unit].top_id] if unit else tree.root
    channel = ground.random.choice(("call", "letter", "web"))
    area = top.name if top.kind == "district" else tree.root.name
    story = ground.words.story(type_, area, ground.words.opening(channel))
    number = f"{'X' if channel == 'letter' else 'D'}{day:%Y%m%d}{place % 1000:03d}"
    matter = Matter(
        ground, document.entry("daily"), number,
        {
            "number": number, "received_on": day.isoformat(), "content": story.content,
            "types": [type_], "channel": channel, "batch": f"{day:%Y-%m}", "site": story.site,
            "goal": story.goal, "visibility": "public",
        },
    )  # fmt: skip
    tell(matter, story)
    parties = [[unit, "lead"]] if unit else []
    first = [[top.code, "lead"]] if top.kind == "district" else parties
    matter.data.update(parties=parties, first=first)
    matter.complainant = {
        "name": f"演示举报人{matter.turn}", "phone": f"000-0000-{matter.turn % 10000:04d}",
        "address": f"{top.name}某街道某号（虚构）",
    }  # fmt: skip
    return matter
