"""The complaints of the central campaign: daily batches, their published totals, what came after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Final

from msgspec import Struct

from ecoissues.core.units import UnitTree
from ecoissues.demo.documents import Campaign, SiteDocument
from ecoissues.demo.matters import Ground, Matter, tell
from ecoissues.demo.plan import DAY, Plan, draw_outcomes, home_unit
from ecoissues.demo.wording import is_clear

_JOINT: Final = 0.06
#: The second type of a letter that names two.
_BESIDE: Final = {
    "air": "noise", "noise": "air", "water": "soil", "soil": "water", "ecology": "soil",
    "other": "air", "radiation": "noise",
}  # fmt: skip


class Slot(Struct):
    """A place in a batch: how it came, whether it is a key case, its type and its units."""

    batch: int
    channel: str
    key: bool
    types: list[str]
    parties: list[list[str]]


def batch_name(ordinal: int) -> str:
    """Name a batch."""
    return f"第{ordinal}批"


def handed_over_on(campaign: Campaign, ordinal: int) -> date:
    """Give the day on which a batch is handed over: one batch a day."""
    return campaign.first_batch + DAY * (ordinal - 1)


def batches(campaign: Campaign) -> Iterator[tuple[str, int, date, date]]:
    """Give each batch: name, ordinal, day handed over, day its results are due."""
    for ordinal in range(1, campaign.batches + 1):
        day = handed_over_on(campaign, ordinal)
        yield batch_name(ordinal), ordinal, day, day + DAY * campaign.results_after


class CampaignPlan(Plan):
    """Draws the matters of the campaign so that every published total comes out exactly."""

    def __init__(self, ground: Ground, document: SiteDocument, tree: UnitTree) -> None:
        super().__init__(ground, document, tree)
        self.campaign = document.central
        self.entry = document.entry("central")
        self._serial: Counter[tuple[str, int]] = Counter()

    def matters(self) -> list[Matter]:
        """Give every matter with its whole walk."""
        home, others = list[Matter](), list[Matter]()
        for slot in self._slots():
            matter = self._matter(slot)
            (home if self._at_home(slot) else others).append(matter)
        campaign = self.campaign
        closed, phased = campaign.home_first
        self._first_weeks(home, closed, phased)
        self._first_weeks(others, campaign.closed - closed, campaign.phase_closed - phased)
        self._home_later(home)
        for matter in others:
            self._later(matter)
        return [*home, *others]

    # ---- who complains of what, and who must look after it ----

    def _slots(self) -> Iterator[Slot]:
        campaign = self.campaign
        at_home = campaign.places[self.document.home]
        before = self._part(
            range(1, campaign.batch), campaign.running_total - campaign.batch_total,
            campaign.running_calls - campaign.batch_calls,
            campaign.running_key - campaign.batch_key,
        )  # fmt: skip
        after_total = campaign.total - campaign.running_total
        after = self._part(
            range(campaign.batch + 1, campaign.batches + 1), after_total,
            round(after_total * 0.7), round(after_total * 0.09),
        )  # fmt: skip
        elsewhere = [*before, *after]
        chosen = set(self.draw.sample(range(len(elsewhere)), campaign.home_total - at_home))
        for place, slot in enumerate(elsewhere):
            self._spread(slot, place in chosen)
        published = self._part(
            [campaign.batch], campaign.batch_total, campaign.batch_calls, campaign.batch_key
        )
        self._publish(published)
        yield from sorted([*elsewhere, *published], key=lambda slot: slot.batch)

    def _part(self, ordinals: range | list[int], total: int, calls: int, key: int) -> list[Slot]:
        """Make the slots of some batches, of about equal size, with exact totals."""
        channels = self.ground.deal({"call": calls, "letter": total - calls})
        marked = set(self.draw.sample(range(total), key))
        weights = [self.draw.uniform(0.8, 1.2) for _ in ordinals]
        return [
            Slot(batch, channel, place in marked, [], [])
            for place, (batch, channel) in enumerate(
                zip(self._share(list(ordinals), weights, total), channels, strict=True)
            )
        ]

    def _share(self, ordinals: list[int], weights: list[float], total: int) -> list[int]:
        sizes = [int(total * weight / sum(weights)) for weight in weights]
        for place in range(total - sum(sizes)):
            sizes[place % len(sizes)] += 1
        return [batch for batch, size in zip(ordinals, sizes, strict=True) for _ in range(size)]

    def _publish(self, slots: list[Slot]) -> None:
        """Give the published batch its types and its units, each as often as published."""
        campaign, home = self.campaign, self.document.home
        kinds = {code: self.tree.by_code[code].kind for code in campaign.places}
        joint = [
            code
            for code, times in campaign.places.items()
            for _ in range(times)
            if kinds[code] != "district"
        ]
        leads = self.ground.deal(
            {c: n for c, n in campaign.places.items() if kinds[c] == "district"}
        )
        while len(leads) > len(slots):  # what is left over of the districts stands beside others
            extra = next(code for code in leads if code != home)
            leads.remove(extra)
            joint.append(extra)
        for slot, lead, kind in zip(slots, leads, self.ground.deal(campaign.types), strict=True):
            slot.types, slot.parties = [kind], [[lead, "lead"]]
        for code in joint:
            free = [
                slot
                for slot in slots
                if len(slot.parties) == 1 and slot.parties[0][0] not in (code, home)
            ]
            self.draw.choice(free).parties.append([code, "joint"])

    def _spread(self, slot: Slot, at_home: bool) -> None:
        """Draw types and units of a slot in the proportions of the published batch."""
        campaign, home = self.campaign, self.document.home
        slot.types = self.draw.choices(
            list(campaign.later_types), list(campaign.later_types.values())
        )
        if self.chance(0.08):
            slot.types.append(_BESIDE[slot.types[0]])
        places = {code: times for code, times in campaign.places.items() if code != home}
        districts = [code for code in places if self.tree.by_code[code].kind == "district"]
        weights = [places[code] for code in districts]
        lead = home if at_home else self.draw.choices(districts, weights)[0]
        slot.parties = [[lead, "lead"]]
        if self.chance(_JOINT):
            other = self.draw.choices(list(places), list(places.values()))[0]
            if other != lead:
                slot.parties.append([other, "joint"])

    def _at_home(self, slot: Slot) -> bool:
        return slot.parties[0][0] == self.document.home

    # ---- what becomes of it ----

    def _matter(self, slot: Slot) -> Matter:
        campaign = self.campaign
        day = handed_over_on(campaign, slot.batch)
        came = day - DAY
        self._serial[slot.channel, slot.batch] += 1
        letter = "D" if slot.channel == "call" else "X"
        number = f"{letter}3CQ{came:%Y%m%d}{self._serial[slot.channel, slot.batch]:04d}"
        area = self.tree.by_code[slot.parties[0][0]].name
        words = self.ground.words
        story = words.story(slot.types[0], area, words.opening(slot.channel))
        matter = Matter(
            self.ground, self.entry, number + ("*" if slot.key else ""),
            {
                "number": number + ("*" if slot.key else ""), "received_on": came.isoformat(),
                "content": story.content, "types": slot.types, "channel": slot.channel,
                "batch": batch_name(slot.batch), "site": story.site, "goal": story.goal,
                "visibility": "public",
            },
        )  # fmt: skip
        tell(matter, story)
        matter.data.update(first=slot.parties, parties=self._handlers(slot))
        matter.walk("register", day)
        matter.walk("transfer", day)
        if self._at_home(slot):
            matter.walk("forward", day)
        matter.walk("accept", day + DAY * self.draw.randint(0, 1))
        return matter

    def _handlers(self, slot: Slot) -> list[list[str]]:
        """Name the units that do the work: in the home district its own bureaus and towns."""
        if not self._at_home(slot):
            return slot.parties
        return [[home_unit(self.ground, self.document, slot.types[0]), "lead"], *slot.parties[1:]]

    def _first_weeks(self, matters: list[Matter], closed: int, phased: int) -> None:
        """Bring matters to their standing on the day of reckoning: so many closed, phase-closed."""
        matters = list(matters)
        self.draw.shuffle(matters)
        for place, matter in enumerate(matters):
            if place < closed:
                self._report(matter, self.draw.randint(4, 10))
                self._close(matter)
            elif place < closed + phased:
                self._report(matter, self._report_after())
                self._phase_close(matter)
            elif self._stays_unreported(matter):
                matter.walk("investigate", matter.last_on + DAY * self.draw.randint(2, 9))
            else:
                self._report(matter, self._report_after())

    def _report_after(self) -> int:
        return self.draw.randint(3, 10) if self.chance(0.96) else self.draw.randint(11, 17)

    def _stays_unreported(self, matter: Matter) -> bool:
        late_batch = matter.given["batch"] == batch_name(self.campaign.batches)
        return late_batch and bool(matter.data["parties"] == matter.data["first"])

    def _report(self, matter: Matter, after: int) -> None:
        day = matter.actions[0].on + DAY * after
        if is_clear(matter.data["verdict"]):
            matter.data["outcomes"] = None
        elif self.chance(0.3):
            matter.data["outcomes"] = draw_outcomes(self.ground)
        matter.walk("investigate", max(matter.last_on, day - DAY * self.draw.randint(0, 3)))
        matter.walk("report", max(matter.last_on, day))
        if self.chance(0.3):
            matter.walk("reply", matter.last_on)

    def _close(self, matter: Matter) -> None:
        end = self.campaign.as_of
        day = self.ground.between(matter.last_on, end)
        late = (end - day).days < 4 and self.chance(0.5)
        matter.walk("close", day, recorded=day + DAY * self.draw.randint(6, 9) if late else None)

    def _phase_close(self, matter: Matter) -> None:
        day = self.ground.between(matter.last_on, self.campaign.as_of)
        promised = day + DAY * self.draw.randint(45, 420)
        if self.chance(0.35):
            promised = day + DAY * self.draw.randint(880, 1600)
        matter.data["promised_on"] = promised.isoformat()
        matter.walk("phase_close", day)

    def _home_later(self, matters: list[Matter]) -> None:
        """Close the home district's matters up to its own published standing, and then go on."""
        campaign = self.campaign
        end = campaign.home_as_of
        first = campaign.as_of + DAY * 4
        ordered = sorted(matters, key=lambda matter: "promised_on" not in matter.data)
        open_now = [matter for matter in ordered if matter.walked[-1] != "close"]
        wanted = campaign.home_closed - (len(ordered) - len(open_now))
        for place, matter in enumerate(open_now):
            if place < wanted:
                day = self.ground.between(first, end - DAY * 11)
                self._finish(matter, max(day, matter.last_on))
            elif place % 4 != 3:
                self._finish(matter, self.ground.between(end + DAY * 20, end + DAY * 420))

    def _finish(self, matter: Matter, day: date) -> None:
        matter.walk("final" if "promised_on" in matter.data else "close", day)

    def _later(self, matter: Matter) -> None:
        """Let time go on after the day of reckoning."""
        last = matter.walked[-1]
        first = self.campaign.as_of + DAY
        if last == "close":
            return self._look_back(matter)
        if "promised_on" in matter.data:
            promised = date.fromisoformat(matter.data["promised_on"])
            if promised < self.document.until and self.chance(0.97):
                late = self.chance(0.12)
                day = promised + DAY * (self.draw.randint(3, 40) if late else 0)
                day -= DAY * (0 if late else self.draw.randint(0, 30))
                matter.walk("final", max(day, first + DAY * 9))
                self._look_back(matter)
            return None
        if last == "investigate":
            matter.walk("report", self.ground.between(first, first + DAY * 9))
        day = self.ground.between(first + DAY * 12, first + DAY * 330)
        draw = self.draw.random()
        if draw < 0.8:
            matter.walk("close", day)
            self._look_back(matter)
        elif draw < 0.97:
            promised = day + DAY * self.draw.randint(420, 1300)
            matter.data["promised_on"] = promised.isoformat()
            matter.walk("phase_close", day)
        return None

    def _look_back(self, matter: Matter) -> None:
        """Look back at some closed matters half a year later; a few have come back."""
        if not self.chance(0.07):
            return
        day = self.ground.between(matter.last_on + DAY * 185, matter.last_on + DAY * 420)
        if self.chance(0.85) or is_clear(matter.data["verdict"]):
            matter.walk("review", day)
            return
        matter.data["promised_on"] = (day + DAY * 60).isoformat()
        matter.walk("rebound", day)
        matter.walk("again", day + DAY * self.draw.randint(20, 75), within=60)
