"""Cases as rows of official sheets: one mapping for every form, keyed by its columns' keys.

Rows of today come from the projected columns in one statement a chunk; rows as of a past day come
from the log, folded up to that day. Complainants' data is in neither.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, select

from ecoissues.core.clock_rules import shown_instant
from ecoissues.core.events import live
from ecoissues.core.instants import SHANGHAI
from ecoissues.core.kinds import COUNTED_SLOTS, Kind
from ecoissues.core.life import Life, fold
from ecoissues.core.lights import ORDER
from ecoissues.core.lights import light as light_of
from ecoissues.core.vocabulary import NUMBER_FLAG, word
from ecoissues.figures.known import NOW, Known
from ecoissues.services.case_fields import sheet_values
from ecoissues.services.due_filters import Lights
from ecoissues.services.placed_rows import own_standings, placed_name, standing_name
from ecoissues.services.site import Site
from ecoissues.storage import tables as t
from ecoissues.storage.log import events_of_cases
from ecoissues.storage.reference import ListRow

_CHUNK: Final = 500
_COLUMNS: Final = (
    "id", "number", "part", "kind", "kind_version", "state", "phase", "weight", "types",
    "channel", "received_on", "closed_on", "finish_current", "finish_original", "verdict", "progress",
    "site", "facts", "due_on", "due_at", "due_report", "due_finish",
)  # fmt: skip
#: Column key -> field codes whose first filled value stands there.
_FIRST_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "content": ("content", "problem"),
    "problem": ("content", "problem"),
    "investigation": ("investigation", "result"),
    "handling": ("handling", "statement", "situation"),
    "situation": ("situation", "note"),
    "goal": ("goal",),
    "measures": ("measures",),
    "superior_number": ("superior_number",),
    "deadline_text": ("deadline_text", "deadline_on"),
    "remains": ("remains",),
    "reason": ("remains", "note", "reason"),
}
_decode = msgspec.json.Decoder(dict[str, Any]).decode


def current_rows(
    site: Site, connection: Connection, case_ids: Sequence[int], on: ListRow | None = None
) -> Iterator[dict[str, Any]]:
    """Give the rows of cases as they stand now, in the order of the ids; unknown ids are left out.

    In: ``on``, the list whose rows they are: a case may have a standing of its own there.
    Out: values by the column keys of ``exports/forms``; words are left as keys for the form.
    """
    c = t.cases.c
    lights = Lights(site)
    query = select(*(c[name] for name in _COLUMNS))
    for start in range(0, len(case_ids), _CHUNK):
        chunk = list(case_ids[start : start + _CHUNK])
        rows = {row.id: row for row in connection.execute(query.where(c.id.in_(chunk)))}
        own = own_standings(connection, on.id, chunk) if on else {}
        parties = _parties(connection, chunk)
        outcomes = _outcomes(connection, chunk)
        for case_id in chunk:
            row = rows.get(case_id)
            if row is None:
                continue
            kind = site.kind_of(row.kind, row.kind_version)
            phase, closed_on = row.phase, row.closed_on
            standing = kind.state_by_code[row.state].zh
            if (placed := own.get(case_id)) is not None and phase != "void":
                phase, closed_on = placed.phase, placed.closed_on
                standing = placed_name(kind, placed.state)
            yield _row(
                site, kind, number=row.number, part=row.part, fields=_decode(row.facts),
                parties=parties.get(case_id, []), types=[x for x in row.types.split(",") if x],
                weight=row.weight, verdict=row.verdict, progress=row.progress, phase=phase,
                standing=standing, outcomes=outcomes.get(case_id, []),
                received_on=row.received_on, closed_on=closed_on, due_on=row.finish_current,
                original_on=row.finish_original,
                light=lights.of((row.kind, row.kind_version), row.due_on, row.due_at,
                                row.due_report, row.due_finish),
            )  # fmt: skip


def past_rows(
    site: Site,
    connection: Connection,
    case_ids: Sequence[int],
    as_of: date,
    known: Known = NOW,
    on: ListRow | None = None,
) -> Iterator[dict[str, Any]]:
    """Give the rows of cases as they stood at the end of a day, as known, in the ids' order.

    In: ``on`` as for ``current_rows``. Beside the columns of forms: ``running``, (slot, when it is
    due, whether it has run out) of the nearest clock still running.
    """
    c = t.cases.c
    query = select(c.id, c.number, c.part, c.kind, c.kind_version)
    for start in range(0, len(case_ids), _CHUNK):
        chunk = list(case_ids[start : start + _CHUNK])
        heads = {row.id: row for row in connection.execute(query.where(c.id.in_(chunk)))}
        lives = {
            case_id: fold(live(events, known.pos), as_of)
            for case_id, events in events_of_cases(connection, sorted(chunk))
        }
        for case_id in chunk:
            life, head = lives.get(case_id), heads.get(case_id)
            if life is not None and head is not None and life.phase:
                seen = (as_of, known.instant_on(as_of))
                yield _past_row(site, head, life, seen, on.code if on else "")


def _past_row(
    site: Site, head: Any, life: Life, seen: tuple[date, str], list_code: str
) -> dict[str, Any]:
    kind = site.kind_of(head.kind, head.kind_version)
    standing = standing_name(kind, life, list_code)[1]
    life = life.seen_on(list_code)
    finish = next((face for face in life.clocks.values() if face.slot == "finish"), None)
    row = _row(
        site, kind, number=head.number, part=head.part, fields=life.fields, parties=life.parties,
        types=life.types, weight=life.weight, verdict=life.verdict, progress=life.progress,
        phase=life.phase, standing=standing, outcomes=life.outcomes,
        received_on=life.fields.get("received_on"), closed_on=life.closed_on,
        due_on=finish.current if finish else None,
        original_on=finish.original if finish else None,
        light=_past_light(site, kind, life, *seen),
    )  # fmt: skip
    row["running"] = next(
        (
            (face.slot, (face.current_at and shown_instant(face.current_at)) or face.current,
             face.is_overdue(*seen))
            for face in life.running() if face.slot in COUNTED_SLOTS
        ), None,
    )
    return row


def _past_light(site: Site, kind: Kind, life: Life, day: date, until: str) -> str:
    """Give the worst light of the running clocks at the end of a day (or at an instant of it)."""
    now = datetime.fromisoformat(until) if until else datetime.combine(day, time.max, SHANGHAI)
    found = set()
    for face in () if life.is_void else life.running():
        clock = kind.clock_by_code.get(face.code)
        if face.slot in COUNTED_SLOTS:
            warn, urgent = (clock.warn_workdays, clock.urgent_workdays) if clock else (0, -1)
            found.add(
                light_of(face.current, day, warn, site.calendars, urgent_workdays=urgent,
                         due_at=face.current_at, now=now)
            )  # fmt: skip
    return next((one for one in ORDER if one in found), "")


def _row(
    site: Site,
    kind: Kind,
    *,
    number: str,
    part: int,
    fields: Mapping[str, Any],
    parties: Sequence[tuple[str, str]],
    types: Sequence[str],
    weight: str,
    verdict: str,
    progress: str,
    phase: str,
    standing: str,
    outcomes: Sequence[Mapping[str, Any]],
    received_on: Any,
    closed_on: Any,
    due_on: Any,
    original_on: Any,
    light: str,
) -> dict[str, Any]:
    shown = f"{number}-{part}" if part else number
    if weight == "key":
        shown += NUMBER_FLAG
    row: dict[str, Any] = {
        "number": shown,
        "task_number": shown,
        "types": list(types),
        "verdict": verdict or None,
        "progress": progress or None,
        "phase": phase,
        "finished": phase,
        "standing": standing,
        "weight": weight,
        "channel": fields.get("channel"),
        "site": fields.get("site"),
        "batch": fields.get("batch"),
        "received_on": _day(received_on),
        "closed_on": _day(closed_on),
        "due_on": _day(due_on) or _day(fields.get("deadline_on")),
        "light": word("lights", light) if light else None,
        "due_original": _day(original_on) or _day(fields.get("deadline_on")),
        "promised_on": _day(fields.get("promised_on")),
        "unit": _units(site, parties, ("lead", "joint")),
        "supervising_unit": _units(site, parties, ("supervising",)),
        "region": region_of(site, fields, parties),
        "fields": fields,
        "unit_codes": [code for code, party in parties if party in ("lead", "joint")],
        "accountability": fields.get("accountability") or outcome_words(outcomes) or None,
    }
    for key, codes in _FIRST_OF.items():
        row[key] = next((fields[code] for code in codes if fields.get(code)), None)
    for key, value in sheet_values(kind, fields).items():
        row.setdefault(key, value)
    return row


def _day(value: Any) -> date | None:
    if not value:
        return None
    return value if isinstance(value, date) else date.fromisoformat(value)


def _units(site: Site, parties: Sequence[tuple[str, str]], wanted: Sequence[str]) -> str:
    """Name the units of some parts, the lead first."""
    order = {party: place for place, party in enumerate(wanted)}
    named = sorted((order[party], code) for code, party in parties if party in order)
    return "、".join(site.tree.by_code[code].name for _, code in named)


def region_of(
    site: Site, fields: Mapping[str, Any], parties: Sequence[tuple[str, str]]
) -> str | None:
    """Name the district of a case: as registered, else those of its units; None for none."""
    tree = site.tree
    given = fields.get("region")
    if given:
        unit = tree.by_code.get(given)
        return unit.name if unit else str(given)
    tops = dict.fromkeys(
        tree.by_id[tree.by_code[code].top_id]
        for code, party in parties
        if party in ("lead", "joint")
    )
    return "、".join(unit.name for unit in tops if unit.parent_id is not None) or None


def outcome_words(outcomes: Sequence[Mapping[str, Any]]) -> str:
    """Say the outcomes as a ledger does: ``责令改正1件、罚款7.93万元``; persons as counts only."""
    total: dict[str, list[int]] = {}
    for outcome in outcomes:
        both = total.setdefault(outcome["sort"], [0, 0])
        both[0] += int(outcome.get("count", 1))
        both[1] += int(outcome.get("amount", 0))
    said = []
    for sort, (count, amount) in total.items():
        unit = "人" if sort in ("talk", "accountability", "detention") else "件"
        money = f"{amount / 1_000_000:g}万元" if amount else ""
        said.append(f"{word('outcomes', sort)}{count}{unit}{money}")
    return "、".join(said)


def _parties(connection: Connection, ids: list[int]) -> dict[int, list[tuple[str, str]]]:
    p, u = t.case_parties.c, t.units.c
    query = select(p.case_id, u.code, p.party).join(t.units, u.id == p.unit_id)
    found: dict[int, list[tuple[str, str]]] = {}
    for case_id, code, party in connection.execute(query.where(p.case_id.in_(ids))):
        found.setdefault(case_id, []).append((code, party))
    return found


def _outcomes(connection: Connection, ids: list[int]) -> dict[int, list[dict[str, Any]]]:
    """Give the outcomes of the few cases that have any: they are no projected column."""
    e = t.events.c
    holding = (
        select(e.case_id)
        .where(e.case_id.in_(ids), e.facts.contains('"outcomes":', autoescape=True))
        .distinct()
    )
    some = sorted(connection.execute(holding).scalars())
    return {
        case_id: fold(live(events)).outcomes
        for case_id, events in events_of_cases(connection, some)
    }
