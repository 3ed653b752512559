"""`watch`: check everything the user asked for, then attach."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple
from weakref import WeakKeyDictionary

from torch import nn
from torch.optim import Optimizer

from rnnwidgets.errors import RecorderWarning, RecordingError
from rnnwidgets.recorder import layers as recurrent
from rnnwidgets.recorder.layers import Recurrent
from rnnwidgets.recorder.optimizer import owns_parameters, unwrapped_optimizer
from rnnwidgets.recorder.recorder import Recorder
from rnnwidgets.recorder.settings import DEFAULT_SAMPLES, Settings
from rnnwidgets.recorder.tokens import Vocabulary, decoder
from rnnwidgets.recorder.wrapped import differs_in_bits, refuse_compiled, unwrapped
from rnnwidgets.recording import Recording


class _Asked(NamedTuple):
    """Arguments of `watch` that a notebook cell which is run again does not make anew."""

    every: int | str
    budget: float
    samples: int | Sequence[int]
    layers: Sequence[str] | None
    memory: int
    path: str | os.PathLike[str] | None
    strict: bool


_WATCHED: WeakKeyDictionary[nn.Module, tuple[Recorder, _Asked]] = WeakKeyDictionary()


def watch(
    model: nn.Module,
    optimizer: Optimizer | None = None,
    *,
    every: int | str = "auto",
    budget: float = 0.05,
    samples: int | Sequence[int] = DEFAULT_SAMPLES,
    layers: Sequence[str] | None = None,
    decode: Vocabulary | None = None,
    memory: int = 64 * 2**20,
    path: str | os.PathLike[str] | None = None,
    strict: bool = False,
) -> Recorder:
    """Return a recorder attached to the model's recurrent layers; the model itself is not changed.

    Losses, weights and random numbers of training stay bit for bit what they would be without it. The one exception is
    a loop of cells that `torch.compile` compiles with inductor: hooks split its graph, so that other kernels are fused,
    and results differ in the last bits.

    A second call for a model that is watched returns the same recorder, which follows the optimizer given last. So a
    notebook cell can be run again.

    Args:
        model: a model with `nn.RNN`, `nn.LSTM` or `nn.GRU` inside: any number of layers, both directions, padded or
            packed input; or with `nn.RNNCell`, `nn.LSTMCell` or `nn.GRUCell` in a loop of its own; or with calls of
            `rnnwidgets.tap`. It may stand inside `DistributedDataParallel` or what `torch.compile` returns; names are
            then those of the model inside. Computed weights, as by `weight_norm`, are those of the forward pass.
        optimizer: a `torch.optim` optimizer, or a wrapper that holds one as `optimizer`, as those of Accelerate and
            Lightning do. Its step is then the recorder's step; without one, call `recorder.step()` after `backward()`
            and before the weights change. If it is collected, the next optimizer that steps the model takes its place.
        every: record every N-th training step; `"auto"` adapts to `budget`.
        budget: the recorder's CPU time as a fraction of training's, for `every="auto"`.
        samples: the first so many sequences of the batch, or a list of batch indices.
        layers: names such as `"lstm.l0"`, or None for all; what is tapped is always recorded, and with [] it alone.
        decode: id -> text for the token axis: a list, a mapping or a callable.
        memory: hard cap, in bytes, on the frames held.
        path: a directory in which to keep every frame and scalar too, for `rnnwidgets.load`. A recording that is there
            already is gone on with. Under `torchrun` all processes give the same path; each writes a log of its own.
        strict: raise the recorder's own errors instead of warning.

    Raises:
        RecordingError: an argument is not valid, nothing of the model can be recorded, or the path holds something
            else or is being written. Nothing is attached then. Where only a part of the model cannot be recorded, a
            warning names it.
    """
    passed, model = model, unwrapped(model)
    found, left_out = recurrent.find(model, layers)
    refuse_compiled(passed, found)
    trained_by = None if optimizer is None else _checked_optimizer(model, optimizer)
    settings = Settings(
        every=_checked_every(every),
        budget=_checked_budget(budget),
        samples=_checked_samples(samples),
        decode=None if decode is None else decoder(decode),
        strict=strict,
    )
    recording = Recording(memory=memory)
    asked = _Asked(every, budget, samples, layers, memory, path, strict)
    known, before = _WATCHED.get(model, (None, asked))
    if known is not None and not known.closed:
        if trained_by is not None:
            known.follow(trained_by)
        if before != asked:
            changed = ", ".join(name for name in asked._fields if getattr(before, name) != getattr(asked, name))
            warnings.warn(
                f"model: this model is watched already, and its recorder keeps the {changed} it was given first; "
                "close() that recorder before you watch with other settings",
                RecorderWarning,
                stacklevel=2,
            )
        return known
    if path is not None:
        settings = replace(settings, first=_kept_on_disk(recording, path))
    recorder = _attached(model, trained_by, found, recording, settings)
    _WATCHED[model] = recorder, asked
    for sentence in differs_in_bits(passed, found):
        recording.note(sentence)
    for sentence in left_out:
        recording.note(sentence)
        warnings.warn(sentence, RecorderWarning, stacklevel=2)
    return recorder


def _attached(
    model: nn.Module,
    optimizer: Optimizer | None,
    modules: Sequence[Recurrent],
    recording: Recording,
    settings: Settings,
) -> Recorder:
    try:
        return Recorder(model, optimizer, modules, recording, settings)
    except Exception as error:
        recording.close()
        raise RecordingError(
            "watch()",
            expected="a model and an optimizer that take hooks",
            found=f"{type(error).__name__}: {error}",
            remedy="watch the model and the optimizer before they are wrapped, or leave the optimizer out and call "
            "recorder.step()",
        ) from error


def _kept_on_disk(recording: Recording, path: str | os.PathLike[str]) -> int:
    """Let the recording be kept on disk too, and return the number of the first training step."""
    rank = os.environ.get("RANK", "0")
    if not rank.isdecimal():
        raise RecordingError(
            "path",
            expected="the environment's RANK to be a whole number, as torchrun sets it",
            found=repr(rank),
            remedy="unset RANK where one process trains",
        )
    first = recording.record_to(path, int(rank))
    if first:
        sentence = f"path: {path} holds steps up to {first - 1} already, and this run goes on from step {first}"
        recording.note(sentence)
        warnings.warn(f"{sentence}; choose another path to keep them apart", RecorderWarning, stacklevel=3)
    return first


def _checked_optimizer(model: nn.Module, optimizer: object) -> Optimizer:
    """Return the torch optimizer, out of the wrapper in which it may have been passed."""
    inner = unwrapped_optimizer(optimizer)
    if not isinstance(inner, Optimizer):
        kind = type(optimizer)
        raise RecordingError(
            "optimizer",
            expected="a torch.optim.Optimizer, a wrapper around one, or None",
            found=f"{kind.__module__}.{kind.__qualname__}",
            remedy="leave it out, and call recorder.step() after backward() and before this optimizer's step",
        )
    if not hasattr(inner, "_optimizer_step_pre_hooks"):
        raise RecordingError(
            "optimizer",
            expected="a torch.optim.Optimizer that runs step hooks",
            found=f"{type(inner).__qualname__}, which never called Optimizer.__init__",
            remedy="pass the optimizer inside it, or none and call recorder.step() before its step",
        )
    if not owns_parameters(inner, model):
        raise RecordingError(
            "optimizer",
            expected="an optimizer of this model's parameters",
            found="one that holds none of them",
            remedy="pass the optimizer that trains this model",
        )
    return inner


def _checked_every(every: object) -> int | None:
    if every == "auto":
        return None
    if isinstance(every, int) and not isinstance(every, bool) and every >= 1:
        return every
    raise RecordingError(
        "every",
        expected='a whole number of steps from 1 on, or "auto"',
        found=repr(every),
        remedy="every=1 records each step",
    )


def _checked_budget(budget: object) -> float:
    if isinstance(budget, (int, float)) and not isinstance(budget, bool) and 0 < budget < math.inf:
        return float(budget)
    raise RecordingError(
        "budget",
        expected="a positive fraction of the training's CPU time",
        found=repr(budget),
        remedy="budget=0.05 allows 5 %",
    )


def _checked_samples(samples: object) -> int | tuple[int, ...]:
    if isinstance(samples, int) and not isinstance(samples, bool) and samples >= 1:
        return samples
    if isinstance(samples, Sequence) and not isinstance(samples, (str, bytes)):
        indices = tuple(samples)
        whole = all(isinstance(index, int) and not isinstance(index, bool) and index >= 0 for index in indices)
        if indices and whole and len(set(indices)) == len(indices):
            return indices
    raise RecordingError(
        "samples",
        expected="a number of sequences from 1 on, or a list of different batch indices",
        found=repr(samples),
        remedy="samples=4 records the first four",
    )
