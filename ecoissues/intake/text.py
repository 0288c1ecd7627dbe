"""Comparable forms of texts: what two people write differently and mean alike."""

from __future__ import annotations

import re
import unicodedata

_BLANKS = re.compile(r"\s+")
_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|〔[^〔〕]*〕|【[^【】]*】")
_EDGE = "*:★●·.。;,、-—_ "

#: What a form's writer puts into a cell to say that there is nothing.
_NOTHING = frozenset({"", "/", "\\", "-", "--", "—", "——", "无内容", "null", "none", "n/a", "#"})


def squeeze(text: str) -> str:
    """Fold letter width (NFKC) and take out all blanks: ``第 七 批`` → ``第七批``."""
    return _BLANKS.sub("", unicodedata.normalize("NFKC", text))


def without_brackets(text: str) -> str:
    """Take out bracketed remarks of a squeezed text, also nested ones."""
    before = None
    while before != text:
        before, text = text, _BRACKETS.sub("", text)
    return text


def trim_edges(text: str) -> str:
    """Take off marks that stand around a header or a word: ``*是否属实:`` → ``是否属实``."""
    return text.strip(_EDGE)


def tidy(text: str) -> str:
    """Take blank edges and trailing blanks of lines off a longer text; its wording stays."""
    if "\n" not in text:
        return text.strip(" \t\u3000\xa0")
    lines = (line.strip(" \t\u3000\xa0") for line in text.split("\n"))
    return "\n".join(lines).strip("\n")


def is_nothing(text: str) -> bool:
    """Say whether a cell says that there is nothing (blank, slash, dash)."""
    return len(text) < 8 and squeeze(text).lower() in _NOTHING
