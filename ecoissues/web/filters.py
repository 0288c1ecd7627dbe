"""The controls over a list: what may be chosen, chips for what is chosen, what a figure stands on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ecoissues.core import policy, workflow
from ecoissues.core import vocabulary as v
from ecoissues.core.policy import Actor
from ecoissues.services.case_fields import (
    PREFIX,
    filter_controls,
    kind_of_list,
    list_columns,
)
from ecoissues.services.listing import Filter
from ecoissues.services.membership import Basis
from ecoissues.services.site import Site
from ecoissues.services.unit_finder import find_unit, full_name
from ecoissues.web import row_markup

#: Key -> (label of the chip, words of its values or None for the value itself).
_LABELS: Final[Mapping[str, tuple[str, Mapping[str, str] | None]]] = {
    "list": ("清单", None),
    "figure": ("指标", None),
    "members": ("名单", {"part": "计入的", "rest": "未计入的", "all": "全部"}),
    "as_of": ("截至", None),
    "known_at": ("知悉于", None),
    "district": ("区县", None),
    "unit": ("单位", None),
    "phase": ("阶段", {key: pair[0] for key, pair in v.PHASES.items()}),
    "state": ("状态", None),
    "waits": ("等待", {key: pair[0] for key, pair in v.ROLES.items()}),
    "due": ("时限", {"overdue": "已逾期", "today": "今日到期", "urgent": "紧急",
                    "soon": "临期", "later": "未到期", "none": "无在途时限"}),
    "light": ("时限灯", {key: pair[0] for key, pair in v.LIGHTS.items()}),
    "clock": ("时限种类", {"report": "反馈时限", "finish": "办结时限"}),
    "type": ("类型", {key: pair[0] for key, pair in v.TYPES.items()}),
    "weight": ("重点程度", {key: pair[0] for key, pair in v.WEIGHTS.items()}),
    "verdict": ("是否属实", {key: pair[0] for key, pair in v.VERDICTS.items()}),
    "channel": ("来源", {key: pair[0] for key, pair in v.CHANNELS.items()}),
    "batch": ("批次", None),
    "turn": ("待我办理", {"me": "是"}),
    "mine": ("本单位承办", {"yes": "是"}),
    "signed": ("签收", {"no": "未签收"}),
    "back": ("退回或返工", {"yes": "是"}),
    "stale": ("久未更新", {"yes": "是"}),
    "pending": ("待处理申请", {"extension": "延期申请", "suspension": "中止申请",
                            "correction": "更正申请", "instruction": "领导批示", "order": "督办",
                            "move": "转入申请"}),
    "q": ("关键词", None),
}  # fmt: skip


def state_names(site: Site, asked: Filter) -> dict[str, str]:
    """Give the states by code: of the list's kind, or of all kinds where no list is chosen."""
    kinds = list(site.kinds.values())
    if asked.get("list"):
        row = site.get_list(asked.get("list"))
        kinds = [site.kind_of(row.kind, row.kind_version)]
    found: dict[str, str] = {}
    for kind in reversed(kinds):
        found.update((state.code, state.zh) for state in kind.placed_states)
        found.update((state.code, state.zh) for state in kind.states)
    return found


def _own_label(site: Site, asked: Filter, key: str) -> str:
    return list_columns(kind_of_list(site, asked.get("list"))).get(key, key)


def _shown(site: Site, asked: Filter, key: str, value: str) -> str:
    if key.startswith(PREFIX):
        own = filter_controls(kind_of_list(site, asked.get("list")))
        options = next((found for k, _, found in own if k == key), None)
        return dict(options or ()).get(value, value)
    words = _LABELS[key][1]
    if words is not None:
        return "、".join(words.get(piece, piece) for piece in value.split(","))
    if key == "list":
        return site.get_list(value).title
    if key == "state":
        names = state_names(site, asked)
        return "、".join(names.get(piece, piece) for piece in value.split(","))
    if key in ("unit", "district"):
        unit = find_unit(site.tree, value)
        return full_name(site.tree, unit) if unit else f"没有“{value}”这个单位"
    if key == "figure":
        from ecoissues.services.figure_words import figure_name

        return figure_name(value)
    return value


