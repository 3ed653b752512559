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
from collections.abc import Callable, Iterable
from typing import Any, Protocol

import torch

_IN_ONE_GRAPH = (
    "rnnwidgets records this layer in a hook, which runs between two graphs: compile the model without fullgraph=True, "
    "or close() the recorder"
)
_SCRIPTED = (
    "a watched model cannot be scripted, since torch.jit.script would compile the hooks of its recorder too: close() "
    "the recorder first"
)


_is_compiling: Callable[[], bool] = vars(torch.compiler)["is_compiling"]  # it has no types


class Steps(Protocol):
    """Knows whether the training step that runs is one to look at."""

    def passes_by(self) -> bool:
        """Tell whether a hook has nothing to do."""


class InertOnCopy:
    """A hook that becomes one that does nothing when the model is copied or pickled: a context manager's `__exit__`
    takes any arguments and returns None.
    """

    def __init__(self, steps: Steps, work: Callable[..., None]) -> None:
        """Call `work` on every call in a step to look at."""
        self._steps = weakref.ref(steps)
        self._work = work

    def __call__(self, *args: Any) -> None:
        """Do the work; the result is None, which leaves the module's own result in place.

        A compiler must not see the question, whose answer changes.
        """
        if not _is_compiling():
            steps = self._steps()
            if steps is None or steps.passes_by():
                return
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


class Hook:
    """A hook of a module, which it holds weakly, ready to be installed."""

    def __init__(self, register: Callable[..., Any], hook: InertOnCopy, **options: bool) -> None:
        """Be ready for a method that registers hooks, such as `module.register_forward_hook`."""
        self._register, self._hook, self._options = weakref.WeakMethod(register), hook, options

    def install(self) -> Any:
        """Return the handle of the hook; None where the module is gone."""
        register = self._register()
        return None if register is None else register(self._hook, **self._options)


class Installed:
    """Hooks that come and go together."""

    def __init__(self, hooks: Iterable[Hook]) -> None:
        """Install none yet."""
        self._hooks = tuple(hooks)
        self._handles: list[Any] = []

    def turn(self, *, on: bool) -> None:
        """Install them or take them off, unless that is so already."""
        if on and not self._handles:
            self._handles = [handle for hook in self._hooks if (handle := hook.install()) is not None]
        elif self._handles and not on:
            self.off()

    def off(self) -> None:
        """Take them off."""
        for handle in self._handles:
            handle.remove()
        self._handles = []


def weakly(steps: Steps, method: Callable[..., None], *bound: Any) -> InertOnCopy:
    """Return a hook that calls a method as long as its object lives, and that a compiler leaves as it is."""
    hide: Callable[..., Callable[..., None]] = vars(torch.compiler)["disable"]  # it has no types
    reason = {"reason": _IN_ONE_GRAPH} if "reason" in inspect.signature(hide).parameters else {}
    return InertOnCopy(steps, hide(_while_alive(method, *bound), **reason))


def eagerly(steps: Steps, method: Callable[..., None]) -> InertOnCopy:
    """Return a hook that calls a method as long as its object lives, and that a compiler leaves out."""
    call = _while_alive(method)

    def call_eagerly(*args: Any) -> None:
        if not _is_compiling():
            call(*args)

    return InertOnCopy(steps, call_eagerly)


def _while_alive(method: Callable[..., None], *bound: Any) -> Callable[..., None]:
    reference = weakref.WeakMethod(method)

    def call(*args: Any) -> None:
        alive = reference()
        if alive is not None:
            alive(*bound, *args)

    return call
