"""The rules a step must pass, asked by the gate, by the buttons on a page and by corrections.

Each check takes the standing before the step (``Life``) and raises Refused with a code. Nothing
here writes, reads a clock, or knows a database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from ecoissues.core import workflow
from ecoissues.core.errors import Refused
from ecoissues.core.events import CORRECTIONS, MOVE_STEP, Event, tracks_of
from ecoissues.core.kinds import EvidenceNeed, Kind, Step
from ecoissues.core.life import ANYONE, Life
from ecoissues.core.units import HANDLING, UnitTree
from ecoissues.core.vocabulary import word


def check_obligations(step: Step, life: Life) -> None:
    """The obligations the step rests on were met in this round of work (code ``not_yet``)."""
    missing = [code for code in step.requires if code not in life.obligations]
    if missing:
        raise Refused("not_yet", f"“{step.zh}”之前还须先完成：{'、'.join(missing)}。未作任何改动。")


def check_other_person(step: Step, life: Life, actor: str) -> None:
    """Four eyes: who did one of ``other_than`` in this round may not take the step.

    Source: 谁验收谁负责, verification apart from handling in every acceptance rule seen.
    """
    for code in step.other_than:
        if actor in life.round_actors.get(code, ()) or actor in life.round_actors.get(ANYONE, ()):
            raise Refused(
                "same_person",
                f"“{step.zh}”须由另一人办理：您在本轮中已办理过该事项，请换人办理。未作任何改动。",
                step=code,
            )


def check_bound(step: Step, life: Life) -> None:
    """A bounded step is not taken more often than its bound (code ``too_often``)."""
    if step.bound and life.step_counts.get(step.code, 0) >= step.bound:
        raise Refused("too_often", f"“{step.zh}”最多 {step.bound} 次，本件已用完。未作任何改动。")


def _falls_away(need: EvidenceNeed, verdict: str, fields: Mapping[str, Any]) -> bool:
    for condition in need.unless:
        sort, _, code = condition.partition(":")
        if (sort == "verdict" and verdict == code) or (sort == "field" and fields.get(code)):
            return True
    return False


def missing_evidence(
    step: Step, life: Life, facts: Mapping[str, Any]
) -> list[tuple[EvidenceNeed, int]]:
    """Give the needs not yet met and how many files are missing for each.

    Files count if they came in this round of work or with the step itself; a verdict or a flag
    given with the step counts already.
    """
    verdict = facts.get("verdict", life.verdict)
    # A flag set in an earlier round says nothing about this one.
    known = {c: v for c, v in life.fields.items() if life.field_seq[c] >= life.round_seq}
    fields = {**known, **facts.get("fields", {})}
    files = [file for file in life.evidence if file["seq"] >= life.round_seq]
    files += facts.get("evidence", [])
    missing = []
    for need in step.evidence:
        if _falls_away(need, verdict, fields):
            continue
        lacking = need.least - sum(file["stage"] == need.stage for file in files)
        if lacking > 0:
            missing.append((need, lacking))
    return missing


def check_evidence(step: Step, life: Life, facts: Mapping[str, Any]) -> None:
    """Every need for files is met (code ``evidence_missing``)."""
    missing = missing_evidence(step, life, facts)
    if missing:
        shown = "、".join(f"{word('evidence_stages', need.stage)}{n}份" for need, n in missing)
        raise Refused(
            "evidence_missing",
            f"“{step.zh}”还缺{shown}，请上传后再提交。已填内容保留在页面上，未作任何改动。",
            stages=[need.stage for need, _ in missing],
        )


def check_day(
    day: date, today: date, life: Life, standing: Sequence[Event], tracks: set[str]
) -> None:
    """The effective day keeps the order of its tracks and is neither future nor before the start.

    Codes ``future_day``, ``before_registration``, ``before_last_effective`` (design 3a).
    """
    if day > today:
        raise Refused("future_day", f"生效日期 {day} 晚于今天 {today}，不能预先记录。未作任何改动。")
    if life.registered_on and day < life.registered_on:
        raise Refused(
            "before_registration",
            f"生效日期 {day} 早于登记日期 {life.registered_on}，请核对。未作任何改动。",
        )
    days = [event.effective_on for event in standing if tracks & tracks_of(event)]
    if days and day < max(days):
        raise Refused(
            "before_last_effective",
            f"生效日期 {day} 早于同一事项上一条记录的 {max(days)}；确需补记的，请申请更正。未作任何改动。",
            last=max(days).isoformat(),
        )


def check_wait(step: Step, life: Life, day: date, asked_on: date | None = None) -> None:
    """A waiting period (公示) has run out before the day (code ``notice_running``), and a period
    within which the step must be taken (异议期) has not (code ``after_expiry``).

    In: ``asked_on``, the day the step is asked for, where it is another: who is late must not be in
    time by dating it back.
    """
    if step.before_clock:
        face = life.clocks.get(step.before_clock)
        if face is not None and face.current is not None and (asked_on or day) > face.current:
            raise Refused(
                "after_expiry",
                f"“{step.zh}”须在 {face.current} 前提出，已经过期。未作任何改动。",
                due=face.current.isoformat(),
            )
    if not step.after_clock:
        return
    face = life.clocks.get(step.after_clock)
    if face is None or face.current is None:
        raise Refused("notice_missing", f"“{step.zh}”之前须先公示。未作任何改动。")
    if day <= face.current:
        raise Refused(
            "notice_running", f"公示期到 {face.current} 为止，期满后方可“{step.zh}”。未作任何改动。"
        )


def check_handlers(parties: Iterable[Sequence[str]], tree: UnitTree) -> None:
    """Nobody handles a case who is complained of in it, or belongs to such a unit.

    In: the parties as they will be, [unit code, party]. Code ``accused_unit``. Source: 信访工作条例
    (2022), articles 30 and 46.
    """
    known = [(tree.by_code[code], party) for code, party in parties]
    accused = [unit.path for unit, party in known if party == "accused"]
    for unit, party in known:
        if party in HANDLING and any(unit.path.startswith(path) for path in accused):
            raise Refused(
                "accused_unit",
                f"“{unit.name}”是被举报单位或其下属，不得办理本件，请改派其他单位。未作任何改动。",
                errors={"units": "被举报单位不得办理本件。"},
            )


def check_placement(kind: Kind, now: str, wanted: str) -> None:
    """A placement goes on only as the document says (``placed_states``).

    In: the state it is in ("": it stands on the list, but had no standing of its own yet). Codes
    ``unknown_state``, ``standing_same``, ``standing_ended``, ``standing_order``.
    """
    target, known = kind.placed_by_code.get(wanted), kind.placed_by_code
    if target is None:
        raise Refused("unknown_state", f"没有名为 {wanted} 的清单状态。未作任何改动。")
    if wanted == now:
        raise Refused("standing_same", f"本件在该清单上已是“{target.zh}”。未作任何改动。")
    allowed = kind.placed_after(now)
    if wanted in allowed:
        return
    was = known[now].zh if now in known else now
    if not allowed:
        raise Refused("standing_ended", f"本件在该清单上已是“{was}”，不再变动。未作任何改动。")
    shown = "、".join(known[code].zh for code in allowed)
    raise Refused(
        "standing_order", f"在该清单上“{was}”之后只能是{shown}，不能是“{target.zh}”。未作任何改动。"
    )


def check_lawful(kinds: Mapping[int, Kind], standing: Iterable[Event], today: date) -> Life:
    """The whole live sequence is lawful: chain, dates, evidence, four eyes, by the pinned kind.

    In: the kind in force from each sequence number on (see ``kind_moves.versions_of``). Raises the first rule broken, with the sequence number in ``facts``. Gives the standing.
    """
    life = Life()
    seen: list[Event] = []
    for event in standing:
        kind = kinds[max(since for since in kinds if since <= max(event.seq, 1))]
        try:
            _check_event(kind, event, life, seen, today)
        except Refused as refused:
            raise Refused(
                "unlawful_correction",
                f"更正后第 {event.seq} 条记录将不合规：{refused.sentence}更正未生效。",
                seq=event.seq,
                because=refused.code,
            ) from None
        life.apply(event)
        seen.append(event)
    if not seen:
        raise Refused("unlawful_correction", "登记记录不能撤销。更正未生效。", seq=1)
    return life


def _check_event(kind: Kind, event: Event, life: Life, seen: list[Event], today: date) -> None:
    follows = "follows" in event.facts or "merged_into" in event.facts
    if event.step in CORRECTIONS:
        return
    if not seen and event.source:
        raise Refused("wrong_state", "登记记录不能撤销。")
    check_day(event.effective_on, today, life, seen, tracks_of(event))
    placement = event.facts.get("placement")
    if placement is not None and "placed" not in event.facts:
        if placement["list"] not in life.lists:
            raise Refused("not_placed", "此后还登记了在该清单上的进展，须先撤销进展。")
        own = life.placements.get(placement["list"])
        check_placement(kind, own.state if own else "", placement["state"])
    if event.step == MOVE_STEP:
        if event.source != life.state or kind.phase_of(event.target) != life.phase:
            raise Refused("wrong_state", "此后有一次类型版本迁移，与更正后的状态衔接不上。")
        return
    step = kind.step_by_code.get(event.step)
    if step is None or follows or not seen:
        if event.moves and event.source != life.state:
            raise Refused("wrong_state", "前后状态衔接不上。")
        return
    target = workflow.destination(kind, life.state, step.code)
    if event.moves and (event.source, event.target) != (life.state, target):
        raise Refused("wrong_state", "前后状态衔接不上。")
    check_obligations(step, life)
    check_other_person(step, life, event.actor)
    check_evidence(step, life, event.facts)
    check_bound(step, life)
    check_wait(step, life, event.effective_on)
