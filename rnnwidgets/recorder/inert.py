"""The form that every hook on a module has: it holds its recorder weakly, and other tools find nothing of it.

A copy of a watched model is not recorded, and a saved one loads where this package is not installed. `torch.compile`
leaves a hook that records as it is, between two graphs, and one that only follows the forward pass out.
`torch.jit.script` compiles every hook of a module and cannot compile these; it asks for the name first, and is told
what to do.
"""

from __future__ import annotations

import contextlib
import inspect
import weakref
from collections.abc import Callable
from typing import Any

import torch

_IN_ONE_GRAPH = (
    "rnnwidgets records this layer in a hook, which runs between two graphs: compile the model without fullgraph=True, "
    "or close() the recorder"
)
_SCRIPTED = (
    "a watched model cannot be scripted, since torch.jit.script would compile the hooks of its recorder too: close() "
    "the recorder first"
)


class InertOnCopy:
    """A hook that becomes one that does nothing when the model is copied or pickled: a context manager's `__exit__`
    takes any arguments and returns None.
    """

    def __init__(self, work: Callable[..., None]) -> None:
        """Call `work` on every call."""
        self._work = work

    def __call__(self, *args: Any) -> None:
        """Do the work; the result is None, which leaves the module's own result in place."""
        self._work(*args)

    def __deepcopy__(self, _memo: dict[int, Any]) -> Callable[..., None]:
        """Return the inert hook."""
        return contextlib.nullcontext().__exit__

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how to make the inert hook."""
        return getattr, (contextlib.nullcontext(), "__exit__")

    @property
    def __name__(self) -> str:
        """There is none."""
        raise AttributeError(_SCRIPTED)


def weakly(method: Callable[..., None], *bound: Any) -> InertOnCopy:
    """Return a hook that calls a method as long as its object lives, and that a compiler leaves as it is."""
    hide: Callable[..., Callable[..., None]] = vars(torch.compiler)["disable"]  # it has no types
    reason = {"reason": _IN_ONE_GRAPH} if "reason" in inspect.signature(hide).parameters else {}
    return InertOnCopy(hide(_while_alive(method, *bound), **reason))


def eagerly(method: Callable[..., None]) -> InertOnCopy:
    """Return a hook that calls a method as long as its object lives, and that a compiler leaves out."""
    call = _while_alive(method)
    is_compiling: Callable[[], bool] = vars(torch.compiler)["is_compiling"]  # it has no types

    def call_eagerly(*args: Any) -> None:
        if not is_compiling():
            call(*args)

    return InertOnCopy(call_eagerly)


def _while_alive(method: Callable[..., None], *bound: Any) -> Callable[..., None]:
    reference = weakref.WeakMethod(method)

    def call(*args: Any) -> None:
        alive = reference()
        if alive is not None:
            alive(*bound, *args)

    return call
