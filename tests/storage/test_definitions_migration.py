"""Migration 0004: four ways to count joint cases, postings emptied and written anew from the log."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import IntegrityError

from ecoissues.core.errors import Refused
from ecoissues.core.vocabulary import JOINT_COUNTINGS
from ecoissues.figures.comparing import compare
from ecoissues.services import starting
from ecoissues.storage import schema
from ecoissues.storage import tables as t
from tests.services.machine import Office, walk, work_of


@pytest.fixture
def office(database_url: str, tmp_path: Path) -> Iterator[Office]:
    made = Office(database_url, tmp_path)
    with made.site.store.writing() as connection:
        for kind in made.kinds.values():
            walk(made, connection, kind, work_of(kind))
    yield made
    made.site.close()


def test_a_list_takes_the_four_ways_and_no_other(office: Office) -> None:
    store = office.site.store
    for way in JOINT_COUNTINGS:
        with store.writing() as connection:
            connection.execute(update(t.lists).values(joint_counting=way))
    with pytest.raises(IntegrityError), store.writing() as connection:
        connection.execute(update(t.lists).values(joint_counting="twice"))
    with pytest.raises(IntegrityError), store.writing() as connection:
        connection.execute(update(t.lists).values(level="elsewhere"))


def test_down_and_up_again_posts_everything_anew(office: Office) -> None:
    site = office.site
    query = select(t.postings).order_by(t.postings.c.case_id, t.postings.c.id)
    with site.store.reading() as connection:
        before = [tuple(row)[1:] for row in connection.execute(query)]
    assert before
    starting.downgrade(site, "0002")
    schema.upgrade(site.store.url)
    with pytest.raises(Refused, match="not_upgraded"):
        starting.require_current(site)  # no figure is read from empty postings
    starting.upgrade(site)
    starting.require_current(site)
    with site.store.reading() as connection:
        assert [tuple(row)[1:] for row in connection.execute(query)] == before
        lists = site.lists
        assert list(compare(connection, site.tree, lists, [site.today()])) == []


def test_a_rebuild_puts_wrong_postings_right(office: Office) -> None:
    site = office.site
    with site.store.writing() as connection:
        case_id = connection.execute(select(func.min(t.postings.c.case_id))).scalar_one()
        connection.execute(
            update(t.postings).where(t.postings.c.case_id == case_id).values(a_closed=7)
        )
        connection.execute(text("UPDATE postings SET case_id = 999999 WHERE id = 2"))
    assert starting.rebuild_figures(site) >= 1
    assert starting.rebuild_figures(site) == 0
    with site.store.reading() as connection:
        assert list(compare(connection, site.tree, site.lists, [site.today()])) == []
