"""What recording costs: the recorder's CPU time over that of the rest of the training step.

CPU time of the process, since wall time on a shared machine says nothing. The first step is not counted: it pays for
what is set up once. Costs are exponential averages, so that the figure follows a model whose steps change.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_MEMORY = 0.1
_SLOWEST = 1000
_LEAST_ROOM = 0.25  # of the budget goes to frames even where waiting alone costs more than the rest of it


@dataclass
class _Cost:
    """What one step has cost so far, in seconds of CPU time. The first step sets up and does not count."""

    counts: bool = True
    recorded: bool = False
    seconds: float = 0.0


class Budget:
    """Measures each step and, if asked to, chooses how many steps to let pass between two recorded ones.

    Attributes:
        every: record each so many steps.
    """

    def __init__(self, every: int | None, budget: float) -> None:
        """Keep `every` as given, or adapt it to `budget` (a fraction of the training's CPU time) where it is None."""
        self.every = every or 1
        self._adapts = every is None
        self._budget = budget
        self._depth = 0
        self._own = 0.0
        self._began: float | None = None
        self._ended: _Cost | None = None
        self._current = _Cost(counts=False)
        self._recorded_cost: float | None = None
        self._idle_cost: float | None = None
        self._training: float | None = None

    @property
    def overhead(self) -> float | None:
        """The recorder's CPU time over the rest of the step's, on average over all steps; None before it is known."""
        if self._training is None or self._recorded_cost is None:
            return None
        idle = self._idle_cost or 0.0
        return (self._recorded_cost + (self.every - 1) * idle) / (self.every * self._training)

    @contextmanager
    def spending(self, *, late: bool = False) -> Iterator[None]:
        """Count the CPU time of what is inside as the recorder's own, for the step that just ended if `late`.

        Nested uses count once.
        """
        if self._depth:
            yield
            return
        began = time.process_time()
        self._depth = 1
        try:
            yield
        finally:
            self._depth = 0
            spent = time.process_time() - began
            self._own += spent
            cost = self._ended if late and self._ended is not None else self._current
            cost.seconds += spent

    def end_step(self, *, recorded: bool) -> None:
        """Close the books of the step before this one, to which nothing can come any more, and begin the next."""
        now = time.process_time()
        if self._began is not None:
            self._training = _follow(self._training, max(now - self._began - self._own, 1e-9))
            self._settle(self._ended)
        self._began, self._own = now, 0.0
        self._current.recorded = recorded
        self._ended = self._current
        self._current = _Cost()

    def _settle(self, cost: _Cost | None) -> None:
        if cost is None or not cost.counts:
            return
        if cost.recorded:
            self._recorded_cost = _follow(self._recorded_cost, cost.seconds)
        else:
            self._idle_cost = _follow(self._idle_cost, cost.seconds)
        if self._adapts and self._training is not None and self._recorded_cost is not None:
            idle = self._idle_cost or 0.0
            allowed = self._budget * self._training
            room = max(allowed - idle, allowed * _LEAST_ROOM)
            self.every = min(max(math.ceil((self._recorded_cost - idle) / room), 1), _SLOWEST)


def _follow(average: float | None, value: float) -> float:
    return value if average is None else average + _MEMORY * (value - average)
