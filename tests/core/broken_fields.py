"""Documents whose fields, milestones or children are wrong: case -> (text, reason, line's text)."""

from __future__ import annotations

from tests.core.kind_samples import DRILL, changed

FIELD = """
[[fields]]
code = "river"
zh = "河流"
en = "River"
"""
CHOICE = """
[[fields]]
code = "river"
zh = "河流"
en = "River"
type = "choice"
options = [
  { code = "a", zh = "甲河", en = "A" },
  { code = "b", zh = "乙河", en = "B" },
]
"""
MILES = """
[[milestones]]
code = "first"
zh = "上半年"
en = "First"
due = "06-30"

[[milestones]]
code = "second"
zh = "下半年"
en = "Second"
due = "12-31"
after = ["first"]
"""


def asking(more: str, field: str = "river", text: str = DRILL) -> str:
    """Give the drill whose registration asks for a field, with further tables behind."""
    begin = 'effect = "register"\n'
    return changed(begin, f'{begin}asks = [{{ field = "{field}" }}]\n', text) + more


COMMON = changed("version = 1", 'version = 1\nextends = "common"')

#: Case -> (document, reason, text that stands once in the document, on the line to be named).
FIELD_FAULTS: dict[str, tuple[str, str, str]] = {
    "field nobody asks for": (DRILL + FIELD, "field_never_asked", "[[fields]]"),
    "field asked and not declared": (asking(FIELD, "rivr"), "unknown_field", "rivr"),
    "field declared twice": (
        asking(FIELD + FIELD.replace("河流", "水系")),
        "duplicate_code",
        'code = "river"\nzh = "水系"',
    ),
    "field written twice": (
        asking(FIELD).replace('{ code = "clean", zh', '{ code = "river", zh', 1),
        "duplicate_field",
        '{ code = "river", zh',
    ),
    "field asked twice": (
        asking(FIELD).replace('{ field = "river" }', '{ field = "river" },\n{ field = "river" }'),
        "duplicate_field",
        '{ field = "river" }]',
    ),
    "field of the system": (
        asking(FIELD.replace("river", "verdict"), "verdict"),
        "reserved_code",
        'code = "verdict"\nzh = "河流"',
    ),
    "field of a column of sheets": (
        asking(FIELD.replace("river", "source"), "source"),
        "reserved_code",
        'code = "source"\nzh = "河流"',
    ),
    "field with an effect": (
        asking(FIELD + 'type = "units"\n'),
        "unknown_type",
        'type = "units"\n',
    ),
    "options empty": (
        asking(FIELD + 'type = "choice"\noptions = []\n'),
        "choice_without_words",
        "[[fields]]",
    ),
    "option twice": (asking(CHOICE.replace('"b"', '"a"')), "duplicate_code", "乙河"),
    "two options of one word": (asking(CHOICE.replace("乙", "甲")), "duplicate_code", 'code = "b"'),
    "option without word": (asking(CHOICE.replace('"B"', '""')), "empty_wording", "乙河"),
    "unit of a text": (asking(FIELD + 'unit = "米"\n'), "unit_without_number", "[[fields]]"),
    "one header for two fields": (
        asking(
            FIELD + 'headers = ["水体"]\n' + FIELD.replace("river", "lake").replace("河流", "水体")
        ),
        "header_clash",
        'zh = "水体"',
    ),
    "header twice": (
        asking(
            FIELD
            + FIELD.replace("river", "lake").replace("河流", "湖库")
            + 'headers = [\n  "湖泊",\n  "河流",\n]\n'
        ),
        "header_clash",
        '"河流",',
    ),
    "unknown key of a field": (asking(FIELD + "colum = true\n"), "unknown_key", "colum"),
    "field without English": (
        asking(FIELD.replace('"River"', '" "')),
        "empty_wording",
        "[[fields]]",
    ),
    "milestones nobody reaches": (
        DRILL + MILES,
        "milestone_without_step",
        '[[milestones]]\ncode = "first"',
    ),
    "cyclic milestones": (
        COMMON + MILES.replace('due = "06-30"', 'due = "06-30"\nafter = ["second"]'),
        "milestone_cycle",
        'after = ["second"]',
    ),
    "milestone after itself": (
        COMMON + MILES.replace('["first"]', '["second"]'),
        "milestone_cycle",
        'after = ["second"]',
    ),
    "unknown milestone": (
        COMMON + MILES.replace('["first"]', '["frist"]'),
        "unknown_milestone",
        "frist",
    ),
    "milestone on no day": (COMMON + MILES.replace("06-30", "06-31"), "bad_date", "06-31"),
    "milestone twice": (
        COMMON + MILES.replace('code = "second"', 'code = "first"'),
        "duplicate_code",
        'code = "first"\nzh = "下半年"',
    ),
    "its own child": (
        changed("version = 1", 'version = 1\nchildren = "drill"'),
        "child_cycle",
        "children",
    ),
    "unknown child": (
        changed("version = 1", 'version = 1\nchildren = "drills"'),
        "unknown_child",
        "children",
    ),
}
