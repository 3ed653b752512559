"""How often a test repeats itself: often enough in every run, and as often as it claims under `make trust`."""

from __future__ import annotations

import os
from typing import TypeVar

Count = TypeVar("Count")

TRUST = os.environ.get("RNNWIDGETS_TRUST") == "1"


def count(short: Count, claimed: Count) -> Count:
    """Return how many, or which: `short` in every run, `claimed` under `make trust`."""
    return claimed if TRUST else short
