"""A case goes on to a list of another kind (a clue becomes an issue): asked by one supervisor,
approved by another.

The case keeps its list, number, log and figures. On the other list a case is registered anew by
that list's own rules, derived from it and linked both ways. What both kinds ask for goes over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from ecoissues.core.errors import Forbidden, NotFound, Refused
from ecoissues.core.kind_fields import Field
from ecoissues.core.kinds import Kind
from ecoissues.core.life import Life
from ecoissues.services.effects import Making
from ecoissues.services.recording import Recorder, case_key
from ecoissues.services.requests import keep_asked, pending
from ecoissues.storage.reference import ListRow

if TYPE_CHECKING:
    from ecoissues.services.registering import Registration

#: The sort of request (``life.pending``).
ASKED = "move"


def ask_move(making: Making) -> None:
    """Ask that the case goes on; everything the other list would refuse is refused here already.

    Refused ``request_waiting``, ``home_list``, ``moved_already``, and as ``registering.compose``.
    """
    if any(ask["sort"] == ASKED for ask in making.life.pending.values()):
        raise Refused("request_waiting", "已有一份转入申请待审批，未作任何改动。")
    _compose(making, making.values)
    keep_asked(making, ASKED)


def move_on(making: Making) -> None:
    """Approve: the case on the other list is registered with this event (``register_moved``)."""
    ask = pending(making, ASKED)
    if ask["actor"] == making.actor.name:
        raise Refused("same_person", "转入须由申请人以外的人批准。未作任何改动。")
    home, number = _compose(making, ask["event"].facts["asked"])
    making.facts["asked_by"] = ask["actor"]
    making.facts["moved_to"] = case_key(home.code, number)


def refuse_move(making: Making) -> None:
    """Settle the request; nothing else changes."""
    pending(making, ASKED)


def register_moved(making: Making, recorder: Recorder) -> None:
    """Register the derived case of an approved request, in the same transaction as the approval."""
    from ecoissues.services.registering import register_within  # it builds on the gate

    if "moved_to" not in making.facts or making.step.effect != "move_on":
        return
    ask = making.life.pending[making.facts["settles"]]
    home, asked = _asked(making, ask["event"].facts["asked"])
    register_within(making.site, recorder, making.actor, home, asked)


def _compose(making: Making, values: dict[str, Any]) -> tuple[ListRow, str]:
    """Try the registration; gives the list and the number the case would have there."""
    from ecoissues.services.registering import check_new, compose  # it builds on the gate

    home, asked = _asked(making, values)
    try:
        composed = compose(making.site, making.connection, making.actor, home, asked)
    except Forbidden:
        raise Forbidden(
            f"清单“{home.title}”不由本单位管理，不能转入。未作任何改动。", "not_office"
        ) from None
    except Refused as refused:
        if refused.code != "invalid":
            raise
        wrong = "；".join(str(one) for one in refused.facts.get("errors", {}).values())
        sentence = f"“{home.title}”还需要下列栏目：{wrong or refused.sentence}请在“目标清单另需的栏目”中补齐。"
        raise Refused(
            "invalid", f"{sentence}未作任何改动。", errors={"move_values": sentence}
        ) from None
    check_new(making.connection, home, composed.case.number, 0)
    return home, composed.case.number


def _asked(making: Making, values: dict[str, Any]) -> tuple[ListRow, Registration]:
    from ecoissues.services.registering import Registration  # it builds on the gate

    site, case = making.site, making.case
    try:
        home = site.get_list(str(values["list_code"]))
    except NotFound:
        raise Refused(
            "list_unknown", f"没有清单“{str(values['list_code'])[:40]}”。未作任何改动。",
            errors={"list_code": "没有这个清单。"},
        ) from None  # fmt: skip
    if home.code == case.list_code:
        raise Refused(
            "home_list", "这是本件的原清单，不需转入。未作任何改动。",
            errors={"list_code": "请选择另一个清单。"},
        )  # fmt: skip
    for event in making.standing:
        if str(event.facts.get("moved_to", "")).startswith(f"{home.code}/"):
            raise Refused(
                "moved_already", f"本件已转入该清单（{event.facts['moved_to']}）。未作任何改动。"
            )
    kind = site.kind_of(home.kind, home.kind_version)
    fields = next(step for step in kind.steps if step.effect == "register").fields
    given = {**_carried(fields, making.life), "number": values.get("move_number") or case.number}
    given.update(_further(kind, fields, values.get("move_values") or ""))
    derived = {"case": case.key, "seq": case.version}
    asked = Registration(
        given, effective_on=making.effective_on, parent_id=case.id, derived_from=derived,
        late_reason="由其他清单转入",
    )  # fmt: skip
    return home, asked


def _carried(fields: tuple[Field, ...], life: Life) -> dict[str, Any]:
    """Give what the other list's registration asks for and the case already has."""
    standing: dict[str, Any] = {
        **life.fields, "types": life.types, "weight": life.weight,
        "units": [list(party) for party in life.parties],
    }  # fmt: skip
    codes = {field.code for field in fields} - {"number", "batch"}
    return {code: value for code, value in standing.items() if code in codes and value}


def _further(kind: Kind, fields: tuple[Field, ...], text: str) -> dict[str, Any]:
    """Read further values: lines “栏目：内容” or a JSON object, by code or Chinese name."""
    named = {name: field.code for field in fields for name in (field.code, field.zh)}
    pairs: dict[str, Any] = {}
    if text.lstrip().startswith("{"):
        try:
            pairs = msgspec.json.decode(text, type=dict[str, Any])
        except (msgspec.DecodeError, msgspec.ValidationError):
            raise _bad(f"不是正确的 JSON：{text[:30]}") from None
    else:
        for line in filter(None, (line.strip() for line in text.splitlines())):
            name, mark, value = line.replace(":", "：", 1).partition("：")
            if not mark:
                raise _bad(f"“{line[:30]}”请写成“栏目：内容”")
            pairs[name.strip()] = value.strip()
    for name in pairs:
        if name not in named:
            raise _bad(f"“{kind.wording.zh}”登记时没有栏目“{name[:20]}”")
    return {named[name]: value for name, value in pairs.items()}


def _bad(sentence: str) -> Refused:
    return Refused("invalid", f"{sentence}。未作任何改动。", errors={"move_values": f"{sentence}。"})
