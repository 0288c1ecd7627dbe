"""What the plans of single lists share: the ground, the document, the units and a die."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

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


def draw_outcomes(ground: Ground) -> list[dict[str, Any]]:
    """Draw what came of a matter: an order, perhaps a case and a fine (in fen)."""
    outcomes: list[dict[str, Any]] = [{"sort": "ordered_to_correct", "count": 1}]
    if ground.random.random() < 0.35:
        outcomes.append({"sort": "case_filed", "count": 1})
        fine = ground.random.randrange(5_000, 120_000, 500) * 100
        outcomes.append({"sort": "fined", "count": 1, "amount": fine})
    return outcomes


#: Which bureau of the home district looks after a type; others go to its environment bureau.
_BUREAUS: Final = {"noise": ("CGJ", "STHJ", "XC", "DC"), "ecology": ("NYW", "STHJ", "DG"),
                   "fumes": ("CGJ",), "dust": ("ZJW", "STHJ"), "garbage": ("CGJ",),
                   "livestock": ("NYW",), "other": ("CGJ", "STHJ", "SJ"),
                   "air": ("STHJ", "STHJ", "ZJW")}  # fmt: skip


def home_unit(ground: Ground, document: SiteDocument, type_: str) -> str:
    """Draw the unit of the home district that handles a type."""
    return f"{document.home}-{ground.random.choice(_BUREAUS.get(type_, ('STHJ',)))}"
