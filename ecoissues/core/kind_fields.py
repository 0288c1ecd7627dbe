"""What a kind's document may ask people for: fields of the case, fields of one step, milestones."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

#: What a step's form control may be; see ``Field``.
FIELD_TYPES: Final = frozenset(
    {
        "text",
        "long_text",
        "date",
        "month",
        "choice",
        "choices",
        "number",
        "amount",
        "people",
        "place",
        "flag",
        "units",
        "outcomes",
        "case",
        "list",
        "event",
        "milestones",
    }
)

#: What a field of the case (``[[fields]]``) may be: values of their own, nothing with an effect.
CASE_FIELD_TYPES: Final = FIELD_TYPES - {
    "units",
    "outcomes",
    "case",
    "list",
    "event",
    "milestones",
}

#: Word lists a page fills from the site, not from the vocabulary: the clocks of the kind that may
#: be extended, the districts of the unit tree, the milestones of the case.
SITE_WORDS: Final = frozenset({"clocks", "regions", "milestones"})

#: The word list of a choice among the kind's states of placements.
PLACED_STATES: Final = "placed_states"

#: The field that holds a case's milestones, and the beginning of those that say when one was met.
MILESTONES: Final = "milestones"
REACHED: Final = "milestone:"


class Option(Struct, frozen=True, forbid_unknown_fields=True):
    """One value of a choice that belongs to this document alone."""

    code: str
    zh: str
    en: str


class Field(Struct, frozen=True, forbid_unknown_fields=True):
    """One value a step's form asks for.

    ``type``: one of FIELD_TYPES. ``words``: the word list of a choice (the vocabulary's or one of
    SITE_WORDS); ``options``: its values where the document states them itself. ``initial``: shown
    value is the case's current one. ``unit``: what a number counts (平方米), printed beside it.
    """

    code: str
    zh: str
    en: str
    type: str = "text"
    required: bool = False
    words: str = ""
    options: tuple[Option, ...] = ()
    hint: str = ""
    initial: bool = False
    unit: str = ""


class CaseField(Struct, frozen=True, forbid_unknown_fields=True):
    """A field of its own that every case of the kind has; steps ask for it by its code.

    ``type``: one of CASE_FIELD_TYPES. ``column``: shown as a column of the kind's ledger and offered
    first among the columns of the list. ``headers``: further names it has in the heads of sheets.
    ``weighs``: a flag that says whether the case is a key one (重点); it and the weight never disagree.
    """

    code: str
    zh: str
    en: str
    type: str = "text"
    unit: str = ""
    words: str = ""
    options: tuple[Option, ...] = ()
    hint: str = ""
    column: bool = False
    headers: tuple[str, ...] = ()
    weighs: bool = False

    @property
    def label(self) -> str:
        """The name with its unit: 面积（平方米）."""
        return f"{self.zh}（{self.unit}）" if self.unit else self.zh

    def field(self, *, required: bool = False, initial: bool = False) -> Field:
        """Give the field as a step's form asks for it."""
        return Field(
            self.code, self.zh, self.en, self.type, required, self.words, self.options,
            self.hint, initial, self.unit,
        )  # fmt: skip


class Ask(Struct, frozen=True, forbid_unknown_fields=True):
    """That a step asks for a field of the case. After registration it shows what stands."""

    field: str
    required: bool = False


class Milestone(Struct, frozen=True, forbid_unknown_fields=True):
    """A part of every case's work with a day of its own (a quarter's share of a yearly task).

    ``due``: month and day, ``MM-DD``, in the year the plan is made for; "" where each case states
    its own. ``after``: milestones that must be reached before it.
    """

    code: str
    zh: str
    en: str
    due: str = ""
    after: tuple[str, ...] = ()
