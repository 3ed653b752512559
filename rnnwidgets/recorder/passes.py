"""Which forward passes of a layer are training's own, and which states were carried over from an earlier step."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import BackwardCFunction

_WITHIN_A_PASS = BackwardCFunction.apply.__code__

operations: Callable[[], int] = vars(torch.autograd)["_get_sequence_nr"]  # recorded by autograd on this thread so far


def reason_to_skip() -> str:
    """Return why the forward pass that runs now is not one to record, or an empty string."""
    if torch._C._get_tracing_state() is not None:  # noqa: SLF001 # what torch.jit.is_tracing asks, with a type
        return "called inside torch.jit.trace"
    if torch._C._functorch.peek_interpreter_stack() is not None:  # noqa: SLF001 # torch.func has no public question
        return "called inside a torch.func transform"
    return ""


def backward_pass() -> int:
    """Return the number of the backward pass that runs on this thread, -1 where none does."""
    return torch._C._current_graph_task_id()  # noqa: SLF001 # how checkpointing itself tells a recomputation


def runs_in_another() -> bool:
    """Tell whether the backward pass that runs now was begun inside another, as reentrant checkpointing does."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 # the engine does not say
    while frame is not None and frame.f_code is not _WITHIN_A_PASS:
        frame = frame.f_back
    return frame is not None


class Carried:
    """The states that each layer returned last, held weakly, with the training step that they came from."""

    def __init__(self) -> None:
        """Know of no state yet."""
        self._last: dict[str, tuple[int, list[weakref.ReferenceType[Tensor]]]] = {}

    def returned(self, layer: str, step: int, state: Any) -> None:
        """Remember what a layer returned in a step."""
        self._last[layer] = step, [weakref.ref(value) for value in _tensors(state)]

    def attached(self, layer: str, step: int, state: Any) -> bool:
        """Tell whether a state given to a layer is one that it returned in an earlier step, on that step's graph."""
        before, references = self._last.get(layer, (step, []))
        if before == step:
            return False
        known = [reference() for reference in references]
        return any(value.grad_fn is not None and any(value is one for one in known) for value in _tensors(state))


def _tensors(state: Any) -> Iterator[Tensor]:
    for value in state if isinstance(state, tuple) else (state,):
        if isinstance(value, Tensor):
            yield value
