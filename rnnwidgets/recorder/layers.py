"""Which recurrent layers of a model can be recorded, and one sentence for each that cannot.

Everything is refused before training starts, by the name that the user gave it. Nothing here reads a weight: reading a
parametrized one can change training.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from torch import jit, nn
from torch.nn.utils import parametrize

from rnnwidgets import schema
from rnnwidgets.errors import RecordingError

_CELLS = (nn.RNNCell, nn.LSTMCell, nn.GRUCell)
_WRAPPERS = ("OptimizedModule", "DataParallel", "DistributedDataParallel")


@dataclass(frozen=True)
class Layer:
    """One recurrent layer of one direction, held weakly, under the name that PyTorch gives its weights."""

    name: str
    kind: schema.Kind
    module: weakref.ReferenceType[nn.RNNBase]


def find(model: nn.Module, wanted: Sequence[str] | None) -> list[Layer]:
    """Return the layers to record, in the order of the model: all of them, or those `wanted` by name.

    Raises:
        RecordingError: the model is not one that can be recorded, has no recurrent layer, has one that is not covered,
            or has none of a wanted name.
    """
    _refuse_wrappers(model)
    found = list(_recurrent(model))
    if not found:
        raise RecordingError(
            "model",
            expected="a model with an nn.RNN, nn.LSTM or nn.GRU inside",
            found=f"{type(model).__name__} without one",
            remedy="pass the model that owns the recurrent layer",
        )
    named = [(_layer_name(path), module) for path, module in found]
    if wanted is not None:
        _check_wanted(wanted, [name for name, _ in named])
        named = [(name, module) for name, module in named if name in wanted]
    for name, module in named:
        if isinstance(module, _CELLS):
            raise _uncovered(name, type(module).__name__)
        _refuse_uncovered(name, module)
    return [Layer(name, _kind(module), weakref.ref(module)) for name, module in named if isinstance(module, nn.RNNBase)]


def _recurrent(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    for path, module in model.named_modules():
        if isinstance(module, (nn.RNNBase, *_CELLS)):
            yield path, module


def _layer_name(path: str) -> str:
    return f"{path}.l0" if path else "l0"


def _kind(module: nn.RNNBase) -> schema.Kind:
    kinds: dict[str, schema.Kind] = {
        "LSTM": "LSTM",
        "GRU": "GRU",
        "RNN_TANH": "RNN_TANH",
        "RNN_RELU": "RNN_RELU",
    }
    return kinds[module.mode]


def _refuse_wrappers(model: object) -> None:
    if not isinstance(model, nn.Module):
        raise RecordingError(
            "model",
            expected="a torch.nn.Module",
            found=type(model).__name__,
            remedy="pass the model that you train",
        )
    for path, module in model.named_modules():
        if isinstance(module, jit.ScriptModule):
            raise RecordingError(
                "model",
                expected="a model in Python",
                found=f"a ScriptModule{f' at {path!r}' if path else ''}, which runs no hooks",
                remedy="watch the model before torch.jit.script or torch.jit.trace",
            )
        if type(module).__name__ in _WRAPPERS:
            raise RecordingError(
                "model",
                expected="the plain model",
                found=f"it inside {type(module).__name__}",
                remedy="watch and train the model without that wrapper",
            )


def _check_wanted(wanted: Sequence[str], names: Sequence[str]) -> None:
    if isinstance(wanted, str) or not wanted:
        raise RecordingError(
            "layers",
            expected="a list of layer names, or None for all",
            found=repr(wanted),
            remedy=f"choose from {', '.join(names)}",
        )
    unknown = [name for name in wanted if name not in names]
    if unknown:
        raise RecordingError(
            "layers",
            expected=f"names among {', '.join(names)}",
            found=", ".join(map(repr, unknown)),
            remedy="use those names",
        )


def _refuse_uncovered(name: str, module: nn.Module) -> None:
    if not isinstance(module, nn.RNNBase):
        return
    if module.num_layers > 1:
        raise _uncovered(name, f"num_layers={module.num_layers}")
    if module.bidirectional:
        raise _uncovered(name, "bidirectional=True")
    if module.proj_size:
        raise _uncovered(name, f"proj_size={module.proj_size}")
    if parametrize.is_parametrized(module) or any(
        parameter.endswith(("_g", "_orig")) for parameter, _ in module.named_parameters(recurse=False)
    ):
        raise _uncovered(name, "parametrized weights")


def _uncovered(name: str, what: str) -> RecordingError:
    return RecordingError(
        "model",
        expected="single-layer, one-direction nn.RNN, nn.LSTM or nn.GRU with plain weights",
        found=f"{what} at {name.removesuffix('.l0')!r}",
        remedy="name the layers to record in layers=[...], without that one",
    )
