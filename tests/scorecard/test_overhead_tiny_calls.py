"""What a decoder's loop pays for being watched: CPU time of each call of one time, recorded and sampled out."""

from __future__ import annotations

import time

import pytest
import torch
from torch import nn

import rnnwidgets as rw
from tests.counts import count

pytestmark = pytest.mark.costs
ROUNDS, CALLS = 6, 10_000
RECORDED, SAMPLED_OUT = 1.6, 0.25  # of the call itself, forward and backward
MEMORY = 2**28  # room for a whole frame of so many times
PROMISE = (
    f"a call of one time costs at most {RECORDED} times itself recorded and {SAMPLED_OUT} not recorded, {CALLS} calls "
    "a step; 100 µs and 10 µs are held on fast processors alone"
)


def seconds(cell: nn.RNNCellBase, calls: int, recorder: rw.Recorder | None) -> float:
    """Return the CPU time of one training step of so many calls, and of the frame made of it."""
    x, state = torch.zeros(16, 8), None
    began = time.process_time()
    for _ in range(calls):
        state = cell(x, state)
    h = state[0] if isinstance(state, tuple) else state
    assert isinstance(h, torch.Tensor)
    h.sum().backward()
    if recorder is not None:
        recorder.step()
    return time.process_time() - began


def extra(cell: nn.RNNCellBase, calls: int, every: int) -> tuple[float, float]:
    """Return what watching adds to a call, and what the call itself costs: the least of several rounds each."""
    plain, watched = [], []
    for _ in range(ROUNDS):
        plain.append(seconds(cell, calls, None))
        with rw.watch(cell, every=every, memory=MEMORY) as recorder:
            seconds(cell, 1, recorder)
            watched.append(seconds(cell, calls, recorder))
            assert len(recorder.recording) == (2 if every == 1 else 1)
            if every == 1:
                assert recorder.recording[-1]["cell"]["dh"].shape == (calls, 4, 32)
    return (min(watched) - min(plain)) / calls, min(plain) / calls


def test_overhead_tiny_calls():
    calls, figures = count(500, CALLS), []
    for kind in (nn.LSTMCell, nn.GRUCell):
        cell = kind(8, 32)
        (recorded, plain), (sampled_out, _) = extra(cell, calls, 1), extra(cell, calls, 10**6)
        figures.append(
            f"{kind.__name__} {recorded * 1e6:.0f} µs and {sampled_out * 1e6:.1f} µs of {plain * 1e6:.0f} µs"
        )
        assert recorded <= RECORDED * plain, figures
        assert sampled_out <= SAMPLED_OUT * plain, figures
    print("; ".join(figures))
