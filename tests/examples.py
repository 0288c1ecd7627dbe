"""How many random examples a property is tried with: all in the full run, a fifth in the quick one.

``make quick`` sets ``HYPOTHESIS_PROFILE=quick``; the same examples come first in both, so what the
quick run finds the full run finds too.
"""

from __future__ import annotations

import os

from hypothesis import settings

QUICK = os.environ.get("HYPOTHESIS_PROFILE") == "quick"


def examples(full: int) -> settings:
    """Settings for a property that is tried ``full`` times in the full run."""
    return settings(max_examples=max(5, full // 5) if QUICK else full)
