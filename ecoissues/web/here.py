"""What a request stands on: the running site, the person who asks, and their day."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import cast

from flask import Flask, Response, current_app, g, jsonify, request
from flask_login import current_user
from markupsafe import Markup

from ecoissues.core.policy import Actor
from ecoissues.services.accounts import Account
from ecoissues.services.site import Site
from ecoissues.web.kept_pages import KeptPages


def install(app: Flask) -> None:
    """Give an application its store of kept parts of pages."""
    app.extensions["kept_pages"] = KeptPages()


def kept(key: Hashable, make: Callable[[], Markup]) -> Markup:
    """Give a part of a page: the kept one if nothing has changed since, else a new one.

    In: ``key``, all that the part depends on beside the data: page, address, person. The person
    is signed in: with the account comes the stamp of the request.
    """
    store: KeptPages = current_app.extensions["kept_pages"]
    return store.get(key, g.stamp, make)


def site() -> Site:
    """Give the site this process serves."""
    return cast(Site, current_app.extensions["site"])


def find_account() -> Account | None:
    """Give the account of the person signed in, or None."""
    return cast("Account | None", getattr(current_user, "account", None))


def account() -> Account:
    """Give the account of the person signed in; guarded pages always have one."""
    found = find_account()
    assert found is not None, "the guard lets nobody in without an account"
    return found


def actor() -> Actor:
    """Give the person signed in as the policy knows them."""
    return account().actor


def wants_json() -> bool:
    """Whether the asker is a program: it names JSON and not HTML."""
    accepted = request.accept_mimetypes
    return accepted.accept_json and not accepted.accept_html


def is_fragment() -> bool:
    """Whether htmx asks for a part of the page (never when it restores its history)."""
    headers = request.headers
    return "HX-Request" in headers and "HX-History-Restore-Request" not in headers


def json_answer(body: dict[str, object], status: int = 200) -> Response:
    """Answer a program."""
    response = jsonify(body)
    response.status_code = status
    return response
