"""Verifying a site: the whole log walked, everything derived from it computed anew and compared.

Sorts of faults are told apart by their code: the chain (``digest``, ``previous``, ``order``,
``position`` …), the standing of a case (``state``, ``projection``, ``deadline`` …), files (``file_missing``) and
figures (``postings``, ``sums``). The first break is that with the lowest log position.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, func, select

from ecoissues.core.digests import event_digest
from ecoissues.core.errors import Refused
from ecoissues.core.events import MOVE_STEP, Event, live
from ecoissues.core.life import fold
from ecoissues.services import editions, verifying_sums
from ecoissues.services.projecting import projection
from ecoissues.services.recording import case_key
from ecoissues.services.site import Site
from ecoissues.services.verifying_clocks import proof_faults
from ecoissues.storage import kind_versions, triggers
from ecoissues.storage import tables as t
from ecoissues.storage.log import event_of_row

#: Faults told one by one; further ones are only counted.
MOST_FAULTS: Final = 1_000
_CHUNK: Final = 400

Progress = Callable[[int, int], None]


class Fault(msgspec.Struct, frozen=True):
    """Something that is not as the log says. ``case``: LIST/NUMBER, empty for the whole site;
    ``seq`` and ``pos``: the event, 0 for none."""

    code: str
    sentence: str
    case: str = ""
    seq: int = 0
    pos: int = 0


class Report(msgspec.Struct):
    """What ``verify`` found: faults in the order of the log, what was counted, the end of the log.

    ``counts``: events, cases, files, faults. ``head``: (position, instant, digest of the last
    event): write it down elsewhere, and a cut tail will be noticed later.
    """

    faults: list[Fault] = []
    counts: dict[str, int] = {}
    head: tuple[int, str, str] = (0, "", "")

    @property
    def sound(self) -> bool:
        """Whether nothing was found."""
        return not self.faults

    @property
    def first(self) -> Fault | None:
        """The first break: the fault with the lowest log position, else the first one at all."""
        return self.faults[0] if self.faults else None


class _Found:
    """Faults under collection."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.count = 0

    def add(self, code: str, sentence: str, case: str = "", seq: int = 0, pos: int = 0) -> None:
        self.count += 1
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Fault(code, sentence, case, seq, pos))


_EVENT = (
    "case_id", "seq", "pos", "prev_seq", "step", "from_state", "to_state", "phase", "actor",
    "role", "effective_on", "recorded_at", "facts", "unit", "channel", "digest", "previous",
)  # fmt: skip
_EVENT_COLUMNS = [t.events.c[name] for name in _EVENT]
#: Order in which ``log.event_of_row`` wants the columns.
_LOG_ORDER = (
    "seq", "pos", "step", "from_state", "to_state", "phase", "actor", "role", "effective_on",
    "recorded_at", "facts", "unit", "channel", "digest", "previous",
)  # fmt: skip


def verify(site: Site, progress: Progress | None = None) -> Report:
    """Walk the whole log in one consistent snapshot and name everything that does not agree.

    In: ``progress`` is told (cases done, cases in all). Out: the report; nothing is written and
    nothing is repaired. A database that cannot be read at all raises what its engine raises.
    """
    site.refresh()
    found = _Found()
    with site.store.reading() as connection:
        counts = {"events": 0, "cases": 0, "files": 0}
        for name in triggers.faults(connection):
            found.add("law", f"数据库约束 {name} 缺失或被改动。")
        _check_kinds(connection, found)
        _check_places(connection, found)
        head = _check_head(connection, found)
        total = int(connection.execute(select(func.count()).select_from(t.cases)).scalar_one())
        for rows in _cases(connection):
            _check_chunk(site, connection, rows, found, counts)
            counts["cases"] += len(rows)
            if progress:
                progress(counts["cases"], total)
        counts["files"] = _check_files(site, connection, found)
        for code, sentence in verifying_sums.faults(site, connection):
            found.add(code, sentence)
        for sentence in editions.faults(site, connection):
            found.add("edition", sentence)
    counts["faults"] = found.count
    end = 2**62
    ordered = sorted(found.faults, key=lambda fault: fault.pos or end)
    return Report(ordered, counts, head)


