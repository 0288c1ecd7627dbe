"""What a row of a sheet would do on a list: register, update, nothing, or be refused and why.

No kind is named here: a row's values find their way by field codes. What the kind's first step asks
goes into the registration; what remains of the sheet (investigation, verdict, handling …) is
recorded beside it as stated by the sheet. A sheet never closes a case: "已办结" in a cell is kept
as a statement (``stated_finished``) and told as a doubt, since closing needs evidence and signatures
(谁验收谁负责, in every acceptance rule seen).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final, Literal

import msgspec

from ecoissues.core import workflow
from ecoissues.core.errors import Refused
from ecoissues.core.kinds import Kind, Step
from ecoissues.core.units import Unit, UnitTree
from ecoissues.core.values import Bad, clean_value, clean_values
from ecoissues.core.vocabulary import DONE_PHASES, find_key, word
from ecoissues.intake.compare import alike
from ecoissues.intake.layout import Note
from ecoissues.intake.regions import RegionNames
from ecoissues.intake.rows import IntakeRow, Needs, Problem
from ecoissues.intake.text import squeeze
from ecoissues.intake.words import find_word
from ecoissues.services.site import Site
from ecoissues.storage.reference import ListRow

Standing = Literal["new", "changed", "same", "refused"]

#: Values of a sheet that are kept as fields when the first step does not ask for them.
CARRIED: Final = (
    "investigation", "handling", "situation", "accountability", "remark", "handling_sort",
    "address", "source", "goal", "measures", "deadline_text", "superior_number", "site",
    "content", "region", "published_on", "finished_text", "progress_text", "verdict_text",
)  # fmt: skip
#: Values that move a track of the case.
TRACKS: Final = ("verdict", "progress", "types", "weight")
#: Where the day of receipt is taken from when its own column is missing, first one filled.
_DAYS: Final = ("received_on", "handed_over_on", "published_on", "notice_from")
#: The field that keeps what a sheet says about being finished.
STATED: Final = "stated_finished"


class Plan(msgspec.Struct):
    """A row with its decision. ``own``: the kind's own fields, cleaned; ``written``: as the sheet has
    them. ``lacking``: what only a new case must have; ``due``: the day by which the sheet says it is due;
    ``assumed``: values that the sheet does not state.
    ``values``: for the first step; ``facts``: stated beside it;
    ``units``: parties to transfer to; ``differences``: field -> (old, new) of a changed case."""

    line: int
    number: str
    standing: Standing
    content: str
    values: dict[str, Any] = {}
    facts: dict[str, Any] = {}
    units: list[list[str]] = []
    differences: dict[str, tuple[Any, Any]] = {}
    problems: list[Problem] = []
    notes: list[Note] = []
    day: date | None = None
    handed_over_on: date | None = None
    case_id: int = 0
    own: dict[str, Any] = {}
    written: dict[str, Any] = {}
    lacking: list[Problem] = []
    due: date | None = None
    assumed: tuple[str, ...] = ()

    def settle(self) -> None:
        """Refuse a new row for what it lacks; a case that stands has it already."""
        self.problems, self.lacking = [*self.problems, *self.lacking], []
        if self.problems:
            self.standing = "refused"

    def refuse(self, field: str, code: str, sentence: str) -> None:
        """Add a reason why the row is not taken."""
        self.problems.append(Problem(field, code, sentence))
        self.standing = "refused"

    def note(self, field: str, code: str, sentence: str) -> None:
        """Add something to know that refuses nothing."""
        made = Note(code, sentence, self.line, field)
        if made not in self.notes:  # a row is compared in the preview and again when it is written
            self.notes.append(made)


class Planner:
    """Makes plans for the rows of one list; names are looked up once for all of them."""

    def __init__(self, site: Site, home: ListRow, *, transfer: bool = True) -> None:
        self.site, self.home, self.transfer = site, home, transfer
        self.kind: Kind = site.kind_of(home.kind, home.kind_version)
        self.first: Step = next(s for s in self.kind.steps if s.effect == "register")
        self.onward = _onward(self.kind, self.first.to)
        self.fields = {field.code: field for field in self.first.fields}
        tops = {unit.name: unit.code for unit in site.tree.tops()}
        tops.update({unit.short: unit.code for unit in site.tree.tops() if len(unit.short) > 1})
        local = _local_names(site.tree)
        self.regions = RegionNames({**local, **tops})
        self.units = RegionNames({**local, **_unit_names(site.tree.by_id.values())})
        self.today = site.today()
        self.phases = {squeeze(state.zh): state.phase for state in self.kind.placed_states}
        self.phases.update((squeeze(state.zh), state.phase) for state in self.kind.states)

    def needs(self, *, number_from_ordinal: bool = False) -> Needs:
        """Give what the rows are read against."""
        return Needs(
            patterns=self.kind.number_patterns, number_from_ordinal=number_from_ordinal,
            regions=self.regions, units=self.units,
        )  # fmt: skip

    def plan(self, row: IntakeRow, dated: date | None) -> Plan:
        """Decide on a row as if no case of its number stood yet. ``dated``: day in the title."""
        values = row.values
        plan = Plan(
            line=row.line, number=values.get("number", ""),
            standing="refused" if row.problems else "new",
            content=" ".join(str(values.get("content", "")).split())[:80],
            problems=list(row.problems), notes=list(row.notes),
        )  # fmt: skip
        if row.problems:
            return plan
        stated = self._named(values, plan)
        plan.due = stated.get("deadline_on")
        self._register_values(plan, stated, dated)
        self._carried(plan, stated)
        self._own(plan, stated)
        if not plan.problems:
            self._parties(plan, values)
            self._check(plan)
        return plan

    def _named(self, values: Mapping[str, Any], plan: Plan) -> dict[str, Any]:
        """Give the row's values with regions by their full names and a channel from the source; what
        names a state of the kind is what the sheet says about being finished."""
        stated = dict(values)
        for code in ("progress", "finished"):
            phase = self.phases.get(squeeze(str(stated.get(f"{code}_text", ""))))
            if phase is not None:
                del stated[f"{code}_text"]
                plan.notes = [note for note in plan.notes if note.code != f"{code}_unknown"]
                if phase != "void":
                    stated.setdefault("finished", "closed" if phase == "reviewed" else phase)
        tree = self.site.tree
        if values.get("regions"):
            stated["region"] = "、".join(tree.by_code[code].name for code in values["regions"])
        flag = self.kind.weighing
        if flag and stated.get("weight") and flag not in stated:
            stated[flag] = "是" if stated["weight"] == "key" else "否"
        if "channel" not in stated and stated.get("source"):
            source = str(stated["source"])
            if found := _channel_of(source):
                stated["channel"] = found
        return stated

    def _register_values(
        self, plan: Plan, stated: Mapping[str, Any], dated: date | None
    ) -> None:
        values = {code: stated[code] for code in self.fields if code in stated and code != "units"}
        values["number"] = plan.number
        plan.day = next((stated[code] for code in _DAYS if stated.get(code)), None) or dated
        if plan.day is None and stated.get("received_on_text"):
            # The day of receipt decides the month a case counts in: none is made up for one that
            # the sheet states and nobody can read.
            shown = str(stated["received_on_text"])[:40]
            plan.day = self.today
            sentence = f"受理日期“{shown}”不是明确的日期，也没有别的日期可依；请写成 2024-05-30 的样子。"
            plan.lacking = [*plan.lacking, Problem("received_on", "received_unclear", sentence)]
        elif plan.day is None:
            plan.day = self.today
            plan.note("received_on", "received_assumed", f"表中没有受理日期，按导入当日 {self.today} 登记")
        elif "received_on" not in stated:
            plan.note("received_on", "received_from_other", f"表中没有受理日期，按 {plan.day} 登记，请核对")
        if plan.day > self.today:
            plan.refuse("received_on", "future_day", f"日期 {plan.day} 晚于今天 {self.today}；请核对年份。")
        plan.handed_over_on = stated.get("handed_over_on")
        if "received_on" in self.fields:
            values["received_on"] = plan.day
        if "types" in self.fields and not values.get("types"):
            values["types"] = ["other"]
            plan.assumed = (*plan.assumed, "types")
            if self.fields["types"].required:
                plan.note("types", "types_missing", "表中没有问题类型，归入“其他”")
        for code, field in self.fields.items():
            if field.required and not values.get(code) and code != "number":
                sentence = f"缺少“{field.zh}”；请补填后再导入。"
                plan.lacking = [*plan.lacking, Problem(code, f"{code}_missing", sentence)]
        plan.values = values

    def _carried(self, plan: Plan, stated: Mapping[str, Any]) -> None:
        fields = {
            code: stated[code].isoformat() if isinstance(stated[code], date) else stated[code]
            for code in CARRIED
            if stated.get(code) and code not in self.fields and code not in self.kind.field_by_code
        }
        finished = stated.get("finished")
        if finished:
            fields[STATED] = finished
        plan.facts = {code: stated[code] for code in ("verdict", "progress") if stated.get(code)}
        if fields:
            plan.facts["fields"] = fields
        if finished in ("closed", "completed", "phase_closed"):
            shown = word("phases", finished)
            plan.note(
                "finished", "finished_stated",
                f"表中写“{shown}”，系统只作记录，不代为办结：办结须有证据和签字",
            )  # fmt: skip

    def _own(self, plan: Plan, stated: Mapping[str, Any]) -> None:
        """Clean the kind's own fields; those its first step does not ask for are stated beside it."""
        for item in self.kind.fields:
            if item.code not in stated:
                continue
            plan.written[item.code] = stated[item.code]
            try:
                value = clean_value(item.field(), stated[item.code], self.site.tree)
            except Bad as bad:
                plan.refuse(item.code, f"{item.code}_invalid", f"{item.zh}：{bad}")
                continue
            plan.own[item.code] = value
            if item.code not in self.fields:
                plan.facts.setdefault("fields", {})[item.code] = value
                if item.weighs:
                    plan.facts["weight"] = "key" if value else "normal"

    def _parties(self, plan: Plan, values: Mapping[str, Any]) -> None:
        """Name the units a row may be transferred to: its units, else its districts."""
        supervising = [*values.get("supervising_unit_codes", ())]
        lead = [*values.get("unit_codes", ())]
        if lead or not values.get("lead_unit_codes"):
            supervising = [*supervising, *values.get("lead_unit_codes", ())]
        else:
            lead = list(values["lead_unit_codes"])
        handling = dict.fromkeys([*(lead or values.get("regions", ()))])
        if not handling:
            return
        handling.update(dict.fromkeys(values.get("joint_units_codes", ())))
        parties = [[code, "joint" if place else "lead"] for place, code in enumerate(handling)]
        parties += [[c, "supervising"] for c in dict.fromkeys(supervising) if c not in handling]
        plan.units = parties

    def _check(self, plan: Plan) -> None:
        """Ask the first step's own rules for every value, so that commit meets no surprise."""
        try:
            clean_values(self.first.fields, plan.values, self.site.tree, self.first.zh)
        except Refused as refused:
            missing = {problem.field for problem in plan.lacking}
            errors = refused.facts.get("errors", {"number": refused.sentence})
            for code, sentence in ((c, s) for c, s in errors.items() if c not in missing):
                plan.refuse(code, f"{code}_invalid", sentence)

    def onward_values(self, plan: Plan) -> dict[str, Any] | None:
        """Give the values of the transfer that follows a registration; None: it does not follow.

        Not when the sheet calls the case finished, nor when the step needs what no column gives.
        """
        if not (self.transfer and plan.units and self.onward):
            return None
        if plan.facts.get("fields", {}).get(STATED) in ("closed", "completed", "phase_closed"):
            return None
        known = {**plan.values, **plan.facts.get("fields", {}), **plan.written, "units": plan.units}
        values = {f.code: known[f.code] for f in self.onward.fields if known.get(f.code)}
        missing = [f.zh for f in self.onward.fields if f.required and f.code not in values]
        return None if missing else values

    def compare(self, plan: Plan, existing: Mapping[str, Any]) -> None:
        """Turn the plan for a new case into one for the case that stands: changed or same.

        In: the case's row as the ledger prints it (``ledger_rows``), so that a sheet this system
        wrote compares as equal. Parties and deadlines are told, never changed by a sheet: they
        move by transfer and approval.
        """
        stated = {**plan.values, **plan.facts, **plan.facts.get("fields", {})}
        changed: dict[str, tuple[Any, Any]] = {}
        for code in (*TRACKS, *CARRIED):
            new, old = stated.get(code), existing.get(code)
            if code in self.kind.field_by_code:
                continue
            if not new or code == "published_on" or code in plan.assumed:
                continue
            if code == "deadline_text" and plan.due and alike(existing.get("due_on"), plan.due):
                continue
            if code == "source" and old is None and _channel_of(str(new)) == existing.get("channel"):
                continue  # the sheet says where it came from in the word of the channel
            if not alike(old, new):
                changed[code] = (old, new)
        before = existing.get("fields", {})
        for code, value in plan.own.items():
            was = before.get(code)
            if was == value or (isinstance(value, str) and alike(was, value)):
                continue
            if code in self.kind.measuring:
                name = self.kind.field_by_code[code].zh
                plan.note(code, "measures_clock", f"“{name}”决定时限，请在事项中办理，本行不改")
                continue
            changed[code] = (was, value)
        self._compare_finished(stated, existing, changed)
        self._compare_parties(plan, existing)
        plan.differences = changed
        plan.standing = "changed" if changed else "same"

    def _compare_finished(
        self, stated: Mapping[str, Any], existing: Mapping[str, Any], changed: dict[str, Any]
    ) -> None:
        new = stated.get(STATED)
        if new and _class(new) not in (_class(existing["phase"]), _class(existing.get(STATED))):
            changed[STATED] = (existing.get(STATED), new)

    def _compare_parties(self, plan: Plan, existing: Mapping[str, Any]) -> None:
        named = [c for c, party in plan.units if party != "supervising"]
        told = any(note.code == "unit_differs" for note in plan.notes)
        if told or not named or set(named) & set(existing.get("unit_codes", ())):
            return
        tree = self.site.tree
        below = {tree.by_id[tree.by_code[c].top_id].code for c in existing.get("unit_codes", ())}
        if not set(named) & below:
            shown = "、".join(tree.by_code[code].name for code in named)
            plan.note(
                "unit", "unit_differs",
                f"表中单位为“{shown}”，系统中为“{existing.get('unit') or '未定'}”；改派请在事项中办理",
            )  # fmt: skip


