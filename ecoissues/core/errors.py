"""Refusals: every 'no' of the system is one exception with a short code and a Chinese sentence."""

from __future__ import annotations

from typing import Any


class Refused(Exception):
    """A request was refused for a reason its sender can understand; nothing was written.

    In: ``code``, a short stable word (``stale``, ``not_allowed``, ``evidence_missing`` …) that
    programs test; ``sentence``, Chinese, saying what is wrong, where, and what became of the data;
    ``facts``, JSON-able details for the page (the two versions, the missing fields …).
    """

    def __init__(self, code: str, sentence: str, **facts: Any) -> None:
        super().__init__(f"{code}: {sentence}")
        self.code = code
        self.sentence = sentence
        self.facts = facts


class NotFound(Refused):
    """The object does not exist or lies outside the asker's scope: the two look the same."""

    def __init__(self, sentence: str = "没有找到该记录，或不在您的管辖范围内。", **facts: Any) -> None:
        super().__init__("not_found", sentence, **facts)


class Forbidden(Refused):
    """The object is visible but the asker's role does not hold this right."""

    def __init__(self, sentence: str, code: str = "not_allowed", **facts: Any) -> None:
        super().__init__(code, sentence, **facts)


class Stale(Refused):
    """Somebody else moved the case first. ``facts`` carry both sides so that nothing is lost."""

    def __init__(self, sentence: str, **facts: Any) -> None:
        super().__init__("stale", sentence, **facts)
