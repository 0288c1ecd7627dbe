"""Loading the demonstration: everything planned first, then taken in the order of its recording.

The generator hands in the clock (effective and recorded), which only a log without ordinary work
accepts. Some thousand steps go into one transaction; the demonstration counts as loaded with the
last of them.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Final

import msgspec
from msgspec import Struct

from ecoissues.core.errors import Refused
from ecoissues.core.events import Event
from ecoissues.core.instants import SHANGHAI
from ecoissues.core.policy import Actor
from ecoissues.demo import documents, pictures
from ecoissues.demo.campaign import CampaignPlan, batches
from ecoissues.demo.issues import IssuePlan
from ecoissues.demo.letters import DailyPlan, DistrictPlan
from ecoissues.demo.listed import ListedPlan
from ecoissues.demo.matters import Action, Ground, Matter
from ecoissues.demo.people import People, accounts
from ecoissues.demo.recent import RecentPlan
from ecoissues.demo.tasks import TaskPlan
from ecoissues.demo.wording import Wording
from ecoissues.services import demonstrating, gate, registering
from ecoissues.services.accounts import hash_password
from ecoissues.services.bulk import BulkRecorder
from ecoissues.services.evidence import Prepared
from ecoissues.services.recording import CaseRow
from ecoissues.services.site import Site

Progress = Callable[[int, int], None]
_DAY: Final = timedelta(days=1)
_CHUNK: Final = 4000


class Loaded(Struct, frozen=True):
    """What was loaded: numbers of lists, cases and events, and the last instant of the log."""

    lists: int
    cases: int
    events: int


class _Standing(Struct):
    case: CaseRow
    events: list[Event]


def load(
    site: Site, progress: Progress | None = None, document: documents.SiteDocument | None = None
) -> Loaded:
    """Load the demonstration into a site that has its units and nothing else.

    In: ``progress(done, all)`` now and then; another document than the packaged one. Refused ``demo_refused`` where ordinary work stands,
    ``demo_loaded`` where the demonstration does. A load that broke off is cleared away by the next.
    """
    document = document or documents.site_document()
    demonstrating.make_way(site)
    now, clock = site.now(), site.clock
    _begin(site, document)
    with _without_collector():
        actions = plan(site, document, now)
        loader = _Loader(site, document)
        site.clock = loader.clock
        try:
            loader.run(actions, progress)
        finally:
            site.clock = clock
    demonstrating.sum_up(site)
    return Loaded(len(document.lists) + len(document.told), loader.cases, len(actions))


@contextmanager
def _without_collector() -> Iterator[None]:
    """Many small lasting objects and no cycles: the collector would only walk them again."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _begin(site: Site, document: documents.SiteDocument) -> None:
    """Add lists, batches and accounts; stand-ins get a hash that no password fits."""
    fitting = hash_password(document.password)
    users = [
        {
            **msgspec.structs.asdict(account),
            "active": active,
            "password": fitting if active else "!",
        }
        for account, active in accounts(document, site.tree)
    ]
    lists = [
        {
            "code": entry.code, "title": entry.title, "kind": entry.kind,
            "kind_version": site.kinds.current(entry.kind).version, "level": entry.level,
            "unit": entry.unit, "legal_basis": entry.legal_basis, "note": entry.note,
        }
        for entry in (*document.lists, *(plan.entry for plan in document.told))
    ]  # fmt: skip
    central = document.entry("central").code
    rows = [
        (central, name, ordinal, day.isoformat(), due.isoformat())
        for name, ordinal, day, due in batches(document.central)
    ]
    demonstrating.begin(site, lists, rows, users)


def plan(site: Site, document: documents.SiteDocument, now: datetime) -> list[Action]:
    """Give every step in the order of recording; nothing lies after ``now``."""
    today = now.astimezone(SHANGHAI).date()
    until = min(document.until, today - _DAY)
    cut = datetime.combine(until, time(23, 59), SHANGHAI)
    actions = [
        action
        for matter in _history(site, document)
        for action in matter.actions
        if action.at <= cut
    ]
    latest = now - timedelta(seconds=30)
    for matter in _present(site, document, today):
        for action in matter.actions:
            action.at = min(action.at, latest)
            actions.append(action)
    # Stable: steps of one matter stay in their order also at the same instant.
    actions.sort(key=lambda action: action.at)
    return actions


def _ground(site: Site, seed: int) -> Ground:
    random = Random(seed)  # noqa: S311 - the same demonstration each time, no secret
    return Ground(documents.lives(), Wording(documents.texts(), random), site.calendars, random)


