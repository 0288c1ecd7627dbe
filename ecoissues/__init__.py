"""ecoissues: system of record for environmental inspection issues and public complaints."""

from __future__ import annotations

__version__ = "0.1.0"
