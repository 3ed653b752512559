"""The independent way: the papers' equations, stepped one time and one gate at a time, on autograd's graph."""

from __future__ import annotations

import torch
from torch import Tensor

from rnnwidgets.cells import Start, Weights


def unrolled(kind: str, x: Tensor, start: Start, w: Weights) -> dict[str, list[Tensor]]:
    """Step through the papers' equations one time and one gate at a time, keeping every state on the graph."""

    def rows(gate: int, value: Tensor, matrix: Tensor, bias: Tensor | None) -> Tensor:
        units = w.W.shape[0] // {"LSTM": 4, "GRU": 3}.get(kind, 1)
        part = slice(gate * units, (gate + 1) * units)
        product = value @ matrix[part].T
        return product if bias is None else product + bias[part]

    def both(gate: int, x_t: Tensor, h: Tensor) -> Tensor:
        return rows(gate, x_t, w.W, w.b_W) + rows(gate, h, w.U, w.b_U)

    states: dict[str, list[Tensor]] = {}
    h, c = start.h, start.c
    for x_t in x:
        if kind == "LSTM":
            assert c is not None
            i, f, o = (torch.sigmoid(both(gate, x_t, h)) for gate in (0, 1, 3))
            g = torch.tanh(both(2, x_t, h))
            c = f * c + i * g
            h = o * torch.tanh(c) if w.P is None else (o * torch.tanh(c)) @ w.P.T
            now = {"i": i, "f": f, "g": g, "o": o, "c": c, "h": h}
        elif kind == "GRU":
            r, z = torch.sigmoid(both(0, x_t, h)), torch.sigmoid(both(1, x_t, h))
            n = torch.tanh(rows(2, x_t, w.W, w.b_W) + r * rows(2, h, w.U, w.b_U))
            h = (1 - z) * n + z * h
            now = {"r": r, "z": z, "n": n, "h": h}
        else:
            h = torch.tanh(both(0, x_t, h)) if kind == "RNN_TANH" else torch.relu(both(0, x_t, h))
            now = {"h": h}
        for name, value in now.items():
            value.requires_grad_() if value.is_leaf else value.retain_grad()
            states.setdefault(name, []).append(value)
    return states


def leaves(start: Start) -> Start:
    """Return a copy of the initial state that can be differentiated."""
    h, c = start.h, start.c
    return Start(h.clone().requires_grad_(), None if c is None else c.clone().requires_grad_())


def assert_close(found: Tensor, wanted: Tensor, tolerance: float) -> None:
    """Compare within a tolerance relative to the largest magnitude."""
    scale = float(wanted.abs().max())
    assert found.shape == wanted.shape
    assert float((found - wanted).abs().max()) <= tolerance * max(scale, 1e-300)
