"""Long short-term memory (Hochreiter & Schmidhuber 1997, with the forget gate of Gers, Schmidhuber & Cummins 2000).

    i, f, o = sigmoid(W x_t + b_W + U h_{t-1} + b_U)      g = tanh(the same, with its own rows)
    c_t = f c_{t-1} + i g                                 h_t = o tanh(c_t)

With a projection (Sak, Senior & Beaufays 2014), h_t = P (o tanh(c_t)).
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import linear

from rnnwidgets.cells.cell import Cell, Direct, Start, States, Through, Weights, preactivations, previous, through
from rnnwidgets.cells.nonlinear import tanh, through_sigmoid, through_tanh
from rnnwidgets.cells.sequence import Product, backwards, forwards, on_cpu, quiet


def run(x: Tensor, start: Start, w: Weights) -> Tensor:
    """Return the output of PyTorch's kernel."""
    state = [start.h[None], _cell(start.c)[None]]
    return torch.lstm(x, state, w.flat, w.b_W is not None, 1, 0.0, False, False, False)[0]


def replay(x: Tensor, y: Tensor, start: Start, w: Weights) -> States:
    """Return i, f, g, o, c, h; c by a scan from the start."""
    gates = _gates(x, previous(start.h, y), w)
    first = _cell(start.c)
    c = _scan(first, gates)
    if start.c_end is not None:
        first = _mended(first, start.c_end - c[-1], gates["f"])
        c = _scan(first, gates)
    return gates | _output(gates["o"], c, w) | {"c_prev": previous(first, c)}


def _scan(first: Tensor, gates: States) -> Tensor:
    """Return c of every time."""
    c, f, before = on_cpu(gates["i"] * gates["g"], gates["f"], first)
    last = before.numpy()
    with quiet():
        for now, keep in forwards(c, f):
            np.add(now, keep * last, out=now)
            last = now
    return c.to(first.device)


def _mended(c: Tensor, missing: Tensor, f: Tensor) -> Tensor:
    """Return c before the first time, estimated as atanh(h / o), with what is `missing` at the end put right.

    An error of c reaches the end times all f. That is exact where little is forgotten; where much is, it drowns in
    rounding. The estimate is the other way round: poor where tanh is saturated, as it is where little is forgotten.
    """
    eps = torch.finfo(c.dtype).eps
    kept = f.double().prod(0)
    by_end = eps * len(f) * c.abs().clamp(min=1) / kept
    by_output = eps / (1 - torch.tanh(c.double()) ** 2)
    return torch.where(by_end < by_output, c + missing / kept, c).to(c.dtype)


def replay_each(x: Tensor, before: Start, w: Weights) -> States:
    """Return i, f, g, o, c, h of times that each start from a state of their own."""
    gates, c_prev = _gates(x, before.h, w), _cell(before.c)
    c = torch.addcmul(gates["i"] * gates["g"], gates["f"], c_prev)
    return gates | _output(gates["o"], c, w) | {"c_prev": c_prev}


def step_back(states: States, direct: Direct, w: Weights) -> States:
    """Return total dh and dc. All that depends on neither is computed for every time at once.

    With D = dL/dh_t (through P where there is one) and d = dL/dc_t = direct_t + (d f)_{t+1} + D o (1-tanh(c)^2):
    a = [d g i(1-i), d c_{t-1} f(1-f), d i (1-g^2), D tanh(c) o(1-o)] and dL/dh_{t-1} = direct_{t-1} + a U.
    """
    o, squashed = states["o"], states["squashed"]
    slopes, into_c = _slopes(states), torch.empty_like(squashed)
    through_tanh(o, squashed, into_c)
    h, c = direct.h.clone(), torch.zeros_like(o) if direct.c is None else direct.c.clone()
    h, c, *known = on_cpu(h, c, into_c, slopes[:, :, :3], slopes[:, :, 3], states["f"])
    U, P = Product(h.shape[1], w.U.cpu()), None if w.P is None else Product(h.shape[1], w.P.cpu())
    a = U.left.reshape(h.shape[1], 4, -1)
    a_ifg, a_o = a[:, :3], a[:, 3]
    carried = np.zeros_like(a_o)
    with quiet():
        for dh, dc, through_h, by_d, by_D, keep in backwards(h, c, *known):
            np.add(dh, U.update(), out=dh)
            D = dh
            if P is not None:
                P.left[:] = dh
                D = P.update()
            carried += D * through_h
            np.add(dc, carried, out=dc)
            np.multiply(by_d, dc[:, None], out=a_ifg)
            np.multiply(by_D, D, out=a_o)
            np.multiply(dc, keep, out=carried)
    return {"dh": h.to(o.device), "dc": c.to(o.device)}


def into_input(states: States, totals: States, w: Weights) -> Tensor:
    """Return dL/dx_t = a W."""
    return _into_gates(_slopes(states), totals, w) @ w.W


def into_state(states: States, totals: States, w: Weights) -> Through:
    """Return a U."""
    steepest = torch.stack([states[letter] for letter in ("g", "c_prev", "i", "squashed")], dim=2)
    return through(_into_gates(_slopes(states), totals, w), _into_gates(steepest, totals, w), w.U)


def _into_gates(slopes: Tensor, totals: States, w: Weights) -> Tensor:
    """Return the gradient of all four gates (T, S, 4H), from slopes (T, S, 4, H) as `_slopes` returns them."""
    D = totals["dh"] if w.P is None else totals["dh"] @ w.P
    d = totals["dc"].unsqueeze(2)
    return torch.cat((slopes[:, :, :3] * d, slopes[:, :, 3:] * D.unsqueeze(2)), dim=2).flatten(2)


def _gates(x: Tensor, h_prev: Tensor, w: Weights) -> States:
    a = preactivations(x, h_prev, w)
    i, f, a_g, o = a.chunk(4, dim=-1)
    g = tanh(a_g)
    a.sigmoid_()
    return {"i": i, "f": f, "g": g, "o": o}


def _output(o: Tensor, c: Tensor, w: Weights) -> States:
    squashed = tanh(c)
    h = o * squashed if w.P is None else linear(o * squashed, w.P)
    return {"c": c, "h": h, "squashed": squashed}


def _slopes(states: States) -> Tensor:
    """Return the gradients (T, S, 4, H) of the gates: of i, f and g for d = 1, of o for D = 1."""
    i, f, g, o = (states[letter] for letter in "ifgo")
    slopes = o.new_empty(*o.shape[:2], 4, o.shape[2])
    through_sigmoid(g, i, slopes[:, :, 0])
    through_sigmoid(states["c_prev"], f, slopes[:, :, 1])
    through_tanh(i, g, slopes[:, :, 2])
    through_sigmoid(states["squashed"], o, slopes[:, :, 3])
    return slopes


def _cell(value: Tensor | None) -> Tensor:
    if value is None:
        message = "an LSTM has a cell state beside h"
        raise TypeError(message)
    return value


LSTM = Cell(run, replay, replay_each, step_back, into_input, into_state)
