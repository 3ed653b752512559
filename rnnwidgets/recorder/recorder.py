"""A recorder: attached to a model and its optimizer, it turns each training step that is due into a frame.

It must not disturb training. This is its life, from attaching to closing; what its hooks see is in `hooks`, how steps
follow one another in `training`.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from types import TracebackType

from torch import Tensor, nn
from torch.optim import Optimizer

from rnnwidgets import schema
from rnnwidgets.errors import RecordingError
from rnnwidgets.recorder.fork import call_in_child
from rnnwidgets.recorder.hooks import Hooks
from rnnwidgets.recorder.keep import SPARE, SPARE_PART
from rnnwidgets.recorder.layers import Recurrent
from rnnwidgets.recorder.optimizer import Scaling
from rnnwidgets.recorder.settings import Health, Settings
from rnnwidgets.recorder.training import Training
from rnnwidgets.recording import Recording


class Recorder:
    """Records a model's recurrent layers while it trains; made by `watch`, and a context manager.

    Attributes:
        recording: the `Recording` that it fills.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: Optimizer | None,
        modules: Sequence[Recurrent],
        recording: Recording,
        settings: Settings,
    ) -> None:
        """Attach to the model; use `watch`, which checks its arguments first."""
        self.recording = recording
        self._training = Training(model, optimizer, modules, recording, settings)
        recording.owned("running step", self._training)
        recording.owned("spare memory", SPARE, recording.memory // SPARE_PART)
        call_in_child(self._abandon)
        self._hooks = Hooks(model, optimizer, self._training)

    def __repr__(self) -> str:
        """Say in one line what is recorded."""
        names, state = self._training.names or "taps", self.recording.status.state
        return f"<Recorder of {names}: {state}, {len(self.recording)} frames>"

    def __enter__(self) -> Recorder:  # noqa: PYI034 # typing.Self came with Python 3.11
        """Return the recorder itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Close; an exception that ends training is named in the view and goes on. An interrupt is not a failure."""
        if kind is not None:
            where = f"training stopped at step {self._training.step.number}"
            self.recording.note(f"{where}: {kind.__name__}: {error}".rstrip(": "))
        self._detach("finished" if kind is None or issubclass(kind, KeyboardInterrupt) else "failed")

    def log(self, **scalars: float | Tensor) -> None:
        """Add scalars to draw, such as `loss=loss`: numbers or tensors of one element.

        Called between `backward()` and the end of the next forward pass, they belong to that training step. What is
        not a number is told in a warning and left out.
        """
        self._training.log(scalars)

    def step(self, **scalars: float | Tensor) -> None:
        """End a training step, where no optimizer was given to `watch`.

        Call it after `backward()` and before the weights change; or after a forward pass alone, under
        `torch.no_grad()`, `torch.inference_mode()` or in evaluation mode: that frame is of mode "forward" and has no
        gradients.

        Raises:
            RecordingError: the recorder was given an optimizer, whose step is the recorder's step.
        """
        if self._training.driven:
            raise RecordingError(
                "step()",
                expected="to be called only where watch() was given no optimizer",
                found="a recorder that follows an optimizer",
                remedy="call recorder.log(...) for scalars, or watch(model) without optimizer",
            )
        if self.closed:
            return
        self._training.step.begun = True
        self._training.after_update()
        self._training.log(scalars)
        self._training.before_update(Scaling)
        self.recording.changed()

    def follow(self, optimizer: Optimizer) -> None:
        """End training steps where this optimizer steps, instead of the one that was followed before."""
        if not self._training.follows(optimizer):
            self._hooks.follow(optimizer, "which was given to watch() last")

    def pause(self) -> None:
        """Record nothing until `resume`; steps are still counted."""
        self._training.pause()
        self._show("paused")

    def resume(self) -> None:
        """Record again after `pause`."""
        self._training.resume()
        self._show("live" if self._training.step.number else "waiting")

    def close(self) -> None:
        """Take every hook off the model and the optimizer; the recording stays. Closing twice does nothing more."""
        self._detach("finished")

    def health(self) -> Health:
        """Return what the recorder says of itself and how often each part of it has failed."""
        guard, told = self._training.guard, self._training.notices
        aliases = {module.path: module.aliases for module in self._training.modules if module.aliases}
        status, memory = self.recording.status, self.recording.ledger
        return Health(status, dict(guard.errors), dict(+told.skipped), told.nonfinite, aliases, memory)

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._training.ended

    def _abandon(self) -> None:
        """Do nothing any more, in a process that was forked: its locks may be held by threads that it does not have."""
        self.recording.lock = threading.RLock()
        self._release()

    def _release(self) -> None:
        self._training.end()
        self._hooks.remove()

    def _show(self, state: schema.State) -> None:
        if not self.closed:
            self.recording.report(state=state)
            self.recording.changed()

    def _detach(self, state: schema.State) -> None:
        if not self.closed:
            self._training.flush()
            self._show(state)
            self._release()
            self.recording.close()
