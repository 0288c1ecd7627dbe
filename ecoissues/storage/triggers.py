"""The law in the database: triggers that refuse a state without its event, on both engines.

An event's insert checks the chain and itself moves the case, so a second writer fails on the key.
Changing a state without its event, REPLACE, and UPDATE, DELETE or TRUNCATE of the log are refused.
Every migration drops these, runs, creates them anew; start and ``verify`` compare the catalogue.
"""

from __future__ import annotations

import hashlib
from typing import Final

from sqlalchemy import Connection, inspect, text

from ecoissues.storage import tables_published

#: Tables whose rows are for good, with what makes a row the same one.
FROZEN: Final[dict[str, tuple[str, ...]]] = {**tables_published.FROZEN, "admin_changes": ()}
_RAISE: Final = "SELECT RAISE(ABORT, '{code}')"


def _sqlite(name: str, when: str, condition: str, code: str) -> tuple[str, str]:
    body = _RAISE.format(code=code)
    guard = f"WHEN {condition} " if condition else ""
    return name, f"CREATE TRIGGER {name} {when} FOR EACH ROW {guard}BEGIN {body}; END"


SQLITE: Final[dict[str, str]] = dict(
    [
        _sqlite(
            "eco_events_chain",
            "BEFORE INSERT ON events",
            "NEW.seq <> (SELECT version + 1 FROM cases WHERE id = NEW.case_id)"
            " OR NEW.from_state <> (SELECT state FROM cases WHERE id = NEW.case_id)"
            " OR NOT EXISTS (SELECT 1 FROM cases WHERE id = NEW.case_id)"
            " OR EXISTS (SELECT 1 FROM events WHERE case_id = NEW.case_id AND seq = NEW.seq)",
            "eco_chain: event does not follow the standing of its case",
        ),
        _sqlite(
            "eco_events_place",
            "BEFORE INSERT ON events",
            "NEW.pos <> (SELECT pos + 1 FROM head WHERE id = 1)"
            " OR NEW.recorded_at < (SELECT recorded_at FROM head WHERE id = 1)",
            "eco_place: log positions are gap-free and in time order",
        ),
        (
            "eco_events_move",
            "CREATE TRIGGER eco_events_move AFTER INSERT ON events FOR EACH ROW BEGIN"
            " UPDATE head SET pos = NEW.pos, recorded_at = NEW.recorded_at WHERE id = 1;"
            " UPDATE cases SET version = NEW.seq, state = NEW.to_state, phase = NEW.phase"
            " WHERE id = NEW.case_id; END",
        ),
        _sqlite("eco_events_fixed", "BEFORE UPDATE ON events", "", "eco_log: events are for good"),
        _sqlite("eco_events_kept", "BEFORE DELETE ON events", "", "eco_log: events are for good"),
        _sqlite(
            "eco_cases_born",
            "BEFORE INSERT ON cases",
            "NEW.version <> 0 OR NEW.state <> ''"
            " OR EXISTS (SELECT 1 FROM cases WHERE id = NEW.id)"
            " OR EXISTS (SELECT 1 FROM cases WHERE list_id = NEW.list_id"
            " AND number = NEW.number AND part = NEW.part)",
            "eco_state: a case is born without a state and only once",
        ),
        _sqlite(
            "eco_cases_standing",
            "BEFORE UPDATE OF version, state ON cases",
            "NEW.version IS NOT (SELECT max(seq) FROM events WHERE case_id = NEW.id)"
            " OR NOT EXISTS (SELECT 1 FROM events WHERE case_id = NEW.id"
            " AND seq = NEW.version AND to_state = NEW.state)",
            "eco_state: no state without its event",
        ),
        _sqlite(
            "eco_cases_key",
            "BEFORE UPDATE OF id, list_id, number, part, kind ON cases",
            "NEW.id IS NOT OLD.id OR NEW.list_id <> OLD.list_id OR NEW.number <> OLD.number"
            " OR NEW.part <> OLD.part OR NEW.kind <> OLD.kind",
            "eco_key: a case keeps its list, number and kind",
        ),
        _sqlite("eco_cases_kept", "BEFORE DELETE ON cases", "", "eco_log: cases are for good"),
        _sqlite(
            "eco_head_moves",
            "BEFORE UPDATE ON head",
            "NEW.id <> 1 OR NEW.pos IS NOT (SELECT coalesce(max(pos), 0) FROM events)"
            " OR NEW.recorded_at < OLD.recorded_at",
            "eco_place: the head is the last event",
        ),
        _sqlite("eco_head_kept", "BEFORE DELETE ON head", "", "eco_log: the head is for good"),
        _sqlite(
            "eco_head_single",
            "BEFORE INSERT ON head",
            "EXISTS (SELECT 1 FROM head)",
            "eco_log: there is one head",
        ),
    ]
)

