"""What was tapped of one layer in one forward pass: values and total gradients by name, joined along time.

Axes: T times, S samples, U units; quantities of one layer agree in times and samples, not always in units.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import pad

from rnnwidgets.frame import Trace
from rnnwidgets.recorder.keep import kept
from rnnwidgets.recorder.runs import Runner, Text, listen, precise, size_of
from rnnwidgets.recorder.sampling import Padded, Rows


class Tapped(NamedTuple):
    """A tapped layer, by its name; recorded beside a module of the same name."""

    layer: str


class Taps:
    """The quantities of one layer in one forward pass.

    Attributes:
        samples: batch indices of the sequences kept.
    """

    def __init__(self, layer: str, taken: Padded | Rows, when: tuple[int, int], run: Runner) -> None:
        """Hold nothing yet; `when` is the forward pass and the backward pass, if any, in which it was called."""
        self.samples = taken.kept
        self._layer = layer
        self._when = when
        self._run = run
        self._pieces: dict[str, list[Tensor]] = {}
        self._gradients: dict[str, dict[int, Tensor]] = {}

    def __len__(self) -> int:
        """Return the number of calls that named the first quantity."""
        return len(next(iter(self._pieces.values()), ()))

    def continues(self, when: tuple[int, int]) -> bool:
        """Whether a tap belongs to the same pass, and no gradient has come yet."""
        return self._when == when and not self.reached

    def begins(self, quantity: str) -> bool:
        """Whether a tap of this quantity begins a time."""
        return not self._pieces or quantity == next(iter(self._pieces))

    def take(self, quantity: str, value: Tensor, taken: Padded | Rows) -> None:
        """Keep one value, and the gradient that will reach it."""
        pieces = self._pieces.setdefault(quantity, [])
        self._gradients.setdefault(quantity, {})
        place = quantity, len(pieces), taken
        pieces.append(_sequence(value.detach(), taken))
        listen(value, self._run, self._keep, place)

    def _keep(self, place: tuple[str, int, Padded | Rows], gradient: Tensor) -> None:
        quantity, number, taken = place
        gradients, found = self._gradients[quantity], _sequence(gradient.detach(), taken)
        gradients[number] = gradients[number] + found if number in gradients else found

    @property
    def nbytes(self) -> int:
        """Bytes of the copies kept."""
        return size_of(self._pieces, self._gradients)

    @property
    def reached(self) -> bool:
        """Whether any gradient came."""
        return any(self._gradients.values())

    @property
    def overflowed(self) -> bool:
        """Whether a gradient that came is not finite."""
        return not all(bool(one.isfinite().all()) for each in self._gradients.values() for one in each.values())

    def forget(self) -> None:
        """Drop the gradients that came so far."""
        for each in self._gradients.values():
            each.clear()

    def tokens(self, _decode: Callable[[int], str]) -> Text | None:
        """Return None: which ids a tapped quantity belongs to is not known."""
        return None

    def traces(self, seen: int, *, heavy: bool) -> list[Trace]:  # noqa: ARG002 # a tapped layer has no weights known
        """Return the one trace of the layer."""
        reasons = [f"the last of {seen} passes in this step"] if seen > 1 else []
        first, lengths = next(iter(self._pieces)), self._lengths(next(iter(self._pieces.values())))
        arrays, gradients = {}, {}
        for quantity, pieces in self._pieces.items():
            if len({piece.shape[2] for piece in pieces}) > 1 or self._lengths(pieces) != lengths:
                reasons.append(
                    f"{quantity} is left out, since it was not tapped at the same times, for the same samples and with "
                    f"as many units each time as {first}"
                )
                continue
            arrays[quantity] = self._joined(pieces)
            if self.reached:
                found = self._gradients[quantity]
                each = [found.get(place, torch.zeros_like(piece)) for place, piece in enumerate(pieces)]
                gradients[f"d{quantity}"] = self._joined(each)
        doubled = sorted(arrays.keys() & gradients.keys())
        reasons += [f"{name} is the quantity of that name, not the gradient of {name[1:]}" for name in doubled]
        return [
            Trace(
                layer=self._layer,
                kind="TAP",
                lengths=lengths,
                replay_error=math.nan,
                inexact="; ".join(reasons),
                arrays=kept(gradients | arrays if doubled else arrays | gradients),
            )
        ]

    def _lengths(self, pieces: list[Tensor]) -> tuple[int, ...]:
        """Return the number of times of each sample; a batch may shrink from one call to the next."""
        return tuple(
            sum(len(piece) for piece in pieces if piece.shape[1] > place) for place in range(len(self.samples))
        )

    def _joined(self, pieces: list[Tensor]) -> Tensor:
        count = len(self.samples)
        return torch.cat([pad(precise(one), (0, 0, 0, count - one.shape[1]), value=math.nan) for one in pieces])


def _sequence(value: Tensor, taken: Padded | Rows) -> Tensor:
    """Return a copy (T, S, U) of the sequences kept."""
    return taken.sequences(value) if isinstance(taken, Padded) else taken.take(value).unsqueeze(0)
