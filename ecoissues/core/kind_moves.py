"""Moving a case to another version of its kind: where it lands, and whether it has earned that.

A map (TOML) names for each state the one it becomes, and for steps and obligations that were
renamed their new codes; what is not named keeps its code. Moving a document changes no figure: a
state maps to one of the same phase. And it lends nothing: nobody lands behind a signature or a
proof of work that the case has not got in its round (the proof of the new version would be void).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct

from ecoissues.core.errors import Refused
from ecoissues.core.events import MOVE_STEP, Event
from ecoissues.core.kind_proof import gives_evidence
from ecoissues.core.kinds import END_PHASES, Kind, Step
from ecoissues.core.life import Life


class Map(Struct, frozen=True, forbid_unknown_fields=True):
    """What becomes of codes: old -> new. Those not named keep their code."""

    states: dict[str, str] = {}
    steps: dict[str, str] = {}
    obligations: dict[str, str] = {}


class Image(Struct, frozen=True):
    """Where one case lands. ``fault``: why it cannot, "" when it can; ``target``: "" without."""

    target: str
    fault: str = ""
    sentence: str = ""


def read_map(text: str, name: str) -> Map:
    """Read a map's TOML; Refused ``bad_map`` says file, line and what is wrong."""
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at line (\d+)", str(error))
        line = int(place.group(1)) if place else text.count("\n") + 1
        raise _bad_map(name, line, f"不是正确的 TOML 文本（{error}）") from None
    for section, pairs in given.items():
        if section not in Map.__struct_fields__ or not isinstance(pairs, dict):
            sentence = f"不认识“{section}”，只可写 [states]、[steps]、[obligations] 三节"
            raise _bad_map(name, _line_of(text, section), sentence)
        for code, image in pairs.items():
            if not isinstance(image, str):
                sentence = f"请写成 {code} = \"新代码\""
                raise _bad_map(name, _line_of(text, code), sentence)
    return Map(**given)


def _bad_map(name: str, line: int, sentence: str) -> Refused:
    return Refused(
        "bad_map", f"{name} 第 {line} 行：{sentence}。未作任何改动。", file=name, line=line
    )


def _line_of(text: str, word: str) -> int:
    lines = text.splitlines()
    return next((number for number, line in enumerate(lines, 1) if word in line), 1)


def check_map(olds: Sequence[Kind], new: Kind, given: Map, text: str, name: str) -> None:
    """Every code of a map exists on its side (``map_unknown``, with file and line).

    In: the versions that cases leave, at least one; the version they take; the map and its text.
    """
    for what, pairs, codes_of in (
        ("状态", given.states, lambda kind: set(kind.state_by_code)),
        ("步骤", given.steps, lambda kind: set(kind.step_by_code)),
        ("条件", given.obligations, _obligations),
    ):
        known = set[str]().union(*(codes_of(old) for old in olds))
        for code, image in pairs.items():
            wrong = [(code, olds[-1])] * (code not in known)
            wrong += [(image, new)] * (image not in codes_of(new))
            for bad, kind in wrong:
                line = _line_of(text, code)
                raise Refused(
                    "map_unknown",
                    f"{name} 第 {line} 行：{kind.wording.zh}第 {kind.version} 版没有{what} {bad}。"
                    "未作任何改动。",
                    file=name, line=line, unknown=bad,
                )  # fmt: skip


def _obligations(kind: Kind) -> set[str]:
    return {code for step in kind.steps for code in (*step.meets, *step.requires)}


def image_of(old: Kind, new: Kind, given: Map, state: str) -> Image:
    """Give the image of a state: the map's, else the state of the same code.

    Faults: ``no_image``, ``phase_differs``.
    """
    target = given.states.get(state, state)
    landing = new.state_by_code.get(target)
    shown = old.state_by_code[state]
    if landing is None:
        return Image("", "no_image", f"状态“{shown.zh}”（{state}）在新版中没有对应，请在映射中写明。")
    if landing.phase != shown.phase:
        return Image(
            target, "phase_differs",
            f"状态“{shown.zh}”与“{landing.zh}”的统计阶段不同，迁移不得改变统计；请改映射到同一阶段的状态。",
        )  # fmt: skip
    return Image(target)


