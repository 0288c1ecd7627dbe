"""The work of the days around loading, so that every desk has something to do today."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

from ecoissues.core.units import UnitTree
from ecoissues.demo.documents import Scene, SiteDocument
from ecoissues.demo.issues import IssuePlan
from ecoissues.demo.letters import everyday
from ecoissues.demo.matters import Ground, Matter

_DAY: Final = timedelta(days=1)
#: Values of a scene that are days, given as numbers counted from the day of loading.
_DAYS: Final = ("promised_on", "deadline_on", "new_due", "right_day")


class RecentPlan:
    """Draws the scenes of ``recent.toml`` for a day of loading."""

    def __init__(self, ground: Ground, document: SiteDocument, tree: UnitTree, today: date) -> None:
        self.ground, self.document, self.tree, self.today = ground, document, tree, today
        self.issues = IssuePlan(ground, document, tree)
        self._made: list[Matter] = []

    def matters(self, scenes: tuple[Scene, ...]) -> Iterator[Matter]:
        """Give the matters of every scene with their walks."""
        for scene in scenes:
            for _ in range(scene.times):
                matter = self._matter(scene)
                self._made.append(matter)
                for name, before in scene.walk:
                    matter.walk(name, self.today - _DAY * before, within=3)
                yield matter

    def _matter(self, scene: Scene) -> Matter:
        day = self.today - _DAY * scene.walk[0][1]
        place = 700 + len(self._made)
        if scene.list == "daily":
            matter = everyday(self.ground, self.document, self.tree, place, day, scene.unit)
        else:
            matter = self.issues.fresh(place, day, scene.unit)
        self._set(matter, scene)
        return matter

    def _set(self, matter: Matter, scene: Scene) -> None:
        for code in scene.joint:
            matter.data["parties"] = [*matter.data["parties"], [code, "joint"]]
            if "forward" not in dict(scene.walk):
                matter.data["first"] = matter.data["parties"]
        if scene.key:
            matter.given["number"] = matter.number = f"{matter.number}*"
        values: dict[str, Any] = {}
        for name, value in scene.set.items():
            if name == "after":
                values["target_case"] = self._made[-value].key
            elif name in _DAYS:
                values[name] = (self.today + _DAY * value).isoformat()
            else:
                values[name] = value
        matter.data.update(values)
