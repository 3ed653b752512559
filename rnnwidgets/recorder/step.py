"""What has been seen of one training step, and the frame that comes of it. A new object for every step."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from rnnwidgets import schema
from rnnwidgets.errors import RecordingError
from rnnwidgets.frame import Frame, ParameterNorm, Trace, Waiting
from rnnwidgets.recorder.backward import Backward
from rnnwidgets.recorder.calls import Calls
from rnnwidgets.recorder.layers import Recurrent
from rnnwidgets.recorder.loop import Given, Loop
from rnnwidgets.recorder.norms import parameter_norms, totals
from rnnwidgets.recorder.observe import Call
from rnnwidgets.recorder.optimizer import Scaling
from rnnwidgets.recorder.passes import backward_pass
from rnnwidgets.recorder.runs import Run, Runner
from rnnwidgets.recorder.sampling import Padded, Rows
from rnnwidgets.recorder.settings import Settings
from rnnwidgets.recorder.tapped import Tapped, Taps
from rnnwidgets.recorder.tokens import is_tokens

MOST_TIMES = 2**14
_RUNS = 64
_OPEN = 8
_TWICE = "a gradient was differentiated again, and what that sends through the layer is not stepped back"


Key = str | Tapped
Runs = dict[Key, deque[Run]]


@dataclass
class Step:
    """One training step while it lasts.

    Calls that carry the state on are one run. A run that no gradient reached counts only where no other was reached: it
    was an evaluation, was interrupted, or recomputes a checkpoint whose gradients reach the first pass.

    Attributes:
        number: the step, counted from 0.
        due: whether it is to become a frame.
        begun: whether a forward pass with gradients was seen.
        runs: path of a module -> its runs of calls, the latest `_RUNS` of them.
        forward: the same for calls made without gradients; they count only where no others were made.
        scalars: what was logged for it.
        times: path of a cell, and whether gradients were made -> how often it was called so.
        random: path of a module -> the random state before its latest call, where it drops out between layers.
        cleared: backward passes whose gradients were cleared before the optimizer used them.
        overflowed: those of them that were not finite.
        skipped: why calls were left out, or empty.
        without_gradients: paths of modules that were called without gradients.
        earlier: what was logged before, where the same names were logged again in this step.
        unused: path of a module -> backward passes whose finite gradients were cleared before the optimizer used them.
        backward: what the latest backward pass left in the parameters.
    """

    number: int
    due: bool
    begun: bool = False
    runs: Runs = field(default_factory=dict)
    forward: Runs = field(default_factory=dict)
    scalars: dict[str, float] = field(default_factory=dict)
    random: dict[str, Tensor] = field(default_factory=dict)
    times: dict[tuple[Key, bool], int] = field(default_factory=dict)
    cleared: int = 0
    overflowed: int = 0
    skipped: str = ""
    without_gradients: set[str] = field(default_factory=set)
    earlier: list[dict[str, float]] = field(default_factory=list)
    unused: dict[Key, int] = field(default_factory=dict)
    backward: Backward = field(default_factory=Backward)
    _ids: list[Tensor] = field(default_factory=list)
    _passes: dict[Key, int] = field(default_factory=dict)
    _counts: dict[Key, int] = field(default_factory=dict)
    _twice: set[Key] = field(default_factory=set)

    def take_ids(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Keep integer arguments until the layer that reads them is called."""
        self._ids += [value for value in (*args, *kwargs.values()) if is_tokens(value)]

    def take_call(self, path: str, call: Call) -> None:
        """Keep a call with the ids that it read, in the run that it continues or as the first of another."""
        call.take_ids(self._ids)
        runs = self._runs_of(path)
        latest = runs[-1] if runs else None
        if not (isinstance(latest, Calls) and latest.take(call)):
            runs.append(Calls(call))

    def take_time(self, path: str, given: Given, rows: Rows, begin: Callable[[], Loop]) -> None:
        """Keep a call of a cell with the id that it read, in the loop that it continues or as the first of another."""
        if not self._has_room(path):
            return
        runs = self._runs_of(path)
        latest = (run for run in islice(reversed(runs), _OPEN) if isinstance(run, Loop))
        loop = next((run for run in latest if run.continues(given, rows)), None)
        begun = begin() if loop is None else loop
        begun.take(given, rows, self._ids)
        if loop is None:
            runs.append(begun)  # whole, even where an interrupt comes

    def take_tap(
        self, name: str, value: Tensor, taken: Padded | Rows, passed: int, runner: Callable[[Key], Runner]
    ) -> None:
        """Keep a tapped value, in the forward pass number `passed` of the model."""
        layer, _, quantity = name.rpartition(".")
        key = Tapped(layer)
        runs, when = self._runs_of(key), (passed, backward_pass())
        taps = runs[-1] if runs else None
        if not (isinstance(taps, Taps) and taps.continues(when)):
            taps = Taps(layer, taken, when, runner(key))
        if self._has_room(key, begins=taps.begins(quantity)):
            taps.take(quantity, value, taken)
            if taps not in runs:
                runs.append(taps)

    def _has_room(self, key: Key, *, begins: bool = True) -> bool:
        """Count a call that begins a time, and tell whether there is room for what belongs to it."""
        counted = key, torch.is_grad_enabled()
        self.times[counted] = self.times.get(counted, 0) + begins
        return self.times[counted] <= MOST_TIMES

    @property
    def beyond(self) -> int:
        """How many calls of cells, and times of taps, were too many to be kept."""
        return sum(max(count - MOST_TIMES, 0) for count in self.times.values())

    def _runs_of(self, path: Key) -> deque[Run]:
        runs = self.runs if torch.is_grad_enabled() else self.forward
        return runs.setdefault(path, deque(maxlen=_RUNS))

    def answer(self, key: Key, module: Callable[[], nn.Module | None], gradient: Tensor) -> None:
        """See that a gradient reached a call of a module, or a tap in it, before the call keeps it.

        Gradients of an earlier backward pass that were cleared since, by `zero_grad` after an interrupt or a skipped
        step, are not among those that the optimizer will use, and are forgotten.
        """
        running = backward_pass()
        before = self._passes.get(key)
        if before != running:
            self._counts[key] = self._counts.get(key, 0) + 1
            if before is not None and _is_cleared(module()):
                self._forget(key)
        self._passes[key] = running
        if gradient.requires_grad:
            self._twice.add(key)

    def _forget(self, key: Key) -> None:
        reached = [run for run in self.runs.get(key, ()) if run.reached]
        overflowed = any(run.overflowed for run in reached)
        self.cleared += 1
        self.overflowed += overflowed
        self.unused[key] = self.unused.get(key, 0) + (not overflowed)
        for run in reached:
            run.forget()

    @property
    def backward_passes(self) -> int:
        """Number of backward passes that have reached one of the modules."""
        return max(self._counts.values(), default=0)

    @property
    def nbytes(self) -> int:
        """Bytes of what was copied of its calls."""
        runs = [run for held in (self.runs, self.forward) for several in held.values() for run in several]
        return sum(run.nbytes for run in runs) + sum(state.nbytes for state in self.random.values())

    def begin_another_pass(self) -> None:
        """Count what was logged so far as that of an earlier pass."""
        if self.scalars:
            self.earlier = [*self.earlier, self.scalars]
            self.scalars = {}

    def end(self) -> None:
        """Drop the calls, which the graph may outlive."""
        self.runs.clear()
        self.forward.clear()

    def frame(
        self,
        model: nn.Module,
        modules: Sequence[Recurrent],
        settings: Settings,
        scaling: Scaling,
        *,
        driven: bool,
        heavy: bool,
    ) -> Frame | None:
        """Return the frame of this step, None if no module was called.

        `driven`: whether an optimizer ended the step; `heavy` is explained at `Run.traces`.

        The weights must still be those of its forward pass; traces that wait keep a copy of them.
        """
        runs = self.runs or self.forward
        keys = [*(module.path for module in modules), *(key for key in runs if isinstance(key, Tapped))]
        chosen = {key: _chosen(runs[key]) for key in keys if key in runs}
        if not chosen:
            return None
        first, _ = next(iter(chosen.values()))
        untrained = not (driven or model.training or any(run.reached for run, _ in chosen.values()))
        mode: schema.Mode = "forward" if untrained or runs is self.forward else "training"
        norms = parameter_norms(model, scaling, self.backward.complete, self.backward.local)
        told = [_Told(run, seen, self._reasons(key), scaling.scale) for key, (run, seen) in chosen.items()]
        known = all(_is_told(key, norms) for key, (run, _) in chosen.items() if run.reached)
        finite = all(math.isfinite(norm.gradient + norm.before_clip) for norm in norms.values())
        waiting = _waiting(told, heavy=heavy) if known and finite else None
        return Frame(
            step=self.number,
            samples=first.samples,
            traces=_traces(told, heavy=heavy) if waiting is None else waiting,
            scalars={**self.scalars, **(totals(norms) if mode == "training" else {})},
            norms=norms if mode == "training" else {},
            tokens=None if settings.decode is None else first.tokens(settings.decode),
            mode=mode,
        )

    def _reasons(self, key: Key) -> list[str]:
        """Return why what is recorded of a module or taps is not all of it, or not exact."""
        count = self.times.get((key, bool(self.runs)), 0)
        reasons = [_TWICE] if key in self._twice else []
        if count > MOST_TIMES:
            reasons.append(f"the first {MOST_TIMES} of {count} calls in this step")
        return reasons


