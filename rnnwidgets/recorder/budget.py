"""What recording costs: the recorder's CPU time over that of the rest of training.

CPU time of the process, since wall time on a shared machine says nothing. A period is a recorded step with the steps
that passed unrecorded before it; those are counted and not timed, since code that runs once a step finds cold caches,
where the reading of a clock costs as much as what it would measure. The first step is not counted: it pays for what is
set up once. Costs are exponential averages, so that the figure follows a model whose steps change.
"""

from __future__ import annotations

import math
import time
from types import TracebackType

_MEMORY = 0.1
_SLOWEST = 1000
_LEAST_ROOM = 0.25  # of the budget goes to frames even where waiting alone costs more than the rest of it


class Spending:
    """Counts the CPU time of what is inside `with` as the recorder's own; nested uses count once.

    Attributes:
        seconds: counted since the last `reset`.
    """

    def __init__(self) -> None:
        """Start with nothing spent."""
        self.seconds = 0.0
        self._depth = 0
        self._began = 0.0

    def reset(self) -> None:
        """Start anew, outside every use: an interrupt may have ended one before it could say so."""
        self.seconds, self._depth = 0.0, 0

    def __enter__(self) -> None:
        """Start the clock."""
        if not self._depth:
            self._began = time.process_time()
        self._depth += 1

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Stop the clock."""
        self._depth -= 1
        if not self._depth:
            self.seconds += time.process_time() - self._began


class Budget:
    """Measures each period and, if asked to, chooses how many steps to let pass between two recorded ones.

    Attributes:
        every: record each so many steps.
        recording: counts what a recorded step costs, before it ends and after.
        waiting: counts what the steps cost that are not recorded.
    """

    def __init__(self, every: int | None, budget: float) -> None:
        """Keep `every` as given, or adapt it to `budget` (a fraction of the training's CPU time) where it is None."""
        self.every = every or 1
        self.recording, self.waiting = Spending(), Spending()
        self._adapts = every is None
        self._budget = budget
        self._passed = 0
        self._began: float | None = None
        self._recorded_cost: float | None = None
        self._idle_cost: float | None = None
        self._training: float | None = None

    @property
    def overhead(self) -> float | None:
        """The recorder's CPU time over the rest of a step's, on average over all steps; None before it is known."""
        if self._training is None or self._recorded_cost is None:
            return None
        idle = self._idle_cost or 0.0
        return (self._recorded_cost + (self.every - 1) * idle) / (self.every * self._training)

    @property
    def spending(self) -> Spending:
        """Counts for the step that ended last."""
        return self.waiting if self._passed else self.recording

    def step_passed(self) -> None:
        """Count a step that was not recorded."""
        self._passed += 1

    def step_recorded(self) -> None:
        """Close the books of the period that ends with this step, and begin the next.

        What comes late of a recorded step, as sending it to views does, is counted in the period after it.
        """
        now = time.process_time()
        recorded, waited = self.recording.seconds, self.waiting.seconds
        if self._began is not None:
            training = max(now - self._began - recorded - waited, 1e-9) / (self._passed + 1)
            self._training = _follow(self._training, training)
            self._recorded_cost = _follow(self._recorded_cost, recorded)
            if self._passed:
                self._idle_cost = _follow(self._idle_cost, waited / self._passed)
            if self._adapts:
                self.every = self._affordable(self._recorded_cost, self._idle_cost or 0.0, self._training)
        self.recording.reset()
        self.waiting.reset()
        self._began, self._passed = now, 0

    def _affordable(self, recorded: float, idle: float, training: float) -> int:
        """Return the smallest interval whose cost is within the budget."""
        allowed = self._budget * training
        room = max(allowed - idle, allowed * _LEAST_ROOM)
        return min(max(math.ceil((recorded - idle) / room), 1), _SLOWEST)


def _follow(average: float | None, value: float) -> float:
    return value if average is None else average + _MEMORY * (value - average)
