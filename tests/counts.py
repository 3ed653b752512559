"""How often a test repeats itself: often enough in every run, and as often as it claims under `make trust`."""

from __future__ import annotations

import os

TRUST = os.environ.get("RNNWIDGETS_TRUST") == "1"


def count(short: int, claimed: int) -> int:
    """Return the number of repetitions: `short` in every run, `claimed` under `make trust`."""
    return claimed if TRUST else short
