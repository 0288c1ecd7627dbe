"""The demonstration's document with small numbers: the same rules, loaded in a few seconds."""

from __future__ import annotations

from msgspec.structs import replace

from ecoissues.demo.documents import Library, SiteDocument, site_document
from ecoissues.demo.list_documents import ListPlan


def small_document() -> SiteDocument:
    """About 150 cases; every total still has to come out exactly."""
    document = site_document()
    central = replace(
        document.central,
        batches=4, total=60, closed=14, phase_closed=22,
        home_total=9, home_closed=6, home_first=(2, 3),
        batch=2, batch_total=11, batch_key=2, batch_calls=6,
        running_total=30, running_key=5, running_calls=18,
        types={"water": 2, "air": 5, "noise": 4},
        places={"500119": 2, "500106": 5, "500102": 4, "500112": 1, "500000-DCJT": 1},
    )  # fmt: skip
    issues = replace(
        document.issues,
        total=40, closed=33, late=3, later=6,
        libraries=(Library("市级清单库", 2, 0.2), Library("区级清单库", 3, 0.8)),
        unknown=Library("来源未说明", 2),
    )  # fmt: skip
    rounds = tuple(replace(one, tasks=4) for one in document.tasks.rounds)
    return replace(
        document,
        central=central,
        issues=issues,
        district=replace(document.district, total=10, closed=8, ordered=4),
        film=replace(document.film, years={"2021": 3, "2022": 4}, completed=5),
        tasks=replace(document.tasks, rounds=rounds),
        daily=replace(document.daily, total=8),
        told=few_told(document),
    )


def few_told(document: SiteDocument) -> tuple[ListPlan, ...]:
    """One case in each standing, of the lists with parts or placements and of those they need."""
    needed = {plan.parent for plan in document.told}
    needed |= {place.list for plan in document.told for place in plan.placements}
    return tuple(
        replace(plan, standings=dict.fromkeys(plan.standings, 1))
        for plan in document.told
        if plan.parent or plan.placements or plan.code in needed
    )
