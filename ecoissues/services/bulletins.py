"""Bulletins (日报、周通报、月总结、专报): from a template, edited, then published as an edition.

A draft holds words and fields; its numbers are read at the log position it was made or refreshed
at. Publishing freezes words, fields and numbers together, and the Word document is written from
the frozen content alone.
"""

from __future__ import annotations

import io
from datetime import date, timedelta
from importlib import resources
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Row, insert, select, update

from ecoissues.core import policy
from ecoissues.core.bulletins import (
    Template,
    Text,
    check_fields,
    cleaned,
    decode_template,
    filled,
    text_of,
    typed_numbers,
)
from ecoissues.core.errors import NotFound, Refused, Stale
from ecoissues.core.instants import instant_text
from ecoissues.core.policy import Actor
from ecoissues.services import editions
from ecoissues.services.basis import basis_of
from ecoissues.services.bulletin_numbers import Numbers, numbers_of
from ecoissues.services.bulletin_papers import paper_of
from ecoissues.services.editions import Draft as EditionDraft
from ecoissues.services.editions import Edition
from ecoissues.services.exporting import definitions_of
from ecoissues.services.site import Site
from ecoissues.storage.tables_published import bulletins
from ecoissues.storage.tables_published import editions as editions_table

_LONGEST: Final = 20_000
_MOST_LISTED: Final = 200


class Bulletin(msgspec.Struct, frozen=True):
    """A bulletin as it is edited, or was published (``edition``: its code)."""

    id: int
    template: Template
    list_code: str
    list_title: str
    unit: str
    begins_on: date
    as_of: date
    known_pos: int
    text: Text
    version: int
    changed_by: str
    changed_at: str
    edition: str


def templates(site: Site) -> dict[str, Template]:
    """Give the templates of the package and those of the site's folder ``bulletins``, by code."""
    folder: Any = resources.files("ecoissues.exports") / "bulletins"
    files = [*folder.iterdir(), *sorted((site.data / "bulletins").glob("*.toml"))]
    found = [
        decode_template(file.read_text("utf-8"), str(file.name))
        for file in files
        if str(file.name).endswith(".toml")
    ]
    order = ("day", "week", "month", "free")
    return {one.code: one for one in sorted(found, key=lambda one: order.index(one.period))}


def begins(period: str, as_of: date) -> date:
    """Give the first day of the period that ends on a day: the day, its week, its month."""
    if period == "week":
        return as_of - timedelta(days=6)
    return as_of.replace(day=1) if period == "month" else as_of


def create(
    site: Site, actor: Actor, template: str, list_code: str, as_of: date | None = None,
    unit: str = "", begins_on: date | None = None,
) -> int:  # fmt: skip
    """Begin a bulletin; gives its id. NotFound for an unknown template; Refused as ``basis_of``."""
    policy.require(actor, "bulletin.write")
    made = templates(site).get(template)
    if made is None:
        raise NotFound(f"没有名为“{template[:40]}”的简报模板；可选：{'、'.join(templates(site))}。")
    with site.store.writing() as connection:
        basis = basis_of(site, connection, actor, list_code, as_of, None, unit)
        first = begins_on or begins(made.period, basis.as_of)
        if first > basis.as_of:
            raise Refused("bad_period", "起始日期晚于截至日期，没有新建。")
        leading = definitions_of(site, basis.row)[0].wording.zh
        pos, _ = editions.position(connection)
        values = {
            "template": made.code, "list_id": basis.row.id, "unit": unit,
            "unit_path": actor.scope_path, "begins_on": first.isoformat(),
            "as_of": basis.as_of.isoformat(), "known_pos": pos,
            "text": _encode(_named(text_of(made), leading)), "changed_by": actor.name,
            "changed_at": instant_text(site.now()),
        }  # fmt: skip
        key = connection.execute(insert(bulletins).values(**values)).inserted_primary_key
    assert key is not None
    return int(key[0])


