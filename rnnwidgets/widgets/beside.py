"""Calls of a publisher's methods that do not keep it alive: by what it listens to, and on a thread beside training."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

THREAD_NAME = "rnnwidgets-views"


def weakly(method: Callable[[T], None]) -> Callable[[T], None]:
    """Return a function that calls the method while its object lives, and does not keep it alive."""
    reference = weakref.WeakMethod(method)

    def call(argument: T) -> None:
        bound = reference()
        if bound is not None:
            bound(argument)

    return call


def beside(work: Callable[[T], None], argument: T) -> None:
    """Begin `work(argument)` on a daemon thread."""
    threading.Thread(target=work, args=(argument,), name=THREAD_NAME, daemon=True).start()
