"""What the plans of single lists share: the ground, the document, the units and a die."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from ecoissues.core.units import UnitTree
from ecoissues.demo.documents import SiteDocument
from ecoissues.demo.matters import Ground

DAY: Final = timedelta(days=1)


class Plan:
    """Draws the matters of a list; what each list needs beside this is its own."""

    def __init__(self, ground: Ground, document: SiteDocument, tree: UnitTree) -> None:
        self.ground, self.document, self.tree = ground, document, tree
        self.draw = ground.random

    def area(self, code: str) -> str:
        """Name the district or department a unit belongs to."""
        return self.tree.by_id[self.tree.by_code[code].top_id].name

    def chance(self, share: float) -> bool:
        """Say yes in about so many cases of one."""
        return self.draw.random() < share
