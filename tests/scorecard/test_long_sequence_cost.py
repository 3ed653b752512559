"""Row 23: 10 000 times of 256 units cost no more than their last times do."""

from __future__ import annotations

import time

import pytest
import torch
from torch import nn

import rnnwidgets as rw
from tests.counts import count

pytestmark = pytest.mark.costs
T, B, H, S = 10_000, 8, 256, 4
SHARE = 0.02
PROMISE = (
    f"T={T}, H={H}: a recorded step, its gates computed when they are looked at, takes at most {SHARE:.0%} of W_hh's "
    "products alone over all times"
)


def floor(times: int) -> float:
    """CPU time of the products with the recurrent weights alone, for so many times."""
    left, weights, result = torch.zeros(S, 4 * H), torch.randn(4 * H, H), torch.empty(S, H)
    began = time.process_time()
    for _ in range(times):
        torch.mm(left, weights, out=result)
    return time.process_time() - began


def test_long_sequence_cost():
    lstm = nn.LSTM(16, H)
    x = torch.randn(T, B, 16)
    costs = []
    with rw.watch(lstm, every=1) as recorder:
        spent = recorder._training.budget.recording
        for _ in range(1 + count(2, 8)):
            spent.reset()
            lstm(x)[0].square().mean().backward()
            began = spent.seconds, time.process_time()
            recorder.step()
            costs.append(began[0] + time.process_time() - began[1])
            lstm.zero_grad()
    trace = recorder.recording[-1]["l0"]
    times, least = trace.lengths[0], min(costs[1:])
    products = floor(T)
    print(f"{least / products:.1%}: {1000 * least:.1f} ms, the last {times} times, of {1000 * products:.0f} ms")
    assert trace.first == T - times
    assert trace.replay_error < 1e-6
    assert least < SHARE * products
