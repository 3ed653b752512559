"""Long short-term memory (Hochreiter & Schmidhuber 1997, with the forget gate of Gers, Schmidhuber & Cummins 2000).

    i, f, o = sigmoid(W x_t + b_W + U h_{t-1} + b_U)      g = tanh(the same, with its own rows)
    c_t = f c_{t-1} + i g                                 h_t = o tanh(c_t)

With a projection (Sak, Senior & Beaufays 2014), h_t = P (o tanh(c_t)).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import linear

from rnnwidgets.cells.cell import Cell, Direct, Start, States, Through, Weights, backwards, previous, through


def run(x: Tensor, start: Start, w: Weights) -> Tensor:
    """Return the output of PyTorch's kernel."""
    state = [start.h[None], _cell(start.c)[None]]
    return torch.lstm(x, state, w.flat, w.b_W is not None, 1, 0.0, False, False, False)[0]


def replay(x: Tensor, y: Tensor, start: Start, w: Weights) -> States:
    """Return i, f, g, o, c, h; c by a scan from the start."""
    gates = _gates(x, previous(start.h, y), w)
    now = first = _cell(start.c)
    scan = []
    for added, kept in zip((gates["i"] * gates["g"]).unbind(), gates["f"].unbind(), strict=True):
        now = torch.addcmul(added, kept, now)
        scan.append(now)
    c = torch.stack(scan)
    return gates | _output(gates["o"], c, w) | {"c_prev": previous(first, c)}


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
    by_d, by_D = _slopes(states)
    into_c = o * (1 - squashed * squashed)
    a = torch.zeros(direct.h.shape[1], w.U.shape[0], dtype=o.dtype, device=o.device)
    carried = torch.zeros_like(o[0])
    totals_h, totals_c = [], []
    series = (direct.h, _cell(direct.c), into_c, by_d, by_D, states["f"])
    for outside_h, outside_c, slope, three, fourth, keep in backwards(*series):
        dh = torch.addmm(outside_h, a, w.U)
        D = dh if w.P is None else dh @ w.P
        d = torch.addcmul(outside_c + carried, D, slope)
        totals_h.append(dh)
        totals_c.append(d)
        a = torch.cat((three * d.unsqueeze(1), (fourth * D).unsqueeze(1)), dim=1).flatten(1)
        carried = d * keep
    return {"dh": torch.stack(totals_h[::-1]), "dc": torch.stack(totals_c[::-1])}


def into_input(states: States, totals: States, w: Weights) -> Tensor:
    """Return dL/dx_t = a W."""
    return _into_gates(*_slopes(states), totals, w) @ w.W


def into_state(states: States, totals: States, w: Weights) -> Through:
    """Return a U."""
    steepest = torch.stack((states["g"], states["c_prev"], states["i"]), dim=2), states["squashed"]
    return through(_into_gates(*_slopes(states), totals, w), _into_gates(*steepest, totals, w), w.U)


def _into_gates(by_d: Tensor, by_D: Tensor, totals: States, w: Weights) -> Tensor:
    """Return the gradient of all four gates (T, S, 4H): `by_d` (T, S, 3, H) for d = 1, `by_D` (T, S, H) for D = 1."""
    D = totals["dh"] if w.P is None else totals["dh"] @ w.P
    return torch.cat((by_d * totals["dc"].unsqueeze(2), (by_D * D).unsqueeze(2)), dim=2).flatten(2)


def _gates(x: Tensor, h_prev: Tensor, w: Weights) -> States:
    a = linear(x, w.W, w.b_W) + linear(h_prev, w.U, w.b_U)
    a_i, a_f, a_g, a_o = a.chunk(4, dim=-1)
    return {"i": torch.sigmoid(a_i), "f": torch.sigmoid(a_f), "g": torch.tanh(a_g), "o": torch.sigmoid(a_o)}


def _output(o: Tensor, c: Tensor, w: Weights) -> States:
    squashed = torch.tanh(c)
    h = o * squashed if w.P is None else linear(o * squashed, w.P)
    return {"c": c, "h": h, "squashed": squashed}


def _slopes(states: States) -> tuple[Tensor, Tensor]:
    """Return a_i, a_f, a_g (T, S, 3, H) for d = 1, and a_o (T, S, H) for D = 1."""
    i, f, g, o = states["i"], states["f"], states["g"], states["o"]
    by_d = torch.stack((g * i * (1 - i), states["c_prev"] * f * (1 - f), i * (1 - g * g)), dim=2)
    return by_d, states["squashed"] * o * (1 - o)


def _cell(value: Tensor | None) -> Tensor:
    if value is None:
        message = "an LSTM has a cell state beside h"
        raise TypeError(message)
    return value


LSTM = Cell(run, replay, replay_each, step_back, into_input, into_state)
