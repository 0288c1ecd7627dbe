"""What changed between versions, told by code and in words; digests that mean the same law."""

from __future__ import annotations

import msgspec
import pytest

from ecoissues.core.kind_changes import changes_between, kind_digest, kind_text
from ecoissues.core.kind_registry import load_kinds, read_text
from ecoissues.core.kinds import Kind
from tests.services.small_kinds import example, newer

KINDS = load_kinds()


def kind_of(text: str) -> Kind:
    kind, findings = read_text("k.toml", text)
    assert kind is not None, findings
    return kind


def told(old: str, new: str) -> list[tuple[str, str, str, tuple[str, ...]]]:
    found = changes_between(kind_of(old), kind_of(new))
    return [(one.sort, one.what, one.code, one.details) for one in found]


def test_nothing_changed_is_nothing_told() -> None:
    for kind in KINDS.values():
        assert changes_between(kind, kind) == []


def test_each_sort_of_change_is_told() -> None:
    old = example()
    assert told(old, old.replace("length = 15", "length = 20")) == [
        ("clock", "changed", "finish", ("长度：15 → 20",))
    ]
    assert told(old, old.replace("max_days = 10", "max_days = 5")) == [
        ("clock", "changed", "finish",
         ("延期：每次不超过 10 日，最多 1 次 → 每次不超过 5 日，最多 1 次",))
    ]  # fmt: skip
    assert told(old, old.replace('zh = "整改情况"', 'zh = "整改说明"')) == [
        ("field", "changed", "situation", ("名称：整改情况 → 整改说明",))
    ]
    assert told(old, old.replace('form = "issue_ledger"', 'form = "rectification_ledger"')) == [
        ("kind", "changed", "summer_dust", ("台账表式：issue_ledger → rectification_ledger",))
    ]
    codes = {(sort, what, code) for sort, what, code, _ in told(old, newer())}
    assert {("state", "added", "reported"), ("state", "removed", "rectified"),
            ("step", "added", "report"), ("step", "removed", "rectify")} <= codes  # fmt: skip


@pytest.mark.parametrize("key", sorted(KINDS), ids=str)
def test_the_text_kept_gives_the_same_kind(key: tuple[str, int]) -> None:
    kind = KINDS[key]
    again = msgspec.json.decode(kind_text(kind), type=Kind)
    assert again == kind
    assert kind_digest(again) == kind_digest(kind)


def test_a_comment_changes_no_digest_and_a_day_does() -> None:
    one = kind_digest(kind_of(example()))
    assert kind_digest(kind_of("# 说明\n" + example())) == one
    assert kind_digest(kind_of(example().replace("length = 15", "length = 16"))) != one
