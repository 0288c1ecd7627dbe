"""Units of a new site and how they are found from the keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoissues.core.errors import Refused
from ecoissues.core.pinyin import PLACES, search_key, syllables
from ecoissues.services import starting
from ecoissues.services.site import Site


@pytest.fixture
def site(empty_database_url: str, tmp_path: Path) -> Iterator[Site]:
    found = starting.open_site(tmp_path / "data", empty_database_url)
    yield found
    found.close()


def test_an_empty_database_gets_its_tables_and_its_units_once(site: Site) -> None:
    with pytest.raises(Refused, match="not_upgraded"):
        starting.require_current(site)
    revision, added = starting.upgrade(site)
    assert starting.revisions(site) == (revision, revision)
    starting.require_current(site)
    assert added == len(site.tree.by_id) > 250
    assert starting.upgrade(site) == (revision, 0)


def test_the_tree_has_the_districts_with_their_units(site: Site) -> None:
    starting.upgrade(site)
    tree = site.tree
    districts = [unit for unit in tree.tops() if unit.kind == "district"]
    assert len(districts) == 41
    for district in districts:
        kinds = [unit.kind for unit in tree.below(district.path)]
        assert kinds.count("office") == 1
        assert kinds.count("bureau") >= 2
        assert {f"{district.code}-STHJ", f"{district.code}-CGJ"} <= tree.by_code.keys()
    office = tree.by_code["500119-DCB"]
    assert office.scope_path == tree.by_code["500119"].path
    assert tree.by_code["500000-DCB"].scope_path == tree.root.path
    assert tree.by_code["500119-STHJ"].top_id == tree.by_code["500119"].id
    assert tree.by_code["500000-DCJT"].kind == "company"


@pytest.mark.parametrize(
    ("code", "typed"),
    [
        ("500119", "nanchuanqu"), ("500119", "ncq"), ("500110", "qijiang"), ("500242", "youyang"),
        ("500120", "bishan"), ("500115", "changshou"), ("500231", "dianjiang"),
        ("500233", "zhongxian"), ("500241", "xiushan"), ("500102", "fuling"),
        ("500000", "chongqing"), ("500119-STHJ", "ncsthjj"),
    ],
)  # fmt: skip
def test_units_are_found_by_pinyin_and_initials(code: str, typed: str) -> None:
    tree = starting.load_tree_document()
    names = {unit.code: unit.name for unit in tree.districts} | {tree.root.code: tree.root.name}
    names["500119-STHJ"] = "南川生态环境局"
    assert any(word.startswith(typed) for word in search_key(names[code]).split())


@given(st.lists(st.sampled_from([*PLACES, "市", "区", "生态环境局", "A3", " "]), max_size=4))
def test_a_place_is_read_the_same_in_every_name(parts: list[str]) -> None:
    """However it is put together, a name reads as the sum of its parts."""
    joined: list[str] = []
    for part in parts:
        joined += syllables(part)
    assert "".join(syllables("".join(parts))) == "".join(joined)
    assert search_key("") == ""
