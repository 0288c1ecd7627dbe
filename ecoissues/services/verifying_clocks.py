"""Verifying deadlines: every proof in the log derived again, from itself and from its calendars."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ecoissues.core.calendars import Calendar, Calendars
from ecoissues.core.deadlines import recount
from ecoissues.core.errors import Refused
from ecoissues.core.events import Event
from ecoissues.core.proofs import check_proof
from ecoissues.services.site import Site


def proof_faults(site: Site, events: Sequence[Event]) -> Iterator[tuple[Event, str]]:
    """Yield what does not hold about the deadlines that a case's events have set.

    A fact's day must be its proof's, the proof must hold by itself, and counting it again with the
    very calendar versions it names must give it again. A version that is not at hand (a site's own
    file, since replaced) is passed over: the proof still holds by itself.
    """
    for event in events:
        for code, fact in event.facts.get("clocks", {}).items():
            proof = fact.get("proof")
            if not proof:
                continue
            if fact.get("due") != proof.get("due"):
                yield event, f"时限 {code} 记为 {fact.get('due')}，依据推算为 {proof.get('due')}。"
            for sentence in check_proof(proof) or _recounted(site, proof):
                yield event, f"时限 {code} 的计算依据有误：{sentence}"


def _recounted(site: Site, proof: dict[str, Any]) -> list[str]:
    if "rule" not in proof:
        return []
    found: list[Calendar] = []
    for name, version in proof["calendars"].items():
        if not version:
            continue
        document = site.calendar_library.find(name, version)
        if document is None:
            return []
        found.append(document)
    try:
        again = recount(proof, Calendars(found))
    except Refused as refused:
        return [refused.sentence]
    if again is None:
        return []
    told = "days" if "days" in proof else "due_at"
    return [] if again.proof[told] == proof[told] else [f"按所列放假安排重算为 {again.due}。"]
