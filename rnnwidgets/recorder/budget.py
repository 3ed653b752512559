"""What recording costs: the recorder's CPU time over that of the rest of training.

CPU time, since wall time on a shared machine says nothing: of the thread for the recorder's own work, of the process
for training, whose other threads may still be at work while the recorder is. What the views' own threads use counts as
the recorder's. A period is a recorded step with the steps that passed unrecorded before it; those are counted and not
timed, since code that runs once a step finds cold caches, where the reading of a clock costs as much as what it would
measure. The first step is not counted: it pays for what is set up once. The figure is that of the latest periods, so
that it follows a model whose steps change; what was dearest of them decides nothing, since it may have been paid once.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import NamedTuple

_PERIODS = 16
_GROWTH = 2  # of the interval from one period to the next, so that no single measurement ends the measuring
_ROUNDING = 1e-6
_SLOWEST = 1000
_LEAST_ROOM = 0.25  # of the budget goes to frames even where waiting alone costs more than the rest of it


class Spending:
    """Counts the CPU time of this thread inside `with` as the recorder's own; nested uses count once.

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
            self._began = time.thread_time()
        self._depth += 1

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Stop the clock."""
        self._depth -= 1
        if not self._depth:
            self.seconds += time.thread_time() - self._began


class _Period(NamedTuple):
    """CPU seconds of a recorded step's recording, of waiting for it, of the views' threads, and of training."""

    recorded: float
    waited: float
    aside: float
    training: float
    passed: int


class Budget:
    """Measures each period and, if asked to, chooses how many steps to let pass between two recorded ones.

    Attributes:
        every: record each so many steps.
        recording: counts what a recorded step costs, before it ends and after.
        waiting: counts what the steps cost that are not recorded.
    """

    def __init__(self, every: int | None, budget: float, aside: Callable[[], float] = float) -> None:
        """Keep `every` as given, or adapt it to `budget` (a fraction of the training's CPU time) where it is None.

        `aside` returns the CPU seconds that threads of views have used so far.
        """
        self.every = every or 1
        self.recording, self.waiting = Spending(), Spending()
        self._adapts = every is None
        self._budget = budget
        self._aside = aside
        self._passed = 0
        self._began: tuple[float, float] | None = None
        self._periods: deque[_Period] = deque(maxlen=_PERIODS)

    @property
    def overhead(self) -> float | None:
        """The recorder's CPU time over the rest of a step's, on average over all steps; None before it is known."""
        if not self._periods:
            return None
        recorded = sum(period.recorded for period in self._periods) / len(self._periods)
        idle, aside, training = self._each_step()
        return (recorded + (self.every - 1) * idle) / (self.every * training) + aside / training

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
        now, aside = time.process_time(), self._aside()
        if self._began is not None:
            began, aside_before = self._began
            recorded, waited, beside = self.recording.seconds, self.waiting.seconds, aside - aside_before
            training = max(now - began - recorded - waited - beside, 1e-9)
            self._periods.append(_Period(recorded, waited, beside, training, self._passed))
            if self._adapts:
                self.every = self._affordable()
        self.recording.reset()
        self.waiting.reset()
        self._began, self._passed = (now, aside), 0

    def _each_step(self) -> tuple[float, float, float]:
        """Return what waiting costs a step that passes, and what views' threads and training use in any step."""
        passed = sum(period.passed for period in self._periods)
        steps = passed + len(self._periods)
        waited, aside, training = (sum(values) for values in list(zip(*self._periods, strict=True))[1:4])
        return waited / max(passed, 1), aside / steps, training / steps

    def _affordable(self) -> int:
        """Return the smallest interval whose cost is within the budget."""
        idle, aside, training = self._each_step()
        costs = sorted(period.recorded for period in self._periods)
        usual = costs[: max(len(costs) - 1, 1)]
        recorded, allowed = sum(usual) / len(usual), self._budget * training
        room = max(allowed - aside - idle, allowed * _LEAST_ROOM)
        wanted = math.ceil((recorded - idle) / room - _ROUNDING)
        return min(max(wanted, 1), _GROWTH * self.every, _SLOWEST)
