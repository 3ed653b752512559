"""What every cell is made of. Axes: T times, S samples, I inputs, H units; G gates of the kind (RNN 1, GRU 3, LSTM 4).

A cell is two functions on tensors. `replay` gives the gates that the fused module computed, from its input and its own
output, in one batched product. `step_back` gives the total gradients dL/dh_t and dL/dc_t from the direct ones, walking
the sequence backwards; only the product with U is sequential. No module is called, no hook, no random number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

States = dict[str, Tensor]


class Weights(NamedTuple):
    """W (G*H, I) for the input, U (G*H, H) for the state, their biases (G*H,), None where the module has none."""

    W: Tensor
    U: Tensor
    b_W: Tensor | None
    b_U: Tensor | None


class Start(NamedTuple):
    """The state before the first time: h (S, H), and c (S, H) for the LSTM."""

    h: Tensor
    c: Tensor | None


class Direct(NamedTuple):
    """The gradients that reach the module from outside: dL/dy (T, S, H), dL/dh_n (S, H), dL/dc_n (S, H) or None."""

    y: Tensor
    h_n: Tensor
    c_n: Tensor | None


class Cell(NamedTuple):
    """The two functions of one kind.

    `replay(x, y, start, weights)` returns the papers' letters, each (T, S, H), with what `step_back` needs besides:
    `h_prev`, `c_prev`. `h` is the replayed output, to be compared with the module's own y.
    `step_back(states, direct, weights)` returns the total gradients `dh` and, for the LSTM, `dc`, each (T, S, H).
    """

    replay: Callable[[Tensor, Tensor, Start, Weights], States]
    step_back: Callable[[States, Direct, Weights], States]


def previous(start: Tensor, values: Tensor) -> Tensor:
    """Return values one time earlier: start (S, H), then values (T, S, H) without the last."""
    return torch.cat((start.unsqueeze(0), values[:-1]))
