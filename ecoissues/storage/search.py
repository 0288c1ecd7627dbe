"""Search for Chinese words of one, two and more characters: bigrams made here, found as a phrase.

Neither engine cuts Chinese words; a word index over our own two-character tokens does, and answers
in well under a millisecond where LIKE reads every row.
"""

from __future__ import annotations

import re
import unicodedata

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    column,
    literal_column,
    select,
    table,
    text,
)

from ecoissues.storage.prepared import Prepared

_WORDS = re.compile(r"[^\W_]+", re.UNICODE)
_MOST = 16_000  # PostgreSQL keeps positions up to 16,383

case_search = table("case_search", column("case_id"), column("grams"))
_FORGET = Prepared(text("DELETE FROM case_search WHERE rowid = :id"))
_INDEX = Prepared(text("INSERT INTO case_search(rowid, grams) VALUES (:id, :grams)"))
_INDEX_VECTOR = Prepared(
    text(
        "INSERT INTO case_search(case_id, grams) VALUES (:id, CAST(:grams AS tsvector))"
        " ON CONFLICT (case_id) DO UPDATE SET grams = EXCLUDED.grams"
    )
)


def _runs(value: str) -> list[str]:
    return _WORDS.findall(unicodedata.normalize("NFKC", value).lower())


def bigrams(value: str) -> str:
    """Give the tokens of a text: each pair of neighbours, and the last character by itself."""
    tokens: list[str] = []
    for run in _runs(value):
        tokens.extend(run[i : i + 2] for i in range(len(run) - 1))
        tokens.append(run[-1])
    return " ".join(tokens)


def _phrases(words: str) -> list[list[str]]:
    phrases = []
    for run in _runs(words):
        pairs = [run[i : i + 2] for i in range(len(run) - 1)]
        phrases.append(pairs or [run])
    return phrases


def index_case(connection: Connection, case_id: int, value: str) -> None:
    """Put (or replace) the text under which a case is found."""
    if connection.dialect.name == "sqlite":
        _FORGET.run(connection, {"id": case_id})
        _INDEX.run(connection, {"id": case_id, "grams": bigrams(value)})
    else:
        _INDEX_VECTOR.run(connection, {"id": case_id, "grams": _vector(bigrams(value))})


def _vector(grams: str) -> str:
    # Written out by us: no parser of the server, and so no locale, cuts the tokens again.
    tokens = grams.split(" ")[:_MOST] if grams else []
    return " ".join(f"'{token}':{place}" for place, token in enumerate(tokens, 1))


def matching(words: str, case_id: ColumnElement[int], dialect: str) -> ColumnElement[bool] | None:
    """Give the condition that a case holds every word of ``words``; None for no words at all.

    A single character finds words that begin with it. The hits are taken first, in a CTE, so a
    rare word never makes the planner walk the whole table (stack notes).
    """
    phrases = _phrases(words)
    if not phrases:
        return None
    if dialect == "sqlite":
        query = " AND ".join(
            f'"{" ".join(phrase)}"' + ("*" if len(phrase[0]) == 1 else "") for phrase in phrases
        )
        hits: Select[tuple[int]] = (
            select(literal_column("rowid"))
            .select_from(text("case_search"))
            .where(text("case_search MATCH :search_words").bindparams(search_words=query))
        )
        return case_id.in_(hits)
    query = " & ".join(
        "("
        + " <-> ".join(f"'{token}'" + (":*" if len(token) == 1 else "") for token in phrase)
        + ")"
        for phrase in phrases
    )
    cte = (
        select(case_search.c.case_id)
        .where(text("grams @@ CAST(:search_words AS tsquery)").bindparams(search_words=query))
        .cte("search_hits")
        .prefix_with("MATERIALIZED", dialect="postgresql")
    )
    return case_id.in_(select(cte.c.case_id))