def _cases(connection: Connection) -> Iterator[Sequence[Any]]:
    """Give the rows of all cases in chunks, by id."""
    last = 0
    query = select(t.cases).order_by(t.cases.c.id).limit(_CHUNK)
    while rows := connection.execute(query.where(t.cases.c.id > last)).mappings().all():
        last = rows[-1]["id"]
        yield rows


def _check_places(connection: Connection, found: _Found) -> None:
    """Positions are gap-free from 1 and in time order; every event has its case."""
    expected, before = 1, ""
    query = select(t.events.c.pos, t.events.c.recorded_at).order_by(t.events.c.pos)
    for pos, recorded_at in connection.execute(query):
        if pos != expected:
            found.add("position", f"日志第 {expected} 位缺失（其后为第 {pos} 位）。", pos=pos)
            expected = pos
        if recorded_at < before:
            found.add("order", f"日志第 {pos} 位的记录时间早于前一位。", pos=pos)
        expected, before = expected + 1, max(before, recorded_at)
    orphans = (
        select(t.events.c.case_id, t.events.c.seq, t.events.c.pos)
        .outerjoin(t.cases, t.cases.c.id == t.events.c.case_id)
        .where(t.cases.c.id.is_(None))
        .order_by(t.events.c.pos)
    )
    for case_id, seq, pos in connection.execute(orphans):
        sentence = f"日志第 {pos} 位属于不存在的事项（内部编号 {case_id}）。"
        found.add("orphan_event", sentence, seq=seq, pos=pos)


def _check_head(connection: Connection, found: _Found) -> tuple[int, str, str]:
    query = select(t.events.c.pos, t.events.c.recorded_at, t.events.c.digest)
    last = connection.execute(query.order_by(t.events.c.pos.desc()).limit(1)).first()
    head = connection.execute(select(t.head.c.pos, t.head.c.recorded_at)).first()
    end = (int(last.pos), str(last.recorded_at), str(last.digest)) if last else (0, "", "")
    if head is None:
        found.add("head", "日志末位记录缺失。")
    elif head.pos != end[0] or (last is not None and head.recorded_at != end[1]):
        sentence = f"日志末位登记为第 {head.pos} 位，实际最后一条为第 {end[0]} 位；末尾可能被截断。"
        found.add("head", sentence, pos=min(head.pos, end[0]) + 1)
    return end


def _check_chunk(
    site: Site,
    connection: Connection,
    cases: Sequence[Any],
    found: _Found,
    counts: dict[str, int],
) -> None:
    ids = [row["id"] for row in cases]
    query = select(*_EVENT_COLUMNS).where(t.events.c.case_id.in_(ids))
    logs: dict[int, list[Any]] = {case_id: [] for case_id in ids}
    for event in connection.execute(query.order_by(t.events.c.case_id, t.events.c.seq)).mappings():
        logs[event["case_id"]].append(event)
        counts["events"] += 1
    aside = verifying_sums.Aside(site, connection, ids)
    for case in cases:
        _check_case(site, case, logs[case["id"]], aside, found)


def _check_case(
    site: Site, case: Any, log: list[Any], aside: verifying_sums.Aside, found: _Found
) -> None:
    home = site.lists[case["list_id"]]
    key = case_key(home.code, case["number"], case["part"])
    if not log:
        found.add("no_event", "事项没有任何日志记录，状态无依据。", key)
        return
    _check_chain(home.code, case, key, log, found)
    last = log[-1]
    at = {"case": key, "seq": last["seq"], "pos": last["pos"]}
    try:
        events = [event_of_row([row[name] for name in _LOG_ORDER]) for row in log]
        kind = site.kind_of(case["kind"], case["kind_version"])
        standing = live(events)
        life = fold(standing)
        wanted = projection(kind, life, site.tree, aside.merged(life.merged_into))
    except (KeyError, ValueError, TypeError, StopIteration, Refused) as error:
        found.add("unreadable", f"日志内容无法重算（{type(error).__name__}:{error}）。", **at)
        return
    for sentence in _version_faults(events, case["kind_version"]):
        found.add("kind_version", sentence, **at)
    if (case["state"], case["version"]) != (last["to_state"], last["seq"]):
        sentence = f"事项当前状态为 {case['state']}（第 {case['version']} 版），日志末条为 {last['to_state']}（第 {last['seq']} 版）。"
        found.add("state", sentence, **at)
    if (case["state"], case["phase"]) != (life.state, life.phase):
        sentence = f"按日志重算应为 {life.state}/{life.phase}，登记为 {case['state']}/{case['phase']}。"
        found.add("replay", sentence, **at)
    for name, value in wanted.items():
        if case[name] != value:
            sentence = f"“{name}”登记为 {_short(case[name])}，按日志重算为 {_short(value)}。"
            found.add("projection", sentence, **at)
    for code, sentence in aside.differences(case["id"], home.code, standing, life):
        found.add(code, sentence, **at)
    for event, sentence in proof_faults(site, events):
        found.add("deadline", sentence, key, event.seq, event.pos)
    known = aside.files(case["id"])
    for event in events:
        for file in event.facts.get("evidence", ()):
            if (event.seq, file.get("sha256"), file.get("stage")) not in known:
                sentence = f"附件“{file.get('name')}”没有登记。"
                found.add("evidence_row", sentence, key, event.seq, event.pos)


