"""The complainant of a case: masked for those who work on it, shown to few, with a reason on record.

Source: 信访工作条例 (2022), articles 30 and 46: a complainant's data is kept from the unit complained
of. The log and the exports hold nothing of it.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import insert, select

from ecoissues.core import policy
from ecoissues.core.errors import Forbidden, Refused
from ecoissues.core.instants import instant_text
from ecoissues.core.policy import Actor
from ecoissues.core.values import LONG, Bad, clean_text
from ecoissues.services.casefile import accused_paths, may_see_complainant, open_case
from ecoissues.services.site import Site
from ecoissues.storage import tables as t

#: What may be kept of a complainant, with labels.
PARTS: Final = {"name": "姓名", "phone": "电话", "address": "住址", "note": "备注"}


def mask(part: str, value: str) -> str:
    """Mask one value: 张*, 138****5678; addresses and notes keep two characters."""
    if part == "phone" and len(value) >= 7:
        return f"{value[:3]}****{value[-4:]}"
    keep = 1 if part == "name" else 2
    return value[:keep] + "*" * max(1, min(6, len(value) - keep))


def find_masked(site: Site, actor: Actor, case_id: int) -> tuple[dict[str, str], bool] | None:
    """Give the masked data by label and whether the actor may unmask it; None for no box at all."""
    with site.store.reading() as connection:
        opened = open_case(connection, site, actor, case_id)
        if not may_see_complainant(site, actor, opened.life):
            return None
        query = select(t.complainants.c.sealed).where(t.complainants.c.case_id == case_id)
        sealed = connection.execute(query).scalar()
    if sealed is None:
        return None
    person = site.sealer.open(bytes(sealed))
    shown = {PARTS.get(part, part): mask(part, value) for part, value in person.items() if value}
    allowed = policy.may_reveal(actor, opened.case.list_path, accused_paths(site, opened.life))
    return shown, allowed


def reveal(site: Site, actor: Actor, case_id: int, reason: str) -> dict[str, str]:
    """Give the data unmasked, by label; who, when and why is written before anything is shown.

    Forbidden unless ``policy.may_reveal``; Refused ``reason_missing``; NotFound outside the scope.
    """
    try:
        why = clean_text(reason, LONG)
    except Bad as bad:
        raise Refused("invalid", f"查看理由：{bad}本次未显示。") from None
    with site.store.writing() as connection:
        opened = open_case(connection, site, actor, case_id)
        accused = accused_paths(site, opened.life)
        if not policy.may_reveal(actor, opened.case.list_path, accused):
            raise Forbidden("只有该清单的督察办可以查看举报人信息；本次未显示。")
        if len(why) < 4:
            raise Refused("reason_missing", "请写明查看举报人信息的理由（四个字以上）；本次未显示。")
        query = select(t.complainants.c.sealed).where(t.complainants.c.case_id == case_id)
        sealed = connection.execute(query).scalar()
        if sealed is None:
            raise Refused("no_complainant", "本件没有登记举报人信息。")
        connection.execute(
            insert(t.reveals).values(
                case_id=case_id, actor=actor.name, reason=why, at=instant_text(site.now())
            )
        )
    person = site.sealer.open(bytes(sealed))
    return {PARTS.get(part, part): value for part, value in person.items() if value}
