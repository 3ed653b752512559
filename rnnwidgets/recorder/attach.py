"""`watch`: check everything the user asked for, then attach."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Sequence
from dataclasses import replace
from weakref import WeakKeyDictionary

from torch import nn
from torch.optim import Optimizer

from rnnwidgets.errors import RecorderWarning, RecordingError
from rnnwidgets.recorder import layers as recurrent
from rnnwidgets.recorder.recorder import Recorder
from rnnwidgets.recorder.settings import DEFAULT_SAMPLES, Settings
from rnnwidgets.recorder.tokens import Vocabulary, decoder
from rnnwidgets.recorder.wrapped import refuse_compiled, unwrapped
from rnnwidgets.recording import Recording

_WATCHED: WeakKeyDictionary[nn.Module, Recorder] = WeakKeyDictionary()


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

    Losses, weights and random numbers of training stay bit for bit what they would be without it.

    Args:
        model: a model with `nn.RNN`, `nn.LSTM` or `nn.GRU` inside: any number of layers, both directions, padded or
            packed input; or with `nn.RNNCell`, `nn.LSTMCell` or `nn.GRUCell` in a loop of its own; or with calls of
            `rnnwidgets.tap`. It may stand inside `DistributedDataParallel` or what `torch.compile` returns; names are
            then those of the model inside. Computed weights, as by `weight_norm`, are those of the forward pass.
        optimizer: its step is then the recorder's step; without one, call `recorder.step()` after `backward()` and
            before the weights change.
        every: record each so many training steps; `"auto"` adapts to `budget`.
        budget: the recorder's CPU time as a fraction of training's, for `every="auto"`.
        samples: the first so many sequences of the batch, or a list of batch indices.
        layers: names such as `"lstm.l0"`, or None for all; what is tapped is always recorded.
        decode: id -> text for the token axis: a list, a mapping or a callable.
        memory: hard cap, in bytes, on the frames held.
        path: a directory in which to keep every frame and scalar too, for `rnnwidgets.load`. A recording that is there
            already is gone on with. Under `torchrun` all processes give the same path; each writes a log of its own.
        strict: raise the recorder's own errors instead of warning.

    Raises:
        RecordingError: an argument, or a layer of the model, is not one that can be recorded, or the path holds
            something else or is being written. Nothing is attached then.
    """
    passed, model = model, unwrapped(model)
    found = recurrent.find(model, layers)
    refuse_compiled(passed, found)
    if optimizer is not None:
        _check_optimizer(model, optimizer)
    settings = Settings(
        every=_checked_every(every),
        budget=_checked_budget(budget),
        samples=_checked_samples(samples),
        decode=None if decode is None else decoder(decode),
        strict=strict,
        driven=optimizer is not None,
    )
    recording = Recording(memory=memory)
    known = _WATCHED.get(model)
    if known is not None and not known.closed:
        warnings.warn(
            "model: this model is watched already, and its recorder is returned as it is; "
            "close() that recorder first to watch with other settings",
            RecorderWarning,
            stacklevel=2,
        )
        return known
    if path is not None:
        settings = replace(settings, first=_kept_on_disk(recording, path))
    _WATCHED[model] = Recorder(model, optimizer, found, recording, settings)
    return _WATCHED[model]


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


def _check_optimizer(model: nn.Module, optimizer: object) -> None:
    if not isinstance(optimizer, Optimizer):
        raise RecordingError(
            "optimizer",
            expected="a torch.optim.Optimizer or None",
            found=type(optimizer).__name__,
            remedy="pass the optimizer itself",
        )
    owned = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
    if not any(id(parameter) in owned for parameter in model.parameters()):
        raise RecordingError(
            "optimizer",
            expected="an optimizer of this model's parameters",
            found="one that holds none of them",
            remedy="pass the optimizer that trains this model",
        )


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
