"""Words for invented matters, drawn from the document of texts and filled with small numbers."""

from __future__ import annotations

from random import Random
from typing import Final

from msgspec import Struct

from ecoissues.demo.documents import Subject, TaskSubject, Texts

_UNSUBSTANTIATED: Final = "unsubstantiated"
_VERDICTS: Final = {
    "substantiated": (46, "反映情况属实。"),
    "mostly": (14, "反映情况基本属实。"),
    "partly": (28, "反映情况部分属实。"),
    _UNSUBSTANTIATED: (12, "反映情况不属实。"),
}
_EXPLAINED: Final = "已向反映人说明核查情况，并留存记录；属地继续巡查。"


class Story(Struct):
    """The words of one matter: what was said, where, and what came of it."""

    types: tuple[str, ...]
    site: str
    content: str
    goal: str
    verdict: str
    investigation: str
    handling: str
    remains: str
    measures: str = ""
    done: str = ""


class Wording:
    """Draws words; the same generator in the same order gives the same words."""

    def __init__(self, texts: Texts, random: Random) -> None:
        self.texts, self.random = texts, random
        self._by_type: dict[str, list[Subject]] = {}
        for subject in texts.subjects:
            self._by_type.setdefault(subject.types[0], []).extend([subject] * subject.weight)
        self.types = list(self._by_type)

    def slots(self, site: str = "") -> dict[str, str]:
        """Draw the numbers a text may name."""
        draw = self.random
        return {
            "site": site,
            "n": str(draw.randrange(20, 300, 5)), "m": str(draw.randint(2, 11)),
            "k": str(draw.randint(2, 9)), "t": draw.choice(self.texts.times),
        }  # fmt: skip

    def phrase(self, name: str, **more: str) -> str:
        """Draw one of the phrases of a name."""
        found = self.texts.phrases[name]
        text = found if isinstance(found, str) else self.random.choice(found)
        return text.format_map({**self.slots(), **more}) if "{" in text else text

    def opening(self, channel: str) -> str:
        """Draw how a letter begins that came by a channel."""
        return self.random.choice(self.texts.openings[channel])

    def story(self, type_: str, area: str, opening: str) -> Story:
        """Draw a matter.

        In: its main type, the name of the district, how its text begins.
        """
        draw = self.random
        subject = draw.choice(self._by_type[type_])
        slots = self.slots(site=subject.site)
        slots["place"] = area + draw.choice(self.texts.places[subject.where])
        verdict = draw.choices(list(_VERDICTS), [weight for weight, _ in _VERDICTS.values()])[0]
        clear = verdict == _UNSUBSTANTIATED
        found = draw.choice(subject.clear if clear else subject.found).format_map(slots)
        handling = draw.choice(subject.handling).format_map(slots)
        return Story(
            types=subject.types,
            site=slots["place"] + subject.site,
            content=opening + draw.choice(subject.problem).format_map(slots),
            goal=draw.choice(subject.goal).format_map(slots),
            verdict=verdict,
            investigation=found + _VERDICTS[verdict][1],
            handling=_EXPLAINED if clear else handling,
            remains=draw.choice(subject.remains).format_map(slots),
            measures=handling,
        )

    def task(self, area: str) -> Story:
        """Draw a task of an area."""
        subject: TaskSubject = self.random.choice(self.texts.tasks)
        slots = {**self.slots(), "area": area}
        done = subject.done.format_map(slots)
        return Story(
            types=subject.types, site="", content=subject.problem.format_map(slots),
            goal=subject.goal.format_map(slots), verdict="", investigation="", handling=done,
            remains="", measures=subject.measures.format_map(slots), done=done,
        )  # fmt: skip


def is_clear(verdict: str) -> bool:
    """Whether a verdict leaves nothing to put right, so that no pictures are needed."""
    return verdict == _UNSUBSTANTIATED
