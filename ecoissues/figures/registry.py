"""Figure definitions (口径) as documents: one TOML file each, decoded strictly, gathered once.

A definition says which accounts make its part and its whole. The vocabulary is closed: accounts of
``core.accounts`` and nothing else. So that a figure always opens into its rows, every case must be
0 or 1 in part and whole, and a case in the part must be in the whole; others are refused at load.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

import msgspec

from ecoissues.core.accounts import STOCKS
from ecoissues.core.errors import Refused
from ecoissues.core.vocabulary import PHASES, VERDICTS

#: Families of accounts of which a case has at most one on a day.
_PHASES: Final = frozenset(PHASES) - {"void"}
_FAMILIES: Final = (_PHASES, frozenset(VERDICTS), frozenset({"cases", "void"}))
#: Pairs of single accounts where the part lies within the whole by the meaning of the accounts.
_WITHIN: Final = {
    ("met_original", "due_original"),
    ("met_current", "due_current"),
    ("met_report", "due_report"),
    ("done_this_year", "due_this_year"),
    ("key_originals", "originals"),
    ("key_closed", "key_cases"),
    ("key_done", "key_cases"),
    ("merged_open", "open"),
    ("rebounded", "ever_closed"),
    ("satisfied", "surveyed"),
}


class Wording(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The name of a figure in both languages."""

    zh: str
    en: str


class Counting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a definition counts, in Chinese: its unit, and what becomes of the doubtful cases."""

    unit: str
    merged: str
    void: str
    phase_closed: str
    unsubstantiated: str
    joint: str


class Definition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One figure: ``part`` of ``whole``, each a sum of accounts; ``formula`` in Chinese words.

    ``aim``: ``high`` when more is better, ``low`` when less is, ``none``. ``source``: the practice
    it follows. ``version`` grows with every change to what is counted.
    """

    code: str
    version: int
    wording: Wording
    formula: str
    part: tuple[str, ...]
    whole: tuple[str, ...]
    counting: Counting
    aim: str
    source: str

    @property
    def accounts(self) -> tuple[str, ...]:
        """Every account it needs, each once."""
        return tuple(dict.fromkeys((*self.part, *self.whole)))


def decode_definition(text: str, name: str) -> Definition:
    """Read one document; ``Refused("bad_definition")`` names the file and what is wrong."""
    try:
        found = msgspec.convert(tomllib.loads(text), Definition)
        reason = _fault(found, name)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        reason = str(error)
    if reason:
        raise Refused("bad_definition", f"口径文件 {name} 有误：{reason}；未载入。", file=name)
    return found


def _fault(found: Definition, name: str) -> str:
    if Path(name).stem != found.code:
        return f"code 是“{found.code}”，与文件名不符"
    if found.version < 1:
        return f"version 是 {found.version}，应从 1 起"
    if found.aim not in ("high", "low", "none"):
        return f"aim“{found.aim}”只能是 high、low 或 none"
    for side, accounts in (("part", found.part), ("whole", found.whole)):
        unknown = [account for account in accounts if account not in STOCKS]
        if unknown:
            return f"{side} 里没有“{unknown[0]}”这个账户（可用：{'、'.join(STOCKS)}）"
        if not accounts or not _at_most_once(accounts):
            return f"{side} 为空，或一件事项在其中可能不止计一次"
    if not _lies_within(found.part, found.whole):
        return "part 里的事项不一定都在 whole 里"
    return ""


def _at_most_once(accounts: tuple[str, ...]) -> bool:
    if len(set(accounts)) != len(accounts):
        return False
    return len(accounts) == 1 or any(set(accounts) <= family for family in _FAMILIES)


def _lies_within(part: tuple[str, ...], whole: tuple[str, ...]) -> bool:
    if set(part) <= set(whole) or whole == ("cases",):
        return "void" not in part or "void" in whole
    return len(part) == len(whole) == 1 and (part[0], whole[0]) in _WITHIN


class Definitions:
    """The definitions by code: the packaged documents, then those of a site's own folder."""

    def __init__(self, *folders: Path) -> None:
        self.by_code: dict[str, Definition] = {}
        for name, text in (*_packaged(), *_of_folders(folders)):
            found = decode_definition(text, name)
            self.by_code[found.code] = found

    def find(self, code: str) -> Definition | None:
        """Give the definition of a code, or None."""
        return self.by_code.get(code)

    def get(self, code: str) -> Definition:
        """Give the definition of a code; ``Refused("figure_unknown")`` names the known ones."""
        found = self.find(code)
        if found is None:
            known = "、".join(self.by_code)
            raise Refused("figure_unknown", f"没有名为“{code}”的指标；现有：{known}。")
        return found


def _packaged() -> Iterator[tuple[str, str]]:
    folder: Any = resources.files("ecoissues.figures") / "definitions"
    for file in sorted(folder.iterdir(), key=lambda entry: str(entry.name)):
        if file.name.endswith(".toml"):
            yield file.name, file.read_text("utf-8")


def _of_folders(folders: tuple[Path, ...]) -> Iterator[tuple[str, str]]:
    for folder in folders:
        for file in sorted(folder.glob("*.toml")):
            yield file.name, file.read_text("utf-8")


@cache
def packaged_definitions() -> Definitions:
    """Give the definitions that come with the program, read once."""
    return Definitions()
