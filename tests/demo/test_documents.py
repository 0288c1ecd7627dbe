"""The demonstration's documents agree with the kinds, the units and each other."""

from __future__ import annotations

import re
from datetime import date
from random import Random
from string import Formatter

import pytest

from ecoissues.core.kind_registry import load_kinds
from ecoissues.core.vocabulary import EVIDENCE_STAGES, ROLES, TYPES
from ecoissues.demo import documents
from ecoissues.demo.campaign import batches
from ecoissues.demo.wording import Wording
from ecoissues.services.starting import load_tree_document

WHO = {"keeper", "keeper2", "superior", "leader", "officer", "head"}


def unit_codes() -> set[str]:
    tree = load_tree_document()
    codes = {tree.root.code}
    codes |= {f"{tree.root.code}-{unit.suffix}" for unit in tree.municipal}
    for district in tree.districts:
        codes.add(district.code)
        codes |= {f"{district.code}-{unit.suffix}" for unit in tree.district_units}
    return codes | {f"{town.district}-{town.suffix}" for town in tree.towns}


@pytest.mark.parametrize("entry", documents.site_document().lists, ids=lambda entry: entry.key)
def test_each_step_of_a_life_is_one_of_its_kind(entry: documents.ListEntry) -> None:
    kind = load_kinds().current(entry.kind)
    for name, lines in documents.lives()[entry.lives].items():
        for line in lines:
            step = kind.step_by_code[line.step]
            assert set(line.values) <= {field.code for field in step.fields}, (name, line.step)
            assert line.by in WHO
            assert set(line.files) <= set(EVIDENCE_STAGES)
            phrases = [v[1:] for v in line.values.values() if str(v).startswith("#")]
            assert set(phrases) <= set(documents.texts().phrases), (name, line.step)


def test_each_unit_named_exists() -> None:
    document, codes = documents.site_document(), unit_codes()
    named = {account.unit for account in document.accounts}
    named |= {entry.unit for entry in document.lists} | set(document.central.places)
    named |= {f"{document.home}-{suffix}" for suffix in document.home_units}
    for scene in documents.recent().scenes:
        named |= {scene.unit, *scene.joint} - {""}
    assert named <= codes, named - codes


def test_the_published_batch_adds_up() -> None:
    central = documents.site_document().central
    assert sum(central.places.values()) == 131
    assert sum(central.types.values()) == central.batch_total == 122
    found = {ordinal: (day, due) for _, ordinal, day, due in batches(central)}
    assert found[22] == (date(2024, 5, 30), date(2024, 6, 19))


def test_there_is_an_account_for_each_role_at_both_levels() -> None:
    document = documents.site_document()
    for level, prefix in (("municipal", "500000"), ("district", document.home)):
        found = [one.role for one in document.accounts if one.unit.startswith(prefix)]
        assert set(found) == set(ROLES), level
        assert found.count("supervisor") >= 2, level
    names = [one.name for one in document.accounts]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9.]+", name) for name in names)
    assert all(one.display.startswith("演示·") for one in document.accounts)


def test_the_forty_one_districts_and_their_units() -> None:
    tree = load_tree_document()
    assert len(tree.districts) == 41
    suffixes = {unit.suffix for unit in tree.district_units}
    assert {"DCB", "STHJ", "CGJ"} <= suffixes
    assert {"500000-GX", "500000-LJ", "500110-WS"} <= {d.code for d in tree.districts}


def test_texts_name_only_slots_that_are_filled() -> None:
    texts = documents.texts()
    known = {"place", "site", "n", "m", "k", "t"}
    for subject in texts.subjects:
        assert subject.where in texts.places
        assert set(subject.types) <= set(TYPES)
        groups = (subject.problem, subject.found, subject.clear, subject.handling, subject.goal)
        for text in [one for group in (*groups, subject.remains) for one in group]:
            assert _slots(text) <= known, text
    for task in texts.tasks:
        for text in (task.problem, task.goal, task.measures, task.done):
            assert _slots(text) <= {*known - {"place"}, "area"}, text


def _slots(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def test_every_type_that_is_drawn_has_a_subject() -> None:
    wording = Wording(documents.texts(), Random(1))
    central = documents.site_document().central
    assert {*central.types, *central.later_types} <= set(wording.types)
    for type_ in wording.types:
        story = wording.story(type_, "某区", "来电反映,")
        assert "{" not in story.content + story.investigation + story.handling
        assert story.types[0] == type_
