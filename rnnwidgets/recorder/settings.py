"""What a recorder was asked for, and what it says of itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from rnnwidgets import schema

DEFAULT_SAMPLES = 4
HEAVY_EVERY = 8


@dataclass(frozen=True)
class Settings:
    """What `watch` was asked for, once it has been checked.

    `every` is None where it is to adapt to `budget`; `first` is the number of the first training step.
    """

    every: int | None
    budget: float
    samples: int | tuple[int, ...]
    decode: Callable[[int], str] | None
    strict: bool
    first: int = 0

    @property
    def wanted(self) -> Sequence[int]:
        """Batch indices of the sequences to keep."""
        return range(self.samples) if isinstance(self.samples, int) else self.samples


@dataclass(frozen=True)
class Health:
    """How the recorder is.

    Attributes:
        status: what it says of itself.
        errors: part of the recorder -> how often it has failed.
        skipped: reason -> calls of recurrent layers, in steps to be recorded, or training steps, that were left out
            for it. "made without gradients" are evaluations between the steps of an optimizer, and first passes of
            reentrant checkpoints.
        nonfinite: values in the recorded frames that are NaN or infinite.
        aliases: recorded module -> the other paths under which the model holds it; its calls by any of them are one
            record, under the first path.
        memory: who holds how many bytes: the frames, the curves, copies of the running step, spare memory for the next
            frames, what is encoded for the views.
    """

    status: schema.Status
    errors: Mapping[str, int]
    skipped: Mapping[str, int]
    nonfinite: int
    aliases: Mapping[str, Sequence[str]] = field(default_factory=dict)
    memory: Mapping[str, int] = field(default_factory=dict)
