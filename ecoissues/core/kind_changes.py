"""What changed between two versions of a kind, in the words of the field.

Compares states, steps, clocks, fields and the document's own keys by code. Pure: two kinds in, a
list of changes out; pages and the command line print it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import FieldInfo

from ecoissues.core.digests import canonical, digest_of
from ecoissues.core.kind_fields import Field
from ecoissues.core.kinds import Kind, Step
from ecoissues.core.vocabulary import PHASES, ROLES, word

#: Sort of thing -> its Chinese name, in the order in which changes are told.
SORTS: Final = {"kind": "类型", "state": "状态", "step": "步骤", "field": "字段", "clock": "时限", "milestone": "节点", "placed": "清单上的状态"}
#: What became of it.
CHANGES: Final = {"added": "新增", "removed": "删去", "changed": "改动"}

_LABELS: Final = {
    "zh": "名称", "en": "英文名称", "phase": "阶段", "waits_for": "等待", "work": "开始新一轮办理",
    "clockless": "无时限的原因", "from": "从", "to": "到", "roles": "角色", "by": "关系",
    "evidence": "材料", "requires": "须先满足", "meets": "由此满足", "drops": "由此作废",
    "signs": "签字", "other_than": "须由他人办理", "starts": "起算时限", "resets": "重新起算",
    "restarts": "再次办理时起算",
    "promises": "承诺的时限", "after_clock": "须等期满", "marks": "标记", "effect": "附带作用",
    "bound": "最多次数", "loop_reason": "不限次数的理由", "sort": "性质", "hint": "提示",
    "type": "类型", "required": "必填", "words": "词表", "options": "选项", "initial": "带出现值",
    "slot": "账目", "length": "长度", "unit": "单位", "roll": "遇休息日顺延", "counts_first": "当日起算",
    "warn_workdays": "临期提前（工作日）", "met_by": "到何时为止", "waits": "等待期",
    "extension": "延期", "number_patterns": "编号样式", "on_time_clock": "按时率所依时限",
    "planned": "各件自定节点", "children": "子件的类型", "due": "限期", "length_unit": "单位",
    "form": "台账表式", "figures": "指标", "extends": "并入的共用步骤", "wording": "名称", "next": "下一状态",
    "site_field": "认点位的字段", "advice": "以往记录的建议", "length_by": "长度所依的字段",
    "weighs": "决定重点程度",
}  # fmt: skip
_YES: Final = {True: "是", False: "否"}


class Change(Struct, frozen=True):
    """One difference. ``sort``: key of SORTS; ``what``: key of CHANGES; ``details``: what is
    different about a changed thing, one sentence each (empty for added and removed ones)."""

    sort: str
    what: str
    code: str
    name: str
    details: tuple[str, ...] = ()


@cache
def _fields_of(shape: type[Struct]) -> tuple[FieldInfo, ...]:
    """Give the fields of a part of a document; asked anew, each would be worked out from its text."""
    return msgspec.structs.fields(shape)


def plain(value: Any) -> Any:
    """Give a document's value as plain data without what is as the language has it anyway.

    So a key that the language gains later changes no digest of a document that does not use it.
    """
    if isinstance(value, Struct):
        found = {}
        for field in _fields_of(type(value)):
            one = getattr(value, field.name)
            usual = field.default
            if field.default_factory is not msgspec.NODEFAULT:
                usual = field.default_factory()
            if usual is msgspec.NODEFAULT or one != usual:
                found[field.encode_name] = plain(one)
        return found
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(one) for one in value]
    return value


def kind_text(kind: Kind) -> str:
    """Give the one text of a kind as it acts, shared steps included."""
    return _kept(kind, "_text", canonical)


def kind_digest(kind: Kind) -> str:
    """Give the digest (SHA-256, hex) of a kind as it acts."""
    return _kept(kind, "_digest", digest_of)


def _kept(kind: Kind, name: str, make: Callable[[Any], str]) -> str:
    """Make a text of a kind once: a document never changes, and walking one takes milliseconds."""
    found: str | None = vars(kind).get(name)
    if found is None:
        found = vars(kind)[name] = make(plain(kind))
    return found


def changes_between(old: Kind, new: Kind) -> list[Change]:
    """Give what is added, removed and changed from one version to another, in order of SORTS."""
    found = _own_keys(old, new)
    found += _compare("field", old, old.fields, new, new.fields, ())
    found += _compare("milestone", old, old.milestones, new, new.milestones, ())
    found += _compare("state", old, old.states, new, new.states, ())
    found += _compare("placed", old, old.placed_states, new, new.placed_states, ())
    found += _compare("step", old, old.steps, new, new.steps, ("fields", "asks"))
    for step in new.steps:
        before = old.step_by_code.get(step.code)
        if before is not None:
            # Fields of the case are told once, above; here, those the step asks for itself.
            own = [[one for one in each.fields if one.code not in kind.field_by_code]
                   for kind, each in ((old, before), (new, step))]  # fmt: skip
            found += _compare("field", old, own[0], new, own[1], (), within=step.zh)
            asked = _asked(old, before, new, step)
            if asked:
                found.append(Change("step", "changed", step.code, step.zh, tuple(asked)))
    return found + _compare("clock", old, old.clocks, new, new.clocks, ())


def _asked(old: Kind, before: Step, new: Kind, after: Step) -> list[str]:
    """Tell which fields of the case a step no longer asks for, and which it asks for otherwise."""
    was = {one.field: one for one in before.asks if one.field in old.field_by_code}
    now = {one.field: one for one in after.asks if one.field in new.field_by_code}
    found = [f"不再询问{old.field_by_code[code].zh}" for code in was if code not in now]
    for code, ask in now.items():
        name = new.field_by_code[code].zh
        if code not in was:
            found.append(f"增加询问{name}")
        elif was[code].required != ask.required:
            found.append(f"{name}：{'改为必填' if ask.required else '改为可不填'}")
    return found


def _own_keys(old: Kind, new: Kind) -> list[Change]:
    told_apart = ("code", "version", "states", "steps", "clocks", "fields", "milestones",
                  "placed_states")  # fmt: skip
    given = [(_keys(kind, told_apart), kind) for kind in (old, new)]
    details = _details(*given[0], *given[1])
    return [Change("kind", "changed", new.code, new.wording.zh, tuple(details))] if details else []


def _compare(
    sort: str, old: Kind, before: Sequence[Any], new: Kind, after: Sequence[Any],
    apart: tuple[str, ...], within: str = "",
) -> list[Change]:  # fmt: skip
    def name(thing: Any) -> str:
        return f"{within}·{thing.zh}" if within else str(thing.zh)

    was, now = ({thing.code: thing for thing in things} for things in (before, after))
    found = [Change(sort, "added", code, name(now[code])) for code in now if code not in was]
    found += [Change(sort, "removed", code, name(was[code])) for code in was if code not in now]
    for code in now:
        if code in was:
            details = _details(_keys(was[code], apart), old, _keys(now[code], apart), new)
            if details:
                found.append(Change(sort, "changed", code, name(now[code]), tuple(details)))
    return found


def _keys(thing: Struct, apart: tuple[str, ...]) -> dict[str, Any]:
    return {
        field.encode_name: getattr(thing, field.name)
        for field in _fields_of(type(thing))
        if field.name not in (*apart, "code")
    }


def _details(
    before: Mapping[str, Any], old: Kind, after: Mapping[str, Any], new: Kind
) -> list[str]:
    details = []
    for key in after:
        if before[key] == after[key]:
            continue
        label = _LABELS.get(key, key)
        was, now = _shown(old, key, before[key]), _shown(new, key, after[key])
        parted = _parted(old, key, before[key], new, after[key])
        if parted:
            details.append(f"{label}：{parted}")
        elif was == now:  # the same words for other codes
            codes = (canonical(plain(value)) for value in (before[key], after[key]))
            details.append(f"{label}：{' → '.join(codes)}")
        else:
            details.append(f"{label}：{was} → {now}")
    return details


def _parted(old: Kind, key: str, before: Any, new: Kind, after: Any) -> str:
    """Tell what went out of a longer list and what came in; "" for anything else."""
    if not (isinstance(before, tuple) and isinstance(after, tuple)):
        return ""
    same_words = _shown(old, key, before) == _shown(new, key, after)
    if len(before) + len(after) <= 2 and not same_words:
        return ""
    pieces = []
    for word_, kind, these, those in (("减去", old, before, after), ("增加", new, after, before)):
        apart = [one for one in these if one not in those]
        if apart:
            shown = [_shown(kind, key, one) for one in apart]
            codes = [f"（{one}）" if isinstance(one, str) else "" for one in apart]
            named = (f"{a}{b}" if a != b[1:-1] else a for a, b in zip(shown, codes, strict=True))
            pieces.append(word_ + "、".join(named))
    return "，".join(pieces)


def _shown(kind: Kind, key: str, value: Any) -> str:
    """Write a value of a document for people; codes of the kind by their names."""
    if isinstance(value, bool):
        return _YES[value]
    if value in ("", 0, None) or value == () or value == {}:
        return "（无）"
    if isinstance(value, str):
        return _word(kind, key, value)
    if isinstance(value, Mapping):
        return "、".join(f"{_word(kind, 'clock', k)}＝{_word(kind, 'field', v)}" for k, v in value.items())
    if isinstance(value, Iterable) and not isinstance(value, Struct):
        return "、".join(_shown(kind, key, one) for one in value)
    return _struct_text(value)


def _word(kind: Kind, key: str, value: str) -> str:
    if key in ("from", "to"):
        state = kind.state_by_code.get(value)
        return state.zh if state else ("任何计入的状态" if value == "*" else value)
    if key in ("other_than",):
        step = kind.step_by_code.get(value)
        return step.zh if step else value
    if key in ("starts", "resets", "restarts", "after_clock", "clock", "on_time_clock"):
        clock = kind.clock_by_code.get(value)
        return clock.zh if clock else value
    if key in ("roles", "waits_for") and value in ROLES:
        return ROLES[value][0]
    if value in PHASES and key in ("phase", "met_by"):
        return PHASES[value][0]
    return word("marks", value) if key in ("marks", "met_by") else value


def _struct_text(value: Any) -> str:
    if isinstance(value, Field):
        return value.zh
    stage = getattr(value, "stage", "")
    if stage:
        exceptions = "、".join(value.unless)
        rest = f"（{exceptions} 时除外）" if exceptions else ""
        return f"{word('evidence_stages', stage)} {value.least} 份{rest}"
    if hasattr(value, "max_days"):
        return f"每次不超过 {value.max_days} 日，最多 {value.times} 次"
    if hasattr(value, "zh"):
        return str(value.zh)
    return canonical(plain(value)) if isinstance(value, Struct) else str(value)
