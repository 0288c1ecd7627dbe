"""Who acts in the demonstration: the accounts of the document, and stand-ins for all other units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ecoissues.core.policy import Actor
from ecoissues.core.units import HANDLING, Unit, UnitTree
from ecoissues.demo.documents import Account, SiteDocument

#: Roles of the people a handling unit needs, with the word in their shown name.
_STAND_INS = {"officer": "经办", "head": "负责人"}
CHANNEL = "demo"


def accounts(document: SiteDocument, tree: UnitTree) -> list[tuple[Account, bool]]:
    """Give every account of the demonstration and whether it may sign in.

    Stand-ins act for the units that have no account of their own; they are named in the log and
    cannot sign in. A district other than the home district acts through its supervision office.
    """
    found = [(account, True) for account in document.accounts]
    taken = {(account.unit, account.role) for account in document.accounts}
    for unit in tree.by_id.values():
        if not _handles(unit, document, tree):
            continue
        works_in = _works_in(unit, tree)
        for role, word in _STAND_INS.items():
            if (unit.code, role) not in taken:
                name = f"{unit.code.lower()}.{role}"
                account = Account(name, f"演示·{unit.short}{word}", role, works_in)
                found.append((account, False))
    return found


def _handles(unit: Unit, document: SiteDocument, tree: UnitTree) -> bool:
    if unit.kind in ("district", "department", "company"):
        return unit.code != document.home
    return unit.code in {f"{document.home}-{suffix}" for suffix in document.home_units}


def _works_in(unit: Unit, tree: UnitTree) -> str:
    if unit.kind != "district":
        return unit.code
    return next(one.code for one in tree.below(unit.path) if one.kind == "office")


class People:
    """Finds the person for a line of a life."""

    def __init__(self, users: Sequence[Mapping[str, Any]], tree: UnitTree, home: str) -> None:
        self.tree = tree
        self._home = tree.by_code[home].path
        self._actors = {
            user["name"]: Actor(
                user_id=user["id"], name=user["name"], display=user["display"],
                role=user["role"], unit_code=user["unit_code"], unit_path=user["unit_path"],
                scope_path=user["scope_path"], channel=CHANNEL,
            )
            for user in users
        }  # fmt: skip
        self._by_role: dict[tuple[str, str], list[Actor]] = {}
        for actor in self._actors.values():
            key = (actor.scope_path, actor.role)
            self._by_role.setdefault(key, []).append(actor)

    def find(self, by: str, list_unit: str, parties: Sequence[Sequence[str]], turn: int) -> Actor:
        """Give who takes a step.

        In: the word of the line (keeper, keeper2, superior, leader, officer, head), the code of the
        list's unit, the parties of the matter, a number that tells equal people apart.
        """
        if by in ("keeper", "keeper2"):
            keepers = self._of(self.tree.by_code[list_unit].path, "supervisor")
            return keepers[int(by == "keeper2")]
        lead = next((self.tree.by_code[code] for code, party in parties if party == "lead"), None)
        if by in ("superior", "leader"):
            at_home = lead is not None and lead.path.startswith(self._home)
            role = "supervisor" if by == "superior" else "leader"
            found = self._of(self._home if at_home else self.tree.root.path, role)
            return found[turn % len(found)]
        assert lead is not None
        named = self._actors.get(f"{lead.code.lower()}.{by}")
        return named or self._of(lead.scope_path, by)[0]

    def _of(self, path: str, role: str) -> list[Actor]:
        return self._by_role[path, role]


def handling(parties: Sequence[Sequence[str]]) -> list[str]:
    """Give the codes of the lead and joint units."""
    return [code for code, party in parties if party in HANDLING]