def _encode(text: Text) -> str:
    return msgspec.json.encode(text).decode()


def _named(text: Text, leading: str) -> Text:
    """Put the name of the list's leading figure where the template says only which it is."""
    plain = _encode(text).replace("{主指标.名称}", leading).replace("{主指标", "{" + leading)
    return msgspec.json.decode(plain, type=Text)


def listed(site: Site, actor: Actor) -> list[Bulletin]:
    """Give the bulletins of the actor's own office and those below, the newest first."""
    policy.require(actor, "bulletin.write")
    own = bulletins.c.unit_path.startswith(actor.scope_path, autoescape=True)
    query = _query().where(own).order_by(bulletins.c.id.desc()).limit(_MOST_LISTED)
    with site.store.reading() as connection:
        rows = connection.execute(query).all()
    made = templates(site)
    return [_bulletin(site, made, row) for row in rows]


def _query() -> Any:
    e = editions_table
    return select(bulletins, e.c.code.label("edition")).outerjoin(e, e.c.id == bulletins.c.edition_id)


def get(site: Site, connection: Connection, actor: Actor, key: int) -> Bulletin:
    """Give one bulletin of the actor's office, or NotFound."""
    policy.require(actor, "bulletin.write")
    row = connection.execute(_query().where(bulletins.c.id == key)).first()
    if row is None or not row.unit_path.startswith(actor.scope_path):
        raise NotFound("没有找到这份简报，或不是本督察办的。")
    return _bulletin(site, templates(site), row)


def _bulletin(site: Site, made: dict[str, Template], row: Row[Any]) -> Bulletin:
    home = site.lists[row.list_id]
    gone = Template(row.template, row.template, "free", "", "")
    return Bulletin(
        row.id, made.get(row.template, gone), home.code, home.title, row.unit,
        date.fromisoformat(row.begins_on), date.fromisoformat(row.as_of), row.known_pos,
        msgspec.json.decode(row.text, type=Text), row.version, row.changed_by, row.changed_at,
        row.edition or "",
    )  # fmt: skip


def numbers(site: Site, connection: Connection, actor: Actor, one: Bulletin) -> Numbers:
    """Count what a draft may name, at the position it stands on."""
    return numbers_of(
        site, connection, actor, one.list_code, one.unit, one.begins_on, one.as_of, one.known_pos
    )


def read(site: Site, actor: Actor, key: int) -> tuple[Bulletin, Numbers]:
    """Give a bulletin with its numbers: for a published one those of its edition."""
    with site.store.reading() as connection:
        found = get(site, connection, actor, key)
        if found.edition:
            edition = editions.get(site, connection, actor, found.edition)
            return found, msgspec.convert(edition.content["bulletin"]["numbers"], Numbers)
        return found, numbers(site, connection, actor, found)


def save(
    site: Site, actor: Actor, key: int, version: int, text: Text, *, refresh: bool = False
) -> None:
    """Keep an edited text. ``refresh``: read the numbers anew from the log as it is now.

    Refused ``published``, ``unknown_field``, ``broken_field``, ``too_long``; Stale when somebody
    saved meanwhile (``theirs`` in its facts).
    """
    text = cleaned(text)
    with site.store.writing() as connection:
        found = get(site, connection, actor, key)
        _check_open(found, version)
        check_fields(text, numbers(site, connection, actor, found).values)
        if not text.title.strip() or sum(map(len, text.pieces())) > _LONGEST:
            raise Refused("too_long", f"请填写标题，全文不超过 {_LONGEST} 字。没有保存。")
        pos = editions.position(connection)[0] if refresh else found.known_pos
        connection.execute(
            update(bulletins)
            .where(bulletins.c.id == key)
            .values(
                text=_encode(text), version=version + 1, known_pos=pos, changed_by=actor.name,
                changed_at=instant_text(site.now()),
            )
        )  # fmt: skip


