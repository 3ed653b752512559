"""Training as it is recorded: one step after another, and what happens where one ends and the next begins.

When a step ends is said in `optimizer`, which calls count in `step`. One object lasts as long as the recorder is
attached; it alone decides which step is due.
"""

from __future__ import annotations

import math
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from rnnwidgets.errors import Guard, RecorderWarning
from rnnwidgets.frame import Frame, settle
from rnnwidgets.recorder.budget import WAKE, Budget
from rnnwidgets.recorder.keep import SPARE, SPARE_PART
from rnnwidgets.recorder.layers import Recurrent
from rnnwidgets.recorder.norms import MOVEMENT_EVERY, Movement
from rnnwidgets.recorder.notices import Notices
from rnnwidgets.recorder.optimizer import Scaling, learning_rates, owns_parameters, parameters_of
from rnnwidgets.recorder.passes import operations, reason_to_skip
from rnnwidgets.recorder.runs import Keep
from rnnwidgets.recorder.settings import HEAVY_EVERY, Settings
from rnnwidgets.recorder.silence import PATIENCE, Silence
from rnnwidgets.recorder.spectral import spectral_radii
from rnnwidgets.recorder.step import Step, as_number
from rnnwidgets.recording import Recording

_LEARNING = 2  # steps at first in which hooks see when scalars are logged


