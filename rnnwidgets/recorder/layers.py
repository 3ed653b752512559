"""Which recurrent layers of a model can be recorded, and one sentence for each that cannot.

Everything is refused before training starts, by the name that the user gave it. Nothing here reads a weight: reading a
parametrized one can change training.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from torch import jit, nn

from rnnwidgets import schema
from rnnwidgets.errors import RecordingError

_CELLS = (nn.RNNCell, nn.LSTMCell, nn.GRUCell)
_WRAPPERS = ("OptimizedModule", "DataParallel", "DistributedDataParallel")


@dataclass(frozen=True)
class Layer:
    """One layer of one direction, under the name that PyTorch gives its weights; direction 1 is the reverse one."""

    name: str
    index: int
    direction: int


@dataclass(frozen=True)
class Recurrent:
    """One recurrent module, held weakly, and those of its layers that are to be recorded."""

    path: str
    kind: schema.Kind
    module: weakref.ReferenceType[nn.RNNBase]
    layers: tuple[Layer, ...]


def find(model: nn.Module, wanted: Sequence[str] | None) -> list[Recurrent]:
    """Return the modules to record, in the order of the model, with all of their layers or those `wanted` by name.

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
    layers = {path: _layers(path, module) for path, module in found}
    if wanted is not None:
        _check_wanted(wanted, [layer.name for several in layers.values() for layer in several])
        layers = {path: [layer for layer in several if layer.name in wanted] for path, several in layers.items()}
    recurrent = []
    for path, module in found:
        if layers[path]:
            _refuse_uncovered(path, module)
            if isinstance(module, nn.RNNBase):
                recurrent.append(Recurrent(path, _kind(module), weakref.ref(module), tuple(layers[path])))
    return recurrent


def _recurrent(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    for path, module in model.named_modules():
        if isinstance(module, (nn.RNNBase, *_CELLS)):
            yield path, module


def _layers(path: str, module: nn.Module) -> list[Layer]:
    """Return the layers of a module, each direction by itself."""
    depth, directions = (module.num_layers, 1 + module.bidirectional) if isinstance(module, nn.RNNBase) else (1, 1)
    start = f"{path}." if path else ""
    return [
        Layer(f"{start}l{index}{'_reverse' * direction}", index, direction)
        for index in range(depth)
        for direction in range(directions)
    ]


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


def _refuse_uncovered(path: str, module: nn.Module) -> None:
    if isinstance(module, _CELLS):
        raise RecordingError(
            "model",
            expected="nn.RNN, nn.LSTM or nn.GRU",
            found=f"{type(module).__name__} at {path!r}",
            remedy="name the layers to record in layers=[...], without that one",
        )
