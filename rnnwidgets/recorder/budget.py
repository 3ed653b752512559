"""What recording costs: the recorder's CPU time over that of the rest of training.

CPU time, since wall time on a shared machine says nothing: of the thread for the recorder's own work, of the process
for training, whose other threads may still be at work while the recorder is. What the views' own threads use counts as
the recorder's. A period is a recorded step with the steps that passed unrecorded before it. The first step is not
counted: it pays for what is set up once. The figure is that of the last minute: all that was spent, over all the rest.
How often to record is decided by the latest periods, of which the most expensive one is ignored.

Three things no clock inside the recorder sees. A recorded step leaves cold caches to training, in that step and in
those in its wake: by how much is learned where many steps pass, from what it and its wake took beyond as many later
steps. A step that passes runs a few lines that find cold caches, where reading a CPU clock costs as much as what it
would measure: the middle one of readings of the wall clock is taken, few of which another process has interrupted. And
what those lines evict costs training as much again.
"""

from __future__ import annotations

import math
import statistics
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import NamedTuple

from rnnwidgets import schema

WAKE = 4  # steps after a recorded one that may be slower for it
_PERIODS, _STEPS = 16, 64
_GROWTH = 2  # of the interval from one period to the next, so that no single measurement ends the measuring
_ROUNDING = 1e-6
_SLOWEST = 1000
_LEAST_ROOM = 0.25  # of the budget goes to frames even where waiting alone costs more than the rest of it
_TWICE = 2  # measured: 1.6 to 2.6 times what the lines of a passing step take
_USUAL_FACTOR, _USUAL_WEIGHT, _FACTORS = 1.25, 8, 32  # of the whole cost over what is timed, before it is learned
_MINUTE = 60.0


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
    """CPU seconds of recording a step, of views while others pass, of the views' threads, of all; steps passed."""

    recorded: float
    waited: float
    aside: float
    whole: float
    passed: int


class Figures(NamedTuple):
    """The overhead, the budget that it keeps to (None where `every` was given), and the part that costs most."""

    overhead: float | None
    budget: float | None
    costs: schema.Cost


class _LastMinute:
    """Periods of the last minute, kept by the second.

    Attributes:
        sums: what they used together.
    """

    def __init__(self) -> None:
        """Start with none."""
        self.sums = _Period(0.0, 0.0, 0.0, 0.0, 0)
        self._seconds: deque[tuple[int, _Period]] = deque()

    def add(self, period: _Period, now: float) -> None:
        """Add a period that ended at `now`, and drop those that ended more than a minute before."""
        second, latest = int(now), period
        if self._seconds and self._seconds[-1][0] == second:
            latest = _moved(self._seconds.pop()[1], period, 1)
        self._seconds.append((second, latest))
        self.sums = _moved(self.sums, period, 1)
        while self._seconds[0][0] < second - _MINUTE:
            self.sums = _moved(self.sums, self._seconds.popleft()[1], -1)


def _moved(sums: _Period, period: _Period, sign: int) -> _Period:
    """Return sums with a period added, or subtracted where `sign` is -1."""
    return _Period(
        sums.recorded + sign * period.recorded,
        sums.waited + sign * period.waited,
        sums.aside + sign * period.aside,
        sums.whole + sign * period.whole,
        sums.passed + sign * period.passed,
    )


