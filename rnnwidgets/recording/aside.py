"""What views use of the CPU beside the thread that trains: it is no part of training, and counts as recording.

It comes in lumps, an analysis every few seconds, a snapshot every ten, which are paid by the training of many steps.
So each is shared out over the CPU time of this process that follows, most of it within `SPREAD` seconds.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

SPREAD = 4.0


class Aside:
    """Counts the CPU time of threads other than the one that trains, and of processes that work for them."""

    def __init__(self) -> None:
        """Start with nothing used."""
        self._paid = self._owed = 0.0
        self._at = time.process_time()
        self._lock = threading.Lock()

    @property
    def seconds(self) -> float:
        """Seconds of what was counted that fall to the time up to now."""
        self.add(0.0)
        return self._paid

    @property
    def counted(self) -> float:
        """Seconds counted so far."""
        with self._lock:
            return self._paid + self._owed

    def add(self, seconds: float) -> None:
        """Count CPU time that something else has measured."""
        with self._lock:
            now = time.process_time()
            part = self._owed * -math.expm1((self._at - now) / SPREAD)
            self._paid, self._owed, self._at = self._paid + part, self._owed - part + seconds, now

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count what this thread does inside."""
        began = time.thread_time()
        try:
            yield
        finally:
            self.add(time.thread_time() - began)