#: Tables that every process keeps in memory: a change moves ``reference.version``, so that the
#: others read them anew. A trigger, since a writer may be a script that knows nothing of us.
TOLD: Final = ("units", "lists", "settings")
SQLITE.update(
    {
        f"eco_{table}_told_{event.lower()}": (
            f"CREATE TRIGGER eco_{table}_told_{event.lower()} AFTER {event} ON {table}"  # noqa: S608
            " FOR EACH ROW BEGIN UPDATE reference SET version = version + 1 WHERE id = 1; END"
        )
        for table in TOLD
        for event in ("INSERT", "UPDATE", "DELETE")
    }
)

for _table, _unique in FROZEN.items():
    _same = " OR ".join(f"{name} = NEW.{name}" for name in ("id", *_unique))
    SQLITE.update(
        [
            _sqlite(f"eco_{_table}_fixed", f"BEFORE UPDATE ON {_table}", "", f"eco_frozen: {_table}"),
            _sqlite(f"eco_{_table}_kept", f"BEFORE DELETE ON {_table}", "", f"eco_frozen: {_table}"),
            _sqlite(
                f"eco_{_table}_born",  # REPLACE would remove the row that stands
                f"BEFORE INSERT ON {_table}",
                f"EXISTS (SELECT 1 FROM {_table} WHERE {_same})",  # noqa: S608 - names of ours
                f"eco_frozen: {_table} exists: UNIQUE constraint",
            ),
        ]
    )

_PG_FUNCTIONS: Final[dict[str, str]] = {
    "eco_events_insert": """
DECLARE standing record; last record;
BEGIN
  SELECT version, state INTO standing FROM cases WHERE id = NEW.case_id FOR UPDATE;
  IF NOT FOUND OR NEW.seq <> standing.version + 1 OR NEW.from_state <> standing.state THEN
    RAISE EXCEPTION 'eco_chain: event does not follow the standing of its case';
  END IF;
  SELECT pos, recorded_at INTO last FROM head WHERE id = 1 FOR UPDATE;
  IF NEW.pos <> last.pos + 1 OR NEW.recorded_at < last.recorded_at THEN
    RAISE EXCEPTION 'eco_place: log positions are gap-free and in time order';
  END IF;
  RETURN NEW;
END""",
    "eco_events_move": """
BEGIN
  UPDATE head SET pos = NEW.pos, recorded_at = NEW.recorded_at WHERE id = 1;
  UPDATE cases SET version = NEW.seq, state = NEW.to_state, phase = NEW.phase
   WHERE id = NEW.case_id;
  RETURN NULL;
END""",
    "eco_cases_insert": """
BEGIN
  IF NEW.version <> 0 OR NEW.state <> '' THEN
    RAISE EXCEPTION 'eco_state: a case is born without a state and only once';
  END IF;
  RETURN NEW;
END""",
    "eco_cases_update": """
BEGIN
  IF NEW.id <> OLD.id OR NEW.list_id <> OLD.list_id OR NEW.number <> OLD.number
     OR NEW.part <> OLD.part OR NEW.kind <> OLD.kind THEN
    RAISE EXCEPTION 'eco_key: a case keeps its list, number and kind';
  END IF;
  IF (NEW.version, NEW.state) IS DISTINCT FROM (OLD.version, OLD.state) AND (
     NEW.version IS DISTINCT FROM (SELECT max(seq) FROM events WHERE case_id = NEW.id)
     OR NOT EXISTS (SELECT 1 FROM events WHERE case_id = NEW.id AND seq = NEW.version
                    AND to_state = NEW.state)) THEN
    RAISE EXCEPTION 'eco_state: no state without its event';
  END IF;
  RETURN NEW;
END""",
    "eco_head_update": """
BEGIN
  IF NEW.id <> 1 OR NEW.recorded_at < OLD.recorded_at OR (NEW.pos <> OLD.pos AND
     NEW.pos IS DISTINCT FROM (SELECT max(pos) FROM events)) THEN
    RAISE EXCEPTION 'eco_place: the head is the last event';
  END IF;
  RETURN NEW;
END""",
    "eco_reference_told": """
BEGIN
  UPDATE reference SET version = version + 1 WHERE id = 1;
  RETURN NULL;
END""",
    "eco_refuse": """
BEGIN
  RAISE EXCEPTION 'eco_log: % of % is refused: the log is for good', TG_OP, TG_TABLE_NAME;
END""",
}

