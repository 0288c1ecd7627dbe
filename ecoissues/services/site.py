"""The running site: its database, files, documents and clock, handed to every service."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import Connection

from ecoissues.core.calendars import Calendars
from ecoissues.core.errors import NotFound
from ecoissues.core.instants import SHANGHAI, instant_text
from ecoissues.core.kind_documents import Finding
from ecoissues.core.kind_registry import Existing, Kinds
from ecoissues.core.kinds import Kind
from ecoissues.core.units import UnitTree
from ecoissues.services.calendar_library import CalendarLibrary
from ecoissues.services.kind_library import KindLibrary, existing_in
from ecoissues.storage import reference
from ecoissues.storage.blobs import BlobStore
from ecoissues.storage.engine import Store
from ecoissues.storage.reference import ListRow
from ecoissues.storage.sealing import Sealer

#: Position of the log, version of units, lists, settings and kinds, day, and the newest instant
#: at which a clock in minutes has run out.
Stamp = tuple[int, int, date, str]


class Site:
    """Everything a service needs beside its arguments. One per process; threads may share it."""

    def __init__(
        self,
        url: str,
        data: Path,
        clock: Callable[[], datetime] | None = None,
        *,
        late_days: int = 3,
    ) -> None:
        self.store = Store(url)
        self.data = data
        self.clock = clock or (lambda: datetime.now(UTC))
        self.late_days = late_days
        self.blobs = BlobStore(data / "files")
        self.sealer = Sealer(data / "sealing.key")
        self.library = KindLibrary(self.store, data / "kinds", self.existing)
        self.calendar_library = CalendarLibrary(self.store, data / "calendars")
        self._reference = threading.Lock()
        self._tree: UnitTree | None = None
        self._lists: dict[int, ListRow] = {}
        self._list_ids: dict[str, int] = {}
        self._version = 0

    @property
    def kinds(self) -> Kinds:
        """The kinds in force now; a document put into the site's folder is taken up at once."""
        return self.library.kinds

    @property
    def kind_faults(self) -> list[Finding]:
        """What is wrong with documents of the site's own folder."""
        return self.library.faults

    def existing(self) -> Existing:
        """Give the figures and forms that a kind's document may name."""
        return existing_in(self.data)

    def settle(self) -> None:
        """Take up documents that have changed; a door calls it before it begins."""
        self.library.settle(instant_text(self.now()))

    def now(self) -> datetime:
        """Give the instant of the site's clock."""
        return self.clock()

    def today(self) -> date:
        """Give the day in Shanghai, whatever the server's own zone is."""
        return self.now().astimezone(SHANGHAI).date()

    @property
    def calendars(self) -> Calendars:
        """The calendars in force."""
        return self.calendar_library.current()

    def refresh(self) -> None:
        """Read units and lists anew (other processes may have added some)."""
        with self.store.reading() as connection:
            _, version, _ = reference.standing(connection)
            tree = reference.load_tree(connection)
            lists = reference.load_lists(connection)
        with self._reference:
            self._tree, self._lists = tree, lists
            self._list_ids = {row.code: row.id for row in lists.values()}
            self._version = version

    def stamp(self, connection: Connection) -> Stamp:
        """Give what everything shown stands on: whatever was made under the same stamp still holds.

        In: a connection that reads. Units and lists that changed meanwhile are read anew.
        """
        now = self.now()
        pos, version, lapsed = reference.standing(connection, instant_text(now))
        if version != self._version:
            # First: what is made under the new stamp must not count by the calendars before.
            self.calendar_library.refresh()
            self.refresh()
        # Both only grow, so their sum moves when either does.
        return pos, version + self.library.generation, now.astimezone(SHANGHAI).date(), lapsed

    @property
    def tree(self) -> UnitTree:
        """The tree of units."""
        if self._tree is None:
            self.refresh()
        assert self._tree is not None
        return self._tree

    @property
    def lists(self) -> dict[int, ListRow]:
        """Every list by id."""
        if self._tree is None:
            self.refresh()
        return self._lists

    @property
    def list_ids(self) -> dict[str, int]:
        """Ids of the lists by code."""
        if self._tree is None:
            self.refresh()
        return self._list_ids

    def get_list(self, code: str) -> ListRow:
        """Give a list by its code; a list made by another process meanwhile is found too."""
        for attempt in (0, 1):
            for row in self.lists.values():
                if row.code == code:
                    return row
            if not attempt:
                self.refresh()
        raise NotFound(f"没有清单“{code}”。")

    def kind_of(self, code: str, version: int) -> Kind:
        """Give the kind document a case is pinned to. Refused ``kind_missing``."""
        return self.library.get(code, version)

    def close(self) -> None:
        """Close the database."""
        self.store.close()