def land(
    pinned: Sequence[Kind], new: Kind, given: Map, life: Life, state: str
) -> Image:
    """Give where a case lands and whether it has earned it: ``unsigned``, ``unproven``.

    In: the kinds the case has been pinned to in its round (the last is the one in force), the new
    version, its standing, and the state to be mapped. Ends of a life have been earned before; a
    merged case stands where its main case does, which has earned it.
    """
    image = image_of(pinned[-1], new, given, state)
    earned = life.merged_into is not None
    if image.fault or earned or new.phase_of(image.target) in END_PHASES:
        return image
    shown = new.state_by_code[image.target].zh
    signed = any(_signs(pinned, code) for code in life.round_actors)
    if not signed and not _reached_without(new, image.target, lambda step: step.signs):
        return Image(
            image.target, "unsigned",
            f"新版中到“{shown}”须已有签字，本件在本轮中还没有；请映射到签字之前的状态。",
        )  # fmt: skip
    proven = any(
        file["stage"] in ("after", "document") and file["seq"] >= life.round_seq
        for file in life.evidence
    )
    if not proven and not _reached_without(new, image.target, gives_evidence):
        return Image(
            image.target, "unproven",
            f"新版中到“{shown}”须已有整改材料，本件在本轮中还没有；请映射到交材料之前的状态。",
        )  # fmt: skip
    return image


def _signs(pinned: Iterable[Kind], code: str) -> bool:
    steps = (kind.step_by_code.get(code) for kind in pinned)
    return any(step is not None and step.signs for step in steps)


def _reached_without(kind: Kind, state: str, passes: Any) -> bool:
    """Whether a round can come to a state on steps none of which ``passes``."""
    register = next(step for step in kind.steps if step.effect == "register")
    begun = {one.code for one in kind.states if one.work} | {register.to}
    seen, queue = set(begun), sorted(begun)
    moving = [step for step in kind.steps if step.to and step.effect != "register"]
    while queue:
        here = queue.pop()
        if here == state:
            return True
        for step in moving:
            if here in kind.sources_of(step) and not passes(step) and step.to not in seen:
                seen.add(step.to)
                queue.append(step.to)
    return False


def check_placed(old: Kind, new: Kind, life: Life, image: Image) -> Image:
    """Tell whether what a case is in on further lists is known to the new version, in that phase."""
    for code, own in life.placements.items():
        found = new.placed_by_code.get(own.state)
        if found is None or found.phase != own.phase:
            was = old.placed_by_code.get(own.state)
            sentence = f"在清单 {code} 上的状态“{was.zh if was else own.state}”在新版中没有，或阶段不同。"
            return Image(image.target, "no_image" if found is None else "phase_differs", sentence)
    return image


def move_facts(old: Kind, new: Kind, given: Map, life: Life, target: str) -> dict[str, Any]:
    """Give the facts of a move: the version left and the one taken, and what goes over renamed.

    ``life.apply`` reads them: actors and counts of renamed steps go over; who acted under a step
    that the new version does not know counts for every "another person" rule from now on.
    """
    # A step not taken yet may be what meets a clock that runs.
    meeting = {
        reason[5:] for face in life.clocks.values() for reason in face.met_by
        if reason.startswith("step:")
    }  # fmt: skip
    renamed = {
        code: given.steps[code]
        for code in sorted({*life.step_counts, *meeting})
        if given.steps.get(code, code) != code
    }
    # Their actors could otherwise verify their own work under a new name.
    unknown = [
        code
        for code in sorted({*life.round_actors, *(life.apart.actors if life.apart else ())})
        if code not in renamed and code not in new.step_by_code and _keeps_apart(old, code)
    ]
    kind: dict[str, Any] = {
        "code": new.code, "version": new.version, "was": old.version, "steps": renamed,
        "unknown": unknown,
    }  # fmt: skip
    facts: dict[str, Any] = {"kind": kind}
    gone = [code for code in sorted(life.obligations) if given.obligations.get(code, code) != code]
    if gone:
        facts["met"] = [given.obligations[code] for code in gone]
        facts["dropped"] = [code for code in gone if code not in facts["met"]]
    if life.came_back and target != life.state:
        facts["back"] = True  # a new document is no answer to what was sent back
    return facts


def _keeps_apart(kind: Kind, code: str) -> bool:
    """Whether who took the step may be barred from another: it moves the case or is named so."""
    step: Step | None = kind.step_by_code.get(code)
    named = any(code in other.other_than for other in kind.steps)
    return step is not None and (bool(step.to) or named)


def versions_of(events: Iterable[Event], now: int) -> list[tuple[int, int]]:
    """Give (sequence from which it holds, version) of a case's log, oldest first.

    In: its events in order, the version it is pinned to now.
    """
    moves = [event for event in events if event.step == MOVE_STEP]
    first = moves[0].facts["kind"]["was"] if moves else now
    return [(1, first), *((event.seq, event.facts["kind"]["version"]) for event in moves)]
