"""The gated recurrent unit (Cho et al. 2014) in PyTorch's convention, where z near 1 keeps the old state.

r_t = sigmoid(W_r x_t + b_Wr + U_r h_{t-1} + b_Ur)
z_t = sigmoid(W_z x_t + b_Wz + U_z h_{t-1} + b_Uz)
n_t = tanh(W_n x_t + b_Wn + r_t (U_n h_{t-1} + b_Un))
h_t = (1 - z_t) n_t + z_t h_{t-1}
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import linear

from rnnwidgets.cells.cell import Cell, Direct, Start, States, Through, Weights, previous, through
from rnnwidgets.cells.nonlinear import tanh, through_sigmoid, through_tanh
from rnnwidgets.cells.sequence import Product, backwards, on_cpu, quiet


def run(x: Tensor, start: Start, w: Weights) -> Tensor:
    """Return the output of PyTorch's kernel."""
    return torch.gru(x, start.h[None], w.flat, w.b_W is not None, 1, 0.0, False, False, False)[0]


def replay(x: Tensor, y: Tensor, start: Start, w: Weights) -> States:
    """Return r, z, n, h, and m = U_n h_{t-1} + b_Un, which r multiplies."""
    return replay_each(x, Start(previous(start.h, y), None), w)


def replay_each(x: Tensor, before: Start, w: Weights) -> States:
    """Return r, z, n, h and m of times that each start from a state of their own."""
    h_prev = before.h
    x_r, x_z, x_n = linear(x, w.W, w.b_W).chunk(3, dim=-1)
    h_r, h_z, m = linear(h_prev, w.U, w.b_U).chunk(3, dim=-1)
    r = torch.sigmoid(x_r + h_r)
    z = torch.sigmoid(x_z + h_z)
    n = tanh(x_n + r * m)
    return {"r": r, "z": z, "n": n, "h": torch.lerp(n, h_prev, z), "h_prev": h_prev, "m": m}


def step_back(states: States, direct: Direct, w: Weights) -> States:
    """Return total dh. All that does not depend on dh is computed for every time at once.

    With D = dL/dh_t: a_n = D (1-z)(1-n^2), a_z = D (h_{t-1}-n) z(1-z), a_r = a_n m r(1-r), and
    dL/dh_{t-1} = direct_{t-1} + D z + [a_r, a_z, a_n r] U.
    """
    factors = _slopes(states)
    factors[:, :, 2] *= states["r"]
    h = direct.h.clone().cpu()
    U = Product(h.shape[1], w.U.cpu())
    a = U.left.reshape(h.shape[1], 3, -1)
    carried = np.zeros_like(a[:, 0])
    with quiet():
        for D, factor, keep in backwards(h, *on_cpu(factors, states["z"])):
            carried += U.update()
            np.add(D, carried, out=D)
            np.multiply(factor, D[:, None], out=a)
            np.multiply(D, keep, out=carried)
    return {"dh": h.to(direct.h.device)}


def into_input(states: States, totals: States, w: Weights) -> Tensor:
    """Return dL/dx_t = [a_r, a_z, a_n] W."""
    return (totals["dh"].unsqueeze(2) * _slopes(states)).flatten(2) @ w.W


def into_state(states: States, totals: States, w: Weights) -> Through:
    """Return D z + [a_r, a_z, a_n r] U."""
    D, r, z = totals["dh"], states["r"], states["z"]
    a = D.unsqueeze(2) * _slopes(states)
    a[:, :, 2] *= r
    found = through(a.flatten(2), torch.cat((D * states["m"], D * (states["h_prev"] - states["n"]), D), dim=-1), w.U)
    return Through(found.h + D * z, found.rounding + torch.finfo(D.dtype).eps * D.abs())


def _slopes(states: States) -> Tensor:
    """Return a_r, a_z and a_n for D = 1, (T, S, 3, H)."""
    r, z, n = states["r"], states["z"], states["n"]
    slopes = r.new_empty(*r.shape[:2], 3, r.shape[2])
    through_tanh(1 - z, n, slopes[:, :, 2])
    through_sigmoid(states["h_prev"] - n, z, slopes[:, :, 1])
    through_sigmoid(slopes[:, :, 2] * states["m"], r, slopes[:, :, 0])
    return slopes


GRU = Cell(run, replay, replay_each, step_back, into_input, into_state)
