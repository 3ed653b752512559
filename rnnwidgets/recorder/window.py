"""Sequences too long to record whole: their last times, which alone can be exact.

Work and memory of a frame are bounded whatever the length. Total gradients come from the end of a sequence backwards,
so that those of its last times need nothing of the times before. Nor do the gates: they follow from the input and the
layer's own output. Only the cell state before the first of those times is not known; `entered` finds it from the output
there, and `LSTM.replay` mends it by the cell state at the end, which the layer returned.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from rnnwidgets import schema
from rnnwidgets.cells import CELLS, Start, Weights
from rnnwidgets.recorder.sampling import Padded

LONGEST = 2048
_PRODUCTS = 18 * 2**20
_LEAST = 16
_FRAMES = 8
_GATES = {"LSTM": 4, "GRU": 3, "RNN_TANH": 1, "RNN_RELU": 1}


class Window(Padded):
    """The last times of sequences that all have the length of the input.

    Attributes:
        first: the earliest time kept, at least 2.
    """

    def __init__(self, x: Tensor, *, batch_first: bool, wanted: Sequence[int], times: int) -> None:
        """Keep that many times of the wanted sequences."""
        super().__init__(x, batch_first=batch_first, wanted=wanted)
        self.first = x.shape[self._time_axis] - times
        self.lengths = (times,) * len(self.kept)

    def sequences(self, values: Tensor) -> Tensor:
        """Return a copy (T, S, F) of the times kept."""
        return super().sequences(values.narrow(self._time_axis, self.first, values.shape[self._time_axis] - self.first))

    def before(self, values: Tensor, times: int) -> Tensor:
        """Return a copy (times, S, F) of what came just before."""
        return super().sequences(values.narrow(self._time_axis, self.first - times, times))


def times_kept(module: nn.RNNBase, x: Tensor, *, samples: int, memory: int) -> int | None:
    """Return how many of the last times to keep, None for all of them.

    Sequences are cut where they are longer than `LONGEST`, or where one frame needs more than half of the memory.
    A stack of layers, both directions and projections are kept whole: what is inside a stack, and where the reverse
    direction starts, is known only from all times.
    """
    length = x.shape[1 if module.batch_first and x.dim() > 2 else 0]
    products = max(samples, 1) * _GATES[module.mode] * module.hidden_size**2
    kept = len(schema.GATES[module.mode]) + len(schema.TOTAL_GRADIENTS[module.mode]) + 1
    size = max(samples, 1) * kept * module.hidden_size * x.element_size()
    whole = length <= LONGEST and length * size <= memory // 2
    if whole or length < 3 or module.num_layers > 1 or module.bidirectional or module.proj_size:
        return None
    kept_in_work = max(_PRODUCTS // products, _LEAST) if length > LONGEST else length
    return min(kept_in_work, max(memory // (_FRAMES * size), 1), LONGEST, length - 2)


def cut(times: int, length: int, memory: int) -> str:
    """Return the sentence about sequences of which only the last times are recorded, with the cause if it is memory."""
    cause = f" (memory={memory / 2**20:.3g} MiB)" if length <= LONGEST else ""
    return f"recording the last {times} of {length} timesteps{cause}"


def entered(kind: schema.Kind, x: Tensor, y: Tensor, end: Tensor | None, weights: Weights) -> Start:
    """Return the state after a time, from its input x (1, S, I) and the outputs y (2, S, H) before it and of it.

    For the LSTM c is what its output gate left of it, h = o tanh(c), and `end` the cell state (S, H) at the end.
    """
    h = y[1]
    if end is None:
        return Start(h, None)
    o = CELLS[kind].replay_each(x, Start(y[:1], torch.zeros_like(y[:1])), weights)["o"][0]
    least = torch.finfo(h.dtype).eps
    return Start(h, torch.atanh((h / o).clamp(least - 1, 1 - least)), end)
