"""Canonical text and digests of events: what the chain of the log is made of."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

_ENCODER = msgspec.json.Encoder(order="sorted")


def canonical(value: Any) -> str:
    """Give the one JSON text of ``value``: sorted keys, no blanks, text as it is (UTF-8)."""
    return _ENCODER.encode(value).decode("utf-8")


def digest_of(value: Any) -> str:
    """Give the SHA-256 (hex) of the canonical text of ``value``."""
    return hashlib.sha256(_ENCODER.encode(value)).hexdigest()


#: The members of an event that its digest covers, in no particular order (they are sorted).
COVERED = (
    "list", "number", "part", "seq", "step", "from_state", "to_state", "phase", "actor", "role",
    "unit", "effective_on", "recorded_at", "channel", "facts", "previous",
)  # fmt: skip


def event_digest(event: Mapping[str, Any]) -> str:
    """Give the digest of one event, chained to the one before by its ``previous``.

    In: a mapping holding every name of COVERED, ``facts`` as the stored JSON text. The covered
    case key is list code, number and part, so an exported log can be checked without our ids.
    """
    return digest_of({name: event[name] for name in COVERED})


def facts_text(facts: Mapping[str, Any]) -> str:
    """Give the text under which an event's facts are stored and digested."""
    return canonical(dict(facts))
