"""Why nothing is recorded: found after a few backward passes, in one sentence with the way out.

Two things can go wrong without an error. A training step never ends, since no optimizer was given, or since the one
that was given does not step the model any more. Or steps end in which no call of a recorded layer was seen.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence

import torch
from torch.optim import Optimizer

from rnnwidgets.recorder.layers import Recurrent
from rnnwidgets.recorder.notices import FEW_STEPS, Notices, forward_called, has_gradient
from rnnwidgets.recorder.optimizer import parameters_of
from rnnwidgets.recorder.step import Step
from rnnwidgets.recorder.wrapped import has_compiled

PATIENCE = 20  # forward or backward passes, or calls of log(), of a step that does not end
_SILENT_STEPS = 10


class ForwardPasses:
    """Counts the forward passes of a training step, so that a step that does not end is noticed.

    The steps that are not recorded have no other hook. Many calls are no error: gradients may be accumulated.
    """

    def __init__(self, step: Callable[[], int]) -> None:
        """Start at the number of the step that runs now."""
        self._step = step
        self._number = step()
        self._count = 0

    def passes_by(self) -> bool:
        """Whether the forward pass that begins is not the one in which the count reaches `PATIENCE`."""
        if not torch.is_grad_enabled():
            return True
        number = self._step()
        if number != self._number:
            self._number, self._count = number, 0
        self._count += 1
        return self._count != PATIENCE


class Silence:
    """Counts what comes to nothing, and tells the reason once.

    Attributes:
        told: whether the user knows that steps do not end; what is logged then is a training step of its own.
    """

    def __init__(self, notices: Notices, modules: Sequence[Recurrent]) -> None:
        """Start without a suspicion."""
        self.told = False
        self._notices = notices
        self._modules = modules
        self._names = ", ".join(layer.name for module in modules for layer in module.layers)
        self._steps = 0
        self._explained = False

    def heard(self) -> None:
        """Start anew: a training step has become a frame."""
        self._steps, self.told = 0, False

    def ends_never(self, step: Step, optimizer: weakref.ReferenceType[Optimizer] | None) -> bool:
        """Whether a step has lasted for so many backward passes that it will not end, which is told then.

        Accumulated gradients are no such sign: with an optimizer only those passes count that were cleared before it
        used their gradients.
        """
        if self.told:
            return False
        if optimizer is None:
            if step.backward_passes < PATIENCE:
                return False
            reason = (
                "watch() was given no optimizer, and recorder.step() was not called; pass the optimizer to watch(), or "
                "call recorder.step() after backward() and before the weights change"
            )
        elif optimizer() is None and step.backward_passes >= PATIENCE:
            reason = (
                "the optimizer that was given to watch() no longer exists, and no other torch optimizer has stepped "
                "the model; call watch(model, optimizer) again with the optimizer that trains it"
            )
        elif self._is_unused(step, optimizer()):
            reason = (
                "the optimizer that was given to watch() does not step; call watch(model, optimizer) again with the "
                "optimizer that trains the model (the next torch optimizer that steps the model is followed)"
            )
        else:
            return False
        self._tell(reason)
        return True

    def _is_unused(self, step: Step, optimizer: Optimizer | None) -> bool:
        """Whether gradients that an optimizer should use were cleared `PATIENCE` times before it did.

        Gradients of modules that only another optimizer steps do not count, unless this one steps no recorded module.
        """
        cleared = [key for key, count in step.unused.items() if count >= PATIENCE]
        if not cleared or optimizer is None:
            return bool(cleared)
        owned = parameters_of(optimizer)
        weights = {one.path: module.parameters() for one in self._modules if (module := one.module()) is not None}
        stepped = [path for path, found in weights.items() if any(id(weight) in owned for weight in found)]
        return not stepped or any(key in stepped for key in cleared)

    def model_is_gone(self) -> None:
        """Tell that there is nothing to record any more."""
        if not self.told:
            self.told = True
            self._notices.tell(
                "log(): the model that was given to watch() no longer exists, so that nothing more is recorded; call "
                "watch(model, optimizer) again after the model is made anew"
            )

    def _tell(self, reason: str) -> None:
        self.told = True
        self._notices.tell(f"nothing was recorded in the last {PATIENCE} backward passes: {reason}")

    def step_without_calls(self, skipped: str, recorded: int) -> None:
        """Count a step in which no layer was called, and tell the reason when it is no accident.

        Args:
            skipped: why calls that were seen in the step were left out, or empty.
            recorded: number of frames so far; calls that were seen then are not calls of `forward()`.
        """
        self._steps += 1
        reason = "" if self._explained else self._reason(skipped, recorded)
        if reason:
            self._explained = True
            self._notices.tell(reason)

    def _reason(self, skipped: str, recorded: int) -> str:
        """Return why no call was seen in the last steps, or nothing as long as that may be an accident."""
        if not self._names:
            return (
                "nothing is recorded: the model has no nn.RNN, nn.LSTM, nn.GRU or one of their cells, and no call of "
                "rnnwidgets.tap was seen in its forward pass, which a compiled model does not make"
            )
        if skipped and skipped != "made without gradients":
            return (
                f"nothing is recorded: {self._names} was {skipped}, where hooks cannot see gradients; train with "
                "loss.backward(), or leave this part of training unrecorded"
            )
        if has_compiled():
            return (
                f"no call of {self._names} was seen in a training step, and torch.compile was in use before: its code "
                "runs no hook that is added later; call torch.compiler.reset(), and watch before the first batch"
            )
        if self._steps >= FEW_STEPS and not recorded and any(map(has_gradient, self._modules)):
            return forward_called(self._names)
        if self._steps >= _SILENT_STEPS:
            seen = f", but for calls {skipped}" if skipped else ""
            return (
                f"no call of {self._names} was seen in {_SILENT_STEPS} training steps{seen}; pass the model and the "
                "optimizer that are trained"
            )
        return ""
