"""A loss on the last of 200 outputs: the total gradient is everywhere, the direct one at one time; both on record."""

from __future__ import annotations

import torch
from torch import Tensor, nn

import rnnwidgets as rw
from rnnwidgets.cells import Start, Weights
from tests.unit.oracle import leaves, unrolled

T, S, INPUTS, UNITS = 200, 3, 4, 8
ERROR = 1e-6
PROMISE = f"total gradient of T={T}, loss on the last, within {ERROR:.0e} of float64; both kinds under their names"


class ByCell(nn.Module):
    """The layer's own weights in a cell, called once a time."""

    def __init__(self, layer: nn.LSTM) -> None:
        super().__init__()
        self.cell = nn.LSTMCell(INPUTS, UNITS)
        with torch.no_grad():
            for own, other in zip(self.cell.parameters(), layer.parameters(), strict=True):
                own.copy_(other)

    def forward(self, x: Tensor) -> Tensor:
        state = None
        for now in x:
            state = self.cell(now, state)
        assert state is not None
        last: Tensor = state[0]
        return last


class ByLayer(nn.Module):
    """A many-to-one model."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(INPUTS, UNITS)

    def forward(self, x: Tensor) -> Tensor:
        output: Tensor = self.lstm(x)[0]
        return output[-1]


def test_direct_vs_total():
    torch.manual_seed(0)
    layer = ByLayer()
    x, target = torch.randn(T, S, INPUTS), torch.randn(S, UNITS)
    weights = Weights(*(weight.detach().double() for weight in layer.lstm.parameters()))
    zero = torch.zeros(S, UNITS, dtype=torch.float64)
    states = unrolled("LSTM", x.double(), leaves(Start(zero, zero)), weights)
    (states["h"][-1] * target.double()).sum().backward()
    wanted = torch.stack([zero if h.grad is None else h.grad for h in states["h"]])
    errors = []
    for model, name in ((layer, "lstm.l0"), (ByCell(layer.lstm), "cell")):
        with rw.watch(model) as recorder:
            (model(x) * target).sum().backward()
            recorder.step()
        trace = recorder.recording[0][name]
        errors.append(float((torch.from_numpy(trace["dh"].copy()) - wanted).abs().max() / wanted.abs().max()))
        times = [int((abs(trace[letter]).sum((1, 2)) > 0).sum()) for letter in ("dh", "dy")]
        assert times == [T, 1]
    print(f"{max(errors):.1e}, layer and cell; total not zero at {times[0]} times, direct at {times[1]}")
    assert max(errors) <= ERROR
