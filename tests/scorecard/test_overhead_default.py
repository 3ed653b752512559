"""Row 6: a char-LSTM of 128 units, 64 times, batch 16 pays at most its budget and a point; every step has its price."""

from __future__ import annotations

import time
from typing import Any

import pytest
import torch

from tests.counts import count
from tests.scorecard.pairs import WARM_UP, Costs, Language, compare

pytestmark = pytest.mark.costs
CHARACTERS, T, B, H, S = 96, 64, 16, 128, 4
BUDGETS, POINT, TIMES = (0.05, 0.02), 0.01, 13
PROMISE = (
    f"CPU time within a budget of {BUDGETS[0]:.0%} (default) or {BUDGETS[1]:.0%} and {POINT:.0%}; 15% with gates every "
    f"step is not held: {S} of {B} sequences with all total gradients take at most {TIMES} times W_hh's products"
)


def floor() -> float:
    """CPU time of the products with the recurrent weights alone, which no recorder of every time can do without."""
    left, weights, result = torch.zeros(S, 4 * H), torch.randn(4 * H, H), torch.empty(S, H)
    took = []
    for _ in range(20):
        began = time.process_time()
        for _ in range(T):
            torch.mm(left, weights, out=result)
        took.append(time.process_time() - began)
    return min(took)


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
    every = costs_of({"every": 1}, count(40, 300))
    own, alone = min(every.watched) - min(every.plain), floor()
    print(f"{'; '.join(figures)}; every step {100 * every.median:.0f} %, {own / alone:.1f} times the products")
    assert own < TIMES * alone
    assert every.shown == pytest.approx(every.median, abs=0.2)
