"""The hooks of one recorder, and what they see: the calls of recurrent layers, and token ids on their way in.

They change no result, draw no random number and read no parametrized weight; what fails in them stays in them. They
are on the model in steps that are due, and besides as `Training.looks` says. Where something is compiled they stay,
since code made without them runs none that come later.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, ParamSpec

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from rnnwidgets.recorder.inert import Hook, Installed, eagerly, weakly
from rnnwidgets.recorder.layers import Recurrent
from rnnwidgets.recorder.loop import Given, Loop, Made
from rnnwidgets.recorder.observe import Call, Passed
from rnnwidgets.recorder.optimizer import await_optimizer, follow
from rnnwidgets.recorder.passes import Carried, reason_to_skip
from rnnwidgets.recorder.runs import Runner
from rnnwidgets.recorder.sampling import Packed, Padded, Rows, rows, sampling
from rnnwidgets.recorder.settings import DEFAULT_SAMPLES
from rnnwidgets.recorder.silence import ForwardPasses
from rnnwidgets.recorder.step import Key, Step
from rnnwidgets.recorder.tapping import Listener
from rnnwidgets.recorder.training import Training
from rnnwidgets.recorder.window import Window, cut, times_kept
from rnnwidgets.recorder.wrapped import has_compiled

P = ParamSpec("P")
_CONTAINERS = (nn.ModuleList, nn.ModuleDict)  # which are never called


class Hooks:
    """What is installed on a model and its optimizer as long as they are watched; it tells `Training` what it sees."""

    def __init__(self, model: nn.Module, optimizer: Optimizer | None, training: Training) -> None:
        """Install every hook. Each holds this object weakly."""
        self._training = training
        self._carried = Carried()
        self._ended: dict[str, tuple[int, tuple[Made | None, ...]]] = {}
        self._model = weakref.ref(model)
        self._listener = Listener(model, self._tapped, lambda: training.step.number, training)
        self._of_calls = Installed(self._on_calls(model))
        self._of_steps_due = Installed(self._on_steps_due(model))
        self._passes = ForwardPasses(lambda: training.step.number)
        self._of_passes = Installed(self._on_passes(model))
        self._of_optimizer = [] if optimizer is None else follow(optimizer, training)
        self._awaiting: Any = None
        training.turns = weakref.WeakMethod(self._turn)
        self._turn()

    def follow(self, optimizer: Optimizer, why: str) -> None:
        """End training steps where this optimizer steps, instead of the one before; a note says why."""
        for handle in self._of_optimizer:
            handle.remove()
        self._of_optimizer = follow(optimizer, self._training)
        self._training.follow(optimizer)
        self._training.recording.note(f"recording follows {type(optimizer).__name__}, {why}")

    def await_optimizer(self) -> None:
        """Look at the next torch optimizers that step."""
        if self._awaiting is None:
            self._awaiting = await_optimizer(weakref.WeakMethod(self._found))
            weakref.finalize(self, self._awaiting.remove).atexit = False

    def _found(self, optimizer: Optimizer) -> None:
        """Follow an optimizer that is about to step the model; the hook that found it is removed in the next step."""
        training = self._training
        if training.awaits and training.follows(optimizer):
            training.trust()
        elif training.awaits and training.is_replaced_by(optimizer):
            self.follow(optimizer, "which steps the model now")

    def remove(self) -> None:
        """Take every hook off."""
        self._of_calls.off()
        self._of_steps_due.off()
        self._of_passes.off()
        for handle in (*self._of_optimizer, *filter(None, [self._awaiting])):
            handle.remove()
        self._listener.leave_for_good()

    def _turn(self) -> None:
        """Have those hooks on that the step needs which runs now."""
        training, stay = self._training, has_compiled()
        if training.awaits:
            self.await_optimizer()
        elif self._awaiting is not None:
            self._awaiting.remove()
            self._awaiting = None
        self._of_calls.turn(on=training.looks or stay)
        self._of_steps_due.turn(on=training.step.due or stay)
        self._of_passes.turn(on=(training.driven and not training.paused) or stay)

    def _on_passes(self, model: nn.Module) -> Iterator[Hook]:
        """Yield the one hook that counts forward passes, in which a cell is called many times."""
        counted = next((_counted(model, recurrent.path, module) for recurrent, module in self._modules()), model)
        if counted is not None:
            yield Hook(counted.register_forward_pre_hook, eagerly(self._passes, self._doubt))

    def _doubt(self, *_call: object) -> None:
        """Look whether another optimizer has taken the place of the one that is followed."""
        self._see("looking for the optimizer", self._training.doubt)

    def _on_calls(self, model: nn.Module) -> Iterator[Hook]:
        """Yield what sees calls of layers, or of a model that has none."""
        for recurrent, module in self._modules():
            called = self._stepped if isinstance(module, nn.RNNCellBase) else self._called
            yield Hook(module.register_forward_hook, weakly(self._training, called, recurrent), with_kwargs=True)
        if not self._training.modules:
            yield from self._listener.on(model)

    def _on_steps_due(self, model: nn.Module) -> Iterator[Hook]:
        """Yield what sees what else belongs to a frame."""
        for recurrent, module in self._modules():
            if isinstance(module, nn.RNNBase) and module.num_layers > 1 and module.dropout > 0:
                yield Hook(module.register_forward_pre_hook, weakly(self._training, self._calling, recurrent))
        if self._training.modules:
            yield from self._listener.on(model)
        if self._training.settings.decode is not None:
            for reader in (model, *(module for module in model.modules() if isinstance(module, nn.Embedding))):
                entered = weakly(self._training, self._entered)
                yield Hook(reader.register_forward_pre_hook, entered, with_kwargs=True)

    def _modules(self) -> Iterator[tuple[Recurrent, nn.Module]]:
        for recurrent in self._training.modules:
            module = recurrent.module()
            if module is not None:
                yield recurrent, module

    def _entered(self, _module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """See what a module that may read token ids was given."""
        step = self._training.step
        if step.due:
            self._see("reading token ids", step.take_ids, args, kwargs)

    def _calling(self, recurrent: Recurrent, module: nn.RNNBase, _args: tuple[Any, ...]) -> None:
        """See that a call begins which may drop out between its layers."""
        if self._training.step.due:
            self._see("following random numbers", self._note_random, recurrent, module)

    def _called(
        self, recurrent: Recurrent, module: nn.RNNBase, args: tuple[Any, ...], kwargs: dict[str, Any], y: Any
    ) -> None:
        """See one call of a module."""
        if self._counts():
            self._see(self._site(recurrent), self._observe, recurrent, module, args, kwargs, y)
        elif not torch.is_grad_enabled():
            self._training.step.without_gradients.add(recurrent.path)

    def _stepped(
        self, recurrent: Recurrent, module: nn.RNNCellBase, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any
    ) -> None:
        """See one call of a cell."""
        if self._counts():
            self._see(self._site(recurrent), self._observe_time, recurrent, module, args, kwargs, output)
        elif not torch.is_grad_enabled():
            self._training.step.without_gradients.add(recurrent.path)

    def _tapped(self, name: str, value: Tensor) -> None:
        """See one tapped value."""
        if (torch.is_grad_enabled() or not self._training.driven) and self._counts():
            self._see(f"recording {name}", self._observe_tap, name, value)

    def _see(self, site: str, work: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        with self._training.budget.recording:
            self._training.guard.run(site, work, *args, **kwargs)

    def _site(self, recurrent: Recurrent) -> str:
        return f"recording {recurrent.path or self._training.names}"

    def _counts(self) -> bool:
        """Tell whether the forward pass that runs now is to be recorded; nearly always it is not, and that is all."""
        step = self._training.step
        if step.begun and not step.due:
            return False
        return bool(self._training.guard.run("choosing what to record", self._is_wanted, step))

    def _is_wanted(self, step: Step) -> bool:
        training, trained = self._training, torch.is_grad_enabled()
        if training.apart:
            return False
        if skipped := reason_to_skip() or ("made without gradients" if training.driven and not trained else ""):
            training.notices.skipped[skipped] += 1
            step.skipped = skipped
            return False
        step.begun = step.begun or trained
        return step.due

    def _note_random(self, recurrent: Recurrent, module: nn.RNNBase) -> None:
        """Note where the random numbers stand before a call that drops out between its layers on the CPU."""
        if module.training and next(module.parameters()).device.type == "cpu":
            self._training.step.random[recurrent.path] = torch.get_rng_state()

    def _observe(
        self, recurrent: Recurrent, module: nn.RNNBase, args: tuple[Any, ...], kwargs: dict[str, Any], y: Any
    ) -> None:
        passed = Passed.of(args, kwargs, y, self._training.step.random.get(recurrent.path))
        taken = self._taken(module, passed.x)
        self._check_samples(taken)
        self._check_state(recurrent.path, passed.state, passed.last)
        call = Call(recurrent, module, passed, taken, self._runner(recurrent.path, recurrent.module))
        self._training.step.take_call(recurrent.path, call)

    def _taken(self, module: nn.RNNBase, x: Any) -> Padded | Packed:
        """Return which sequences of a call to keep: where they are very long, their last times."""
        wanted = self._training.settings.wanted
        taken = sampling(x, batch_first=module.batch_first, wanted=wanted)
        if isinstance(taken, Packed):
            return taken
        memory = self._training.recording.memory
        times = times_kept(module, x, samples=len(taken.kept), memory=memory)
        if times is None:
            return taken
        self._training.recording.note(cut(times, taken.lengths[0], memory))
        return Window(x, batch_first=module.batch_first, wanted=wanted, times=times)

    def _observe_time(
        self, recurrent: Recurrent, module: nn.RNNCellBase, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any
    ) -> None:
        given = Given.of(module, args, kwargs, output)
        step, path = self._training.step, recurrent.path
        taken = rows(given.x, self._training.settings.wanted)

        def begin() -> Loop:
            self._check_samples(taken)
            before, ended = self._ended.get(path, (step.number, ()))
            if before != step.number and any(made is not None and made in ended for made in given.origins):
                self._tell_attached(path)
            return Loop(recurrent, given, taken, self._runner(path, recurrent.module))

        step.take_time(path, given, taken, begin)
        self._ended[path] = step.number, given.results

    def _observe_tap(self, name: str, value: Tensor) -> None:
        wanted = self._training.settings.wanted
        taken = Padded(value, batch_first=False, wanted=wanted) if value.dim() > 2 else rows(value, wanted)
        self._check_samples(taken)
        runner = partial(self._runner, module=self._model)
        self._training.step.take_tap(name, value, taken, self._listener.passes, runner)

    def _runner(self, key: Key, module: Callable[[], nn.Module | None]) -> Runner:
        training, step = self._training, self._training.step
        return partial(training.run, step, partial(step.answer, key, module))

    def _check_samples(self, taken: Padded | Packed | Rows) -> None:
        settings = self._training.settings
        if len(taken.kept) < len(settings.wanted) and settings.samples != DEFAULT_SAMPLES:
            self._training.notices.tell(
                f"samples: expected sequences within the batch of {taken.batch}, found index {max(settings.wanted)}; "
                f"the {len(taken.kept)} that exist are recorded"
            )

    def _check_state(self, path: str, given: Any, returned: Any) -> None:
        step = self._training.step.number
        if self._carried.attached(path, step, given):
            self._tell_attached(path)
        self._carried.returned(path, step, returned)

    def _tell_attached(self, path: str) -> None:
        self._training.notices.tell(
            f"{path or self._training.names} was given the state of an earlier training step with that step's "
            "graph attached, so that backward() runs through all steps so far; pass state.detach() to cut it"
        )


def _counted(model: nn.Module, path: str, module: nn.Module) -> nn.Module | None:
    """Return the module that is called once in a forward pass: a layer itself, or the owner of a cell; or None."""
    if isinstance(module, nn.RNNBase) or not path:
        return module
    while path:
        path = path.rpartition(".")[0]
        owner = model.get_submodule(path)
        if not isinstance(owner, _CONTAINERS):
            return owner
    return None
