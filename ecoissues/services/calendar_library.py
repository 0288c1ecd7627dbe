"""The calendars in force: packaged ones, the site's folder, and those loaded into the database.

Every version ever loaded is kept, for proofs name them. Other processes' loads are seen within
seconds. Loading changes no deadline: it makes proposals (see ``proposals``).
"""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any, Final

import msgspec
from sqlalchemy import func, insert, select
from sqlalchemy.exc import DBAPIError

from ecoissues.core.calendar_documents import decode_calendar, gather_calendars, overridden
from ecoissues.core.calendars import Calendar, Calendars
from ecoissues.storage.engine import Store
from ecoissues.storage.reference import put_setting
from ecoissues.storage.tables_notices import calendars as table

#: A process looks for other processes' loads at most so often.
_EVERY: Final = 2.0


class Loaded(msgspec.Struct, frozen=True):
    """What loading a document did: ``changed`` False when it stood already."""

    year: int
    region: str
    version: int
    status: str
    changed: bool
    proposals: int = 0


class CalendarLibrary:
    """Gives the calendars in force; one per site, threads may share it."""

    def __init__(self, store: Store, folder: Path) -> None:
        self._store = store
        self._packaged = gather_calendars(folder)
        self._lock = threading.Lock()
        self._read_at = -_EVERY
        self._seen: tuple[Any, ...] = ()
        self._current = self._packaged
        self._versions: dict[tuple[str, int], Calendar] = {}
        self._keep(self._packaged.documents())

    def current(self) -> Calendars:
        """Give the newest document of each year and region."""
        if time.monotonic() - self._read_at >= _EVERY:
            self.refresh()
        return self._current

    def find(self, name: str, version: int) -> Calendar | None:
        """Find one version of a calendar by its name (2026, 2026+重庆), or None."""
        self.current()
        return self._versions.get((name, version))

    def refresh(self) -> None:
        """Read the database anew if something was loaded. One without the table has nothing."""
        with self._lock:
            self._read_at = time.monotonic()
            try:
                with self._store.reading() as connection:
                    query = select(func.count(), func.max(table.c.loaded_at))
                    seen = tuple(connection.execute(query).one())
                    if seen == self._seen:
                        return
                    order = (table.c.year, table.c.region, table.c.version)
                    texts = connection.execute(select(table.c.document).order_by(*order)).all()
            except DBAPIError:  # not upgraded yet, or away: others will say so
                return
            found = [decode_calendar(row.document, "loaded") for row in texts]
            self._keep(found)
            self._current = overridden(self._packaged, _newest(found, self._packaged))
            self._seen = seen

    def _keep(self, documents: Any) -> None:
        for one in documents:
            self._versions[one.name, one.version] = one

    def load(self, text: str, name: str, who: str, at: str) -> Loaded:
        """Add a document to the database; nothing happens if it stands already.

        Refused ``bad_calendar``: a broken document, or other days under a version not higher.
        """
        calendar = decode_calendar(text, name)
        known = self._known(calendar)
        if known is not None and known == calendar:
            return _loaded(calendar, False)
        overridden(self.current(), [calendar])
        if known is not None and calendar.version <= known.version:
            return _loaded(known, False)
        with self._store.writing() as connection:
            connection.execute(
                insert(table).values(
                    year=calendar.year, region=calendar.region, version=calendar.version,
                    document=text, loaded_at=at, loaded_by=who,
                )
            )  # fmt: skip
            # Pages kept in memory show lights and deadlines: a setting tells them of the change.
            put_setting(connection, "calendars_loaded", at)
        self.refresh()
        return _loaded(calendar, True)

    def _known(self, calendar: Calendar) -> Calendar | None:
        self.refresh()
        return next((one for one in self._current.documents() if one.name == calendar.name), None)


def _newest(found: list[Calendar], packaged: Calendars) -> list[Calendar]:
    """Give the highest version of each; a newer program may bring a higher one than was loaded."""
    newest = {one.name: one for one in found}
    shipped = {one.name: one.version for one in packaged.documents()}
    return [one for one in newest.values() if one.version > shipped.get(one.name, 0)]


def _loaded(calendar: Calendar, changed: bool) -> Loaded:
    return Loaded(calendar.year, calendar.region, calendar.version, calendar.status, changed)