def _check_open(found: Bulletin, version: int) -> None:
    if found.edition:
        raise Refused("published", f"这份简报已发布（{found.edition}），不能再改；没有保存。")
    if found.version != version:
        raise Stale(
            f"{found.changed_by} 已先保存了这份简报，您的修改没有保存；请对照后再提交。",
            theirs=msgspec.to_builtins(found.text),
        )


def publish(site: Site, actor: Actor, key: int, version: int, *, confirmed: bool = False) -> str:
    """Publish a draft; gives the edition's code. The text is refused to change from then on.

    Refused ``typed_number`` (with ``numbers``) for counts and rates typed by hand, unless
    ``confirmed``: then they stand in the edition as typed.
    """
    policy.require(actor, "edition.publish")

    def work(connection: Connection) -> str:
        found = get(site, connection, actor, key)
        _check_open(found, version)
        counted = numbers(site, connection, actor, found)
        check_fields(found.text, counted.values)
        typed = typed_numbers(found.text)
        if typed and not confirmed:
            raise Refused(
                "typed_number",
                f"文中有 {len(typed)} 处手工填写的数字（{'、'.join(typed[:5])}），不受版本约束。"
                "请改用“可用的数字”，或核对后勾选确认再发布。没有发布。",
                numbers=typed,
            )
        code = editions.put(site, connection, actor, _draft(site, actor, found, counted, typed))
        edition = select(editions_table.c.id).where(editions_table.c.code == code)
        connection.execute(
            update(bulletins)
            .where(bulletins.c.id == key)
            .values(edition_id=edition.scalar_subquery(), version=version + 1)
        )
        return code

    return site.store.write(work)


def _draft(
    site: Site, actor: Actor, found: Bulletin, counted: Numbers, typed: list[str]
) -> EditionDraft:
    row = site.get_list(found.list_code)
    path = site.tree.by_code[found.unit].path if found.unit else actor.scope_path
    content = {
        "template": found.template.code, "begins_on": found.begins_on.isoformat(),
        "text": msgspec.to_builtins(found.text), "typed": typed,
        "numbers": msgspec.to_builtins(msgspec.structs.replace(counted, board={})),
        "signer": signer_of(site, actor),
    }  # fmt: skip
    return EditionDraft(
        "bulletin", filled(found.text.title, counted.values)[:160], path, found.as_of,
        found.known_pos, "", {"board": counted.board, "bulletin": content}, row, found.unit,
    )  # fmt: skip


def signer_of(site: Site, actor: Actor) -> str:
    """Give the name a bulletin is signed with: the actor's office, or that of the unit itself."""
    unit = site.tree.by_code[actor.unit_code]
    offices = [
        one for one in site.tree.by_id.values() if one.kind == "office" and one.parent_id == unit.id
    ]
    return offices[0].name if unit.kind != "office" and offices else unit.name


def word_file(edition: Edition) -> bytes:
    """Write the Word document of a published bulletin from its frozen content alone."""
    content = edition.content.get("bulletin")
    if content is None:
        raise NotFound(f"发布版本 {edition.code} 不是通报简报，没有 Word 文件。")
    text = msgspec.convert(content["text"], Text)
    counted = msgspec.convert(content["numbers"], Numbers)
    return _written(text, counted, content["signer"], edition)


def draft_file(site: Site, actor: Actor, key: int) -> bytes:
    """Write the Word document of a draft, marked as one; of a published one, the edition's."""
    with site.store.reading() as connection:
        found = get(site, connection, actor, key)
        if found.edition:
            return word_file(editions.get(site, connection, actor, found.edition))
        counted = numbers(site, connection, actor, found)
    return _written(found.text, counted, signer_of(site, actor), None)


def _written(text: Text, counted: Numbers, signer: str, edition: Edition | None) -> bytes:
    from ecoissues.exports.official import write_official  # loaded only when a paper is written

    out = io.BytesIO()
    write_official(paper_of(text, counted, signer, edition), out)
    return out.getvalue()


