"""How far replayed gates are from the equations in float64, over long sequences in float32; stored with each call."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

import rnnwidgets as rw
from rnnwidgets.cells import Start, Weights
from tests.counts import count
from tests.unit.oracle import unrolled

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections:UserWarning")  # torch's own, once a process

INPUTS, UNITS, SAMPLES = 4, 16, 2
T, ERROR = 2000, 1e-6
PROMISE = f"replayed gates of {T} times in float32 within {ERROR:.0e} of float64, the error of each call on record"
LAYERS: dict[str, Any] = {
    "LSTM": lambda: nn.LSTM(INPUTS, UNITS),
    "LSTM with a projection": lambda: nn.LSTM(INPUTS, UNITS, proj_size=UNITS - 4),
    "GRU": lambda: nn.GRU(INPUTS, UNITS),
    "RNN tanh": lambda: nn.RNN(INPUTS, UNITS),
    "RNN relu": lambda: nn.RNN(INPUTS, UNITS, nonlinearity="relu"),
    "LSTMCell": lambda: nn.LSTMCell(INPUTS, UNITS),
    "GRUCell": lambda: nn.GRUCell(INPUTS, UNITS),
    "RNNCell": lambda: nn.RNNCell(INPUTS, UNITS),
}


def run(module: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """Return a scalar of the whole sequence."""
    if not isinstance(module, nn.RNNCellBase):
        output: torch.Tensor = module(x)[0]
        return output.sum()
    state, outputs = None, []
    for now in x:
        state = module(now, state)
        outputs.append(state[0] if isinstance(state, tuple) else state)
    return torch.stack(outputs).sum()


def replayed(module: nn.Module, times: int) -> tuple[float, rw.Trace]:
    """Return the largest error of any gate of a long sequence, and its trace."""
    x = torch.randn(times, SAMPLES, INPUTS)
    with rw.watch(module) as recorder:
        run(module, x).backward()
        recorder.step()
    (trace,) = recorder.recording[0].traces.values()
    weights = [weight.detach().double() for weight in module.parameters()]
    projection = weights.pop() if getattr(module, "proj_size", 0) else None
    start = torch.zeros(SAMPLES, len(projection) if projection is not None else UNITS, dtype=torch.float64)
    cell = torch.zeros(SAMPLES, UNITS, dtype=torch.float64) if trace.kind == "LSTM" else None
    with torch.no_grad():
        w = Weights(weights[0], weights[1], weights[2], weights[3], projection)
        states = {letter: torch.stack(values) for letter, values in _states(trace.kind, x, start, cell, w).items()}
    errors = {letter: _error(trace[letter], values) for letter, values in states.items()}
    return max(errors.values()), trace


def test_gate_replay_error():
    worst = {}
    for name, make in LAYERS.items():
        torch.manual_seed(1)
        worst[name], trace = replayed(make(), count(400, T))
        assert 0 <= trace.replay_error <= ERROR, name
        assert trace.inexact == "", name
    farthest = max(worst, key=worst.__getitem__)
    print(f"{len(worst)} kinds of layers and cells, at most {worst[farthest]:.1e} ({farthest})")
    assert worst[farthest] <= ERROR


def _states(kind: str, x: torch.Tensor, h: torch.Tensor, c: torch.Tensor | None, w: Weights) -> dict[str, Any]:
    with torch.enable_grad():
        return unrolled(kind, x.double(), Start(h, c), w)


def _error(found: Any, wanted: torch.Tensor) -> float:
    """Return the largest difference, relative to the largest magnitude where that is above 1."""
    return float((torch.from_numpy(found.copy()) - wanted).abs().max() / max(1.0, float(wanted.abs().max())))
