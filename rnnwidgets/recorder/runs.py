"""What a run is: calls of one layer in one training step that follow one another, and become one trace."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, Protocol, TypeVar

import torch
from torch import Tensor

from rnnwidgets.frame import Trace

Text = tuple[tuple[str, ...], ...]
Made = TypeVar("Made")


class Run(Protocol):
    """Calls that follow one another: a sequence in one call, or one that the user's own loop carries on."""

    @property
    def samples(self) -> tuple[int, ...]:
        """Batch indices of the sequences kept."""

    @property
    def reached(self) -> bool:
        """Whether any gradient came."""

    @property
    def overflowed(self) -> bool:
        """Whether a gradient that came is not finite."""

    @property
    def nbytes(self) -> int:
        """Bytes of the copies kept."""

    def __len__(self) -> int:
        """Return the number of calls."""

    def forget(self) -> None:
        """Drop the gradients that came so far."""

    def traces(self, seen: int, *, heavy: bool) -> list[Trace]:
        """Return the trace of every wanted layer; `seen` is how many such runs the step has had.

        `heavy`: whether recurrent weights are kept even where they are more than half of all that is recorded of their
        layer.
        The weights must still be those of the forward pass, unless the run has copied them.
        """

    def tokens(self, decode: Callable[[int], str]) -> Text | None:
        """Return the text of the token ids read, [sample][time], or None where none were seen."""


Keep = Callable[[Any, Tensor], None]


class Runner(Protocol):
    """Runs what keeps a gradient."""

    def __call__(self, keep: Keep, place: Any, gradient: Tensor, /) -> None:
        """Have the gradient kept in its place; failures stay inside."""


def plainly(work: Callable[[], Made], device: torch.device) -> Made:
    """Return what the work returns, done without gradients and outside autocast.

    An interrupt may break into the switching itself: then too gradients are recorded afterwards as they were before.
    """
    recorded = torch.is_grad_enabled()
    within = torch.is_autocast_enabled(device.type)
    try:
        with torch.no_grad(), torch.autocast(device.type, enabled=False) if within else nullcontext():
            return work()
    finally:
        torch.set_grad_enabled(recorded)


def size_of(*values: object) -> int:
    """Return the bytes of all tensors in nested tuples, lists and mappings."""
    size = 0
    for value in values:
        if isinstance(value, Tensor):
            size += value.nbytes
        elif isinstance(value, tuple | list):
            size += size_of(*value)
        elif isinstance(value, dict):
            size += size_of(*value.values())
    return size


class _Listening:
    """A tensor hook, of one object alone: in a loop there are two for every call."""

    __slots__ = ("_keep", "_place", "_run")

    def __init__(self, run: Runner, keep: Keep, place: Any) -> None:
        self._run, self._keep, self._place = run, keep, place

    def __call__(self, gradient: Tensor | None) -> None:
        if gradient is not None:
            self._run(self._keep, self._place, gradient)


def listen(value: Tensor, run: Runner, keep: Keep, place: Any) -> None:
    """Have every gradient that reaches a value kept in a place; a tensor hook may be called with None."""
    if value.requires_grad:
        register: Callable[[Callable[[Tensor | None], None]], object] = value.register_hook  # it has no types
        register(_Listening(run, keep, place))


LOW_PRECISION = (torch.float16, torch.bfloat16)


def precise(values: Tensor) -> Tensor:
    """Return half precision as float32; float32 and float64 as they are."""
    return values.float() if values.dtype in LOW_PRECISION else values


def version(weight: Tensor) -> int:
    """Return how often a tensor was changed in place; a tensor of inference mode does not count it."""
    return 0 if weight.is_inference() else weight._version  # noqa: SLF001 # autograd's own counter


def text(ids: Tensor, lengths: tuple[int, ...], decode: Callable[[int], str]) -> Text:
    """Return the text of ids (T, S), empty past a length."""
    return tuple(
        tuple(decode(token) if time < length else "" for time, token in enumerate(sample))
        for sample, length in zip(ids.T.tolist(), lengths, strict=True)
    )
