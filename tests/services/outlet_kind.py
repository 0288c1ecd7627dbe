"""A kind with fields of every type, milestones and children, for tests; on top of the drill kind."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import insert

from ecoissues.services.site import Site
from ecoissues.storage import tables as t
from tests.core.kind_samples import changed
from tests.services.small_site import Clock, make_site

FIELDS = """
[[fields]]
code = "river"
zh = "河流"
en = "River"
column = true
headers = ["受纳水体"]

[[fields]]
code = "sort"
zh = "排口类型"
en = "Sort"
type = "choice"
column = true
options = [
  { code = "sewage", zh = "污水厂排口", en = "Plant" },
  { code = "storm", zh = "雨水口", en = "Storm" },
]

[[fields]]
code = "area"
zh = "面积"
en = "Area"
type = "number"
unit = "平方米"
column = true

[[fields]]
code = "cost"
zh = "整治投入"
en = "Cost"
type = "amount"
column = true

[[fields]]
code = "people"
zh = "受益人数"
en = "People"
type = "people"

[[fields]]
code = "spot"
zh = "位置"
en = "Place"
type = "place"
column = true

[[fields]]
code = "reserve"
zh = "在保护区内"
en = "In a reserve"
type = "flag"
column = true

[[fields]]
code = "surveyed"
zh = "排查日期"
en = "Surveyed on"
type = "date"

[[milestones]]
code = "q1"
zh = "一季度"
en = "First quarter"
due = "03-31"

[[milestones]]
code = "q2"
zh = "二季度"
en = "Second quarter"
due = "06-30"
after = ["q1"]
"""
REGISTER = (
    'fields = [{ code = "number", zh = "编号", en = "Number" }]',
    'fields = [{ code = "number", zh = "编号", en = "Number" },'
    ' { code = "received_on", zh = "受理日期", en = "On", type = "date" },'
    ' { code = "content", zh = "内容", en = "Content", type = "long_text" },'
    ' { code = "parent_case", zh = "上级", en = "Parent", type = "case" }]\n'
    'asks = [{ field = "river", required = true }, { field = "sort" }, { field = "area" },'
    ' { field = "cost" }, { field = "people" }, { field = "spot" }, { field = "reserve" }]',
)


def outlet(code: str = "outlets", children: str = "") -> str:
    """Give the document of a kind with fields of its own, ``children`` of another kind."""
    text = changed(*REGISTER).replace('code = "drill"', f'code = "{code}"', 1)
    text = changed('form = "drill_table"', 'form = "issue_ledger"\nextends = "common"', text)
    text = changed(
        'evidence = [{ stage = "after" }]',
        'evidence = [{ stage = "after" }]\nasks = [{ field = "surveyed" }, { field = "area" }]',
        text,
    )
    if children:
        text = changed("version = 1", f'version = 1\nchildren = "{children}"', text)
    return text + FIELDS


def outlet_site(url: str, folder: Path, clock: Clock | None = None) -> Site:
    """Give a small site with two lists of such kinds: ``river`` and, for its parts, ``works``."""
    kinds = folder / "kinds"
    kinds.mkdir(parents=True, exist_ok=True)
    (kinds / "outlets.toml").write_text(outlet(children="works"), encoding="utf-8")
    (kinds / "works.toml").write_text(outlet("works"), encoding="utf-8")
    site = make_site(url, folder, clock)
    with site.store.writing() as connection:
        for code, kind in (("river", "outlets"), ("works", "works")):
            row = {
                "code": code, "title": f"清单{code}", "kind": kind, "kind_version": 1,
                "level": "municipal", "unit_id": site.tree.by_code["500000"].id,
            }  # fmt: skip
            connection.execute(insert(t.lists).values(**row))
    site.refresh()
    return site
