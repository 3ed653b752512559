"""Recordings for the tests of analyses: one training step of a module, or of a model, with a loss of choice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

import rnnwidgets as rw


def frame_of(module: nn.Module, x: Any, loss: Callable[[Any], Tensor], state: Any = None) -> rw.Frame:
    """Return the frame of one step of a recurrent module."""
    with rw.watch(module, every=1) as recorder:
        loss(module(x) if state is None else module(x, state)).backward()
        recorder.step()
    return recorder.recording[0]


def every_output(result: Any) -> Tensor:
    """A loss at every time: the sum of squares of the output."""
    output: Tensor = result[0].data if isinstance(result[0], PackedSequence) else result[0]
    return output.square().sum()


def last_output(result: Any) -> Tensor:
    """A loss at the last time."""
    return torch.as_tensor(result[0][-1]).square().sum()


def last_state(result: Any) -> Tensor:
    """A loss on h_n and, for the LSTM, c_n, with one more at time 3 of the output."""
    states = result[1] if isinstance(result[1], tuple) else (result[1],)
    return torch.stack([state.pow(3).sum() for state in states]).sum() + torch.as_tensor(result[0][3]).sum()


LOSSES = {"every output": every_output, "last output": last_output, "last state": last_state}


def linear_rnn(rho: float, units: int = 64, inputs: int = 1) -> nn.RNN:
    """A ReLU network whose states stay positive, so that it is linear: W_hh = rho times a permutation."""
    module = nn.RNN(inputs, units, nonlinearity="relu", dtype=torch.float64)
    permutation = torch.eye(units, dtype=torch.float64)[torch.randperm(units)]
    fill(module, weight_hh=rho * permutation, weight_ih=0.0, bias_ih=0.5, bias_hh=0.5)
    return module


def fill(module: nn.RNNBase, **values: Tensor | float) -> None:
    """Set weights of the first layer: `weight_hh`, `weight_ih`, `bias_hh`, `bias_ih`."""
    with torch.no_grad():
        for name, weight in module.named_parameters():
            value = values.get(name.removesuffix("_l0"))
            if value is not None:
                weight.copy_(torch.as_tensor(value, dtype=weight.dtype))


def trained(steps: int = 6, units: int = 8) -> rw.Recording:
    """A recording of a small LSTM."""
    torch.manual_seed(0)
    module = nn.LSTM(3, units)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1)
    with rw.watch(module, optimizer, every=1) as recorder:
        for _ in range(steps):
            optimizer.zero_grad()
            loss = every_output(module(torch.randn(9, 2, 3)))
            loss.backward()
            optimizer.step()
            recorder.log(loss=loss)
    return recorder.recording
