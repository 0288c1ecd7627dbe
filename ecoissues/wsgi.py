"""What a WSGI server loads: ``gunicorn ecoissues.wsgi:app``."""

from __future__ import annotations

from ecoissues.web.app import create_app

app = create_app()