class Budget:
    """Measures each period and, if asked to, chooses how many steps to let pass between two recorded ones.

    Attributes:
        every: record each so many steps.
        recording: counts what a recorded step costs, before it ends and after.
        waiting: counts what views cost in steps that are not recorded.
        passed: number of those since the last one that was.
        idle: seconds that the step which runs has cost so far if it passes, on the wall clock.
    """

    def __init__(self, every: int | None, budget: float, aside: Callable[[], float] = float) -> None:
        """Keep `every` as given, or adapt it to `budget` (a fraction of the training's CPU time) where it is None.

        `aside` returns the CPU seconds that threads of views have used so far.
        """
        self.every = every or 1
        self.recording, self.waiting = Spending(), Spending()
        self.passed, self.idle = 0, 0.0
        self._adapts = every is None
        self._budget = budget
        self._aside = aside
        self._began: tuple[float, float] | None = None
        self._noted: dict[int, float] = {}
        self._before = math.nan
        self._idle: deque[float] = deque(maxlen=_STEPS)
        self._periods: deque[_Period] = deque(maxlen=_PERIODS)
        self._minute = _LastMinute()
        self._factors = deque([_USUAL_FACTOR] * _USUAL_WEIGHT, maxlen=_FACTORS)

    @property
    def overhead(self) -> float | None:
        """The recorder's CPU time in the last minute over all the rest; None before it is known."""
        return self.figures.overhead

    @property
    def figures(self) -> Figures:
        """What recording has cost in the last minute."""
        sums = self._minute.sums
        costs: dict[schema.Cost, float] = {
            "frames": self._factor * sums.recorded,
            "views": sums.waited + sums.aside,
            "steps": self._usual_idle * sums.passed,
        }
        spent = sum(costs.values())
        overhead = spent / max(sums.whole - spent, 1e-9) if sums.whole else None
        return Figures(overhead, self._budget if self._adapts else None, max(costs, key=lambda part: costs[part]))

    def step_passed(self, seconds: float) -> None:
        """Count a step that was not recorded, and what its end has cost."""
        self.passed += 1
        self._idle.append(self.idle + seconds)
        self.idle = 0.0

    def note(self) -> None:
        """Note the time after a step that passed: worth it after the wake of a recorded step, and before the next."""
        self._noted[self.passed] = time.process_time() - self._aside()

    def step_recorded(self) -> None:
        """Close the books of the period that ends with this step, and begin the next.

        What comes late of a recorded step, as sending it to views does, is counted in the period after it.
        """
        now, aside = time.process_time(), self._aside()
        if self._began is not None:
            began, aside_before = self._began
            beside = aside - aside_before
            period = _Period(self.recording.seconds, self.waiting.seconds, beside, now - began, self.passed)
            self._periods.append(period)
            self._minute.add(period, time.perf_counter())
            self._learn(period)
            if self._adapts:
                self.every = self._affordable()
        self.recording.reset()
        self.waiting.reset()
        self._before = self._noted.get(self.passed, math.nan)
        self._began, self.passed = (now, aside), 0
        self._noted.clear()

    def _learn(self, period: _Period) -> None:
        """Learn what the recorded step before this period cost, if many steps have passed since its wake."""
        later = period.passed - WAKE
        after, end = (self._noted.get(passed, math.nan) for passed in (WAKE, period.passed))
        whole = after - self._before
        if later >= WAKE and period.recorded > 0 and not math.isnan(whole + end):
            cost = whole - (WAKE + 1) * (end - after) / later + self._usual_idle
            self._factors.append(cost / period.recorded)

    @property
    def _factor(self) -> float:
        """What a recorded step costs over what is timed in it."""
        return max(statistics.median(self._factors), 1.0)

    @property
    def _usual_idle(self) -> float:
        """What a step costs that passes, without views."""
        return _TWICE * statistics.median(self._idle) if self._idle else 0.0

    def _each_step(self) -> tuple[float, float, float]:
        """Return what waiting costs a step that passes, and what views' threads and training use in any step."""
        recorded, waited, aside, whole, passed = (sum(values) for values in zip(*self._periods, strict=True))
        steps, idle = passed + len(self._periods), self._usual_idle
        training = max(whole - recorded - waited - aside - idle * passed, 1e-9)
        return idle + waited / max(passed, 1), aside / steps, training / steps

    def _affordable(self) -> int:
        """Return the smallest interval whose cost is within the budget."""
        idle, aside, training = self._each_step()
        costs = sorted(period.recorded for period in self._periods)
        usual = costs[: max(len(costs) - 1, 1)]
        recorded, allowed = self._factor * sum(usual) / len(usual), self._budget * training
        room = max(allowed - aside - idle, allowed * _LEAST_ROOM)
        wanted = math.ceil((recorded - idle) / room - _ROUNDING)
        return min(max(wanted, 1), _GROWTH * self.every, _SLOWEST)
