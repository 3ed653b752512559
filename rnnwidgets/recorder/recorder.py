"""A recorder: attached to a model and its optimizer, it turns each training step that is due into a frame.

It must not disturb training: its hooks change no result, draw no random number, read no parametrized weight, and what
fails in them stays in them. When a step ends is said in `optimizer`, which calls count in `step`.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from types import TracebackType
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from rnnwidgets import schema
from rnnwidgets.errors import Guard, RecordingError
from rnnwidgets.recorder.budget import Budget
from rnnwidgets.recorder.fork import call_in_child
from rnnwidgets.recorder.layers import Recurrent
from rnnwidgets.recorder.norms import MOVEMENT_EVERY, Movement
from rnnwidgets.recorder.notices import Notices
from rnnwidgets.recorder.observe import Call, Passed, weakly
from rnnwidgets.recorder.optimizer import Scaling, follow
from rnnwidgets.recorder.passes import Carried, reason_to_skip
from rnnwidgets.recorder.sampling import sampling
from rnnwidgets.recorder.settings import DEFAULT_SAMPLES, Health, Settings
from rnnwidgets.recorder.step import Step, as_number
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
        self._model = weakref.ref(model)
        self._settings = settings
        self._modules = modules
        self._names = ", ".join(layer.name for module in modules for layer in module.layers)
        self._guard = Guard(recording.note, strict=settings.strict)
        self._budget = Budget(settings.every, settings.budget)
        self._driven = optimizer is not None
        self._closed = self._paused = self._apart = False
        self._next = 0
        self._notices = Notices(recording, strict=settings.strict)
        self._step = Step(0, due=True)
        self._carried = Carried()
        self._movement: tuple[int, Movement] | None = None
        self._owned: frozenset[int] | None = None
        call_in_child(self._abandon)
        self._handles = [handle for module in modules for handle in self._attach(module)]
        if settings.decode is not None:
            self._handles += self._attach_tokens(model)
        if optimizer is not None:
            self._owned = frozenset(id(weight) for group in optimizer.param_groups for weight in group["params"])
            self._handles += follow(optimizer, self._before_update, self._after_update, self._while_apart)

    def __repr__(self) -> str:
        """Say in one line what is recorded."""
        return f"<Recorder of {self._names}: {self.recording.status.state}, {len(self.recording)} frames>"

    def __enter__(self) -> Recorder:  # noqa: PYI034 # typing.Self came with Python 3.11
        """Return the recorder itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Close; an exception that ends training is named in the view and goes on. An interrupt is not a failure."""
        if kind is not None:
            self.recording.note(f"training stopped at step {self._step.number}: {kind.__name__}: {error}".rstrip(": "))
        self._detach("finished" if kind is None or issubclass(kind, KeyboardInterrupt) else "failed")

    def log(self, **scalars: float | Tensor) -> None:
        """Add scalars to draw, such as `loss=loss`: numbers or tensors of one element.

        Called between `backward()` and the end of the next forward pass, they belong to that training step. What is
        not a number is told in a warning and left out.
        """
        with self._budget.spending(late=not self._step.begun):
            self._guard.run("logging", self._log, scalars)

    def step(self, **scalars: float | Tensor) -> None:
        """End a training step, where no optimizer was given to `watch`.

        Call it after `backward()` and before the weights change.

        Raises:
            RecordingError: the recorder was given an optimizer, whose step is the recorder's step.
        """
        if self._driven:
            raise RecordingError(
                "step()",
                expected="to be called only where watch() was given no optimizer",
                found="a recorder that follows an optimizer",
                remedy="call recorder.log(...) for scalars, or watch(model) without optimizer",
            )
        if self._closed:
            return
        self._step.begun = True
        self._after_update()
        with self._budget.spending():
            self._guard.run("logging", self._log, scalars)
        self._before_update(Scaling())
        self.recording.changed()

    def pause(self) -> None:
        """Record nothing until `resume`; steps are still counted."""
        self._paused = True
        self._step.due = False
        self._show("paused")

    def resume(self) -> None:
        """Record again after `pause`."""
        self._paused = False
        self._show("live" if self._step.number else "waiting")

    def close(self) -> None:
        """Take every hook off the model and the optimizer; the recording stays. Closing twice does nothing more."""
        self._detach("finished")

    def health(self) -> Health:
        """Return what the recorder says of itself and how often each part of it has failed."""
        told = self._notices
        return Health(self.recording.status, dict(self._guard.errors), dict(+told.skipped), told.nonfinite)

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def _abandon(self) -> None:
        """Do nothing any more, in a process that was forked: its locks may be held by threads that it does not have."""
        self.recording.lock = threading.RLock()
        self._release()

    def _release(self) -> None:
        self._closed = True
        for handle in self._handles:
            handle.remove()
        self._handles.clear()
        self._step = Step(self._step.number, due=False)

    def _show(self, state: schema.State) -> None:
        if not self._closed:
            self.recording.report(state=state)
            self.recording.changed()

    def _detach(self, state: schema.State) -> None:
        if self._closed:
            return
        self._guard.run("logging", self._flush, self._step)
        self._show(state)
        self._release()

    def _attach(self, recurrent: Recurrent) -> list[Any]:
        module = recurrent.module()
        if module is None:
            return []
        called = module.register_forward_hook(weakly(self._called, recurrent), with_kwargs=True)
        if module.num_layers == 1 or module.dropout == 0:
            return [called]
        return [called, module.register_forward_pre_hook(weakly(self._calling, recurrent))]

    def _attach_tokens(self, model: nn.Module) -> list[Any]:
        readers = [model, *(module for module in model.modules() if isinstance(module, nn.Embedding))]
        return [reader.register_forward_pre_hook(weakly(self._entered), with_kwargs=True) for reader in readers]

    def _entered(self, _module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """See what a module that may read token ids was given."""
        if self._step.due:
            with self._budget.spending():
                self._step.take_ids(args, kwargs)

    def _calling(self, recurrent: Recurrent, module: nn.RNNBase, _args: tuple[Any, ...]) -> None:
        """Note where the random numbers stand before a call that drops out between its layers on the CPU."""
        if self._step.due and module.training and next(module.parameters()).device.type == "cpu":
            with self._budget.spending():
                self._step.random[recurrent.path] = torch.get_rng_state()

    def _called(
        self, recurrent: Recurrent, module: nn.RNNBase, args: tuple[Any, ...], kwargs: dict[str, Any], y: Any
    ) -> None:
        """See one call of a module."""
        if self._apart or not torch.is_grad_enabled():
            return
        if skipped := reason_to_skip():
            self._notices.skipped[skipped] += 1
            return
        self._step.begun = True
        if self._step.due:
            with self._budget.spending():
                passed = Passed.of(args, kwargs, y, self._step.random.get(recurrent.path))
                self._guard.run(f"recording {recurrent.path or self._names}", self._observe, recurrent, module, passed)

    def _observe(self, recurrent: Recurrent, module: nn.RNNBase, passed: Passed) -> None:
        wanted = self._settings.wanted
        taken = sampling(passed.x, batch_first=module.batch_first, wanted=wanted)
        if len(taken.kept) < len(wanted) and self._settings.samples != DEFAULT_SAMPLES:
            self._notices.tell(
                f"samples: expected sequences within the batch of {taken.batch}, found index {max(wanted)}; "
                f"the {len(taken.kept)} that exist are recorded"
            )
        if self._carried.attached(recurrent.path, self._step.number, passed.state):
            self._notices.tell(
                f"{recurrent.path or self._names} was given the state of an earlier training step with that step's "
                "graph attached, so that backward() runs through all steps so far; pass state.detach() to cut it"
            )
        self._carried.returned(recurrent.path, self._step.number, passed.last)
        run = partial(self._run, self._step, partial(self._step.answer, recurrent))
        self._step.take_call(recurrent.path, Call(recurrent, module, passed, taken, run))

    def _run(
        self, step: Step, answer: Callable[[Tensor], None], site: str, work: Callable[[Tensor], None], gradient: Tensor
    ) -> None:
        if step is self._step:
            with self._budget.spending():
                self._guard.run(site, answer, gradient)
                self._guard.run(site, work, gradient)

    @contextmanager
    def _while_apart(self) -> Iterator[None]:
        """Leave out the forward passes inside: they are a closure's at weights that the optimizer only tries."""
        self._apart = True
        try:
            yield
        finally:
            self._apart = False

    def _after_update(self) -> None:
        """Add to the latest frame how far the update moved the weights."""
        pending, self._movement = self._movement, None
        model = self._model()
        if pending is not None and model is not None:
            with self._budget.spending(late=True):
                step, moved = pending
                self._guard.run("measuring the update", lambda: self.recording.amend(step, moved.ratios(model)))

    def _before_update(self, scaling: Scaling) -> None:
        """Turn what was seen into a frame, if this step is due, and begin the next step."""
        step, recorded = self._step, False
        with self._budget.spending():
            if step.due:
                recorded = bool(self._guard.run("recording a frame", self._record, step, scaling))
                self._next = step.number + self._budget.every
            self._guard.run("logging", self._flush, step)
            self.recording.report(
                step=step.number,
                state="paused" if self._paused else "live",
                every=self._budget.every,
                overhead=self._budget.overhead,
            )
        self._budget.end_step(recorded=recorded)
        step.end()
        self._step = Step(step.number + 1, due=not self._paused and step.number + 1 >= self._next)

    def _record(self, step: Step, scaling: Scaling) -> bool:
        model = self._model()
        frame = None if model is None else step.frame(model, self._modules, self._settings.decode, scaling)
        if model is None or frame is None:
            self._notices.of_silence(self._names)
            return False
        step.scalars = {}
        self._notices.of_frame(frame, step, scaling)
        self.recording.append(frame)
        if self.recording.status.recorded % MOVEMENT_EVERY == 1:
            self._movement = step.number, Movement(model, self._owned)
        return True

    def _log(self, scalars: Mapping[str, float | Tensor]) -> None:
        if self._closed:
            self._notices.tell("log() was called on a closed recorder and is ignored; watch the model again to record")
            return
        numbers = {name: as_number(name, value) for name, value in scalars.items()}
        if self._step.begun:
            self._step.scalars.update(numbers)
        elif numbers:
            self.recording.log(max(self._step.number - 1, 0), numbers)

    def _flush(self, step: Step) -> None:
        if step.scalars:
            self.recording.log(step.number, step.scalars)
