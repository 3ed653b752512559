"""Once more, when nothing has happened for a while.

A server drops messages while a cell prints much, the last one of a run too, and tells nobody. So what was last said is
said again 0.3 s, 1 s and 4 s after the last touch: a server lets everything through again once the cell has ended, and
a busy machine may take its time to end it. One daemon thread at most waits for that, and none once it is done.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

THREAD_NAME = "rnnwidgets-settle"
DELAYS = (0.3, 1.0, 4.0)


class Settle:
    """Calls `action(last)` after each delay since the last `touch()`, on a thread of its own."""

    def __init__(
        self,
        action: Callable[[bool], None],
        delays: Sequence[float] = DELAYS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start idle.

        Args:
            action: what to do; its argument tells whether this is the last delay.
            delays: seconds after the last touch, rising.
            clock: seconds.
        """
        self._action = action
        self._delays = delays
        self._clock = clock
        self._lock = threading.RLock()  # a collected publisher may stop it in the midst of a touch
        self._timer: threading.Timer | None = None
        self._touched = 0.0
        self._done = 0
        self._deadline = 0.0

    def touch(self) -> None:
        """Count from now; a thread is started only if none would wake in time."""
        with self._lock:
            self._touched, self._done = self._clock(), 0
            wanted = self._touched + self._delays[0]
            if self._timer is not None and self._deadline > wanted:
                self._timer.cancel()
                self._timer = None
            if self._timer is None:
                self._wait(wanted)

    def stop(self) -> None:
        """Forget what is waiting."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    def _wait(self, deadline: float) -> None:
        self._deadline = deadline
        timer = threading.Timer(max(deadline - self._clock(), 0), self._wake)
        timer.args = (timer,)
        timer.daemon, timer.name = True, THREAD_NAME
        self._timer = timer
        timer.start()

    def _wake(self, timer: threading.Timer) -> None:
        """Act if the time has come, else wait for the rest; a timer that was replaced meanwhile does nothing."""
        with self._lock:
            if timer is not self._timer:
                return
            due = self._touched + self._delays[self._done]
            early = self._clock() < due
            if not early:
                self._done += 1
            last = self._done == len(self._delays)
            self._timer = None
            if not last:
                self._wait(self._touched + self._delays[self._done])
        if not early:
            self._action(last)
