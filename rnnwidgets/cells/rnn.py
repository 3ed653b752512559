"""The simple recurrent network (Elman 1990): h_t = tanh(W x_t + b_W + U h_{t-1} + b_U), or relu in tanh's place."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import linear

from rnnwidgets.cells.cell import Cell, Direct, Start, States, Weights, previous


def _inner(x: Tensor, y: Tensor, start: Start, w: Weights) -> tuple[Tensor, Tensor]:
    h_prev = previous(start.h, y)
    return linear(x, w.W, w.b_W) + linear(h_prev, w.U, w.b_U), h_prev


def _replay_tanh(x: Tensor, y: Tensor, start: Start, w: Weights) -> States:
    a, h_prev = _inner(x, y, start, w)
    h = torch.tanh(a)
    return {"h": h, "h_prev": h_prev, "slope": 1 - h * h}


def _replay_relu(x: Tensor, y: Tensor, start: Start, w: Weights) -> States:
    a, h_prev = _inner(x, y, start, w)
    return {"h": torch.relu(a), "h_prev": h_prev, "slope": (a > 0).to(a.dtype)}


def step_back(states: States, direct: Direct, w: Weights) -> States:
    """Return total dh: dL/dh_t = dy_t + (dL/dh_{t+1} * slope_{t+1}) U."""
    dh = direct.h_n
    totals = []
    for dy, slope in zip(direct.y.flip(0).unbind(), states["slope"].flip(0).unbind(), strict=True):
        D = dy + dh
        totals.append(D)
        dh = (D * slope) @ w.U
    return {"dh": torch.stack(totals[::-1])}


TANH = Cell(_replay_tanh, step_back)
RELU = Cell(_replay_relu, step_back)
