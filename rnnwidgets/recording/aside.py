"""What the threads of views use of the CPU while a model trains: it is no part of training, and counts as recording."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Aside:
    """Counts the CPU time of threads other than the one that trains.

    Attributes:
        seconds: counted so far.
    """

    def __init__(self) -> None:
        """Start with nothing used."""
        self.seconds = 0.0
        self._lock = threading.Lock()

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count what this thread does inside."""
        began = time.thread_time()
        try:
            yield
        finally:
            spent = time.thread_time() - began
            with self._lock:
                self.seconds += spent
