"""What every cell is made of. Axes: T times, S samples, I inputs, H units; G gates of the kind (RNN 1, GRU 3, LSTM 4).
R is the size of h: H, or less where an LSTM projects its output.

A cell is six functions on tensors. `run` gives the output of the fused kernel. `replay` gives the gates that the
kernel computed, from its input and its own output, in one batched product; `replay_each` those of calls of one time
each. `step_back` gives the total gradients dL/dh_t and dL/dc_t, walking the sequence backwards; only the product with U
is sequential. `into_input` carries them on to the input, `into_state` to the state one time earlier. No module is
called, no hook, no random number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

States = dict[str, Tensor]

_ROUNDINGS = 8  # between the gates and the product with U


class Weights(NamedTuple):
    """W (G*H, I) for the input, U (G*H, R) for the state, their biases (G*H,), and the projection P (R, H).

    Biases and projection are None where the module has none.
    """

    W: Tensor
    U: Tensor
    b_W: Tensor | None = None
    b_U: Tensor | None = None
    P: Tensor | None = None

    @property
    def flat(self) -> list[Tensor]:
        """The weights that there are, in PyTorch's order."""
        return [weight for weight in self if weight is not None]


class Start(NamedTuple):
    """The state before the first time: h (S, R), and c (S, H) for the LSTM.

    Where c is only estimated, `c_end` (S, H) is the cell state after the last time, by which it is mended.
    """

    h: Tensor
    c: Tensor | None
    c_end: Tensor | None = None


class Direct(NamedTuple):
    """What reaches h_t (T, S, R) and, for the LSTM, c_t (T, S, H) from outside the recurrence: the gradient of the
    output at every time, with that of the last state at each sequence's last time, and zero past it. `c` is None where
    nothing does.
    """

    h: Tensor
    c: Tensor | None


class Through(NamedTuple):
    """What reaches the h that a time starts from through that time, dL/dh_t times dh_t/dh_{t-1}, (T, S, R), and how
    much of it may be rounding: the largest difference between two orders of computing the same.
    """

    h: Tensor
    rounding: Tensor


class Cell(NamedTuple):
    """The functions of one kind.

    `run(x, start, weights)` returns y (T, S, R).
    `replay(x, y, start, weights)` returns the papers' letters, each (T, S, H), with what the gradients need besides.
    `h` is the replayed output, to be compared with the module's own y.
    `step_back(states, direct, weights)` returns the total gradients `dh` (T, S, R) and, for the LSTM, `dc` (T, S, H).
    `replay_each(x, before, weights)` returns what `replay` does, for times that each start from a state of their own:
    `before` holds h (T, S, R) and c (T, S, H).
    `into_input(states, totals, weights)` returns dL/dx (T, S, I).
    `into_state(states, totals, weights)` returns what came back through each time to the h that it starts from.
    """

    run: Callable[[Tensor, Start, Weights], Tensor]
    replay: Callable[[Tensor, Tensor, Start, Weights], States]
    replay_each: Callable[[Tensor, Start, Weights], States]
    step_back: Callable[[States, Direct, Weights], States]
    into_input: Callable[[States, States, Weights], Tensor]
    into_state: Callable[[States, States, Weights], Through]


def previous(start: Tensor, values: Tensor) -> Tensor:
    """Return values one time earlier: start (S, H), then values (T, S, H) without the last."""
    return torch.cat((start.unsqueeze(0), values[:-1]))


def preactivations(x: Tensor, h_prev: Tensor, w: Weights) -> Tensor:
    """Return W x + b_W + U h_prev + b_U of every time and sample, in memory of its own."""
    rows = x.flatten(0, 1)
    a = rows @ w.W.T if w.b_W is None or w.b_U is None else torch.addmm(w.b_W + w.b_U, rows, w.W.T)
    return a.addmm_(h_prev.flatten(0, 1), w.U.T).view(*x.shape[:2], -1)


def through(slopes: Tensor, steepest: Tensor, U: Tensor) -> Through:
    """Return gradients of the gates (T, S, G*H) carried through U to the state.

    `steepest` are the same gradients for a gate's nonlinearity at its steepest: where one is saturated, what is left of
    its slope is itself rounding. What is too small for a normal number is rounded absolutely.
    """
    limits = torch.finfo(slopes.dtype)
    rounding = _ROUNDINGS * limits.eps * (steepest.abs() @ U.abs())
    return Through(slopes @ U, rounding + limits.tiny * len(U))
