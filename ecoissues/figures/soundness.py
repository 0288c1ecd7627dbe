"""Whether postings are what the log says, as far as is known: figures are refused while they are not."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, select

from ecoissues.core.errors import Refused
from ecoissues.storage import tables as t
from ecoissues.storage.prepared import Prepared

#: Setting that stands while postings are being written anew from the log in parts. A migration
#: that empties them leaves it too.
STALE: Final = "postings_stale"
_MARKED: Final = Prepared(select(t.settings.c.value).where(t.settings.c.name == STALE))


def is_stale(connection: Connection) -> bool:
    """Tell whether postings are known not to be what the log says."""
    rows = _MARKED.run(connection, {})
    return bool(rows and rows[0][0])


def require_sound(connection: Connection) -> None:
    """Refuse ``figures_rebuilding`` while postings are being written anew: no figure is shown that
    is half the old and half the new."""
    if is_stale(connection):
        raise Refused(
            "figures_rebuilding",
            "统计记账正在按日志重建，完成前不提供统计数字；若重建曾被中断，请再次运行 "
            "ecoissues db upgrade。日志和事项未受影响。",
        )
