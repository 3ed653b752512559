"""Gradient norms as a backward pass leaves them: before the user clips, and before processes average what they found.

Where a tensor hook of the recorder runs, autograd is asked to call back when that pass is over; nothing is hooked to a
parameter, and no clipping function is replaced. `DistributedDataParallel` asks the same when its last bucket is full,
which is later in the pass: so a first callback sees the gradients of this process, and a second one, asked for by the
first, those averaged over processes. Neither waits for another process.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor, distributed, nn

from rnnwidgets.recorder.norms import gradient_norms
from rnnwidgets.recorder.passes import backward_pass, runs_in_another


class Spender(Protocol):
    """Runs work of the recorder's own, whose failures and cost stay with it."""

    def __call__(self, site: str, work: Callable[[nn.Module], None], model: nn.Module, /) -> object:
        """Run it."""


class Backward:
    """What the latest backward pass of one training step left, over the whole model.

    Attributes:
        complete: parameter name -> norm of its gradient when the pass was over, averaged where processes average.
        local: the same before that, of this process alone; empty where nothing is averaged, and where
            `gradient_as_bucket_view=True` averages in place, so that it is not to be seen.
    """

    def __init__(self) -> None:
        """Know of no pass yet."""
        self.complete: dict[str, Tensor] = {}
        self.local: dict[str, Tensor] = {}
        self._followed = -1

    def follows(self) -> bool:
        """Tell whether the backward pass that runs now, if any, is followed already."""
        return backward_pass() in {-1, self._followed}

    def follow(self, model: weakref.ReferenceType[nn.Module], spend: Spender) -> None:
        """Look at the gradients when the backward pass that runs now is over; not at the end of one inside another."""
        if not self.follows():
            self._followed = backward_pass()
            if runs_in_another():
                self.complete, self.local = {}, {}
                return
            averages = distributed.is_available() and distributed.is_initialized()
            self._look_at_end((self._keep_local, self._keep) if averages else (self._keep,), model, spend)

    def _look_at_end(
        self,
        looks: Sequence[Callable[[nn.Module], None]],
        model: weakref.ReferenceType[nn.Module],
        spend: Spender,
    ) -> None:
        look, *later = looks

        def ended() -> None:
            alive = model()
            if alive is not None:
                spend("following the backward pass", look, alive)
                if later:
                    self._look_at_end(later, model, spend)

        torch.autograd.Variable._execution_engine.queue_callback(ended)  # noqa: SLF001 # as DistributedDataParallel does

    def _keep(self, model: nn.Module) -> None:
        self.complete = gradient_norms(model)

    def _keep_local(self, model: nn.Module) -> None:
        shared = any(weight.grad is not None and weight.grad._is_view() for weight in model.parameters())  # noqa: SLF001 # a bucket's view
        self.local = {} if shared else gradient_norms(model)
