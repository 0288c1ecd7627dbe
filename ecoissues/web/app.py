"""The web application: site, guards, sign-in, pages, headers. Doors are thin; services do the work.

Environment: ``ECOISSUES_DATA`` (data folder, default ``instance``), ``DATABASE_URL`` (default: a
SQLite file in it), ``ECOISSUES_HTTPS`` (1: served through https) and ``ECOISSUES_PROXIES`` (how many
proxies of ours stand before it, default 0: the client's address is who connects).
"""

from __future__ import annotations

import importlib
import os
import secrets
from pathlib import Path
from typing import Any, Final

from flask import Flask, Response, g
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from ecoissues.core import vocabulary
from ecoissues.core.errors import Refused
from ecoissues.services.site import Site
from ecoissues.web import assets, errors, guards, here, navigation, numbers, session

#: Every module of pages; each has a blueprint called ``pages``.
BLUEPRINTS: Final = (
    "session", "desk", "cases", "files", "steps", "register", "lists",
    "board", "grouping", "comparing", "doubts", "editions", "bulletins", "rankings", "indicators",
    "papers", "imports", "exports", "log", "deadlines", "admin", "admin_kinds", "kind_moves",
)  # fmt: skip

POLICY: Final = "; ".join(
    (
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:",
        "font-src 'self'", "connect-src 'self'", "base-uri 'none'", "form-action 'self'",
        "frame-ancestors 'none'",
    )
)  # fmt: skip
_HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
MOST_BYTES: Final = 64 * 1024 * 1024


def site_from_environment() -> Site:
    """Open the site that the environment names."""
    data = Path(os.environ.get("ECOISSUES_DATA") or "instance").resolve()
    url = os.environ.get("DATABASE_URL") or f"sqlite:///{data / 'ecoissues.db'}"
    return Site(url, data)


def secret_key(data: Path) -> bytes:
    """Give the key that signs cookies: a file of the site, made on first use, readable by it only.

    Two processes may start at once: the file is written aside and linked, so one key wins.
    """
    path = data / "web.key"
    if not path.exists():
        data.mkdir(parents=True, exist_ok=True)
        fresh = data / f".web.key.{secrets.token_hex(8)}"
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(secrets.token_bytes(32))
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_bytes()


def create_app(site: Site | None = None, **config: Any) -> Flask:
    """Make the application.

    In: the site (None: from the environment) and settings that differ from the usual ones, such
    as ``PASSWORD_PROFILE="test"`` (cheap hashes) or ``SESSION_COOKIE_SECURE=True``.
    """
    site = site or site_from_environment()
    root = Path(__file__).resolve().parents[2] / "templates"
    inside = Path(__file__).resolve().parents[1] / "templates"  # in an installed wheel
    app = Flask(
        "ecoissues", static_folder=None, template_folder=str(inside if inside.is_dir() else root)
    )
    app.config.update(
        SECRET_KEY=secret_key(site.data),
        MAX_CONTENT_LENGTH=MOST_BYTES,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        SESSION_COOKIE_NAME="ecoissues",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        # Behind https, say so: the cookie then never travels in the clear.
        SESSION_COOKIE_SECURE=os.environ.get("ECOISSUES_HTTPS", "") == "1",
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: long texts take long to write
        WTF_CSRF_SSL_STRICT=False,
        WTF_I18N_ENABLED=False,
        PASSWORD_PROFILE="full",  # noqa: S106  # the cost of hashes, no password
    )
    app.config.update(config)
    _trust_proxies(app, os.environ.get("ECOISSUES_PROXIES") or "0")
    app.extensions["site"] = site
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    _prepare_templates(app)
    here.install(app)
    numbers.install(app)
    app.before_request(_settle)
    session.install(app)
    guards.install(app)  # before CSRF: who is no longer signed in is asked to sign in, not refused
    CSRFProtect(app)
    errors.install(app)
    assets.install(app)
    app.after_request(_add_headers)
    for name in BLUEPRINTS:
        app.register_blueprint(importlib.import_module(f"ecoissues.web.{name}").pages)
    return app


def _settle() -> None:
    """Take up documents that were put into the site's folder meanwhile."""
    here.site().settle()


def _trust_proxies(app: Flask, number: str) -> None:
    """Take the client's address from ``X-Forwarded-For``, as the given number of proxies wrote it.

    Without a proxy of ours the header is a client's own invention and is not read.
    """
    if not (number.isdigit() and int(number) < 10):
        sentence = f"环境变量 ECOISSUES_PROXIES 须为 0 至 9 的整数，现为“{number[:20]}”。网站没有启动。"
        raise Refused("bad_environment", sentence)
    if number != "0":
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=int(number), x_proto=0)  # type: ignore[method-assign]


def _prepare_templates(app: Flask) -> None:
    app.jinja_env.globals.update(word=vocabulary.word, site_name="生态环保督察问题清单管理系统")
    app.context_processor(_of_every_page)


def _of_every_page() -> dict[str, Any]:
    if g.get("failing"):  # an error page asks nothing of a database that may be away
        return {"account": None, "is_demo": False}
    account = here.find_account()
    return {
        "account": account,
        "navigation": navigation.entries(account.role) if account else (),
        "is_demo": any(row.is_demo for row in here.site().lists.values()),
        "today": here.site().today(),
    }


def _add_headers(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if not g.get("cacheable"):
        # Pages hold what one person may see: no cache keeps them, also after signing out.
        response.headers.setdefault("Cache-Control", "no-store")
    return response
