"""Every endpoint names what it needs; one that names nothing is refused.

``@guard("case.read")`` asks for a permission of ``core.policy``; ``@signed_in`` for any account;
``@open_page`` for nobody (sign-in, health). The mark is read before each request.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from flask import Flask, abort, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue

from ecoissues.core import policy
from ecoissues.core.errors import Forbidden
from ecoissues.web import here

View = TypeVar("View", bound=Callable[..., Any])

_MARK: Final = "__guard__"
OPEN: Final = "open"
SIGNED_IN: Final = "signed_in"


def guard(permission: str) -> Callable[[View], View]:
    """Mark an endpoint with the permission it needs; ValueError for one the policy lacks."""
    named = policy.Permission(permission)

    def mark(view: View) -> View:
        setattr(view, _MARK, str(named))
        return view

    return mark


def signed_in(view: View) -> View:
    """Mark an endpoint for everybody who has signed in."""
    setattr(view, _MARK, SIGNED_IN)
    return view


def open_page(view: View) -> View:
    """Mark an endpoint for everybody, without an account."""
    setattr(view, _MARK, OPEN)
    return view


def mark_of(view: Callable[..., Any] | None) -> str | None:
    """Give an endpoint's mark: ``open``, ``signed_in``, a permission, or None (unmarked)."""
    mark = getattr(view, _MARK, None)
    return mark if isinstance(mark, str) else None


def _ask_to_sign_in() -> ResponseReturnValue:
    if here.wants_json():
        return here.json_answer(
            {"code": "not_signed_in", "sentence": "登录已失效，请重新登录；未作任何改动。"}, 401
        )
    back = request.full_path.rstrip("?") if request.method == "GET" else request.path
    target = url_for("session.sign_in", next=back, expired=1 if back != "/" else None)
    if here.is_fragment():
        # htmx would put the sign-in page into the middle of the list.
        return "", 204, {"HX-Redirect": target}
    return redirect(target, 303)


def _check() -> ResponseReturnValue | None:
    if request.endpoint is None:
        return None  # no such address: 404, which says nothing about what exists
    mark = mark_of(current_app.view_functions.get(request.endpoint))
    if mark == OPEN:
        return None
    if mark is None:
        abort(403)
    account = here.find_account()
    if account is None:
        return _ask_to_sign_in()
    if mark != SIGNED_IN and not policy.may(account.actor, mark):
        raise Forbidden("您的角色没有打开这一页的权限；如工作需要，请联系系统管理员。未作任何改动。")
    return None


def _refuse_nul() -> None:
    """Refuse (400) the one character that no text of PostgreSQL can hold, wherever it is sent."""
    texts = [request.path, *request.args.keys(), *request.form.keys()]
    for values in (*request.args.listvalues(), *request.form.listvalues()):
        texts += values
    texts += [file.filename or "" for file in request.files.values()]
    if any("\x00" in text for text in texts):
        abort(400)


def install(app: Flask) -> None:
    """Ask for the mark before every request of an application, then look at what was sent."""
    app.before_request(_check)
    app.before_request(_refuse_nul)
