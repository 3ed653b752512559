"""Row 6: a char-LSTM of 128 units, 64 times, batch 16 pays at most its budget and a point, or 15 % for every step."""

from __future__ import annotations

from typing import Any

import pytest

from tests.counts import count
from tests.scorecard.pairs import WARM_UP, Costs, Language, compare

pytestmark = pytest.mark.costs
CHARACTERS, T, B, H = 96, 64, 16, 128
BUDGETS, POINT, EVERY = (0.05, 0.02), 0.01, 0.15
PROMISE = (
    f"CPU time within a budget of {BUDGETS[0]:.0%} (default) or {BUDGETS[1]:.0%} and {POINT:.0%}; at most {EVERY:.0%} "
    "with every step recorded, its gates computed when they are looked at"
)


def costs_of(watch: dict[str, Any], pairs: int, warm_up: int = WARM_UP) -> Costs:
    """Return what so many steps of the char-LSTM cost."""
    return compare(lambda: Language(CHARACTERS, H), (CHARACTERS, T, B), watch, pairs, warm_up=warm_up)


def test_overhead_default():
    figures = []
    for budget in BUDGETS:
        costs = costs_of({"budget": budget}, count(250, 2000), 60)
        figures.append(f"{100 * costs.total:.1f} %, shown as {100 * costs.shown:.1f} %")
        assert costs.shown <= budget + POINT
        assert costs.total <= budget + 0.05
        assert costs.recorded < 0.4 * len(costs.watched)
    every = costs_of({"every": 1}, count(100, 600), 80)  # after the warm-up frames have filled the memory
    print(f"{'; '.join(figures)}; every step {100 * every.median:.1f} %, shown as {100 * every.shown:.1f} %")
    assert every.recorded == len(every.watched) + 80
    assert every.median <= count(0.2, EVERY)
    assert every.shown == pytest.approx(every.median, abs=0.1)
