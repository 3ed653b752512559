"""Long short-term memory (Hochreiter & Schmidhuber 1997, with the forget gate of Gers, Schmidhuber & Cummins 2000).

i, f, o = sigmoid(W x_t + b_W + U h_{t-1} + b_U)      g = tanh(the same, with its own rows)
c_t = f c_{t-1} + i g                                 h_t = o tanh(c_t)
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import linear

from rnnwidgets.cells.cell import Cell, Direct, Start, States, Weights, previous


def replay(x: Tensor, y: Tensor, start: Start, w: Weights) -> States:
    """Return i, f, g, o, c, h; c by a scan from the start."""
    if start.c is None:
        message = "an LSTM starts from h and c"
        raise TypeError(message)
    a = linear(x, w.W, w.b_W) + linear(previous(start.h, y), w.U, w.b_U)
    a_i, a_f, a_g, a_o = a.chunk(4, dim=-1)
    i, f, g, o = torch.sigmoid(a_i), torch.sigmoid(a_f), torch.tanh(a_g), torch.sigmoid(a_o)
    now = start.c
    scan = []
    for added, kept in zip((i * g).unbind(), f.unbind(), strict=True):
        now = torch.addcmul(added, kept, now)
        scan.append(now)
    c = torch.stack(scan)
    return {"i": i, "f": f, "g": g, "o": o, "c": c, "h": o * torch.tanh(c), "c_prev": previous(start.c, c)}


def step_back(states: States, direct: Direct, w: Weights) -> States:
    """Return total dh and dc. All that depends on neither is computed for every time at once.

    With D = dL/dh_t and d = dL/dc_t = dc + D o (1-tanh(c)^2): a = [d g i(1-i), d c_{t-1} f(1-f), d i (1-g^2),
    D tanh(c) o(1-o)], dL/dh_{t-1} = a U, and d f goes on to c_{t-1}.
    """
    if direct.c_n is None:
        message = "an LSTM steps back from dL/dh_n and dL/dc_n"
        raise TypeError(message)
    i, f, g, o = states["i"], states["f"], states["g"], states["o"]
    squashed = torch.tanh(states["c"])
    by_d = torch.stack((g * i * (1 - i), states["c_prev"] * f * (1 - f), i * (1 - g * g)), dim=2)
    by_D = squashed * o * (1 - o)
    into_c = o * (1 - squashed * squashed)
    dh, dc = direct.h_n, direct.c_n
    totals_h, totals_c = [], []
    backwards = zip(*(values.flip(0).unbind() for values in (direct.y, into_c, by_d, by_D, f)), strict=True)
    for dy, slope, three, fourth, keep in backwards:
        D = dy + dh
        d = torch.addcmul(dc, D, slope)
        totals_h.append(D)
        totals_c.append(d)
        a = torch.cat((three * d.unsqueeze(1), (fourth * D).unsqueeze(1)), dim=1)
        dh = a.flatten(1) @ w.U
        dc = d * keep
    return {"dh": torch.stack(totals_h[::-1]), "dc": torch.stack(totals_c[::-1])}


LSTM = Cell(replay, step_back)
