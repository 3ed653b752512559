"""The simple recurrent network (Elman 1990): h_t = tanh(W x_t + b_W + U h_{t-1} + b_U), or relu in tanh's place."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from rnnwidgets.cells.cell import Cell, Direct, Start, States, Through, Weights, preactivations, previous, through
from rnnwidgets.cells.nonlinear import tanh
from rnnwidgets.cells.sequence import Product, backwards, on_cpu, quiet


def _run_tanh(x: Tensor, start: Start, w: Weights) -> Tensor:
    return torch.rnn_tanh(x, start.h[None], w.flat, w.b_W is not None, 1, 0.0, False, False, False)[0]


def _run_relu(x: Tensor, start: Start, w: Weights) -> Tensor:
    return torch.rnn_relu(x, start.h[None], w.flat, w.b_W is not None, 1, 0.0, False, False, False)[0]


def _each_tanh(x: Tensor, before: Start, w: Weights) -> States:
    h = tanh(preactivations(x, before.h, w))
    return {"h": h, "slope": 1 - h * h}


def _each_relu(x: Tensor, before: Start, w: Weights) -> States:
    a = preactivations(x, before.h, w)
    return {"h": torch.relu(a), "slope": (a > 0).to(a.dtype)}


def _replay_tanh(x: Tensor, y: Tensor, start: Start, w: Weights) -> States:
    return _each_tanh(x, Start(previous(start.h, y), None), w)


def _replay_relu(x: Tensor, y: Tensor, start: Start, w: Weights) -> States:
    return _each_relu(x, Start(previous(start.h, y), None), w)


def step_back(states: States, direct: Direct, w: Weights) -> States:
    """Return total dh: dL/dh_t = direct_t + (dL/dh_{t+1} * slope_{t+1}) U."""
    h = direct.h.clone().cpu()
    U = Product(h.shape[1], w.U.cpu())
    with quiet():
        for D, slope in backwards(h, *on_cpu(states["slope"])):
            np.add(D, U.update(), out=D)
            np.multiply(D, slope, out=U.left)
    return {"dh": h.to(direct.h.device)}


def into_input(states: States, totals: States, w: Weights) -> Tensor:
    """Return dL/dx_t = (dL/dh_t * slope_t) W."""
    return (totals["dh"] * states["slope"]) @ w.W


def into_state(states: States, totals: States, w: Weights) -> Through:
    """Return (dL/dh_t * slope_t) U."""
    return through(totals["dh"] * states["slope"], totals["dh"], w.U)


TANH = Cell(_run_tanh, _replay_tanh, _each_tanh, step_back, into_input, into_state)
RELU = Cell(_run_relu, _replay_relu, _each_relu, step_back, into_input, into_state)