def chips(site: Site, asked: Filter, view: Mapping[str, str]) -> list[tuple[str, str]]:
    """Give (text, address without it) for each filter that is on."""
    found = []
    for key, value in asked.values.items():
        gone = {key: ""}
        if key == "figure":
            gone.update(members="")
        if key == "as_of":  # today is later than what was known then
            gone.update(known_at="")
        if key == "list":  # figures and days are asked of one list
            gone.update(figure="", members="", as_of="", known_at="")
            gone.update({own: "" for own in asked.values if own.startswith(PREFIX)})
        without = asked.changed(**gone)
        label = _own_label(site, asked, key) if key.startswith(PREFIX) else _LABELS[key][0]
        text = f"{label}：{_shown(site, asked, key, value)}"
        found.append((text, without.address("/cases", **view)))
    return found


def _options(words: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(key, pair if isinstance(pair, str) else pair[0]) for key, pair in words.items()]


def visible_lists(site: Site, actor: Actor) -> list[tuple[str, str]]:
    """Give (code, title) of the lists an actor may meet cases of: his own first."""
    scope = actor.scope_path
    rows = sorted(site.lists.values(), key=lambda row: not row.unit_path.startswith(scope))
    return [(row.code, row.title) for row in rows]


def controls(site: Site, actor: Actor, asked: Filter) -> list[dict[str, Any]]:
    """Give the controls of the filter form, in order; ``more``: in the part that opens."""
    tops = [unit for unit in site.tree.tops() if unit.path.startswith(actor.scope_path)]
    unit = find_unit(site.tree, asked.get("unit")) if asked.get("unit") else None
    made: list[dict[str, Any]] = [
        {"key": "list", "label": "清单", "options": visible_lists(site, actor)},
        {"key": "phase", "label": "阶段", "options": _options(v.PHASES)},
        {"key": "due", "label": "时限", "options": _options(_LABELS["due"][1] or {})},
    ]
    if len(tops) > 1:
        made.append({"key": "district", "label": "区县、部门", "options": [(u.code, u.short) for u in tops]})
    made.append(
        {"key": "unit", "label": "单位", "unit": full_name(site.tree, unit) if unit else asked.get("unit")}
    )
    more = [
        ("state", "状态", list(state_names(site, asked).items())),
        ("waits", "等待", _options({r: v.ROLES[r] for r in ("officer", "head", "supervisor")})),
        ("type", "类型", _options(v.TYPES)),
        ("weight", "重点程度", _options(v.WEIGHTS)),
        ("verdict", "是否属实", _options(v.VERDICTS)),
        ("channel", "来源", _options(v.CHANNELS)),
        ("light", "时限灯", _options(v.LIGHTS)),
        ("clock", "时限种类", _options(_LABELS["clock"][1] or {})),
        ("pending", "待处理申请", _options(_LABELS["pending"][1] or {})),
    ]
    made += [{"key": k, "label": text, "options": found, "more": True} for k, text, found in more]
    made.append({"key": "batch", "label": "批次", "text": True, "more": True})
    own = filter_controls(kind_of_list(site, asked.get("list")))
    made += [
        {"key": k, "label": text, "more": True, **({"options": found} if found else {"text": True})}
        for k, text, found in own
    ]
    for control in made:
        control["value"] = asked.get(control["key"])
        value, options = control["value"], control.get("options")
        if value and options is not None and value not in dict(options):
            options.append((value, _shown(site, asked, control["key"], value)))
        if options is not None:
            control["html"] = row_markup.options(tuple(options), value)
    return made


def basis_note(site: Site, basis: Basis, asked: Filter) -> str:
    """Say in one sentence which figure, day and definition a list of members stands on."""
    known = f"，按 {asked.get('known_at')} 时已知的记录" if asked.get("known_at") else ""
    day = f"截至 {basis.as_of}{known}"
    if basis.definition is None:
        return f"{day}的名单；状态、单位、到期日为当日情况。"
    which = {"part": "计入分子的", "rest": "未计入分子的", "all": "分母中的全部"}[basis.which]
    found = basis.definition
    return (
        f"“{found.wording.zh}”（口径 {found.code} 第 {found.version} 版：{found.formula}）"
        f"{which}事项，{day}；状态、单位、到期日为当日情况。"
    )


def registrable(site: Site, actor: Actor, asked: Filter) -> str:
    """Give the code of the list the actor may register on, "" if he may not."""
    if not policy.may(actor, "case.register") or not asked.get("list"):
        return ""
    row = site.get_list(asked.get("list"))
    kind = site.kind_of(row.kind, row.kind_version)
    step = next((s for s in workflow.possible_steps(kind, "") if s.effect == "register"), None)
    if step is None or policy.step_allowed(actor, step, (), row.unit_path) is not None:
        return ""
    return row.code
