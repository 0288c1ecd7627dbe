"""Documents whose states on further lists, or key flags, are wrong; as ``broken_fields``."""

from __future__ import annotations

from tests.core.broken_fields import COMMON, FIELD, asking
from tests.core.kind_samples import DRILL, changed

PLACED = """
[[placed_states]]
code = "put"
zh = "刚列入"
en = "Put"
phase = "open"
next = ["taken"]

[[placed_states]]
code = "taken"
zh = "已接手"
en = "Taken"
phase = "completed"
next = ["over"]

[[placed_states]]
code = "over"
zh = "清单办结"
en = "Over"
phase = "closed"
"""
ADVANCE = """
[[steps]]
code = "advance"
zh = "登记进展"
en = "Advance"
from = ["*"]
roles = ["supervisor"]
by = "office"
effect = "advance"
sort = "note"
fields = [
  { code = "list_code", zh = "清单", en = "List", type = "list", required = true },
  { code = "standing", zh = "进展", en = "Standing", type = "choice", words = "placed_states" },
  { code = "reason", zh = "依据", en = "Reason", type = "long_text", required = true },
]
"""
SORT = """
[[fields]]
code = "river"
zh = "河流"
en = "River"
type = "choice"
options = [{ code = "a", zh = "甲", en = "A" }, { code = "b", zh = "乙", en = "B" }]
"""


def ruling(lengths: str, text: str, field: str = "river") -> str:
    """Give a document whose clock takes its length from a field."""
    rule = f'length = 10\nlength_by = {{ field = "{field}", lengths = {{ {lengths} }} }}'
    return text.replace("length = 10", rule, 1)


def required(text: str) -> str:
    return text.replace('{ field = "river" }', '{ field = "river", required = true }', 1)


ADVICE = '\n[[advice]]\nearlier = 2\nzh = "严"\nen = "Strictly"\n'
OWN = COMMON + PLACED + ADVANCE
FLAG = FIELD + 'type = "flag"\nweighs = true\n'

#: Case -> (document, reason, text that stands once in the document, on the line to be named).
PLACEMENT_FAULTS: dict[str, tuple[str, str, str]] = {
    "no step puts a case there": (
        DRILL + PLACED, "placed_without_step", '[[placed_states]]\ncode = "put"',
    ),
    "progress without states": (
        COMMON + ADVANCE.replace('words = "placed_states"', 'words = "weights"'),
        "placed_states_missing",
        'effect = "advance"',
    ),
    "choice among no states": (
        COMMON + ADVANCE, "unknown_words", 'code = "standing"',
    ),
    "unknown phase there": (
        OWN.replace('phase = "completed"', 'phase = "complete"'), "unknown_phase", '"complete"',
    ),
    "void there": (
        OWN.replace('phase = "completed"', 'phase = "void"\n # there'), "unknown_phase",
        'phase = "void"\n # there',
    ),
    "closed from the first": (
        OWN.replace('phase = "open"\nnext', 'phase = "closed"\nnext'), "placed_not_open",
        'phase = "closed"\nnext',
    ),
    "unknown next state": (OWN.replace('["over"]', '["ovre"]'), "unknown_state", "ovre"),
    "its own next state": (
        OWN.replace('["over"]', '["over", "taken"]'), "unknown_state", '["over", "taken"]',
    ),
    "state never reached there": (
        OWN.replace('["taken"]', '["over"]'), "unreachable_state",
        '[[placed_states]]\ncode = "taken"',
    ),
    "no end there": (
        OWN.replace('en = "Over"\nphase = "closed"', 'en = "Over"\nphase = "open"\nnext = ["put"]'),
        "no_end",
        '[[placed_states]]\ncode = "put"',
    ),
    "state there twice": (
        OWN.replace('code = "over"', 'code = "taken"').replace('next = ["over"]', ""),
        "duplicate_code",
        'code = "taken"\nzh = "清单办结"',
    ),
    "unknown key there": (OWN.replace('next = ["over"]', 'nxt = ["over"]'), "unknown_key", "nxt"),
    "progress by the handler": (
        COMMON + PLACED + ADVANCE.replace('by = "office"', 'by = "handler"'),
        "advance_by_handler",
        'by = "handler"\neffect = "advance"',
    ),
    "progress without a reason": (
        COMMON + PLACED + ADVANCE.replace('type = "long_text", required = true', 'type = "long_text"'),
        "back_without_reason",
        'fields = [\n  { code = "list_code"',
    ),
    "progress that moves the case": (
        COMMON + PLACED + ADVANCE.replace('sort = "note"', 'to = "done"'), "sort_mismatch",
        'to = "done"\nfields',
    ),
    "progress without its field": (
        COMMON + PLACED + ADVANCE.replace('code = "standing"', 'code = "now"'),
        "effect_without_field",
        'effect = "advance"',
    ),
    "length by no field": (
        ruling("a = 3, b = 5", required(asking(SORT)), "rivr"), "unknown_field", "length_by",
    ),
    "a value without a length": (ruling("a = 3", required(asking(SORT))), "length_missing", "length_by"),
    "a length of nothing": (ruling("a = 3, b = 0", required(asking(SORT))), "bad_number", "length_by"),
    "set without the value": (
        ruling("a = 3, b = 5", asking(SORT)), "length_apart", '[[steps]]\ncode = "hand"',
    ),
    "value changed beside the clock": (
        ruling("a = 3, b = 5", required(asking(SORT))).replace(
            'code = "note"\n', 'code = "note"\nasks = [{ field = "river", required = true }]\n', 1
        ),
        "length_apart",
        'asks = [{ field = "river", required = true }]\nzh',
    ),
    "advice about no site": (
        DRILL + ADVICE, "advice_without_site", "[[advice]]",
    ),
    "site by no field": (
        changed("version = 1", 'version = 1\nsite_field = "place"'), "unknown_field", "site_field",
    ),
    "advice given twice": (
        DRILL + ADVICE + ADVICE.replace("严", "从重"), "duplicate_advice",
        'earlier = 2\nzh = "从重"',
    ),
    "weight by a text": (
        asking(FIELD + "weighs = true\n"), "weighs_not_flag", "weighs = true",
    ),
    "weight by two flags": (
        asking(FLAG + FLAG.replace("river", "lake").replace("河流", "湖库")).replace(
            '{ field = "river" }', '{ field = "river" }, { field = "lake" }'
        ),
        "weighs_not_flag",
        "",
    ),
    "weight asked twice": (
        asking(FLAG).replace(
            'fields = [{ code = "number"',
            'fields = [{ code = "weight", zh = "重点", en = "W", type = "choice", words = "weights" },'
            ' { code = "number"',
        ),
        "weight_twice",
        'fields = [{ code = "weight"',
    ),
}  # fmt: skip
