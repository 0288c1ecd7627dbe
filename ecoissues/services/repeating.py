"""Repetition made harmless: the same request under the same key gives the first answer again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select

from ecoissues.core.digests import canonical, digest_of
from ecoissues.core.errors import Refused
from ecoissues.core.instants import instant_text
from ecoissues.core.policy import Actor
from ecoissues.storage import tables as t

_LONGEST = 64


def _name(actor: Actor, key: str) -> str:
    if len(key) > _LONGEST:
        raise Refused("key_too_long", f"重复提交标识超过 {_LONGEST} 个字符。未作任何改动。")
    return f"{actor.user_id}:{key}"


def find_answer(
    connection: Connection, actor: Actor, key: str, asked: dict[str, Any]
) -> dict[str, Any] | None:
    """Give the stored answer to a key, or None. Refused ``key_reused``: it was another request."""
    if not key:
        return None
    row = connection.execute(
        select(t.repeats.c.request, t.repeats.c.answer).where(t.repeats.c.key == _name(actor, key))
    ).first()
    if row is None:
        return None
    if row.request != digest_of(asked):
        raise Refused("key_reused", "同一重复提交标识用于不同内容，已拒绝。未作任何改动。")
    answer: dict[str, Any] = msgspec.json.decode(row.answer)
    return answer


def keep_answer(
    connection: Connection,
    actor: Actor,
    key: str,
    asked: dict[str, Any],
    answer: dict[str, Any],
    now: datetime,
) -> None:
    """Store the answer to a key in the step's own transaction."""
    if key:
        connection.execute(
            insert(t.repeats).values(
                key=_name(actor, key), request=digest_of(asked), answer=canonical(answer),
                at=instant_text(now),
            )
        )  # fmt: skip
