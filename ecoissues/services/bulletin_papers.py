"""A bulletin as an official document: words with their numbers put in, tables and charts."""

from __future__ import annotations

from ecoissues.core.bulletins import Text, filled
from ecoissues.core.instants import day_of
from ecoissues.exports.native_charts import Chart
from ecoissues.exports.official import Official, Part, Table
from ecoissues.figures.wording import day_words
from ecoissues.services.bulletin_numbers import Numbers
from ecoissues.services.editions import Edition


def paper_of(text: Text, numbers: Numbers, signer: str, edition: Edition | None) -> Official:
    """Give the document; ``edition`` None: a draft, which says so above its head."""

    def put(piece: str) -> str:
        return filled(piece, numbers.values)

    parts, drawn = [], 0
    for section in text.sections:
        table = table_of(section.table, numbers)
        drawn += table is not None
        if table is not None:
            table = Table(f"表{drawn}　{table.caption}", table.heads, table.rows)
        lines = [put(line.strip()) for line in section.text.splitlines() if line.strip()]
        parts.append(Part(put(section.heading), lines, table, chart_of(section.chart, numbers)))
    day = day_words(day_of(edition.published_at)) if edition else ""
    demo = "演示数据，非真实" if edition and edition.content.get("is_demo") else ""
    return Official(
        put(text.head), put(text.title), put(text.number), put(text.to), parts, signer, day,
        _note(edition), put(text.copies), f"{signer}\t{day}印发" if day else "",
        demo if edition else "草稿，未发布",
    )  # fmt: skip


def _note(edition: Edition | None) -> str:
    if edition is None:
        return ""
    return (
        f"数据版本 {edition.code}：截至{day_words(edition.as_of)}，按日志第 {edition.known_pos} 位"
        "及以前的记录；凭代码可查验全部数字、口径和以后的差异。"
    )


def table_of(sort: str, numbers: Numbers) -> Table | None:
    """Give a table by its name in the template; None for no table or an empty one."""
    if sort in ("units", "worst"):
        rows = [[name, rate, part, whole] for name, rate, part, whole in numbers.ranking]
        rows = rows[::-1][:10] if sort == "worst" else rows
        few = any(name.endswith("*") for name, *_ in numbers.ranking)
        caption = f"各{numbers.unit_word}{numbers.leading}" + ("（*件数不足，不排名）" if few else "")
        found = Table(caption, [numbers.unit_word, numbers.leading, "分子", "件数"], rows)
    elif sort == "phases":
        rows = [[name, str(count), share] for name, count, share in numbers.phases]
        found = Table("各阶段件数", ["阶段", "件数", "占总数"], rows)
    elif sort == "types":
        rows = [[name, str(count)] for name, count in numbers.types]
        found = Table("各污染类型件数", ["污染类型", "件数"], rows)
    else:
        return None
    return found if found.rows else None


def chart_of(sort: str, numbers: Numbers) -> Chart | None:
    """Give a chart by its name in the template."""
    if sort == "units":
        ranked = [row for row in numbers.ranking if not row[0].endswith("*") and row[1] != "—"]
        names, values = [row[0] for row in ranked], [float(row[1].rstrip("%")) for row in ranked]
        return Chart(f"各{numbers.unit_word}{numbers.leading}（%）", names, values, rate=True)
    if sort == "phases":
        names = [name for name, _, _ in numbers.phases]
        return Chart("各阶段件数", names, [count for _, count, _ in numbers.phases])
    if sort == "trend":
        names = [month for month, _ in numbers.trend]
        rates = [rate for _, rate in numbers.trend]
        return Chart(f"近十二个月{numbers.leading}（%）", names, rates, "line", rate=True)
    return None
