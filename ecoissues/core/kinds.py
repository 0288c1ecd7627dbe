"""List kinds as documents: the shapes a kind's TOML file decodes into.

A kind (清单类型) says in one file which states a case may be in, which steps lead where, who may
take them, what each needs, and which clocks run. Decoding is strict: an unknown key is refused.
The proof that a document is sound stands in ``kind_proof``, reading files in ``kind_documents``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any, Literal

from msgspec import Struct, field

from ecoissues.core.clock_rules import Rule, Unit
from ecoissues.core.kind_fields import Ask, CaseField, Field, Milestone

#: Stands for every state that is not void, in ``Step.sources`` ("from" in the document).
ANY_STATE = "*"

RELATIONS = frozenset({"handler", "office", "superior", "reader"})
SORTS = frozenset({"forward", "back", "note", "end"})
#: ``inner`` clocks are listed, lit and reminded of, but stand in no account of the figures.
CLOCK_SLOTS = frozenset({"report", "finish", "wait", "inner"})
#: Slots whose clocks the figures, the list and the board speak of.
COUNTED_SLOTS = frozenset({"report", "finish"})

#: Phases in which nothing more is due: an end of the case's life.
END_PHASES = frozenset({"closed", "reviewed", "void"})


class Wording(Struct, frozen=True, forbid_unknown_fields=True):
    """Name of something in both languages."""

    zh: str
    en: str


class State(Struct, frozen=True, forbid_unknown_fields=True):
    """One state a case of this kind may be in.

    ``phase``: the phase figures rely on. ``waits_for``: role that must act next (empty: nobody).
    ``work``: entering it begins a round of work: obligations met before no longer count.
    ``clockless``: why no clock runs in this open state (a sentence, required if none does).
    """

    code: str
    zh: str
    en: str
    phase: str
    waits_for: str = ""
    work: bool = False
    clockless: str = ""


class PlacedState(Struct, frozen=True, forbid_unknown_fields=True):
    """A state a case may be in on a further list, where its kind gives placements a life of their own.

    The first one is that of a case just placed. ``next``: the states it may go on to; without it any
    other, and from an end (closed, reviewed) none.
    """

    code: str
    zh: str
    en: str
    phase: str
    next: tuple[str, ...] = ()


class Advice(Struct, frozen=True, forbid_unknown_fields=True):
    """What is advised where at least ``earlier`` matters of the same site came before.

    ``zh``, ``en``: a sentence, in which ``{n}`` stands for how many. It never blocks a step.
    """

    earlier: int
    zh: str
    en: str


class EvidenceNeed(Struct, frozen=True, forbid_unknown_fields=True):
    """Files a step needs: at least ``least`` of ``stage`` on the case in this round of work.

    ``unless``: conditions under which the need falls away, each ``verdict:CODE`` or
    ``field:CODE`` (a flag that is set): an unsubstantiated letter has no after-picture.
    """

    stage: str
    least: int = 1
    unless: tuple[str, ...] = ()


class Extension(Struct, frozen=True, forbid_unknown_fields=True):
    """Limits of an extension: at most ``max_days`` each (``unit``: natural days or workdays), at
    most ``times`` times. ``by``: whose supervisor approves, ``superior`` (any above the responsible
    unit) or ``office`` (that of the list)."""

    max_days: int
    times: int = 1
    unit: Literal["days", "workdays"] = "days"
    by: Literal["superior", "office"] = "superior"


class Suspension(Struct, frozen=True, forbid_unknown_fields=True):
    """Limits of a suspension: at most ``max_days`` natural days each, at most ``times`` times; days
    beyond them count again, so that a forgotten suspension stops no clock for ever."""

    max_days: int
    times: int = 1


class LengthBy(Struct, frozen=True, forbid_unknown_fields=True):
    """Lengths of a clock by the value of a choice of the case: option -> length, one for each."""

    field: str
    lengths: dict[str, int]


class Clock(Struct, frozen=True, forbid_unknown_fields=True):
    """A deadline rule. ``slot`` is the account figures keep for it: report, finish, wait or inner.

    ``length``/``unit`` (days, workdays, hours, minutes) count from the effective day (and instant)
    of the step that starts it; length 0 means the date is promised by a field. ``receipt``: office
    hours, see ``core.clock_rules``. ``warn_workdays``/``urgent_workdays``: yellow and orange when
    at most so many workdays remain (-1: never). ``met_by``: phases, marks or ``step:CODE`` that
    stop it. ``length_by``: a choice of the case that says how long (``length`` where it says nothing),
    so that sort and deadline never disagree. ``waits``: a period that must have passed before a step with ``after_clock`` (public
    notice).
    """

    code: str
    zh: str
    en: str
    slot: str
    length: int = 0
    unit: Unit = "days"
    roll: bool = False
    counts_first: bool = False
    receipt: str = ""
    warn_workdays: int = 3
    urgent_workdays: int = -1
    met_by: tuple[str, ...] = ()
    waits: bool = False
    extension: Extension | None = None
    suspension: Suspension | None = None
    length_by: LengthBy | None = None

    def rule(self, fields: Mapping[str, Any] | None = None) -> Rule:
        """Give its rule of counting; ValueError for a promised one or a rule that cannot be.

        In: the field values of the case, where one of them says how long.
        """
        length = self.length
        if self.length_by is not None and fields:
            length = self.length_by.lengths.get(fields.get(self.length_by.field, ""), length)
        return Rule(
            length, self.unit, roll=self.roll, counts_first=self.counts_first,
            receipt=self.receipt,
        )  # fmt: skip


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """One step: from which states, to which ("" stays), by whom, with what, and its effects.

    In a file ``from`` may also say ``@PHASE``, all states of a phase; reading replaces it.
    ``fields`` are the step's own; ``asks`` names fields of the case, which reading adds behind them.

    ``by``: the relation the actor's unit must have to the case: handler (a party unit), office
    (the list's supervising office), superior (a supervision office above the responsible unit),
    reader (whoever may see it). ``requires``/``meets``/``drops``: obligations. ``signs``: it is a
    sign-off. ``other_than``: steps (of this round of work) whose actors may not take this one
    (four eyes). ``starts``: clocks set once, never restarted; ``resets``: clocks set anew;
    ``restarts``: clocks set from the second time the step is taken, so that a unit that gets a case
    bounced back by another has a period of its own;
    ``promises``: clock -> field with the date. ``reads``: date field -> text field
    whose words (2025年12月底) give the day where none is filled in. ``before_clock``: a clock that
    must not have run out (异议期). ``marks``: facts that become true. ``effect``: one
    of EFFECTS.
    ``bound``: at most so many times per case; ``loop_reason``: why a loop needs no bound.
    ``sort``: forward, back, note (stays), end (void). ``paper``: title of the paper that is printed
    of its record (督办通知单).
    """

    code: str
    zh: str
    en: str
    sources: tuple[str, ...] = field(name="from")
    to: str = ""
    roles: tuple[str, ...] = ()
    by: str = "handler"
    fields: tuple[Field, ...] = ()
    asks: tuple[Ask, ...] = ()
    evidence: tuple[EvidenceNeed, ...] = ()
    requires: tuple[str, ...] = ()
    meets: tuple[str, ...] = ()
    drops: tuple[str, ...] = ()
    signs: bool = False
    other_than: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()
    resets: tuple[str, ...] = ()
    restarts: tuple[str, ...] = ()
    promises: dict[str, str] = {}
    after_clock: str = ""
    before_clock: str = ""
    reads: dict[str, str] = {}
    marks: tuple[str, ...] = ()
    effect: str = ""
    bound: int = 0
    loop_reason: str = ""
    sort: str = "forward"
    hint: str = ""
    paper: str = ""


#: What a step does beside moving the state. Everything else is described by its data alone.
EFFECTS = frozenset(
    {
        "",
        "register",  # first event of a case; ``from`` is empty
        "assign",  # sets the parties from the field ``units`` (list of [unit code, party])
        "classify",  # sets types / weight
        "place",  # puts the case on a further list (field list_code)
        "unplace",  # takes it off again
        "advance",  # moves its own standing on such a list (fields list_code, standing, reason)
        "merge",  # follows the main case named in field target_case from now on
        "unmerge",  # restores the standing it had before it was merged
        "chase",  # 催办
        "instruct",  # 领导批示，must be answered
        "answer",  # answers an instruction (field event = its sequence)
        "plan",  # sets the case's milestones (field milestones)
        "reach",  # one of them is reached (fields milestone, done_on)
        "ask_extension",
        "extend",  # approves the pending request
        "refuse_extension",
        "ask_suspension",
        "suspend",  # approves the pending request: the clock stands from the day it was asked
        "refuse_suspension",
        "resume",  # the clock goes on
        "withdraw_request",  # the asker takes an extension, suspension or correction back
        "recount",  # accepts a proposal: a changed calendar or rule gives another day
        "order",  # 督办, must be answered
        "answer_order",
        "escalate",  # 通报, 督察建议函, 约谈: a person's decision, with its paper
        "ask_correction",
        "correct",  # approves: writes amend or strike
        "refuse_correction",
        "amend",  # written by ``correct`` only
        "strike",  # written by ``correct`` only
    }
)


class Kind(Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """A list kind: its wording, states, steps and clocks; one version of one document.

    ``fields``: what every case has of its own. ``milestones``: parts of every case's work with days
    of their own; ``planned``: each case states its own ones. ``children``: code of the kind whose
    cases may be parts of this one's. ``placed_states``: what a case may be in on a further list;
    without them such a list shows the case's own state. ``site_field``: code of the text that names
    the site, by which earlier matters of it are found; ``advice``: what so many of them advise.
    """

    code: str
    version: int
    wording: Wording
    states: tuple[State, ...]
    steps: tuple[Step, ...]
    clocks: tuple[Clock, ...] = ()
    number_patterns: tuple[str, ...] = ()
    on_time_clock: str = "finish"
    form: str = ""  # the ledger form of exports/forms
    figures: tuple[str, ...] = ()
    extends: str = ""
    fields: tuple[CaseField, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    planned: bool = False
    children: str = ""
    placed_states: tuple[PlacedState, ...] = ()
    site_field: str = ""
    advice: tuple[Advice, ...] = ()

    def advice_for(self, earlier: int) -> str:
        """Give the sentence that so many earlier matters of a site call for, "" for none."""
        fitting = [one for one in self.advice if one.earlier <= earlier]
        best = max(fitting, key=lambda one: one.earlier, default=None)
        return best.zh.replace("{n}", str(earlier)) if best else ""

    @cached_property
    def placed_by_code(self) -> dict[str, PlacedState]:
        """States of placements by code."""
        return {state.code: state for state in self.placed_states}

    def placed_after(self, code: str) -> tuple[str, ...]:
        """Give the states a placement may go on to from one of them (or "": just known to stand)."""
        state = self.placed_by_code.get(code)
        if state is not None and (state.next or state.phase in END_PHASES):
            return state.next
        return tuple(other.code for other in self.placed_states if other.code != code)

    @cached_property
    def state_by_code(self) -> dict[str, State]:
        """States by code."""
        return {state.code: state for state in self.states}

    @cached_property
    def step_by_code(self) -> dict[str, Step]:
        """Steps by code."""
        return {step.code: step for step in self.steps}

    @cached_property
    def clock_by_code(self) -> dict[str, Clock]:
        """Clocks by code."""
        return {clock.code: clock for clock in self.clocks}

    @cached_property
    def field_by_code(self) -> dict[str, CaseField]:
        """The kind's own fields by code."""
        return {item.code: item for item in self.fields}

    @cached_property
    def word_fields(self) -> tuple[str, ...]:
        """Codes of the kind's own fields that hold words: a case is found by them."""
        return tuple(f.code for f in self.fields if f.type in ("text", "long_text", "place"))

    @cached_property
    def weighing(self) -> str:
        """Code of the own flag that says whether a case is a key one, "" where none does."""
        return next((item.code for item in self.fields if item.weighs), "")

    @cached_property
    def measuring(self) -> frozenset[str]:
        """Codes of the own choices that say how long a clock is."""
        return frozenset(c.length_by.field for c in self.clocks if c.length_by is not None)

    @property
    def has_plan(self) -> bool:
        """Whether its cases have milestones."""
        return self.planned or bool(self.milestones)

    def sources_of(self, step: Step) -> tuple[str, ...]:
        """Give the states a step may start from, in the document's order; () for the first step.

        ``*`` stands for every state that is not void.
        """
        named = set(step.sources)
        every = ANY_STATE in named
        return tuple(
            state.code
            for state in self.states
            if state.code in named or (every and state.phase != "void")
        )

    def phase_of(self, state: str) -> str:
        """Give the phase of a state; raises KeyError for a state the kind does not have."""
        return self.state_by_code[state].phase
