"""Decoding, line numbers, merging of shared steps, and the registry."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoissues.core.errors import Refused
from ecoissues.core.kind_documents import BadKind, Document, decode_kind
from ecoissues.core.kind_lines import LineMap
from ecoissues.core.kind_registry import Existing, check_file, check_text, load_kinds, read_kinds
from tests.core.kind_samples import DRILL, changed, line_of, shipped_texts

TRICKY = '''\
title = "a # not a comment" # a comment with [brackets] and "quotes"
"quoted key".'other.part' = 1

[table]
text = """
[[not.a.header]]
x = 1 \\""" still text
"""
raw = \'\'\'
y = 2\'\'\'
after = 3

[[rows]]
list = [
  1, # one
  { a = 1, b = [ "]", "," ] },
  [
    2,
    3,
  ],
]

[[rows]]
[[rows.inner]]
c = 1
[rows.inner.deep]
d = { e = "}" , f.g = 5 }
'''


def test_line_map_of_a_tricky_text() -> None:
    tomllib.loads(TRICKY)
    lines = LineMap(TRICKY)
    expected: dict[tuple[str | int, ...], int] = {
        ("title",): 1,
        ("quoted key", "other.part"): 2,
        ("table",): 4,
        ("table", "text"): 5,
        ("table", "raw"): 9,
        ("table", "after"): 11,
        ("rows", 0): 13,
        ("rows", 0, "list", 0): 15,
        ("rows", 0, "list", 1, "b", 1): 16,
        ("rows", 0, "list", 2): 17,
        ("rows", 0, "list", 2, 1): 19,
        ("rows", 1): 23,
        ("rows", 1, "inner", 0, "c"): 25,
        ("rows", 1, "inner", 0, "deep", "d", "f", "g"): 27,
        ("rows", 1, "inner", 0, "missing", 4): 24,
        ("nowhere",): 1,
    }
    assert {path: lines.find(path) for path in expected} == expected


@pytest.mark.parametrize("name", sorted(shipped_texts()))
def test_every_key_of_the_shipped_documents_has_its_line(name: str) -> None:
    text = shipped_texts()[name]
    lines, rows = LineMap(text), text.split("\n")

    def look(value: Any, path: tuple[str | int, ...]) -> None:
        line = lines.find(path)
        if path and isinstance(path[-1], str) and not isinstance(value, list):
            assert path[-1] in rows[line - 1]
        if isinstance(value, str):
            assert value in rows[line - 1]
        for key, inner in value.items() if isinstance(value, dict) else ():
            look(inner, (*path, key))
        for index, inner in enumerate(value) if isinstance(value, list) else ():
            look(inner, (*path, index))

    look(tomllib.loads(text), ())


@given(st.text(alphabet="a.=[]{}\"'#,\n\\ 1", max_size=60))
def test_the_line_scanner_ends_on_any_text(text: str) -> None:
    line = LineMap(text).find(("a", 0, "a"))
    assert 1 <= line <= text.count("\n") + 1


def test_shared_steps_are_merged_and_own_ones_win() -> None:
    base = Document(
        "shared.toml",
        changed(DRILL[: DRILL.index("[[steps]]")], "")
        .replace('from = ["listed"]', 'from = ["@open"]', 1)
        .replace('zh = "记录"', 'zh = "共用的记录"', 1),
    )
    own = DRILL[: DRILL.index('\n[[steps]]\ncode = "drop"')].replace(
        "version = 1", 'version = 1\nextends = "shared"'
    )
    head, _, tail = own.partition('\n[[steps]]\ncode = "hand"')
    own = head + tail[tail.index("\n[[steps]]") :]
    decoded = decode_kind(Document("own.toml", own), {"shared": base})
    codes = [step.code for step in decoded.kind.steps]
    assert codes == ["register", "note", "check", "sign", "finish", "back", "hand", "drop"]
    assert decoded.kind.step_by_code["note"].zh == "记录"
    assert decoded.kind.step_by_code["hand"].sources == ("listed", "working", "checked", "signed")
    assert decoded.kind.step_by_code["drop"].sources == ("*",)
    assert [origin.name for origin, _ in decoded.origins[-2:]] == ["shared.toml"] * 2


def test_a_base_may_extend_another_and_the_nearest_step_counts() -> None:
    def base(name: str, extends: str, *steps: str) -> Document:
        shape = '[[steps]]\ncode = "{}"\nzh = "{}"\nen = "Look"\nfrom = ["*"]\nroles = ["officer"]\nsort = "note"\n'
        head = f'extends = "{extends}"\n' if extends else ""
        return Document(f"{name}.toml", head + "".join(shape.format(c, f"{name} {c}") for c in steps))

    far, near = base("far", "", "look", "peek"), base("near", "far", "look", "note")
    own = Document("own.toml", changed("version = 1", 'version = 1\nextends = "near"'))
    decoded = decode_kind(own, {"near": near, "far": far})
    assert decoded.kind.step_by_code["look"].zh == "near look"
    assert decoded.kind.step_by_code["peek"].zh == "far peek"
    assert decoded.kind.step_by_code["note"].zh == "记录"
    assert len(decoded.kind.step_by_code) == len(decoded.kind.steps)
    assert [origin.name for origin, _ in decoded.origins[-2:]] == ["near.toml", "far.toml"]
    for bases, file, reason in (
        ({"near": near}, "near.toml", "unknown_base"),
        ({"near": near, "far": base("far", "near", "look")}, "far.toml", "base_cycle"),
    ):
        with pytest.raises(BadKind) as refusal:
            decode_kind(own, bases)
        found = refusal.value.finding
        assert (found.file, found.line, found.reason) == (file, 1, reason)


def test_a_fault_in_a_shared_step_names_the_shared_file(tmp_path: Path) -> None:
    step = '[[steps]]\ncode = "look"\nzh = "看"\nen = "Look"\n# 说明\nroles = ["pilot"]\n'
    (tmp_path / "shared.toml").write_text(step + 'from = ["*"]\nsort = "note"\n', encoding="utf-8")
    own = changed("version = 1", 'version = 1\nextends = "shared"')
    (found,) = check_text("own.toml", own, tmp_path)
    assert (found.file, found.line, found.reason) == ("shared.toml", 6, "unknown_role")


def test_extension_steps_are_inherited_only_with_an_extendable_clock() -> None:
    own = changed("version = 1", 'version = 1\nextends = "common"')
    common = {"common": Document("common.toml", shipped_texts()["common.toml"])}
    with_clock = decode_kind(Document("own.toml", own), common).kind
    without = changed("extension = { max_days = 5 }\n", "", own)
    assert "extend" in with_clock.step_by_code
    assert "extend" not in decode_kind(Document("own.toml", without), common).kind.step_by_code
    assert check_text("own.toml", without) == []


def test_the_shipped_kinds_load_and_current_is_the_newest(tmp_path: Path) -> None:
    kinds = load_kinds()
    bases = sum('code = "' not in text.partition("[[")[0] for text in shipped_texts().values())
    shipped = len(kinds)
    assert shipped == len(shipped_texts()) - bases >= 3  # bases hold shared steps only
    newer = shipped_texts()["complaint.toml"].replace("version = 1", "version = 2", 1)
    (tmp_path / "complaint_2.toml").write_text(newer, encoding="utf-8")
    (tmp_path / "drill.toml").write_text(DRILL, encoding="utf-8")
    kinds = load_kinds(tmp_path)
    assert len(kinds) == shipped + 2
    assert kinds.current("complaint").version == 2
    assert kinds["complaint", 1].version == 1
    with pytest.raises(Refused) as refusal:
        kinds.current("nothing")
    assert refusal.value.code == "unknown_kind"


def test_a_broken_document_never_takes_a_sound_one_with_it(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text(DRILL.replace('"closed"]', '"shut"]'), encoding="utf-8")
    (tmp_path / "torn.toml").write_text("code = \n", encoding="utf-8")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    (tmp_path / "good.toml").write_text(DRILL, encoding="utf-8")
    kinds, findings = read_kinds(tmp_path)
    assert len(kinds) == len(load_kinds()) + 1
    assert {found.file for found in findings} == {"bad.toml", "torn.toml", "bytes.toml"}
    with pytest.raises(Refused) as refusal:
        load_kinds(tmp_path)
    assert refusal.value.code == "bad_kind"
    assert set(refusal.value.facts) == {"file", "line", "reason", "key", "path"}
    assert "第" in refusal.value.sentence
    assert "未启用" in refusal.value.sentence


def test_two_documents_of_one_version_are_refused(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text(DRILL, encoding="utf-8")
    (tmp_path / "two.toml").write_text("# 又一份\n" + DRILL, encoding="utf-8")
    _, (found,) = read_kinds(tmp_path)
    assert (found.file, found.line, found.reason) == ("two.toml", 2, "duplicate_kind")


def test_a_second_base_of_one_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "common.toml").write_text("steps = []\n", encoding="utf-8")
    kinds, (found,) = read_kinds(tmp_path)
    assert (found.reason, len(kinds)) == ("duplicate_base", len(load_kinds()))


def test_check_file_reads_kinds_and_bases(tmp_path: Path) -> None:
    path = tmp_path / "drill.toml"
    assert [found.reason for found in check_file(path)] == ["unreadable"]
    path.write_text(DRILL, encoding="utf-8")
    assert check_file(path) == []
    path.write_text("steps = [{ code = 'x' }]\n", encoding="utf-8")
    assert [found.reason for found in check_file(path)] == ["missing_key"]


def test_figures_and_forms_are_checked_where_they_are_known() -> None:
    existing = Existing(frozenset({"other"}), frozenset({"other"}))
    found = check_text("drill.toml", DRILL, existing=existing)
    assert [(f.reason, f.line) for f in found] == [
        ("unknown_form", line_of("drill_table", DRILL)),
        ("unknown_figure", line_of("closure_rate", DRILL)),
    ]
    sound = Existing(frozenset({"closure_rate"}), frozenset({"drill_table"}))
    assert check_text("drill.toml", DRILL, existing=sound) == []


def test_the_example_of_the_guide_is_sound() -> None:
    guide = Path(__file__).parents[2] / "docs" / "kinds.md"
    whole, excerpt = guide.read_text(encoding="utf-8").split("```toml\n")[1:]
    text = whole.split("```")[0]
    assert check_text("summer_dust.toml", text) == []
    asks = ", ".join(f'{{ field = "{code}" }}' for code in ("river", "outlet_sort", "area"))
    begin = 'effect = "register"\n'
    assert text.count(begin) == 1
    both = text.replace(begin, f"{begin}asks = [{asks}]\n") + excerpt.split("```")[0]
    assert check_text("summer_dust.toml", both) == []


def test_the_guide_names_every_reason_of_the_proof() -> None:
    root = Path(__file__).parents[2]
    guide = (root / "docs" / "kinds.md").read_text(encoding="utf-8")
    for module in ("kind_proof", "kind_loops", "kind_checks", "kind_step_checks", "kind_field_checks",
                   "kind_family", "kind_placements"):  # fmt: skip
        text = (root / "ecoissues" / "core" / f"{module}.py").read_text(encoding="utf-8")
        for reason in re.findall(r'"([a-z]+(?:_[a-z]+)+)", (?:sentence|f"|words|\')', text):
            family = reason.startswith(("unknown_", "duplicate_", "bad_"))
            assert family or f"`{reason}`" in guide, reason
