"""Which recurrent layers of a model can be recorded, and one sentence for each that cannot.

Everything is refused before training starts, by the name that the user gave it. Nothing here reads a weight: reading a
parametrized one can change training.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn

from rnnwidgets import schema
from rnnwidgets.errors import RecordingError
from rnnwidgets.recorder.tapping import may_tap

_FORWARDS = {kind: kind.forward for kind in (nn.RNN, nn.LSTM, nn.GRU, nn.RNNCell, nn.LSTMCell, nn.GRUCell)}


@dataclass(frozen=True)
class Layer:
    """One layer of one direction, under the name that PyTorch gives its weights; direction 1 is the reverse one."""

    name: str
    index: int
    direction: int


@dataclass(frozen=True)
class Recurrent:
    """One recurrent module, held weakly, and those of its layers that are to be recorded.

    `aliases` are the other paths under which the model holds the same module.
    """

    path: str
    kind: schema.Kind
    module: weakref.ReferenceType[nn.RNNBase | nn.RNNCellBase]
    layers: tuple[Layer, ...]
    aliases: tuple[str, ...] = ()


def find(model: nn.Module, wanted: Sequence[str] | None) -> list[Recurrent]:
    """Return the modules to record, in the order of the model, with all of their layers or those `wanted` by name.

    There may be none in a model with code of its own, which may call `tap`.

    Raises:
        RecordingError: the model has nothing to record, has one that is not covered, or has none of a wanted name. A
            layer of a module that the model holds twice has the name of its first path.
    """
    found = _recurrent(model)
    if not found and not may_tap(model):
        raise RecordingError(
            "model",
            expected="a model with an nn.RNN, nn.LSTM, nn.GRU, one of their cells or calls of rnnwidgets.tap inside",
            found=f"{type(model).__name__} without one",
            remedy="pass the model that owns the recurrent layer",
        )
    layers = {path: _layers(path, module) for module, (path, *_) in found.items()}
    if wanted is not None:
        _check_wanted(wanted, [layer.name for several in layers.values() for layer in several])
        layers = {path: [layer for layer in several if layer.name in wanted] for path, several in layers.items()}
    recurrent = []
    for module, (path, *aliases) in found.items():
        if layers[path]:
            _refuse_uncovered(path, module)
            recurrent.append(Recurrent(path, _kind(module), weakref.ref(module), tuple(layers[path]), tuple(aliases)))
    return recurrent


def _recurrent(model: nn.Module) -> dict[nn.RNNBase | nn.RNNCellBase, list[str]]:
    """Return every recurrent module with its paths, in the order of the model."""
    found: dict[nn.RNNBase | nn.RNNCellBase, list[str]] = {}
    for path, module in model.named_modules(remove_duplicate=False):
        if isinstance(module, (nn.RNNBase, nn.RNNCellBase)):
            found.setdefault(module, []).append(path)
    return found


def _layers(path: str, module: nn.RNNBase | nn.RNNCellBase) -> list[Layer]:
    """Return the layers of a module, each direction by itself; of a cell, itself."""
    if isinstance(module, nn.RNNCellBase):
        return [Layer(path or "cell", 0, 0)]
    start = f"{path}." if path else ""
    return [
        Layer(f"{start}l{index}{'_reverse' * direction}", index, direction)
        for index in range(module.num_layers)
        for direction in range(1 + module.bidirectional)
    ]


def _kind(module: nn.RNNBase | nn.RNNCellBase) -> schema.Kind:
    if isinstance(module, (nn.LSTM, nn.LSTMCell)):
        return "LSTM"
    if isinstance(module, (nn.GRU, nn.GRUCell)):
        return "GRU"
    nonlinearity = module.nonlinearity
    return "RNN_TANH" if nonlinearity == "tanh" else "RNN_RELU"


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


def _refuse_uncovered(path: str, module: nn.RNNBase | nn.RNNCellBase) -> None:
    if any(weight.is_complex() for weight in module.parameters(recurse=False)):
        raise RecordingError(
            "model",
            expected="a recurrent layer of real numbers",
            found=f"complex weights at {path!r}",
            remedy="name the layers to record in layers=[...], without that one",
        )
    if not any(isinstance(module, kind) and type(module).forward is known for kind, known in _FORWARDS.items()):
        raise RecordingError(
            "model",
            expected="nn.RNN, nn.LSTM, nn.GRU or one of their cells, with its own forward()",
            found=f"{type(module).__name__} at {path!r}, whose forward() is another",
            remedy=f'record it by rnnwidgets.tap("{path or "cell"}.h", h) inside it, and name the other layers in '
            "layers=[...]",
        )