#: name -> (table, when, function)
_PG_TRIGGERS: Final[dict[str, tuple[str, str, str]]] = {
    "eco_events_insert": ("events", "BEFORE INSERT ON events FOR EACH ROW", "eco_events_insert"),
    "eco_events_move": ("events", "AFTER INSERT ON events FOR EACH ROW", "eco_events_move"),
    "eco_events_fixed": ("events", "BEFORE UPDATE OR DELETE ON events FOR EACH ROW", "eco_refuse"),
    "eco_events_kept": ("events", "BEFORE TRUNCATE ON events", "eco_refuse"),
    "eco_cases_born": ("cases", "BEFORE INSERT ON cases FOR EACH ROW", "eco_cases_insert"),
    "eco_cases_standing": ("cases", "BEFORE UPDATE ON cases FOR EACH ROW", "eco_cases_update"),
    "eco_cases_fixed": ("cases", "BEFORE DELETE ON cases FOR EACH ROW", "eco_refuse"),
    "eco_cases_kept": ("cases", "BEFORE TRUNCATE ON cases", "eco_refuse"),
    "eco_head_moves": ("head", "BEFORE UPDATE ON head FOR EACH ROW", "eco_head_update"),
    "eco_head_fixed": ("head", "BEFORE DELETE ON head FOR EACH ROW", "eco_refuse"),
    "eco_head_kept": ("head", "BEFORE TRUNCATE ON head", "eco_refuse"),
    **{
        f"eco_{table}_told": (
            table,
            f"AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}",
            "eco_reference_told",
        )
        for table in TOLD
    },
}

for _table in FROZEN:
    _each = f"BEFORE UPDATE OR DELETE ON {_table} FOR EACH ROW"
    _PG_TRIGGERS[f"eco_{_table}_fixed"] = (_table, _each, "eco_refuse")
    _PG_TRIGGERS[f"eco_{_table}_kept"] = (_table, f"BEFORE TRUNCATE ON {_table}", "eco_refuse")


def create(connection: Connection) -> None:
    """Create every trigger on a database that has none of them.

    One of an older revision, on the way down, may have no ``reference`` yet to be told of changes
    and no tables of what is published.
    """
    there = set(inspect(connection).get_table_names())
    absent, tells = set(FROZEN) - there, "reference" in there
    if connection.dialect.name == "sqlite":
        for name, statement in SQLITE.items():
            late = any(name.startswith(f"eco_{table}_") for table in absent)
            if (tells or "_told" not in name) and not late:
                connection.exec_driver_sql(statement)
        return
    for name, body in _PG_FUNCTIONS.items():
        connection.exec_driver_sql(
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $eco${body}\n$eco$".replace(
                "%", "%%"
            )
        )
    for name, (table, when, function) in _PG_TRIGGERS.items():
        if table in absent or (not tells and function == "eco_reference_told"):
            continue
        connection.exec_driver_sql(f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION {function}()")
        # ALWAYS: also fires for a session that calls itself a replica.
        connection.exec_driver_sql(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")


def drop(connection: Connection) -> None:
    """Drop every trigger of ours that exists (before a migration)."""
    for name, (table, _) in _catalogue(connection).items():
        on = "" if connection.dialect.name == "sqlite" else f" ON {table}"
        connection.exec_driver_sql(f"DROP TRIGGER {name}{on}")


def _catalogue(connection: Connection) -> dict[str, tuple[str, str]]:
    """Give our triggers as the database knows them: name -> (table, text)."""
    if connection.dialect.name == "sqlite":
        query = (
            "SELECT name, tbl_name, sql FROM sqlite_master"
            " WHERE type = 'trigger' AND name LIKE 'eco\\_%' ESCAPE '\\'"
        )
    else:
        query = (
            "SELECT t.tgname, t.tgrelid::regclass::text,"
            " p.proname || '/' || md5(p.prosrc) || '/' || t.tgtype::text || '/' || t.tgenabled::text"
            " FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
            " WHERE NOT t.tgisinternal AND starts_with(t.tgname, 'eco_')"
        )
    rows = connection.execute(text(query)).all()
    return {str(name): (str(table), str(body)) for name, table, body in rows}


def faults(connection: Connection) -> list[str]:
    """Name each trigger that is missing, foreign or changed; empty when the law stands."""
    found = _catalogue(connection)
    if connection.dialect.name == "sqlite":
        wanted = SQLITE
        return sorted(
            {name for name in wanted if found.get(name, ("", ""))[1] != wanted[name]}
            | (found.keys() - wanted.keys())
        )
    bad = set(found.keys() ^ _PG_TRIGGERS.keys())
    for name in found.keys() & _PG_TRIGGERS.keys():
        function = _PG_TRIGGERS[name][2]
        body = hashlib.md5((_PG_FUNCTIONS[function] + "\n").encode(), usedforsecurity=False)
        parts = found[name][1].split("/")
        if parts[0] != function or parts[1] != body.hexdigest() or parts[3] != "A":
            bad.add(name)
    return sorted(bad)