def _channel_of(source: str) -> str | None:
    found = find_word("channels", source) or find_key("channels", source)
    return found or ("inspection" if "督察" in source else None)


def _class(phase: Any) -> str:
    """Sheets have one word for all that is done."""
    return "done" if phase in DONE_PHASES else str(phase or "")


def _onward(kind: Kind, state: str) -> Step | None:
    """Give the step that hands a registered case over: it assigns units and moves it on."""
    steps: Sequence[Step] = workflow.possible_steps(kind, state)
    return next((s for s in steps if s.effect == "assign" and s.to and s.sort == "forward"), None)


def _local_names(tree: UnitTree) -> dict[str, str]:
    """Give the districts' names without the city's before them: 重庆高新区 is written 高新区."""
    city = (tree.root.name, tree.root.short)
    local: dict[str, str] = {}
    for unit in tree.tops():
        for head in city if unit.kind == "district" else ():
            rest = unit.short.removeprefix(head)
            if len(rest) > 1:
                local.setdefault(rest, unit.code)
    return local


def _unit_names(units: Any) -> dict[str, str]:
    """Give the names that mean one unit only: full names first, short ones where unambiguous."""
    names: dict[str, str] = {}
    short: dict[str, list[Unit]] = {}
    for unit in units:
        names[unit.name] = unit.code
        short.setdefault(unit.short, []).append(unit)
    for name, found in short.items():
        if len(found) == 1 and len(name) > 1:
            names.setdefault(name, found[0].code)
    return names
