"""What a forked process does first: there the recorder must be silent, since threads that held its locks are gone."""

from __future__ import annotations

import os
import sys
import weakref
from collections.abc import Callable

_IN_CHILD: list[weakref.WeakMethod[Callable[[], None]]] = []


def call_in_child(method: Callable[[], None]) -> None:
    """Call a method in every process forked from this one, as long as its object lives."""
    _IN_CHILD[:] = [known for known in _IN_CHILD if known() is not None]
    _IN_CHILD.append(weakref.WeakMethod(method))


def _forked() -> None:
    for reference in _IN_CHILD:
        method = reference()
        if method is not None:
            method()


if sys.platform != "win32":
    os.register_at_fork(after_in_child=_forked)
