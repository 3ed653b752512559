"""Which numbers of a batch belong to the sequences kept: (time, sample, feature) out of every layout PyTorch takes.

Padded input is (T, B, F), (B, T, F) with `batch_first`, or (T, F) unbatched; packed input is a flat (N, F) sorted by
length. Only the sequences kept are copied. Samples are in the user's order, times past a sequence's length are zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence


class Sampling(Protocol):
    """How to take the sequences kept out of what one call was given and returned."""

    lengths: tuple[int, ...]
    batch: int

    def sequences(self, values: Tensor) -> Tensor:
        """Return a copy (T, S, F) of values laid out as the call's input and output are."""

    def states(self, values: Tensor) -> Tensor:
        """Return a copy (layer and direction, S, F) of a state such as h_n."""

    def tokens(self, ids: Tensor) -> Tensor | None:
        """Return the kept ids (T, S), or None if they are not those of this call."""

    def drawn(self, features: int) -> tuple[int, ...]:
        """Return the shape in which the kernel draws a dropout mask."""

    def mask(self, noise: Tensor) -> Tensor:
        """Return the part (T, S, F) of such a mask that concerns the sequences kept."""


class Padded:
    """Sequences that all have the length of the input.

    Attributes:
        first: the earliest time kept.
    """

    first = 0

    def __init__(self, x: Tensor, *, batch_first: bool, wanted: Sequence[int]) -> None:
        """Keep the wanted sequences of those that x has."""
        self._batched = x.dim() > 2
        self._time_axis = 1 if batch_first and self._batched else 0
        self.batch = x.shape[1 - self._time_axis] if self._batched else 1
        self.kept = tuple(index for index in wanted if index < self.batch)
        self.lengths = (x.shape[self._time_axis],) * len(self.kept)
        self._shape = x.shape[:-1]
        self._index = _indices(self.kept, x.device)

    def sequences(self, values: Tensor) -> Tensor:
        """Return a copy (T, S, F)."""
        if not self._batched:
            return values.unsqueeze(1).clone()
        return values.index_select(1 - self._time_axis, self._index).transpose(0, self._time_axis)

    def states(self, values: Tensor) -> Tensor:
        """Return a copy (layer and direction, S, F)."""
        return values.index_select(1, self._index) if self._batched else values.unsqueeze(1).clone()

    def tokens(self, ids: Tensor) -> Tensor | None:
        """Return the kept ids (T, S) if there is one for every timestep of the input."""
        return self.sequences(ids.unsqueeze(-1)).squeeze(-1) if ids.shape == self._shape else None

    def drawn(self, features: int) -> tuple[int, ...]:
        """Return (T, B, F), whatever the layout of the input."""
        return self._shape[self._time_axis], self.batch, features

    def mask(self, noise: Tensor) -> Tensor:
        """Return the kept part (T, S, F)."""
        return noise.index_select(1, self._index)


class Packed:
    """Sequences of different lengths, packed by time with the longest first."""

    first = 0

    def __init__(self, packed: PackedSequence, *, wanted: Sequence[int]) -> None:
        """Keep the wanted sequences, in the user's order."""
        _, sizes, _, unsorted = packed
        device = packed.data.device
        self.batch = int(sizes[0])
        self.kept = tuple(index for index in wanted if index < self.batch)
        self._index = _indices(self.kept, device)
        place = self._index if unsorted is None else unsorted[self._index]
        sizes = sizes.to(device)
        self._inside = place.unsqueeze(0) < sizes.unsqueeze(1)
        self.lengths = tuple(self._inside.sum(0).tolist())
        offsets = (sizes.cumsum(0) - sizes).unsqueeze(1)
        self._where = torch.where(self._inside, offsets + place, 0)[: max(self.lengths, default=0)]
        self._inside = self._inside[: len(self._where)]
        self._count = len(packed.data)

    def sequences(self, values: Tensor) -> Tensor:
        """Return a copy (T, S, F), with zeros past each length; T is the longest length kept."""
        found = values.index_select(0, self._where.flatten()).view(*self._where.shape, *values.shape[1:])
        return found * self._inside.unsqueeze(-1)

    def states(self, values: Tensor) -> Tensor:
        """Return a copy (layer and direction, S, F); states are in the user's order already."""
        return values.index_select(1, self._index)

    def tokens(self, ids: Tensor) -> Tensor | None:
        """Return the kept ids (T, S), packed like the input or padded before it was packed."""
        if ids.shape == (self._count,):
            return self.sequences(ids.unsqueeze(-1)).squeeze(-1)
        times = len(self._where)
        if ids.dim() == 2 and ids.shape[1] == self.batch and ids.shape[0] >= times:
            return ids.index_select(1, self._index)[:times]
        if ids.dim() == 2 and ids.shape[0] == self.batch and ids.shape[1] >= times:
            return ids.index_select(0, self._index).T[:times]
        return None

    def drawn(self, features: int) -> tuple[int, ...]:
        """Return (N, F)."""
        return self._count, features

    def mask(self, noise: Tensor) -> Tensor:
        """Return the kept part (T, S, F)."""
        return self.sequences(noise)


class Rows:
    """Sequences of one time alone, as a cell takes them: (B, F), or (F,) unbatched, where `batch` is None."""

    def __init__(self, batch: int | None, wanted: Sequence[int]) -> None:
        """Keep the wanted sequences of those that there are."""
        self._shape = () if batch is None else (batch,)
        self.batch = 1 if batch is None else batch
        self.kept = tuple(index for index in wanted if index < self.batch)
        self._first = slice(len(self.kept)) if self.kept == tuple(range(len(self.kept))) else None

    def take(self, values: Tensor) -> Tensor:
        """Return a copy (S, F)."""
        if not self._shape:
            return values.unsqueeze(0).clone()
        return values[list(self.kept)] if self._first is None else values[self._first].clone()

    def tokens(self, ids: Tensor) -> Tensor | None:
        """Return the kept ids (S,) if there is one for every sequence."""
        return self.take(ids) if ids.shape == self._shape else None


@lru_cache(maxsize=8)
def _indices(kept: tuple[int, ...], device: torch.device) -> Tensor:
    with torch.inference_mode(mode=False):  # for a training step too, where an evaluation was first
        return torch.tensor(kept, dtype=torch.int64, device=device)


@lru_cache(maxsize=8)
def _rows(batch: int | None, wanted: Sequence[int]) -> Rows:
    return Rows(batch, wanted)


def rows(x: Tensor, wanted: Sequence[int]) -> Rows:
    """Return how to take the wanted sequences out of a call with input x (B, F) or (F,)."""
    return _rows(x.shape[0] if x.dim() > 1 else None, wanted)


def sampling(x: Any, *, batch_first: bool, wanted: Sequence[int]) -> Padded | Packed:
    """Return how to take the wanted sequences out of a call with input x."""
    if isinstance(x, PackedSequence):
        return Packed(x, wanted=wanted)
    return Padded(x, batch_first=batch_first, wanted=wanted)
