"""Definitions are documents: every one is gathered, a broken one is refused with its reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecoissues.core.accounts import STOCKS
from ecoissues.core.errors import Refused
from ecoissues.figures import registry
from ecoissues.figures.registry import Definitions, decode_definition, packaged_definitions

FOLDER = Path(registry.__file__).parent / "definitions"
CLOSURE = (FOLDER / "closure_rate.toml").read_text("utf-8")


def test_every_document_is_gathered() -> None:
    assert set(packaged_definitions().by_code) == {path.stem for path in FOLDER.glob("*.toml")}
    assert {"closure_rate", "handled_rate", "completion_rate", "report_rate", "reply_rate",
            "on_time_rate", "on_time_extended", "overdue", "overdue_report", "overdue_finish",
            "substantiated_rate"} <= set(packaged_definitions().by_code)  # fmt: skip


def test_what_each_counts() -> None:
    known = packaged_definitions()
    assert known.get("closure_rate").part == ("closed", "reviewed")
    assert set(known.get("handled_rate").part) == {
        "phase_closed",
        "completed",
        "closed",
        "reviewed",
    }
    assert set(known.get("completion_rate").part) == {"completed", "closed", "reviewed"}
    assert known.get("on_time_rate").whole == ("due_original",)
    assert known.get("substantiated_rate").part == ("substantiated", "mostly", "partly")
    for definition in known.by_code.values():
        assert set(definition.accounts) <= set(STOCKS)
        assert definition.wording.zh
        assert definition.formula


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('part = ["closed", "reviewed"]', 'part = ["closed", "nothing"]', "nothing"),
        ('part = ["closed", "reviewed"]', 'part = ["closed", "reported"]', "不止计一次"),
        ('part = ["closed", "reviewed"]', 'part = ["closed", "closed"]', "不止计一次"),
        ('part = ["closed", "reviewed"]', "part = []", "为空"),
        ('part = ["closed", "reviewed"]', 'part = ["arrivals"]', "arrivals"),
        ('whole = ["cases"]', 'whole = ["reported"]', "不一定都在"),
        ("version = 1", "version = 0", "从 1 起"),
        ('aim = "high"', 'aim = "up"', "aim"),
        ("version = 1", "version = 1\nsql = 'x'", "sql"),
        ('code = "closure_rate"', 'code = "another"', "文件名"),
        ("version = 1", "version = = 1", "line 2"),
    ],
)
def test_a_broken_document_is_refused(old: str, new: str, reason: str) -> None:
    assert old in CLOSURE
    with pytest.raises(Refused) as caught:
        decode_definition(CLOSURE.replace(old, new, 1), "closure_rate.toml")
    assert caught.value.code == "bad_definition"
    assert reason in caught.value.sentence
    assert "closure_rate.toml" in caught.value.sentence


def test_a_site_adds_its_own(tmp_path: Path) -> None:
    own = CLOSURE.replace('code = "closure_rate"', 'code = "own_rate"')
    (tmp_path / "own_rate.toml").write_text(own, "utf-8")
    found = Definitions(tmp_path)
    assert found.get("own_rate").part == ("closed", "reviewed")
    assert found.find("nothing") is None
    with pytest.raises(Refused, match="figure_unknown"):
        found.get("nothing")
