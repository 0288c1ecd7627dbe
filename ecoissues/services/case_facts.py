"""What is known of a case, in words: its title, what was registered, what was found and done."""

from __future__ import annotations

from collections.abc import Mapping

from ecoissues.core.kinds import Kind
from ecoissues.core.life import Life
from ecoissues.core.vocabulary import word
from ecoissues.services.field_words import Shown, field_by_code, outcome_text, value_text
from ecoissues.services.site import Site

#: Fields that speak of one step only and stand in the history, not among the facts of the case.
_NOT_STANDING = frozenset(
    {"note", "reason", "opinion", "instruction", "answer", "event", "clock", "new_due",
     "correction", "effective_on", "facts", "month", "list_code", "target_case", "milestones",
     "move_number", "move_values", "requirement", "answer_by", "advice", "talk_on", "talk_with"}
)  # fmt: skip


def title_of(kind: Kind, life: Life) -> str:
    """Give the heading of a case's page: its own title, the beginning of what it says, its kind."""
    for code in ("title", "content", "problem"):
        if life.fields.get(code):
            return " ".join(str(life.fields[code]).split())[:60]
    return kind.wording.zh


def basics_of(site: Site, kind: Kind, life: Life) -> list[Shown]:
    """Give the fields of registration as they stand, in the document's order."""
    step = next(step for step in kind.steps if step.effect == "register")
    found = []
    tracks: Mapping[str, str] = {
        "types": "、".join(word("types", each) for each in life.types),
        "weight": word("weights", life.weight),
    }
    for field in step.fields:
        if field.code in ("number", "units"):
            continue
        text = tracks.get(field.code) or value_text(
            kind, field, life.fields.get(field.code), site.tree
        )
        if text != "—":
            found.append(Shown(field.zh, text, field.type == "long_text", field.code))
    return found


def work_of(site: Site, kind: Kind, life: Life) -> list[Shown]:
    """Give what was found and done: every other field that holds something, and the tracks."""
    register = next(step for step in kind.steps if step.effect == "register")
    known = {field.code for field in register.fields}
    found = []
    if life.verdict:
        found.append(Shown("是否属实", word("verdicts", life.verdict), code="verdict"))
    if life.progress:
        found.append(Shown("进度", word("progress", life.progress), code="progress"))
    if life.satisfaction:
        text = word("satisfactions", life.satisfaction)
        found.append(Shown("满意程度", text, code="satisfaction"))
    if life.outcomes:
        found.append(Shown("处理结果", "；".join(outcome_text(each) for each in life.outcomes)))
    for code, field in field_by_code(kind).items():
        if code in known or code not in life.fields:
            continue
        if code in _NOT_STANDING and code not in kind.field_by_code:
            continue
        text = value_text(kind, field, life.fields[code], site.tree)
        if text != "—":
            found.append(Shown(field.zh, text, field.type == "long_text", code))
    return found
