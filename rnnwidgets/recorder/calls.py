"""Calls of one module in one training step that carry the state on, and whether their traces may wait.

Replaying and stepping back is most of what a recorded step costs, and at most steps nobody looks at more than curves.
Where what it takes, a copy of the weights included, is hardly more than what comes of it, that is kept instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from rnnwidgets import schema
from rnnwidgets.frame import Trace
from rnnwidgets.recorder.keep import Store, are_kept
from rnnwidgets.recorder.observe import Call
from rnnwidgets.recorder.replay import recurrent_weights, traces_of
from rnnwidgets.recorder.runs import Text, size_of, text

_MOST = 1.25  # times what comes of them, so that a plain RNN, of which little comes, may wait too
_MOST_CUT = 2.0  # of a sequence that is cut: its steps take so long that its frames are few
_OF_UNITS = {"i", "f", "g", "o", "c", "dc"}  # of an LSTM, whose h may be a projection


class Expected(NamedTuple):
    """Of traces that are not there yet: layer -> (times, samples, units); bytes held, now or then: the more."""

    extents: dict[str, tuple[int, int, int]]
    nbytes: int


class Calls:
    """Calls of one module that carry the state on, each from where the one before ended.

    Attributes:
        samples: batch indices of the sequences kept.
    """

    def __init__(self, first: Call) -> None:
        """Begin with one call."""
        self._calls = [first]
        self.samples = first.samples

    def __len__(self) -> int:
        """Return the number of calls."""
        return len(self._calls)

    def take(self, call: Call) -> bool:
        """Add a call if it goes on where the last one ended, and tell whether it does."""
        follows = call.continues(self._calls[-1])
        if follows:
            self._calls.append(call)
        return follows

    @property
    def nbytes(self) -> int:
        """Bytes of the copies kept."""
        return sum(call.nbytes for call in self._calls)

    @property
    def reached(self) -> bool:
        """Whether any gradient came."""
        return any(call.reached for call in self._calls)

    @property
    def overflowed(self) -> bool:
        """Whether a gradient that came is not finite."""
        return any(call.overflowed for call in self._calls)

    def forget(self) -> None:
        """Drop the gradients that came so far."""
        for call in self._calls:
            call.forget()

    def traces(self, seen: int, *, heavy: bool) -> list[Trace]:
        """Return the trace of every wanted layer, joined along time.

        Without gates and total gradients where they cannot be known.
        """
        reasons = [f"the last of {seen} calls in this step"] if seen > 1 else []
        return traces_of(self._calls, reasons, heavy=heavy)

    def expected(self, *, heavy: bool) -> Expected | None:
        """Return what `traces` will hold, or None where it must be called at once.

        May wait only where the gradients of all parameters are finite.
        """
        first, held = self._calls[0], self.nbytes + size_of(self._calls[0].used)
        if not all(_may_wait(call) and _same(call.used, first.used) for call in self._calls):
            return None
        units, states = first.units
        times, samples, size = sum(len(call.y) for call in self._calls), len(self.samples), first.y.element_size()
        arrays = times * samples * sum(units if name in _OF_UNITS else states for name in self._names) * size
        start = samples * (states + (units if first.kind == "LSTM" else 0)) * size
        weights = size_of(recurrent_weights(first.weights(0, 0)))
        each = arrays + start + (weights if are_kept(weights, arrays, heavy=heavy) else 0)
        whole = each * len(first.layers)
        if held > (_MOST_CUT if first.first else _MOST) * whole:
            return None
        extents = {layer.name: (times, samples, max(units, states)) for layer in first.layers}
        return Expected(extents, max(held, whole))

    @property
    def _names(self) -> list[str]:
        """Names of the arrays of each trace."""
        kind = self._calls[0].kind
        gradients = (*schema.TOTAL_GRADIENTS[kind], schema.DIRECT_GRADIENT) if self.reached else ()
        return [*schema.GATES[kind], *gradients]

    def stay(self) -> None:
        """Keep all that `traces` needs, the weights of the forward pass too, for any later time."""
        weights = self._calls[0].used
        store = Store([*weights, *(copy for call in self._calls for copy in call.copies)])
        used = [store.copied(weight) for weight in weights]
        for call in self._calls:
            call.stay(store.copied, used)
        self._store = store

    def tokens(self, decode: Callable[[int], str]) -> Text | None:
        """Return the text of the token ids, [sample][time], empty past a length; None where no ids were seen."""
        known = [call.ids for call in self._calls if call.ids is not None]
        if len(known) < len(self._calls):
            return None
        lengths = tuple(sum(parts) for parts in zip(*(call.lengths for call in self._calls), strict=True))
        return text(torch.cat(known), lengths, decode)


def _same(one: Sequence[Tensor], other: Sequence[Tensor]) -> bool:
    """Tell whether two calls used the same weights; those that are computed may be others at each call."""
    return all(left.data_ptr() == right.data_ptr() for left, right in zip(one, other, strict=True))


def _may_wait(call: Call) -> bool:
    """Tell whether nothing is lost by replaying a call later: neither a reason why it cannot be, nor the news of a
    value that is not finite, nor room on another device.

    With a finite output all gates are finite, but inside a stack of ReLU layers. What reaches weights that are trained
    is finite only if all inside is.
    """
    if call.y.device.type != "cpu" or call.moved or call.dropped or (call.kind == "RNN_RELU" and call.depth > 1):
        return False
    return (call.trained or not call.reached) and call.finite
