"""What a decoder's loop pays for being watched: CPU time of each call of one time, recorded and sampled out."""

from __future__ import annotations

import time

import pytest
import torch
from torch import nn

import rnnwidgets as rw
from tests.counts import count

pytestmark = pytest.mark.costs
ROUNDS, CALLS = 4, 10_000
RECORDED, SAMPLED_OUT = 100e-6, 10e-6
PROMISE = (
    f"a call of one time costs at most {RECORDED * 1e6:.0f} µs recorded and {SAMPLED_OUT * 1e6:.0f} µs not recorded, "
    f"{CALLS} calls a step"
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


def extra(cell: nn.RNNCellBase, calls: int, every: int) -> float:
    """Return what watching adds to a call: the least of several rounds, each beside one without a recorder."""
    plain, watched = [], []
    for _ in range(ROUNDS):
        plain.append(seconds(cell, calls, None))
        with rw.watch(cell, every=every) as recorder:
            seconds(cell, 1, recorder)
            watched.append(seconds(cell, calls, recorder))
            assert len(recorder.recording) == (2 if every == 1 else 1)
            if every == 1:
                assert recorder.recording[-1]["cell"]["dh"].shape == (calls, 4, 32)
    return (min(watched) - min(plain)) / calls


def test_overhead_tiny_calls():
    calls, figures = count(500, CALLS), []
    for kind in (nn.LSTMCell, nn.GRUCell):
        cell = kind(8, 32)
        recorded, sampled_out = extra(cell, calls, 1), extra(cell, calls, 10**6)
        figures.append(f"{kind.__name__} {recorded * 1e6:.0f} µs and {sampled_out * 1e6:.1f} µs")
        assert recorded <= RECORDED, figures
        assert sampled_out <= SAMPLED_OUT, figures
    print("; ".join(figures))
