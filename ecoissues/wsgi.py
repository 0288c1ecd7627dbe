"""What a WSGI server loads: ``gunicorn ecoissues.wsgi:app``."""

from __future__ import annotations

import gc

from ecoissues.web.app import create_app

app = create_app()
# What stands now stands for good: the collector need not walk it during every page.
gc.collect()
gc.freeze()