class Training:
    """The steps of one model: the one that runs now, and the frames that come of those before it.

    Attributes:
        recording: takes the frames.
        settings: what `watch` was asked for.
        modules: the modules recorded.
        names: those of their layers, for sentences.
        step: the step that runs now.
        apart: whether forward passes belong to no step.
        paused: whether no step is due.
        ended: whether nothing is recorded any more.
        budget: counts what the recorder costs.
        guard: keeps the recorder's failures from training.
        notices: what was told and counted.
        silence: finds out why nothing is recorded.
        awaits: whether the next optimizer that steps the model is to be followed.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: Optimizer | None,
        modules: Sequence[Recurrent],
        recording: Recording,
        settings: Settings,
    ) -> None:
        """Begin with the first step."""
        self.recording, self.settings, self.modules = recording, settings, modules
        self.names = ", ".join(layer.name for module in modules for layer in module.layers)
        self.step = Step(settings.first, due=True)
        self.apart = self.paused = self.ended = False
        self.budget = Budget(settings.every, settings.budget, lambda: recording.aside.seconds)
        self.guard = Guard(recording.note, strict=settings.strict)
        self.notices = Notices(recording, strict=settings.strict)
        self.silence = Silence(self.notices, modules)
        self.awaits = False
        self._model = weakref.ref(model)
        self._owned: frozenset[int] | None = None
        self._optimizer: weakref.ReferenceType[Optimizer] | None = None
        if optimizer is not None:
            self.follow(optimizer)
        self.turns: Callable[[], Callable[[], None] | None] = _none
        self._next = self._calm = 0
        self._alike_until: float = 0
        self._logs_late, self._in_midst = False, True
        self._logs = 0
        self._operations = operations()
        self._movement: tuple[int, Movement] | None = None

    @property
    def driven(self) -> bool:
        """Whether an optimizer's steps are the recorder's."""
        return self._optimizer is not None

    def follow(self, optimizer: Optimizer) -> None:
        """End steps where this optimizer steps, from now on."""
        self._log_earlier()
        self.awaits = False
        self.silence.heard()
        this = weakref.ref(self)

        def gone(_reference: object) -> None:
            alive = this()
            if alive is not None and not alive.ended:
                alive.await_another()

        self._optimizer = weakref.ref(optimizer, gone)
        self._owned = parameters_of(optimizer)

    def follows(self, optimizer: Optimizer) -> bool:
        """Whether steps end where this optimizer steps."""
        return self._optimizer is not None and self._optimizer() is optimizer

    def is_replaced_by(self, optimizer: Optimizer) -> bool:
        """Whether this optimizer steps the parameters of the one followed, or the model if that one is gone."""
        model = self._model()
        if model is None or self.follows(optimizer):
            return False
        followed = None if self._optimizer is None else self._optimizer()
        if followed is None or self._owned is None or self.silence.told:
            return owns_parameters(optimizer, model)
        return not self._owned.isdisjoint(parameters_of(optimizer))

    def doubt(self) -> None:
        """Look at the next optimizers that step: many forward passes have run, and the step does not end."""
        turn = self.turns()
        if turn is not None and not (self.awaits or self.paused or self.ended):
            self.awaits = True
            self.step.begin_another_pass()
            turn()

    def trust(self) -> None:
        """Follow the same optimizer as before: it steps after all."""
        step = self.step
        self.awaits = False
        step.scalars = {**(step.earlier[-1] if step.earlier else {}), **step.scalars}
        self._alike_until = step.number + 1

    def await_another(self) -> None:
        """Follow the next optimizer that steps the model: the one followed so far is gone, or does not step."""
        self.awaits = True
        if not self.step.due and not self.paused:
            self._start(Step(self.step.number, due=True, begun=self.step.begun, scalars=self.step.scalars))
        else:
            self._start(self.step)

    @property
    def nbytes(self) -> int:
        """Bytes of what is copied of the step that runs, and of the weights whose update is to be measured."""
        return self.step.nbytes + (self._movement[1].nbytes if self._movement is not None else 0)

    def pause(self) -> None:
        """Let no step be due; steps are still counted."""
        begun, self.paused = self._has_begun(), True
        self._start(Step(self.step.number, due=False, begun=begun, scalars=self.step.scalars))

    def resume(self) -> None:
        """Let steps be due again from the next one on."""
        self.step.begun = self._has_begun()
        self.paused = False
        self._start(self.step)

    def end(self) -> None:
        """Record nothing any more."""
        self.ended = True
        self.step = Step(self.step.number, due=False)

    @property
    def looks(self) -> bool:
        """Whether hooks look at the calls of the step that runs: it is due, or scalars may be logged in its midst."""
        unsure = self._logs_late or self.step.number < self.settings.first + _LEARNING
        return self.step.due or (unsure and not self.paused)

    def passes_by(self) -> bool:
        """Tell whether hooks have nothing to do in the forward pass that runs, whose step is seen to have begun."""
        step = self.step
        if step.due:
            return self.apart
        if not (step.begun or self.apart):
            if not torch.is_grad_enabled() or reason_to_skip():
                return False
            step.begun = True
        return True

    def run(self, step: Step, answer: Callable[[Tensor], None], keep: Keep, place: Any, gradient: Tensor) -> None:
        """Keep the gradient of a tensor hook, unless its step is over."""
        if step is self.step:

            def take() -> None:
                answer(gradient)
                keep(place, gradient)

            with self.budget.recording:
                self.guard.run("recording gradients", take)
                if not step.backward.follows():
                    self.guard.run("following the backward pass", step.backward.follow, self._model, self._spend)
                    self.guard.run("finding out why nothing is recorded", self._check_end, step)

    def _check_end(self, step: Step) -> None:
        """Warn about a step that does not end, and abandon it."""
        try:
            endless = self.silence.ends_never(step, self._optimizer)
        except RecorderWarning:  # where warnings are errors: the note is in the status, and training goes on
            endless = True
        if endless:
            self._abandon()

    def _log_earlier(self) -> None:
        """Log the scalars of earlier passes of this step, each pass as a training step of its own."""
        step = self.step
        for scalars in step.earlier:
            self.recording.log(step.number, scalars)
            step.number += 1
        step.earlier = []

    def _abandon(self) -> None:
        """Keep only what was logged in a step that does not end, each time as a training step of its own."""
        step = self.step
        step.begin_another_pass()
        self._log_earlier()
        if self.driven:
            self.await_another()  # and keep this step: it ends where that optimizer steps
        else:
            step.end()
            self._start(Step(step.number, due=False, begun=True))

    def _spend(self, site: str, work: Callable[[nn.Module], None], model: nn.Module) -> None:
        """Do work that autograd calls back for."""
        with self.budget.recording:
            self.guard.run(site, work, model)

    def log(self, scalars: Mapping[str, float | Tensor]) -> None:
        """Add scalars to the step that has begun, else to the one before."""
        began, step, budget = time.perf_counter(), self.step, self.budget
        if step.due or step.begun or self.recording.listeners or not budget.passed or operations() != self._operations:
            self._log_with_care(scalars)
        else:
            self.guard.run("logging", self._log, scalars)
            budget.idle += time.perf_counter() - began

    def _log_with_care(self, scalars: Mapping[str, float | Tensor]) -> None:
        """Log where it matters which step has begun, or what it costs."""
        begun, budget = self._has_begun(), self.budget
        recorded = self.step.due if begun else not budget.passed
        with budget.recording if recorded else budget.waiting:
            self.guard.run("logging", self._log, scalars)

    def _has_begun(self) -> bool:
        """Tell whether the forward pass of the step that runs has begun: as hooks saw, or where none look, whether
        autograd has recorded anything since the step before, unless that was something else when they looked last.

        They look from the next step on.
        """
        step = self.step
        if operations() != self._operations:
            if self.looks:
                self._in_midst = step.begun
            else:
                step.begun = step.begun or self._in_midst
                self._alike_until = step.number + 1
            self._logs_late = True
        return step.begun

    def flush(self) -> None:
        """Keep what was logged for a step that did not end."""
        self.guard.run("logging", self._flush, self.step)

    @contextmanager
    def while_apart(self) -> Iterator[None]:
        """Leave out the forward passes inside: they are a closure's at weights that the optimizer only tries."""
        self.apart = True
        try:
            yield
        finally:
            self.apart = False
            self._operations = operations()

    def after_update(self) -> None:
        """Add to the latest frame how far the update moved the weights."""
        pending, self._movement = self._movement, None
        model = self._model()
        if pending is not None and model is not None:
            with self.budget.recording:
                step, moved = pending
                self.guard.run("measuring the update", lambda: self.recording.amend(step, moved.ratios(model)))

    def before_update(self, scaling: Callable[[], Scaling]) -> None:
        """Turn what was seen into a frame, if this step is due, and begin the next step.

        Nearly every step passes, and all that the recorder runs in it finds cold caches: few lines, few objects.
        """
        began, step = time.perf_counter(), self.step
        if step.due:
            self._end_due(step, scaling)
            return
        if step.scalars:
            with self.budget.waiting:
                self.flush()
            step.scalars = {}
        self.recording.passed(step.number)
        self.budget.step_passed(time.perf_counter() - began)
        if step.number + 1 < self._alike_until:
            step.number += 1
            step.begun = False
            self._operations = operations()
        else:
            self._begin(step.number + 1)

    def _end_due(self, step: Step, scaling: Callable[[], Scaling]) -> None:
        with self.budget.recording:
            recorded = bool(self.guard.run("recording a frame", self._record, step, scaling))
            SPARE.bound(self.recording.memory // SPARE_PART)
            self.flush()
        if recorded:
            self.budget.step_recorded()
        else:
            self.budget.step_passed(0.0)
        with self.budget.recording:
            figures = self.budget.figures._asdict()
            self.recording.report(step=step.number, state="live", every=self.budget.every, **figures)
        self._next, self._calm = step.number + self.budget.every, step.number + WAKE + 1
        step.end()
        self._begin(step.number + 1)

    def _begin(self, number: int) -> None:
        self.budget.note()
        self._start(Step(number, due=not self.paused and number >= self._next))

    def _start(self, step: Step) -> None:
        """Have the hooks on that a step needs which begins; those that follow alike need no others."""
        self.step = step
        self._operations = operations()
        due = math.inf if self.paused else max(self._next, step.number + 1)
        turns = self.settings.first + _LEARNING, self._calm, due
        self._alike_until = min(turn for turn in turns if turn > step.number)
        turn = self.turns()
        if turn is not None:
            with self.budget.recording:
                turn()

    def _record(self, step: Step, told: Callable[[], Scaling]) -> bool:
        model, scaling, overhead = self._model(), told(), self.budget.overhead
        frame, recorded = None, self.recording.status.recorded
        if model is not None:
            heavy = recorded % HEAVY_EVERY == 0
            frame = step.frame(model, self.modules, self.settings, scaling, driven=self.driven, heavy=heavy)
        if model is None or frame is None:
            self.silence.step_without_calls(step.skipped, recorded)
            return False
        self.silence.heard()
        self.notices.of_missing(self.modules, step)
        if not recorded:
            settle(frame)  # so that a model which cannot be replayed is told of at once
        scalars = {**self._measured(frame, recorded), **frame.scalars}
        frame = replace(frame, scalars=scalars, overhead=math.nan if overhead is None else overhead)
        step.scalars = {}
        self.notices.of_frame(frame, step, scaling)
        self.notices.of_moved(frame, driven=self.driven)
        if frame.mode == "training" and recorded % MOVEMENT_EVERY == 0:
            self._movement = step.number, Movement(model, self._owned)  # before the frame takes the room that is left
        self.recording.append(frame)
        return True

    def _measured(self, frame: Frame, recorded: int) -> dict[str, float]:
        """Return scalars that no one has to log."""
        optimizer = None if self._optimizer is None else self._optimizer()
        rates = {} if optimizer is None else learning_rates(optimizer)
        return rates | spectral_radii(frame, recorded)

    def _log(self, scalars: Mapping[str, float | Tensor]) -> None:
        if self.ended:
            self.notices.tell("log() was called on a closed recorder and is ignored; watch the model again to record")
            return
        numbers = {}
        for name, value in scalars.items():
            numbers[name] = as_number(name, value)
        if self._model() is None:
            self.silence.model_is_gone()
        step = self.step
        again = not numbers.keys().isdisjoint(step.scalars)
        if self.silence.told:
            step.number += again
            step.scalars = {**({} if again else step.scalars), **numbers}
            self.recording.log(step.number, numbers)
        elif step.begun:
            if again:
                step.earlier = [*step.earlier, dict(step.scalars)][-PATIENCE:]
            step.scalars.update(numbers)
        elif numbers:
            self.recording.log(max(step.number - 1, 0), numbers)

    def _flush(self, step: Step) -> None:
        if step.scalars:
            self.recording.log(step.number, step.scalars)


def _none() -> None:
    return None
