"""The history of a case as its page tells it: every event, with what was corrected and by whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from ecoissues.core.events import CORRECTIONS, Event
from ecoissues.core.instants import SHANGHAI, day_of
from ecoissues.core.kind_moves import versions_of
from ecoissues.core.kinds import Kind
from ecoissues.core.vocabulary import EVIDENCE_STAGES, ROLES
from ecoissues.services.effects import is_correctable
from ecoissues.services.field_words import Shown, fact_texts
from ecoissues.services.gate import step_name
from ecoissues.services.site import Site


class File(msgspec.Struct, frozen=True):
    """One piece of evidence as it is shown."""

    id: int
    seq: int
    name: str
    stage: str
    stage_name: str
    media_type: str
    size: int

    @property
    def is_picture(self) -> bool:
        """Whether a small picture of it can be shown."""
        return self.media_type.startswith("image/")

    @property
    def size_text(self) -> str:
        """Its size for people."""
        return f"{self.size / 1048576:.1f} MB" if self.size > 900_000 else f"{self.size / 1024:.0f} KB"


class Entry(msgspec.Struct):
    """One event on the time line. ``struck``/``amended``: the sentence on its correction."""

    seq: int
    step: str
    name: str
    actor: str
    role: str
    unit: str
    effective_on: str
    recorded_at: str
    state: str
    phase: str
    moved: bool
    shown: list[Shown]
    files: list[File]
    late: str = ""
    struck: str = ""
    amended: str = ""
    digest: str = ""
    correctable: bool = False
    paper: str = ""


def files_of(rows: Sequence[Any]) -> list[File]:
    """Make the files of rows of the evidence table."""
    return [
        File(row.id, row.seq, row.name, row.stage, EVIDENCE_STAGES[row.stage][0],
             row.media_type, row.size)
        for row in rows
    ]  # fmt: skip


def local_minute(instant: str) -> str:
    """Write an instant of the log as the minute in Shanghai."""
    return f"{datetime.fromisoformat(instant).astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


def tell(
    site: Site,
    kind: Kind,
    events: Sequence[Event],
    names: Mapping[str, str],
    files: Sequence[File],
) -> list[Entry]:
    """Give the entries, newest first.

    In: the kind in force now, all events of a case in sequence order, the display names of people
    by sign-in name. Each event is told in the words of the version it was written under.
    """
    entries: dict[int, Entry] = {}
    before: dict[int, Mapping[str, Any]] = {}
    versions = dict(versions_of(events, kind.version))
    for event in events:
        if event.seq in versions:
            kind = site.kind_of(kind.code, versions[event.seq])
        entries[event.seq] = _entry(site, kind, event, names, files)
        before[event.seq] = event.facts
        if event.step in CORRECTIONS:
            _correct(kind, entries, before, event, names, site)
    return list(reversed(entries.values()))


def _entry(
    site: Site, kind: Kind, event: Event, names: Mapping[str, str], files: Sequence[File]
) -> Entry:
    state = kind.state_by_code.get(event.target)
    unit = site.tree.by_code.get(event.unit)
    late = event.facts.get("late")
    back = (day_of(event.recorded_at) - event.effective_on).days
    return Entry(
        seq=event.seq, step=event.step, name=step_name(kind, event.step),
        actor=names.get(event.actor, event.actor), role=ROLES.get(event.role, (event.role,))[0],
        unit=unit.short if unit else event.unit, effective_on=event.effective_on.isoformat(),
        recorded_at=local_minute(event.recorded_at), state=state.zh if state else event.target,
        phase=event.phase, moved=event.moves,
        shown=fact_texts(kind, event.step, event.facts, site.tree),
        files=[file for file in files if file.seq == event.seq],
        late=_late(late, back, site.late_days), digest=event.digest,
        correctable=is_correctable(event),
        paper=_paper(kind, event),
    )  # fmt: skip


def _paper(kind: Kind, event: Event) -> str:
    step = kind.step_by_code.get(event.step)
    return step.paper if step else ""


def _late(late: Mapping[str, Any] | None, back: int, late_days: int) -> str:
    if late:
        return f"补记：晚于生效日期 {late['days']} 天，理由：{late['reason']}"
    return f"补记：晚于生效日期 {back} 天" if back > late_days else ""


def _changes(right: Mapping[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
    """Keep of the right facts what differs from the record as it stood."""
    was = old.get("fields", {})
    fields = {k: x for k, x in right.get("fields", {}).items() if was.get(k) != x}
    rest = {k: x for k, x in right.items() if k != "fields" and old.get(k) != x}
    return {**rest, "fields": fields} if fields else rest


def _correct(
    kind: Kind, entries: dict[int, Entry], before: dict[int, Mapping[str, Any]], event: Event,
    names: Mapping[str, str], site: Site,
) -> None:  # fmt: skip
    who = names.get(event.actor, event.actor)
    asked = names.get(event.facts.get("asked_by", ""), event.facts.get("asked_by", ""))
    day = local_minute(event.recorded_at)[:10]
    request = entries.get(event.facts.get("settles", 0))
    reason = next((s.text for s in request.shown if s.code == "reason"), "") if request else ""
    note = f"{asked} 申请、{who} 批准" + (f"，理由：{reason}" if reason else "")
    for seq in event.facts.get("struck", ()):
        if seq in entries:
            entries[seq].struck = f"已于 {day} 撤销（第 {event.seq} 条）：{note}"
    change = event.facts.get("amended")
    if change and change["seq"] in entries:
        entry = entries[change["seq"]]
        new = [f"生效日期改为 {change['effective_on']}"] if change.get("effective_on") else []
        facts = _changes(change.get("facts") or {}, before[change["seq"]])
        new += [f"{s.label}改为“{s.text}”" for s in fact_texts(kind, entry.step, facts, site.tree)]
        entry.amended = f"已于 {day} 更正（第 {event.seq} 条）：{'；'.join(new)}。{note}"