class _Told(NamedTuple):
    """A run of which traces are made: how many such runs the step has had, why they are not exact besides, and what
    the loss was scaled with.
    """

    run: Run
    seen: int
    reasons: list[str]
    scale: float


def _traces(told: Sequence[_Told], *, heavy: bool) -> dict[str, Trace]:
    """Return the traces of runs by layer; `heavy` is explained at `Run.traces`."""
    return _named(trace for one in told for trace in _traces_of(one, heavy=heavy))


def _traces_of(told: _Told, *, heavy: bool) -> Iterator[Trace]:
    """Yield the traces of a run, their gradients those of the loss itself where that was scaled."""
    run, seen, reasons, scale = told
    for made in run.traces(seen, heavy=heavy):
        if scale != 1:
            for name in {*made.gradients, schema.DIRECT_GRADIENT} & set(made.arrays):
                made[name][...] /= scale
        yield replace(made, inexact="; ".join(filter(None, (made.inexact, *reasons)))) if reasons else made


def _waiting(told: Sequence[_Told], *, heavy: bool) -> Waiting | None:
    """Return the traces of runs as ones that wait, or None where they must be made at once."""
    calls = [one.run for one in told if isinstance(one.run, Calls)]
    expected = [run.expected(heavy=heavy) for run in calls]
    known = [one for one in expected if one is not None]
    if len(known) < len(told):
        return None
    for run in calls:
        run.stay()
    extents = {layer: extent for one in known for layer, extent in one.extents.items()}
    return Waiting(extents, sum(one.nbytes for one in known), partial(_traces, told, heavy=heavy))