def _version_faults(events: Sequence[Event], version: int) -> Iterator[str]:
    """Each move leaves the version that stood, and the last one leads to the case's own."""
    held = None
    for event in events:
        if event.step == MOVE_STEP:
            moved = event.facts["kind"]
            if held is not None and moved["was"] != held:
                yield f"第 {event.seq} 条迁移自第 {moved['was']} 版，此前为第 {held} 版。"
            held = moved["version"]
    if held is not None and held != version:
        yield f"类型版本登记为第 {version} 版，按日志重算为第 {held} 版。"


def _check_kinds(connection: Connection, found: _Found) -> None:
    """The kept text of each version in use is as it was when its first case came."""
    for (code, version), kept in kind_versions.read_kept(connection).items():
        if hashlib.sha256(kept.document.encode()).hexdigest() != kept.digest:
            found.add("kind_document", f"清单类型 {code} 第 {version} 版保存的内容与摘要不符。")


def _short(value: Any) -> str:
    text = str(value)
    return f"“{text[:30]}…”" if len(text) > 32 else f"“{text}”"


def _check_chain(list_code: str, case: Any, key: str, log: list[Any], found: _Found) -> None:
    """Digest recomputed, previous chained, sequence and states without a gap."""
    previous, state = "", ""
    for expected, row in enumerate(log, 1):
        at = {"case": key, "seq": row["seq"], "pos": row["pos"]}
        covered = {**row, "list": list_code, "number": case["number"], "part": case["part"]}
        if row["seq"] != expected:
            found.add("sequence", f"第 {expected} 条记录缺失（其后为第 {row['seq']} 条）。", **at)
            return
        if event_digest(covered) != row["digest"]:
            found.add("digest", "内容与摘要不符：该条记录被改动过。", **at)
        if row["previous"] != previous:
            found.add("previous", "与上一条记录的摘要衔接不上：上一条被改动或替换过。", **at)
        if row["from_state"] != state or row["prev_seq"] != (expected - 1 or None):
            found.add("chain", "前后状态衔接不上。", **at)
        previous, state = row["digest"], row["to_state"]


def _check_files(site: Site, connection: Connection, found: _Found) -> int:
    """Every file named by a case is in the store with its content as it was."""
    query = select(
        t.evidence.c.sha256, func.min(t.evidence.c.name), func.min(t.evidence.c.case_id),
        func.min(t.evidence.c.seq), func.min(t.evidence.c.size),
    ).group_by(t.evidence.c.sha256)  # fmt: skip
    count = 0
    for sha256, name, case_id, seq, size in connection.execute(query).all():
        count += 1
        place = connection.execute(
            select(t.cases.c.list_id, t.cases.c.number, t.cases.c.part, t.events.c.pos)
            .outerjoin(
                t.events, (t.events.c.case_id == t.cases.c.id) & (t.events.c.seq == seq)
            )
            .where(t.cases.c.id == case_id)
        ).first()
        key = case_key(site.lists[place.list_id].code, place.number, place.part) if place else ""
        try:
            content = site.blobs.get(sha256)
        except Refused as refused:
            pos = (place.pos if place else 0) or 0
            found.add("file_missing", f"附件“{name}”：{refused.sentence}", key, seq, pos)
            continue
        if len(content) != size:
            found.add("file_size", f"附件“{name}”大小与登记不符。", key, seq)
    return count
