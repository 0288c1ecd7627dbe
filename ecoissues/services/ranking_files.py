"""Scoring schemes as TOML files, for the command line."""

from __future__ import annotations

import tomllib

import msgspec

from ecoissues.core.decoding import told
from ecoissues.core.errors import Refused
from ecoissues.core.scoring import Scheme


def read_scheme(text: str) -> Scheme:
    """Read a scheme; weights and least scores may be written as numbers. Refused ``bad_scheme``."""
    try:
        found = tomllib.loads(text)
        for one in found.get("criteria", ()):
            one["weight"] = str(one.get("weight", ""))
        for one in found.get("bands", ()):
            one["least"] = str(one.get("least", ""))
        return msgspec.convert(found, Scheme)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, AttributeError, TypeError) as error:
        raise Refused("bad_scheme", f"评分方案文件有误：{told(error)}。没有保存。") from None
