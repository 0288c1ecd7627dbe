"""An outsider's recount: the log read as plain rows, nothing of the program but the units' paths.

Written from the rules (design 3a and 5) without ``core.life``, ``events.live`` or the accounts, so
that a mistake there is found here.
"""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from ecoissues.core.events import Event

NAMES = {"report": "overdue_report", "finish": "overdue_finish"}


def standing_events(log: list[Event], pos: int) -> list[dict[str, Any]]:
    """What has not been struck, as amended, by a position."""
    rows: dict[int, dict[str, Any]] = {}
    for one in log:
        if one.pos > pos:
            continue
        if one.step == "strike":
            rows = {seq: row for seq, row in rows.items() if seq not in one.facts["struck"]}
        elif one.step == "amend":
            change = one.facts["amended"]
            row = rows.get(change["seq"])
            if row:
                row["on"] = change.get("effective_on", row["on"])
                row["facts"] = {**row["facts"], **change.get("facts", {})}
        else:
            rows[one.seq] = {
                "on": one.effective_on.isoformat(), "facts": one.facts,
                "phase": one.phase if one.source != one.target else None,
            }  # fmt: skip
    return list(rows.values())


def count_case(
    log: list[Event], day: date, pos: int, list_code: str
) -> tuple[Counter[str], dict[str, Any]]:
    """Give (what one case counts as on a list, its facts) at the end of a day, known at a position."""
    until = day.isoformat()
    rows = [row for row in standing_events(log, pos) if row["on"] <= until]
    facts: dict[str, Any] = {"life": {"ever": False, "again": False}}
    marks: set[str] = set()
    lists: set[str] = set()
    own: dict[str, tuple[str, dict[str, bool]]] = {}
    clocks: dict[str, dict[str, Any]] = {}
    phase = ""
    for row in rows:
        facts.update(row["facts"])
        facts["life"].update(_closings(facts["life"], phase, row))
        facts.setdefault("all_fields", {}).update(row["facts"].get("fields", {}))
        marks.update(row["facts"].get("marks", ()))
        lists |= {row["facts"]["placed"]} if "placed" in row["facts"] else set()
        lists -= {row["facts"].get("unplaced")}
        _own_standing(own, lists, row["facts"])
        phase = row["phase"] or phase
        for name, change in row["facts"].get("clocks", {}).items():
            clocks.setdefault(name, {"by": change["met_by"], "slot": change["slot"]})
            _turn(clocks[name], change, row["on"])
        for clock in clocks.values():
            _stop(clock, {phase, *marks}, row["on"])
    if phase not in ("", "void") and list_code in own:
        phase, facts["life"] = own[list_code]
    counted = _counts(phase, facts, marks, clocks, until)
    return counted, {"parties": facts.get("parties", []), "lists": lists}


def _own_standing(
    own: dict[str, tuple[str, dict[str, bool]]], lists: set[str], facts: dict[str, Any]
) -> None:
    """Keep what a case is on each further list where it has a life of its own."""
    for code in (facts.get("placed"), facts.get("unplaced")):
        own.pop(code or "", None)
    there = facts.get("placement")
    if there and there["list"] in lists:
        before, life = own.get(there["list"], ("", {"ever": False, "again": False}))
        now, over = there["phase"], ("closed", "reviewed")
        again = before in over and now not in over
        own[there["list"]] = now, {
            "ever": life["ever"] or now in over, "again": life["again"] or again
        }


def _closings(life: dict[str, bool], before: str, row: dict[str, Any]) -> dict[str, bool]:
    now, over = row["phase"] or before, ("closed", "reviewed")
    again = before in over and now not in (*over, "void") and "merged_into" not in row["facts"]
    return {"ever": life["ever"] or now in over, "again": life["again"] or again}


def _turn(clock: dict[str, Any], change: dict[str, Any], on: str) -> None:
    due, before = change.get("due"), clock.get("current")
    if before and before < on and not clock.get("stopped"):
        clock.setdefault("missed", set()).add(before)
    if change["op"] in ("set", "reset"):
        clock["original"] = due
    clock["current"] = due


def _stop(clock: dict[str, Any], reasons: set[str], on: str) -> None:
    if not reasons & set(clock["by"]):
        clock["stopped"] = None
    elif not clock.get("stopped"):
        clock["stopped"] = on
        missed = {due for due in clock.get("missed", ()) if due < on}
        late = clock.get("current") and clock["current"] < on
        clock["missed"] = missed | ({clock["current"]} if late else set())
        clock["in_time"] = {
            side: bool(clock.get(side)) and on <= clock[side] for side in ("original", "current")
        }


def _counts(
    phase: str, facts: dict[str, Any], marks: set[str], clocks: dict[str, Any], until: str
) -> Counter[str]:
    if phase in ("", "void"):
        return Counter({phase: 1} if phase else {})
    counted = Counter({"cases": 1, phase: 1, **dict.fromkeys(marks, 1)})
    if facts.get("verdict"):
        counted[facts["verdict"]] = 1
    counted["key_cases"] = int(facts.get("weight") == "key")
    counted["key_closed"] = counted["key_cases"] * int(phase in ("closed", "reviewed"))
    counted["key_done"] = counted["key_cases"] * int(phase in ("completed", "closed", "reviewed"))
    counted["originals"] = int(facts.get("part", 0) < 2)
    counted["key_originals"] = counted["key_cases"] * counted["originals"]
    counted["merged"] = int(facts.get("merged_into") is not None)
    counted["merged_open"] = counted["merged"] * int(phase == "open")
    counted["calls"] = int(facts["all_fields"].get("channel") == "call")
    counted["letters"] = int(facts["all_fields"].get("channel") == "letter")
    counted["ever_closed"] = int(facts["life"]["ever"])
    counted["rebounded"] = int(facts["life"]["again"])
    counted["surveyed"] = int(bool(facts.get("satisfaction")))
    counted["satisfied"] = int(facts.get("satisfaction") in ("satisfied", "fairly"))
    for clock in clocks.values():
        if clock.get("missed"):
            counted["overdue_ever"] = 1
        current = clock.get("current")
        if current and current < until and not clock.get("stopped"):
            counted[NAMES[clock["slot"]]] = counted["overdue"] = counted["overdue_ever"] = 1
    report = [clock for clock in clocks.values() if clock["slot"] == "report"]
    due = [clock for clock in report if clock.get("current") and clock["current"] <= until]
    counted["due_report"] = int(bool(due))
    counted["met_report"] = int(
        bool(due) and all(one.get("stopped") and one["in_time"]["current"] for one in due)
    )
    finish = [clock for clock in clocks.values() if clock["slot"] == "finish"]
    counted["due_this_year"] = int(
        any((clock.get("original") or "")[:4] == until[:4] for clock in finish)
    )
    done = int(phase in ("completed", "closed", "reviewed"))
    counted["done_this_year"] = counted["due_this_year"] * done
    for side in ("original", "current"):
        due = [clock for clock in finish if clock.get(side) and clock[side] <= until]
        counted[f"due_{side}"] = int(bool(due))
        counted[f"met_{side}"] = int(
            bool(due) and all(one.get("stopped") and one["in_time"][side] for one in due)
        )
    return counted
