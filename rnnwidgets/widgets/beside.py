"""Work beside training: calls that do not keep their object alive, and threads that do them."""

from __future__ import annotations

import sys
import threading
import weakref
from collections.abc import Callable
from contextlib import AbstractContextManager
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")

THREAD_NAME = "rnnwidgets-views"
LINGER = 10.0


def weakly(method: Callable[[T], None]) -> Callable[[T], None]:
    """Return a function that calls the method while its object lives, and does not keep it alive."""
    reference = weakref.WeakMethod(method)

    def call(argument: T) -> None:
        bound = reference()
        if bound is not None:
            bound(argument)

    return call


class Beside:
    """A daemon thread that does one piece of work after another, until told to end or without any for `LINGER` seconds.

    A thread for each piece would make torch set up its own threads, and the allocator its own memory, again and again.

    Attributes:
        busy: whether the work that was given last is still to be done.
    """

    def __init__(self, counting: Callable[[], AbstractContextManager[None]]) -> None:
        """Start no thread yet; each piece of work is done inside what `counting` returns."""
        self.busy = False
        self._counting = counting
        self._waiting: SimpleQueue[tuple[Callable[[Any], None], Any] | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def __call__(self, work: Callable[[T], None], argument: T) -> None:
        """Have `work(argument)` done after what waits already; a thread that failed at it has another after it."""
        with self._lock:
            self.busy = True
            try:
                self._waiting.put((work, argument))
                if self._thread is None or not self._thread.is_alive():
                    self._thread = threading.Thread(target=self._run, name=THREAD_NAME, daemon=True)
                    self._thread.start()
            except BaseException:  # an interrupt: what waits is done with the next
                self.busy = False
                raise

    def end(self) -> None:
        """Let the thread end after what waits already; work that comes later has another."""
        self._waiting.put(None)

    def _run(self) -> None:
        while self._goes_on():
            pass

    def _goes_on(self) -> bool:
        """Do what comes next, and tell whether more may come; nothing of it is held meanwhile."""
        try:
            piece = self._waiting.get(timeout=LINGER)
        except Empty:
            piece = None
        if piece is not None:
            work, argument = piece
            try:
                with self._counting():
                    work(argument)
            finally:
                self.busy = False
            return True
        with self._lock:
            if self._waiting.empty():
                self._thread = None
            return self._thread is not None


class AtOnce:
    """Does each piece of work on the thread that asks for it.

    Attributes:
        busy: never.
    """

    busy = False

    def __call__(self, work: Callable[[T], None], argument: T) -> None:
        """Do `work(argument)`."""
        work(argument)

    def end(self) -> None:
        """Have nothing to end."""


def worker(counting: Callable[[], AbstractContextManager[None]]) -> Beside | AtOnce:
    """Return what does work that ends in a message: in Colab, which may send none of another thread, the one that asks
    (googlecolab/colabtools issue 3373).
    """
    return AtOnce() if "google.colab" in sys.modules else Beside(counting)
