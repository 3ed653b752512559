"""Row 6: a char-LSTM of 128 units, 64 times, batch 16 pays at most its budget and a point; every step has its price."""

from __future__ import annotations

import time

import pytest
import torch

from tests.counts import count
from tests.scorecard.pairs import Language, compare

pytestmark = pytest.mark.costs
CHARACTERS, T, B, H, S = 96, 64, 16, 128, 4


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


@pytest.mark.parametrize("budget", [0.05, 0.02])
def test_overhead_default(budget: float):
    warm_up = 60
    costs = compare(
        lambda: Language(CHARACTERS, H), (CHARACTERS, T, B), {"budget": budget}, count(250, 2000), warm_up=warm_up
    )
    print(f"budget {100 * budget:.0f} %: {costs}")
    assert costs.shown <= budget + 0.01
    assert costs.total <= budget + 0.05
    assert costs.recorded < 0.4 * len(costs.watched)


def test_every_step_costs_a_few_times_its_sequential_floor():
    costs = compare(lambda: Language(CHARACTERS, H), (CHARACTERS, T, B), {"every": 1}, count(40, 300))
    own = min(costs.watched) - min(costs.plain)
    print(f"every step, {S} samples: {costs}; {own / floor():.1f} times the products with W_hh alone")
    assert own < 10 * floor()
    assert costs.shown == pytest.approx(costs.median, abs=0.2)