def _is_told(key: Key, norms: Mapping[str, ParameterNorm]) -> bool:
    """Tell whether the gradient of any parameter of a module is known; where it is asked of autograd, none is."""
    return any(name.startswith(f"{key}." if key else "") for name in norms)


def _chosen(runs: Sequence[Run]) -> tuple[Run, int]:
    """Return the run to record, the latest that a gradient reached or else the latest, and how many there are."""
    reached = [run for run in runs if run.reached]
    return (reached[-1], len(reached)) if reached else (runs[-1], len(runs))


def _named(traces: Iterable[Trace]) -> dict[str, Trace]:
    """Return traces by the names of their layers; a tapped layer named as a recorded one gets a name of its own."""
    named: dict[str, Trace] = {}
    for trace in traces:
        name = f"{trace.layer} (tapped)" if trace.layer in named else trace.layer
        named[name] = replace(trace, layer=name) if name != trace.layer else trace
    return named


def _is_cleared(module: nn.Module | None) -> bool:
    """Tell whether every gradient of a module's own parameters is gone or zero; False where nothing is trained."""
    trained = [] if module is None else [weight for weight in module.parameters() if weight.requires_grad]
    return bool(trained) and all(weight.grad is None or not bool(weight.grad.any()) for weight in trained)


def as_number(name: str, value: float | Tensor) -> float:
    """Return a logged scalar as a number.

    Raises:
        RecordingError: it is not a number or a tensor of one element.
    """
    try:
        return float(value.item() if isinstance(value, Tensor) else value)
    except (TypeError, ValueError, RuntimeError):
        found, remedy = type(value).__name__, "convert it to a number first"
        if isinstance(value, Tensor) and value.numel() != 1:
            found, remedy = f"a tensor of shape {tuple(value.shape)}", "log its mean, for example"
        raise RecordingError(name, expected="a number or a tensor of one element", found=found, remedy=remedy) from None