def _history(site: Site, document: documents.SiteDocument) -> Iterator[Matter]:
    seed, tree = document.seed, site.tree
    yield from CampaignPlan(_ground(site, seed), document, tree).matters()
    yield from IssuePlan(_ground(site, seed + 1), document, tree).matters()
    yield from DistrictPlan(_ground(site, seed + 2), document, tree).matters()
    tasks = TaskPlan(_ground(site, seed + 3), document, tree)
    yield from tasks.films()
    yield from tasks.tasks()
    yield from DailyPlan(_ground(site, seed + 4), document, tree).matters()
    yield from ListedPlan(site, _ground(site, seed + 6), document).matters(document.told)


def _present(site: Site, document: documents.SiteDocument, today: date) -> Iterator[Matter]:
    plan_ = RecentPlan(_ground(site, document.seed + 5), document, site.tree, today)
    return plan_.matters(documents.recent().scenes)


class _Loader:
    """Takes the planned steps through the gate, with a clock that stands at each step's moment."""

    def __init__(self, site: Site, document: documents.SiteDocument) -> None:
        self.site, self.document = site, document
        self.people = People(demonstrating.users_of(site), site.tree, document.home)
        self.files = pictures.files_of(site, document.seed)
        self._complainants: list[tuple[int, dict[str, str]]] = []
        self._now = datetime.fromtimestamp(0, UTC)
        self._standing: dict[int, _Standing] = {}
        self._mains: set[str] = set()
        self._ids: dict[str, int] = {}
        self._parts: dict[int, list[int]] = {}

    @property
    def cases(self) -> int:
        """How many cases stand."""
        return len(self._standing)

    def clock(self) -> datetime:
        """Give the moment of the step in hand."""
        return self._now

    def run(self, actions: list[Action], progress: Progress | None) -> None:
        """Take all steps, some thousand in each transaction."""
        recorder: BulkRecorder | None = None
        for start in range(0, len(actions), _CHUNK):
            if progress is not None:
                progress(start, len(actions))
            with self.site.store.writing() as connection:
                if recorder is None:
                    recorder = BulkRecorder(self.site, connection, self._actor(actions[0]))
                    recorder.reserve(len({id(action.matter) for action in actions}))
                recorder.go_on(connection)
                for action in actions[start : start + _CHUNK]:
                    self._take(recorder, action)
                recorder.flush_log()
                if start + _CHUNK >= len(actions):
                    recorder.flush()
                    demonstrating.seal(self.site, connection, self._complainants)
                    demonstrating.finish(connection, self.document.password)
        if progress is not None:
            progress(len(actions), len(actions))

    def _actor(self, action: Action) -> Actor:
        matter = action.matter
        parties = matter.parties_before(action)
        return self.people.find(action.line.by, matter.entry.unit, parties, matter.turn)

    def _take(self, recorder: BulkRecorder, action: Action) -> None:
        self._now = action.at.astimezone(UTC)
        recorder.actor = self._actor(action)
        try:
            if action is action.matter.actions[0]:
                self._register(recorder, action)
            else:
                self._step(recorder, action)
        except Refused as refused:
            refused.add_note(f"{action.matter.key}: {action.line.step} on {action.on}")
            raise

    def _register(self, recorder: BulkRecorder, action: Action) -> None:
        matter = action.matter
        asked = registering.Registration(
            values=action.values, effective_on=action.on, late_reason=action.late_reason
        )
        home = self.site.get_list(matter.entry.code)
        above = self._ids.get(str(action.values.get("parent_case")))
        if above is not None:
            recorder.flush([above])  # the case it is a part of is read from the database
        composed = registering.compose(self.site, recorder.connection, recorder.actor, home, asked)
        case, events = recorder.register(composed, home)
        self._standing[id(matter)] = _Standing(case, events)
        self._ids[matter.key] = case.id
        if above is not None:
            self._parts.setdefault(above, []).append(case.id)
        if matter.complainant:
            self._complainants.append((case.id, matter.complainant))

    def _step(self, recorder: BulkRecorder, action: Action) -> None:
        standing = self._standing[id(action.matter)]
        target = action.values.get("target_case")
        if target is not None or action.matter.key in self._mains:
            recorder.flush()  # a merge reads the other case from the database
        if standing.case.id in self._parts:
            recorder.flush(self._parts[standing.case.id])  # whether its parts are done
        request = gate.Request(
            step=action.line.step, version=None, values=action.values, files=self._files(action),
            effective_on=action.on, late_reason=action.late_reason,
        )  # fmt: skip
        gate.make_step(self.site, recorder, recorder.actor, standing.case, standing.events, request)
        if target is not None:
            self._mains.add(str(target))

    def _files(self, action: Action) -> tuple[Prepared, ...]:
        turn = action.matter.turn
        return tuple(self.files[stage][turn % len(self.files[stage])] for stage in action.files)
