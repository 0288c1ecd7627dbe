"""The beginning of a site: its data folder, its database at the newest version, its unit tree.

A real site and the demonstration begin alike; the demonstration then adds lists, users and cases.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, delete, func, insert, select

from ecoissues.core.errors import Refused
from ecoissues.core.instants import instant_text
from ecoissues.core.pinyin import search_key
from ecoissues.core.units import Unit
from ecoissues.figures import sums
from ecoissues.figures.reposting import Progress, repost
from ecoissues.figures.soundness import STALE, is_stale
from ecoissues.services.reprojecting import reproject
from ecoissues.services.site import Site
from ecoissues.storage import reference, schema
from ecoissues.storage import tables as t

#: The tree every site of this city begins with.
TREE: Final = "chongqing.toml"
#: Half months of sums written in one transaction.
_HALVES: Final = 12
#: The newest revision that gave cases a column which their logs fill.
_PROJECTED_SINCE: Final = "0009"


class _Root(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: str
    name: str
    short: str
    kind: str


class _Below(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    suffix: str
    name: str
    short: str
    kind: str


class _District(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: str
    name: str
    short: str


class _Town(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    district: str
    suffix: str
    name: str


class Tree(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A city's units as a document: root, municipal units, districts and what each district has."""

    root: _Root
    municipal: tuple[_Below, ...]
    district_units: tuple[_Below, ...]
    districts: tuple[_District, ...]
    towns: tuple[_Town, ...] = ()


def default_url(data: Path) -> str:
    """Give the address of the database a data folder holds when none is named."""
    return f"sqlite:///{data / 'ecoissues.db'}"


def open_site(data: Path, url: str | None = None) -> Site:
    """Open a site: its data folder (made if missing) and its database (as it stands)."""
    folder = data.resolve()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # names, keys and the log itself
    return Site(url or default_url(folder), folder)


def upgrade(site: Site, progress: Progress | None = None) -> tuple[str, int]:
    """Bring the database to the newest revision and give an empty one its units.

    Out: the revision, and how many units were added (0: the tree stood already). Where the
    migration emptied the postings they are written anew from the log, with ``progress``.
    """
    before, _ = revisions(site)
    site.store.close()
    revision = schema.upgrade(site.store.url)
    added = add_units(site)
    with site.store.writing() as connection:  # what cases had before versions were kept
        site.library.pin_used(connection, instant_text(site.now()))
    if before != "base" and before < _PROJECTED_SINCE:
        reproject(site)
    with site.store.reading() as connection:
        emptied = is_stale(connection)
    if emptied:
        rebuild_figures(site, progress)
    return revision, added


def rebuild_figures(
    site: Site,
    progress: Progress | None = None,
    summing: Progress | None = None,
    processes: int | None = None,
) -> int:
    """Compare all postings with the log, write anew what differs, build the sums and switch.

    In: ``progress`` in cases compared, ``summing`` in half months; ``processes`` (None: as many as
    there are cores, one for a small site). Out: how many cases had to be posted anew. Killed
    midway it leaves the sums that stood, and no figure that is half old and half new.
    """
    site.refresh()
    changed = repost(site.store, site.tree, site.list_ids, progress, processes=processes)
    sums.rebuild(site.store, summing, _HALVES, processes)
    with site.store.writing() as connection:
        connection.execute(delete(t.settings).where(t.settings.c.name == STALE))
    return changed


def downgrade(site: Site, revision: str) -> str:
    """Take the database back to a revision; gives the revision it has now."""
    site.store.close()
    return schema.downgrade(site.store.url, revision)


def revisions(site: Site) -> tuple[str, str]:
    """Give the revision the database has (``base``: empty) and the newest the program knows."""
    with site.store.reading() as connection:
        return schema.revision_of(connection), schema.newest()


def require_current(site: Site) -> None:
    """Refuse ``not_upgraded`` unless the database is at the program's own revision."""
    now, newest = revisions(site)
    if now != newest:
        raise Refused(
            "not_upgraded",
            f"数据库版本为 {now}，程序需要 {newest}；请先运行 ecoissues db upgrade。未作任何改动。",
            revision=now, newest=newest,
        )  # fmt: skip
    with site.store.reading() as connection:
        if is_stale(connection):
            raise Refused(
                "not_upgraded",
                "统计记账尚未从日志重建完成；请再次运行 ecoissues db upgrade。日志和事项未受影响。",
            )


def load_tree_document() -> Tree:
    """Read the packaged tree; ``Refused("bad_units")`` says what is wrong with it."""
    file = resources.files("ecoissues") / "units" / TREE
    try:
        return msgspec.convert(tomllib.loads(file.read_text("utf-8")), Tree)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise Refused("bad_units", f"单位文件 {TREE} 有误：{error}；未装入。") from None


def add_units(site: Site) -> int:
    """Load the packaged tree into a database without units; gives how many were added."""
    with site.store.writing() as connection:
        if connection.execute(select(func.count()).select_from(t.units)).scalar_one():
            return 0
        added = _add_tree(connection, load_tree_document())
    site.refresh()
    return added


def _add_tree(connection: Connection, tree: Tree) -> int:
    adding = _Adding(connection)
    root = adding.add(tree.root.code, tree.root.name, tree.root.short, tree.root.kind, None)
    for district in tree.districts:
        top = adding.add(district.code, district.name, district.short, "district", root)
        for below in tree.district_units:
            name, short = district.name + below.name, district.short + below.short
            adding.add(f"{top.code}-{below.suffix}", name, short, below.kind, top)
        for town in tree.towns:
            if town.district == district.code:
                name = district.name + town.name
                adding.add(f"{top.code}-{town.suffix}", name, town.name, "town", top)
    for below in tree.municipal:
        adding.add(f"{root.code}-{below.suffix}", below.name, below.short, below.kind, root)
    return adding.count


class _Adding:
    """Adds units one after the other; the order of the document is the order of the page."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.count = 0

    def add(self, code: str, name: str, short: str, kind: str, parent: Unit | None) -> Unit:
        self.count += 1
        keys = dict.fromkeys(" ".join((search_key(name), search_key(short))).split())
        return reference.add_unit(
            self.connection, code, name, short, kind, parent,
            pinyin=" ".join(keys), position=self.count,
        )  # fmt: skip


def add_lists(connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
    """Add lists, in the caller's transaction. A row: code, title, kind, kind_version, level, unit
    (its code), is_demo, note and legal_basis (both may be missing)."""
    last = connection.execute(select(func.max(t.lists.c.position))).scalar() or 0
    for position, row in enumerate(rows, last + 1):
        unit_id = connection.execute(
            select(t.units.c.id).where(t.units.c.code == row["unit"])
        ).scalar_one()
        named = {name: value for name, value in row.items() if name != "unit"}
        connection.execute(insert(t.lists).values(**named, unit_id=unit_id, position=position))


def add_batch(
    connection: Connection, list_code: str, name: str, ordinal: int, handed_over_on: str | None,
    results_due_on: str | None,
) -> None:  # fmt: skip
    """Add a batch of a list with its days (ISO texts), in the caller's transaction."""
    list_id = connection.execute(
        select(t.lists.c.id).where(t.lists.c.code == list_code)
    ).scalar_one()
    connection.execute(
        insert(t.batches).values(
            list_id=list_id, name=name, ordinal=ordinal, handed_over_on=handed_over_on,
            results_due_on=results_due_on,
        )
    )  # fmt: skip
