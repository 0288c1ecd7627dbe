"""Merging duplicates: a merged case follows its main case, event by event, in its own log."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import bindparam, select

from ecoissues.core.errors import Refused
from ecoissues.core.events import CORRECTIONS, Event, live
from ecoissues.core.life import Life, fold
from ecoissues.core.rules import check_day
from ecoissues.services.effects import Making
from ecoissues.services.loading import load_case, lock_case
from ecoissues.services.recording import CaseRow, Draft, Recorder
from ecoissues.storage import log
from ecoissues.storage import tables as t
from ecoissues.storage.prepared import Prepared

#: Facts of a main case's step that its followers take over (their own dimensions stay theirs).
_SHARED = ("marks", "verdict", "progress", "clocks", "round", "met", "dropped", "back")

_FOLLOWERS_OF = (
    select(t.cases.c.id)
    .where(t.cases.c.merged_into_id == bindparam("main_id"))
    .order_by(t.cases.c.id)
)
_FOLLOWERS, _HOLD_FOLLOWERS = Prepared(_FOLLOWERS_OF), Prepared(
    _FOLLOWERS_OF.with_for_update(key_share=True)
)


def merge(making: Making) -> None:
    """Make the case follow the main case named in ``target_case`` from the effective day on."""
    site, case = making.site, making.case
    main = load_case(making.connection, site, making.actor, making.values["target_case"])
    main = lock_case(making.connection, site, making.actor, main.id)
    if main.id == case.id:
        raise Refused("merge_itself", "不能并入自己。未作任何改动。")
    if main.kind == case.kind and main.kind_version != case.kind_version:
        raise Refused(
            "merge_other_version",
            f"主件按类型第 {main.kind_version} 版、本件按第 {case.kind_version} 版办理，不能并案；"
            "请先把清单迁移到同一版。未作任何改动。",
        )
    if main.kind != case.kind:
        raise Refused("merge_other_kind", "主件与本件不是同一类清单，不能并案。未作任何改动。")
    if main.merged_into_id is not None:
        raise Refused("merge_chain", f"{main.key} 本身已并入其他件，请并入它的主件。未作任何改动。")
    if hold_followers(making):
        raise Refused("merge_chain", "已有其他件并入本件，请先撤销那些并案。未作任何改动。")
    standing = live(log.events_of(making.connection, main.id))
    life = fold(standing)
    if life.is_void:
        raise Refused("merge_void", f"{main.key} 已作废或不予受理，不能作为主件。未作任何改动。")
    states = [event for event in standing if event.moves]
    if states and making.effective_on < states[-1].effective_on:
        raise Refused(
            "before_last_effective",
            f"并案日期早于主件最近一步的 {states[-1].effective_on}。未作任何改动。",
        )
    making.facts["merged_into"] = main.key
    making.facts["before_merge"] = {"state": making.life.state, "phase": making.life.phase}
    making.facts.update(_standing_facts(making.life, life))
    making.target = life.state
    case.merged_into_id = main.id


def _standing_facts(own: Life, main: Life) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    marks = [mark for mark in main.marks if mark not in own.marks]
    if marks:
        facts["marks"] = marks
    if main.verdict:
        facts["verdict"] = main.verdict
    clocks = {
        code: {
            "op": "set", "due": face.current.isoformat(), "slot": face.slot,
            "met_by": list(face.met_by), "proof": face.current_proof,
            **({"due_at": face.current_at} if face.current_at else {}),
        }
        for code, face in main.clocks.items()
        if code not in own.clocks and face.current is not None
    }  # fmt: skip
    if clocks:
        facts["clocks"] = clocks
    return facts


def unmerge(making: Making) -> None:
    """Restore the standing the case had before it was merged, from the effective day on."""
    if making.life.merged_into is None:
        raise Refused("not_merged", "本件没有并案，不需撤销。未作任何改动。")
    # A move to another version of the kind states anew where the case would return to.
    merged = next(e for e in reversed(making.standing) if "before_merge" in e.facts)
    making.facts["merged_into"] = None
    making.target = merged.facts["before_merge"]["state"]
    making.case.merged_into_id = None


def hold_followers(making: Making) -> list[int]:
    """Find the cases that follow this one and hold them until commit, in order of their ids.

    Called before the end of the log is taken: whoever writes on a follower has that case first and
    the log second too, so that the two cannot wait for each other.
    """
    connection = making.connection
    query = _FOLLOWERS if connection.dialect.name == "sqlite" else _HOLD_FOLLOWERS
    return [row[0] for row in query.run(connection, {"main_id": making.case.id})]


def check_void(making: Making) -> None:
    """A case that others follow cannot leave the denominator (code ``has_followers``)."""
    if making.followers and making.kind.phase_of(making.target) == "void":
        raise Refused("has_followers", "有其他件并入本件，不能作废；请先撤销并案。未作任何改动。")


def companions(making: Making, recorder: Recorder, event: Event) -> int:
    """Write the companion of a main case's new event on each case that follows it.

    Gives how many were written. A follower's own later effective day is kept (its day is never
    earlier than its merge).
    """
    written = 0
    for case_id in making.followers:
        follower = lock_case(making.connection, making.site, None, case_id)
        events = log.events_of(making.connection, case_id)
        if making.event_step in CORRECTIONS:
            draft = _same_correction(making, follower, events, event)
        else:
            draft = _companion(making, follower, events, event)
        if draft is not None:
            recorder.record(follower, making.kind, events, [draft])
            written += 1
    return written


def _companion(
    making: Making, follower: CaseRow, events: list[Event], event: Event
) -> Draft | None:
    standing = live(events)
    life = fold(standing)
    facts = {name: event.facts[name] for name in _SHARED if name in event.facts}
    target = making.case.state
    if target == life.state and not facts:
        return None
    day = _day_for(life, standing, event)
    facts["follows"] = {"case": making.case.key, "seq": event.seq, "step": event.step}
    for code, fact in facts.get("clocks", {}).items():
        if code not in life.clocks and fact["op"] != "set":
            facts["clocks"] = {**facts["clocks"], code: {**fact, "op": "set"}}
    check_day(day, making.site.today(), life, [], set())
    return Draft("follow", target, making.kind.phase_of(target), day, facts)


def _same_correction(
    making: Making, follower: CaseRow, events: list[Event], event: Event
) -> Draft | None:
    """Correct the companion of a corrected event in the same way, and follow where it leads."""
    seq = event.facts["struck"][0] if "struck" in event.facts else event.facts["amended"]["seq"]
    standing = live(events)
    theirs = [e for e in standing if e.facts.get("follows", {}).get("seq") == seq]
    target, life = making.case.state, fold(standing)
    if not theirs and target == life.state:
        return None
    follows = {"follows": {"case": making.case.key, "seq": event.seq}}
    if not theirs:  # it was merged after that step: only the standing is taken over
        return Draft("follow", target, making.kind.phase_of(target), making.site.today(), follows)
    facts: dict[str, Any] = {"struck": [theirs[0].seq]}
    if "amended" in event.facts:
        change = event.facts["amended"]
        shared = {k: v for k, v in change.get("facts", {}).items() if k in _SHARED}
        facts = {"amended": {"seq": theirs[0].seq, "facts": shared}}
        if "effective_on" in change:
            merged = next(e for e in reversed(standing) if e.facts.get("merged_into"))
            day = max(change["effective_on"], merged.effective_on.isoformat())
            facts["amended"]["effective_on"] = day
    return Draft(
        event.step, target, making.kind.phase_of(target), event.effective_on, {**facts, **follows}
    )


def _day_for(life: Life, standing: list[Event], event: Event) -> date:
    last = [e.effective_on for e in standing if e.moves or "merged_into" in e.facts]
    return max([event.effective_on, *last])
