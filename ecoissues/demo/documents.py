"""The documents of the demonstration and the shapes they decode into; strict, read once."""

from __future__ import annotations

import tomllib
from datetime import date
from functools import cache
from importlib import resources
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from ecoissues.demo.list_documents import ListEntry as ListEntry
from ecoissues.demo.list_documents import ListPlan, list_plans

Shape = TypeVar("Shape")


class Account(Struct, frozen=True, forbid_unknown_fields=True):
    """A demonstration account; ``name`` is what one signs in with."""

    name: str
    display: str
    role: str
    unit: str


class Campaign(Struct, frozen=True, forbid_unknown_fields=True):
    """Complaints of a campaign handed over in daily batches, with the totals published of it.

    ``home_first``: of the home district's cases, how many are closed and phase-closed at the first
    day of reckoning (that split is ours). ``places``: how often each unit stands in the published batch (code -> times); the later
    batches are drawn in the same proportions.
    """

    first_batch: date
    batches: int
    results_after: int
    total: int
    closed: int
    phase_closed: int
    as_of: date
    home_total: int
    home_closed: int
    home_first: tuple[int, int]
    home_as_of: date
    batch: int
    batch_total: int
    batch_key: int
    batch_calls: int
    running_total: int
    running_key: int
    running_calls: int
    types: dict[str, int]
    later_types: dict[str, int]
    places: dict[str, int]


class Library(Struct, frozen=True, forbid_unknown_fields=True):
    """A library of issues: how many of the open ones stand in it, its share of the closed ones."""

    name: str
    open: int
    share: float = 0.0


class IssueTotals(Struct, frozen=True, forbid_unknown_fields=True):
    """The issue list: ``late`` closings are recorded after the day of the figure."""

    begins: date
    total: int
    closed: int
    as_of: date
    libraries: tuple[Library, ...]
    unknown: Library
    late: int
    later: int


class DistrictTotals(Struct, frozen=True, forbid_unknown_fields=True):
    """A district's complaints: all reported; ``ordered`` of them ordered to correct."""

    begins: date
    days: int
    total: int
    closed: int
    ordered: int
    as_of: date


class FilmTotals(Struct, frozen=True, forbid_unknown_fields=True):
    """Problems shown in the yearly warning films, and how many of them are completed."""

    years: dict[str, int]
    completed: int
    as_of: date


class Round(Struct, frozen=True, forbid_unknown_fields=True):
    """One inspection round and its tasks, registered between two days."""

    name: str
    number: int
    begins: date
    ends: date
    tasks: int


class TaskTotals(Struct, frozen=True, forbid_unknown_fields=True):
    """The tasks of the plan; all completed on the day."""

    rounds: tuple[Round, ...]
    as_of: date


class Daily(Struct, frozen=True, forbid_unknown_fields=True):
    """Everyday complaints from a day on."""

    begins: date
    total: int


class SiteDocument(Struct, frozen=True, forbid_unknown_fields=True):
    """``site.toml``; ``told`` are the lists of the folder ``lists/``."""

    seed: int
    password: str
    until: date
    accounts: tuple[Account, ...]
    home: str
    home_units: tuple[str, ...]
    lists: tuple[ListEntry, ...]
    central: Campaign
    issues: IssueTotals
    district: DistrictTotals
    film: FilmTotals
    tasks: TaskTotals
    daily: Daily
    told: tuple[ListPlan, ...] = ()

    def entry(self, key: str) -> ListEntry:
        """Give a list by its name in these documents."""
        return next(entry for entry in self.lists if entry.key == key)


class Subject(Struct, frozen=True, forbid_unknown_fields=True):
    """What a letter may be about: words for each part of its story.

    ``where``: sort of place (a key of ``Texts.places``).
    """

    types: tuple[str, ...]
    site: str
    where: str
    problem: tuple[str, ...]
    found: tuple[str, ...]
    clear: tuple[str, ...]
    handling: tuple[str, ...]
    goal: tuple[str, ...]
    remains: tuple[str, ...]
    weight: int = 1


class TaskSubject(Struct, frozen=True, forbid_unknown_fields=True):
    """What a task may be about."""

    types: tuple[str, ...]
    problem: str
    goal: str
    measures: str
    done: str


class Texts(Struct, frozen=True, forbid_unknown_fields=True):
    """``texts.toml``."""

    times: tuple[str, ...]
    places: dict[str, tuple[str, ...]]
    openings: dict[str, tuple[str, ...]]
    subjects: tuple[Subject, ...]
    tasks: tuple[TaskSubject, ...]
    phrases: dict[str, str | list[str]]


class StepLine(Struct, frozen=True, forbid_unknown_fields=True):
    """One step of a life: who takes it, with which values and sorts of files."""

    step: str
    by: str
    values: dict[str, Any] = {}
    files: tuple[str, ...] = ()


#: Group of lives -> name of a stretch -> its steps.
Lives = dict[str, dict[str, tuple[StepLine, ...]]]


class Scene(Struct, frozen=True, forbid_unknown_fields=True):
    """Some matters of the days around loading. ``walk``: stretches with the days before loading.

    ``unit``: code of the responsible unit (empty: the list's own, not yet given away); ``joint``:
    further units; ``set``: further values of the matter, days as numbers counted from loading.
    """

    list: str
    walk: tuple[tuple[str, int], ...]
    unit: str = ""
    joint: tuple[str, ...] = ()
    first: str = ""
    times: int = 1
    key: bool = False
    set: dict[str, Any] = {}


class Recent(Struct, frozen=True, forbid_unknown_fields=True):
    """``recent.toml``."""

    scenes: tuple[Scene, ...]


def _read(name: str, shape: type[Shape]) -> Shape:
    text = (resources.files("ecoissues") / "demo" / name).read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), shape)


@cache
def site_document() -> SiteDocument:
    """Read ``site.toml`` and the lists beside it."""
    return msgspec.structs.replace(_read("site.toml", SiteDocument), told=list_plans())


@cache
def texts() -> Texts:
    """Read ``texts.toml``."""
    return _read("texts.toml", Texts)


@cache
def lives() -> Lives:
    """Read ``lives.toml``."""
    return _read("lives.toml", Lives)


@cache
def recent() -> Recent:
    """Read ``recent.toml``."""
    return _read("recent.toml", Recent)
