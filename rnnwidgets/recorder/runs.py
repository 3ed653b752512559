"""What a run is: calls of one layer in one training step that follow one another, and become one trace."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor

from rnnwidgets.frame import Trace

Text = tuple[tuple[str, ...], ...]


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
        The weights must still be those of the forward pass.
        """

    def tokens(self, decode: Callable[[int], str]) -> Text | None:
        """Return the text of the token ids read, [sample][time], or None where none were seen."""


class Runner(Protocol):
    """Runs a piece of the recorder's own work under a name."""

    def __call__(self, site: str, work: Callable[[Tensor], None], gradient: Tensor, /) -> None:
        """Run it; failures stay inside."""


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


def listen(value: Tensor, run: Runner, keep: Callable[[Tensor], None]) -> None:
    """Have `keep` take every gradient that reaches a value; a tensor hook may be called with None."""

    def add(gradient: Tensor | None) -> None:
        if gradient is not None:
            run("recording gradients", keep, gradient)

    if value.requires_grad:
        register: Callable[[Callable[[Tensor | None], None]], object] = value.register_hook  # it has no types
        register(add)


def precise(values: Tensor) -> Tensor:
    """Return half precision as float32; float32 and float64 as they are."""
    return values.float() if values.dtype in (torch.float16, torch.bfloat16) else values


def version(weight: Tensor) -> int:
    """Return how often a tensor was changed in place; a tensor of inference mode does not count it."""
    return 0 if weight.is_inference() else weight._version  # noqa: SLF001 # autograd's own counter


def text(ids: Tensor, lengths: tuple[int, ...], decode: Callable[[int], str]) -> Text:
    """Return the text of ids (T, S), empty past a length."""
    return tuple(
        tuple(decode(token) if time < length else "" for time, token in enumerate(sample))
        for sample, length in zip(ids.T.tolist(), lengths, strict=True)
    )
