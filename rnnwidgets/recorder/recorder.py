"""A recorder: attached to a model and its optimizer, it turns each training step that is due into a frame.

It must not disturb training: its hooks return None, draw no random number, read no parametrized weight, and whatever
fails in them stays in them (`guard`). It sees a step end in the optimizer's pre-hook, when the gradients are those that
the optimizer will use and the weights are still those of the forward pass.
"""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from rnnwidgets import schema
from rnnwidgets.errors import Guard, RecorderWarning, RecordingError
from rnnwidgets.recorder.budget import Budget
from rnnwidgets.recorder.layers import Recurrent
from rnnwidgets.recorder.observe import Call, Passed, weakly
from rnnwidgets.recorder.sampling import sampling
from rnnwidgets.recorder.step import Step, as_number
from rnnwidgets.recording import Recording

DEFAULT_SAMPLES = 4
_SILENT_STEPS = 10


@dataclass(frozen=True)
class Settings:
    """What `watch` was asked for, once it has been checked. `every` is None where it is to adapt to `budget`."""

    every: int | None
    budget: float
    samples: int | tuple[int, ...]
    decode: Callable[[int], str] | None
    strict: bool


@dataclass(frozen=True)
class Health:
    """How the recorder is: what it says of itself, and how often each part of it has failed."""

    status: schema.Status
    errors: Mapping[str, int]


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
        self._closed = False
        self._paused = False
        self._next = 0
        self._silent = 0
        self._told: set[str] = set()
        self._step = Step(0, due=True)
        self._handles = [handle for module in modules for handle in self._attach(module)]
        if settings.decode is not None:
            self._handles += self._attach_tokens(model)
        if optimizer is not None:
            self._handles.append(optimizer.register_step_pre_hook(weakly(self._before_optimizer)))

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
        with self._budget.spending():
            self._guard.run("logging", self._log, scalars)
        self._end_step()
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
        return Health(self.recording.status, dict(self._guard.errors))

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed

    def _show(self, state: schema.State) -> None:
        if not self._closed:
            self.recording.report(state=state)
            self.recording.changed()

    def _detach(self, state: schema.State) -> None:
        if self._closed:
            return
        self._guard.run("logging", self._flush, self._step)
        self._show(state)
        self._closed = True
        for handle in self._handles:
            handle.remove()
        self._handles.clear()
        self._step = Step(self._step.number, due=False)

    def _attach(self, recurrent: Recurrent) -> list[Any]:
        module = recurrent.module()
        if module is None:
            return []
        handles = [module.register_forward_hook(weakly(self._called, recurrent), with_kwargs=True)]
        if module.num_layers > 1 and module.dropout > 0:
            handles.append(module.register_forward_pre_hook(weakly(self._calling, recurrent)))
        return handles

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
        if self._step.due and module.training and not next(module.parameters()).is_cuda:
            with self._budget.spending():
                self._step.random[recurrent.path] = torch.get_rng_state()

    def _called(
        self, recurrent: Recurrent, module: nn.RNNBase, args: tuple[Any, ...], kwargs: dict[str, Any], y: Any
    ) -> None:
        """See one call of a module."""
        if not _trains():
            return
        self._step.begun = True
        if self._step.due:
            with self._budget.spending():
                passed = Passed.of(args, kwargs, y, self._step.random.get(recurrent.path))
                self._guard.run(f"recording {recurrent.path or self._names}", self._observe, recurrent, module, passed)

    def _observe(self, recurrent: Recurrent, module: nn.RNNBase, passed: Passed) -> None:
        samples = self._settings.samples
        wanted = range(samples) if isinstance(samples, int) else samples
        taken = sampling(passed.x, batch_first=module.batch_first, wanted=wanted)
        if len(taken.kept) < len(wanted) and samples != DEFAULT_SAMPLES:
            self._tell(
                f"samples: expected sequences within the batch of {taken.batch}, found index {max(wanted)}; "
                f"the {len(taken.kept)} that exist are recorded"
            )
        self._step.take_call(recurrent.path, Call(recurrent, module, passed, taken, self._run))

    def _run(self, site: str, work: Callable[[Tensor], None], gradient: Tensor) -> None:
        with self._budget.spending():
            self._guard.run(site, work, gradient)

    def _before_optimizer(self, *_: Any) -> None:
        self._end_step()

    def _end_step(self) -> None:
        """Turn what was seen into a frame, if this step is due, and begin the next step."""
        step, recorded = self._step, False
        with self._budget.spending():
            if step.due:
                recorded = bool(self._guard.run("recording a frame", self._record, step))
                self._next = step.number + self._budget.every
            self._guard.run("logging", self._flush, step)
            self.recording.report(
                step=step.number,
                state="paused" if self._paused else "live",
                every=self._budget.every,
                overhead=self._budget.overhead,
            )
        self._budget.end_step(recorded=recorded)
        self._step = Step(step.number + 1, due=not self._paused and step.number + 1 >= self._next)

    def _record(self, step: Step) -> bool:
        model = self._model()
        if model is None or not step.calls:
            self._notice_silence()
            return False
        self._silent = 0
        frame = step.frame(model, self._modules, self._settings.decode)
        step.scalars = {}
        self.recording.append(frame)
        return True

    def _notice_silence(self) -> None:
        self._silent += 1
        if self._silent == _SILENT_STEPS:
            self._tell(
                f"no call of {self._names} was seen in {_SILENT_STEPS} training steps: the optimizer may train another "
                "model, or the layer's forward() is called directly, which runs no hooks"
            )

    def _log(self, scalars: Mapping[str, float | Tensor]) -> None:
        if self._closed:
            self._tell("log() was called on a closed recorder and is ignored; watch the model again to record")
            return
        numbers = {name: as_number(name, value) for name, value in scalars.items()}
        if self._step.begun:
            self._step.scalars.update(numbers)
        elif numbers:
            self.recording.log(max(self._step.number - 1, 0), numbers)

    def _flush(self, step: Step) -> None:
        if step.scalars:
            self.recording.log(step.number, step.scalars)

    def _tell(self, sentence: str) -> None:
        """Warn once, and keep the sentence for the view."""
        if sentence not in self._told:
            self._told.add(sentence)
            self.recording.note(sentence)
            if self._settings.strict:
                raise RuntimeError(sentence)
            warnings.warn(sentence, RecorderWarning, stacklevel=2)


def _trains() -> bool:
    """Tell whether a call may be one of training, and not of evaluation, of `torch.jit.trace` or of `torch.func`."""
    state = torch._C  # noqa: SLF001 # torch has no public, typed name for these
    return torch.is_grad_enabled() and not state._is_tracing() and not state._are_functorch_transforms_active()  # noqa: SLF001 # as above
