"""A trace carries what its recursion needs besides its arrays: the recurrent weights and the state before the first
time, so that every gate's slope can be had again from the recording alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import rnnwidgets as rw
from rnnwidgets.recorder.settings import HEAVY_EVERY


def recorded(module: nn.Module, x: torch.Tensor, state: Any = None, steps: int = 1) -> rw.Recording:
    """Train a module on a loss over its output, with every weight's value of each step kept aside by the recorder."""
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    with rw.watch(module, optimizer, every=1) as recorder:
        for _ in range(steps):
            output, _ = module(x, state)
            optimizer.zero_grad()
            output.square().mean().backward()
            optimizer.step()
    return recorder.recording


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize("make", [nn.RNN, nn.GRU, nn.LSTM])
def test_weights_and_start_are_those_of_the_forward_pass_for_every_layer_and_direction(
    make: Callable[..., nn.RNNBase], bidirectional: bool, bias: bool
):
    torch.manual_seed(0)
    module = make(3, 5, num_layers=2, bidirectional=bidirectional, bias=bias, dtype=torch.float64)
    before = {name: value.detach().clone().numpy() for name, value in module.named_parameters()}
    count = 2 * (1 + bidirectional)
    h, c = torch.randn(count, 2, 5, dtype=torch.float64), torch.randn(count, 2, 5, dtype=torch.float64)
    frame = recorded(module, torch.randn(7, 2, 3, dtype=torch.float64), (h, c) if make is nn.LSTM else h)[0]
    assert len(frame.layers) == count
    for place, (name, trace) in enumerate(frame.traces.items()):
        assert set(trace.weights) == {"W_hh", "b_hh"} if bias else {"W_hh"}
        for weight, value in trace.weights.items():
            np.testing.assert_array_equal(value, before[f"{'weight' if weight == 'W_hh' else 'bias'}_hh_{name}"])
        np.testing.assert_array_equal(trace.start["h"], h[place])
        assert ("c" in trace.start) == (make is nn.LSTM)
        if make is nn.LSTM:
            np.testing.assert_array_equal(trace.start["c"], c[place])


def test_what_r_multiplies_in_a_gru_follows_from_the_weights_and_h():
    torch.manual_seed(1)
    module = nn.GRU(3, 5, dtype=torch.float64)
    x = torch.randn(7, 2, 3, dtype=torch.float64)
    W, b = (value.detach().numpy().copy() for name, value in module.named_parameters() if "_ih_" in name)
    trace = recorded(module, x)[0]["l0"]
    before = np.concatenate((trace.start["h"][None], trace["h"][:-1]))
    m = before @ trace.weights["W_hh"][10:].T + trace.weights["b_hh"][10:]
    n = np.tanh(x.numpy() @ W[10:].T + b[10:] + trace["r"] * m)
    np.testing.assert_allclose(trace["n"], n, rtol=0, atol=1e-14)


@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
def test_a_projection_is_kept_and_the_state_before_has_its_width():
    torch.manual_seed(2)
    module = nn.LSTM(3, 6, proj_size=4)
    trace = recorded(module, torch.randn(9, 2, 3))[0]["l0"]
    assert {name: value.shape for name, value in trace.weights.items()} == {
        "W_hh": (24, 4),
        "b_hh": (24,),
        "W_hr": (4, 6),
    }
    assert {name: value.shape for name, value in trace.start.items()} == {"h": (2, 4), "c": (2, 6)}


def test_weights_of_more_than_half_of_what_is_recorded_come_with_each_eighth_frame():
    torch.manual_seed(3)
    frames = recorded(nn.GRU(2, 40), torch.randn(3, 1, 2), steps=2 * HEAVY_EVERY + 1)
    assert [bool(frame["l0"].weights) for frame in frames] == [k % 8 == 0 for k in range(17)]
    assert all(frame["l0"].start for frame in frames)
    light = recorded(nn.GRU(2, 10), torch.randn(60, 2, 2), steps=3)
    assert all(frame["l0"].weights for frame in light)


def test_layers_joined_along_time_start_where_their_first_call_did():
    torch.manual_seed(4)
    module = nn.GRU(2, 3)
    h = torch.randn(1, 2, 3)
    with rw.watch(module, every=1) as recorder:
        first, last = module(torch.randn(4, 2, 2), h)
        second, _ = module(torch.randn(3, 2, 2), last)
        (first.sum() + second.sum()).backward()
        recorder.step()
    trace = recorder.recording[0]["l0"]
    assert trace["h"].shape == (7, 2, 3)
    np.testing.assert_array_equal(trace.start["h"], h[0])
