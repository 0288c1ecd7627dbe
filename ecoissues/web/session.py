"""Signing in and out: Flask-Login over sessions of our own that can be revoked."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import (
    Blueprint,
    Flask,
    Response,
    current_app,
    g,
    make_response,
    redirect,
    render_template,
    request,
)
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from ecoissues.core.errors import Refused
from ecoissues.services import accounts, outages
from ecoissues.services.accounts import Account
from ecoissues.web import here
from ecoissues.web.guards import open_page, signed_in
from ecoissues.web.navigation import start_page

pages = Blueprint("session", __name__)


class SignedIn(UserMixin):  # type: ignore[misc]  # the library ships no types
    """The person behind a request. Its id, which goes into the cookie, is the session's secret."""

    def __init__(self, token: str, account: Account) -> None:
        self.token = token
        self.account = account

    def get_id(self) -> str:
        """Give the secret of the session."""
        return self.token


def install(app: Flask) -> None:
    """Let Flask-Login find the person of each request."""
    manager = LoginManager(app, add_context_processor=False)
    manager.session_protection = None  # addresses change behind office proxies

    @manager.user_loader  # type: ignore[untyped-decorator]
    def load(token: str) -> SignedIn | None:
        account, g.stamp = accounts.arrive(here.site(), token)
        return SignedIn(token, account) if account else None


def local_path(target: str | None) -> str | None:
    """Give ``target`` if it is a path of this site and of nowhere else, else None."""
    if not target or not target.startswith("/") or len(target) > 1500:
        return None
    if target[1:2] in ("/", "\\") or any(ord(sign) < 33 or sign == "\\" for sign in target):
        return None
    parts = urlsplit(target)
    return None if parts.scheme or parts.netloc else target


@pages.get("/sign-in")
@open_page
def sign_in() -> ResponseReturnValue:
    """Show the sign-in form; who is signed in already goes on."""
    account = here.find_account()
    if account is not None:
        return redirect(local_path(request.args.get("next")) or start_page(account.role), 303)
    return _form()


def _form(name: str = "", sentence: str = "", status: int = 200) -> ResponseReturnValue:
    demo, password = accounts.find_demo(here.site())
    asked = request.args.get("next") or request.form.get("next")
    page = render_template(
        "session/sign_in.html",
        name=name, sentence=sentence, demo=demo, demo_password=password,
        next=local_path(asked) or "", expired="expired" in request.args,
    )  # fmt: skip
    return page, status


@pages.post("/sign-in")
@open_page
def begin() -> ResponseReturnValue:
    """Check name and password and begin a session."""
    name, password = request.form.get("name", ""), request.form.get("password", "")
    try:
        token = accounts.sign_in(
            here.site(), name, password, current_app.config["PASSWORD_PROFILE"],
            request.remote_addr,
        )  # fmt: skip
    except Refused as refused:
        return _refused(name.strip()[:40], refused)
    account = accounts.find_signed_in(here.site(), token)
    assert account is not None
    cookie.clear()  # nothing of what stood in the cookie before signing in lives on
    login_user(SignedIn(token, account))
    target = local_path(request.form.get("next")) or start_page(account.role)
    if here.wants_json():
        return here.json_answer({"code": "ok", "sentence": "已登录。", "next": target})
    return redirect(target, 303)


def _refused(name: str, refused: Refused) -> Response:
    """Say why nobody was signed in; who tried too often is told when to come again."""
    seconds = refused.facts.get("seconds")
    status = 429 if seconds else 401
    answer = make_response(
        here.json_answer({"code": refused.code, "sentence": refused.sentence}, status)
        if here.wants_json()
        else _form(name, refused.sentence, status)
    )
    if seconds:
        answer.headers["Retry-After"] = str(seconds)
    return answer


@pages.post("/sign-out")
@signed_in
def end() -> ResponseReturnValue:
    """End the session, here and for any copy of its cookie."""
    accounts.sign_out(here.site(), current_user.token)
    logout_user()
    cookie.clear()
    return redirect("/sign-in", 303)


@pages.get("/health")
@open_page
def health() -> ResponseReturnValue:
    """Tell a watching program that the process and its database answer."""
    outages.check(here.site())
    return here.json_answer({"status": "ok"})
