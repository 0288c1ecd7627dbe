"""Build hook: pages and migrations stand beside the package here and inside it in a wheel.

An editable installation must not get them: it would copy them once, and the copies grow old.
"""

from __future__ import annotations

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDERS = ("templates", "migrations")


# hatchling is in no environment of ours; the build makes one for it.
class PagesAndMigrations(BuildHookInterface[Any]):  # type: ignore[misc]
    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "standard":
            inside = {folder: f"ecoissues/{folder}" for folder in FOLDERS}
            build_data["force_include"].update(inside)
