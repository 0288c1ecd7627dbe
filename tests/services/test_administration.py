"""Administrators run the accounts of their own units: a district's never touches the city's."""

from __future__ import annotations

from pathlib import Path

import pytest

from ecoissues.core.errors import NotFound
from ecoissues.services import administration
from tests.services.small_site import actor, make_site

PASSWORD = "a-long-password"


def test_an_administrator_keeps_to_his_units(sqlite_url: str, tmp_path: Path) -> None:
    site = make_site(sqlite_url, tmp_path)
    for name, unit in (("city", "500000"), ("bureau", "500119-STHJ")):
        administration.add_user(site, name, "leader", unit, PASSWORD, profile="test")
    district = actor(site, "administrator", "500119")
    assert {user["name"] for user in administration.list_users(site, district)} == {"bureau"}
    with pytest.raises(NotFound):
        administration.reset_password(site, district, "city", PASSWORD, profile="test")
    with pytest.raises(NotFound):
        administration.change_user(site, district, "city", "leader", "500000", "", active=True)
    with pytest.raises(NotFound):  # nor lift somebody of his own into the city
        administration.change_user(site, district, "bureau", "leader", "500000", "", active=True)
    administration.reset_password(site, district, "bureau", PASSWORD, profile="test")
    site.close()
