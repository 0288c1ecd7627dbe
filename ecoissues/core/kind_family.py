"""Which kind may be a child of which (``children``): known ones only, and no circle.

A circle would let a case have parts that have parts without end, and no parent's progress would
ever be settled.
"""

from __future__ import annotations

from collections.abc import Iterable

from ecoissues.core.kind_documents import Problem
from ecoissues.core.kinds import Kind


def child_problem(
    kind: Kind, others: Iterable[Kind], codes: frozenset[str] = frozenset()
) -> Problem | None:
    """Give what is wrong with a kind's ``children`` beside the other kinds, None if nothing is.

    In: the kind; all sound kinds (the kind itself may be among them); codes of kinds that exist but
    are not sound, for which their own fault is told. Reasons: ``unknown_child``,
    ``child_without_parent`` (its first step does not ask for ``parent_case``), ``child_cycle``.
    """
    if not kind.children:
        return None
    known = {other.code: other for other in sorted(others, key=lambda other: other.version)}
    known[kind.code] = kind
    trail = [kind.code]
    while child := known[trail[-1]].children:
        if child not in known:
            if len(trail) > 1 or child in codes:
                return None  # told where that kind is read
            sentence = f"下级事项的清单类型“{child}”不存在。"
            return Problem("unknown_child", sentence, ("children",))
        if child in trail:
            if child != kind.code:
                return None
            shown = " → ".join(known[code].wording.zh for code in (*trail, child))
            sentence = f"下级事项成了循环（{shown}），任务没有尽头。"
            return Problem("child_cycle", sentence, ("children",), (*trail, child))
        if len(trail) == 1 and not _names_parent(known[child]):
            sentence = f"下级清单类型“{known[child].wording.zh}”的登记表没有上级事项字段 parent_case。"
            return Problem("child_without_parent", sentence, ("children",))
        trail.append(child)
    return None


def _names_parent(kind: Kind) -> bool:
    fields = (field for step in kind.steps if step.effect == "register" for field in step.fields)
    return any(field.code == "parent_case" and field.type == "case" for field in fields)
