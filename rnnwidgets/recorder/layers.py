"""Which recurrent layers of a model can be recorded, and one sentence for each that cannot.

What cannot be recorded is named before training starts, and the rest is recorded. Nothing here reads a weight: reading
a parametrized one can change training.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from torch import nn

from rnnwidgets import schema
from rnnwidgets.errors import RecordingError
from rnnwidgets.recorder.tapping import may_tap

_KERAS_LAYERS = {"LSTM", "GRU", "SimpleRNN", "RNN"}
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


class Found(NamedTuple):
    """The modules to record, in the order of the model, and a sentence for each that cannot be."""

    modules: list[Recurrent]
    left_out: list[str]


def find(model: nn.Module, wanted: Sequence[str] | None) -> Found:
    """Return the modules to record, in the order of the model, with all of their layers or those `wanted` by name.

    There may be none in a model with code of its own, which may call `tap`. A layer of a module that the model holds
    twice has the name of its first path.

    Raises:
        RecordingError: the model has nothing to record, or none of a wanted name, or a wanted one cannot be recorded.
    """
    found = _recurrent(model)
    layers = {path: _layers(path, module) for module, (path, *_) in found.items()}
    if wanted is not None:
        _check_wanted(wanted, [layer.name for several in layers.values() for layer in several], taps=may_tap(model))
        layers = {path: [layer for layer in several if layer.name in wanted] for path, several in layers.items()}
    recurrent, refused = [], _foreign(model)
    for module, (path, *aliases) in found.items():
        if layers[path]:
            error = _uncovered(path, module)
            if error is None:
                known = tuple(layers[path]), tuple(aliases)
                recurrent.append(Recurrent(path, _kind(module), weakref.ref(module), *known))
            elif wanted is not None:
                raise error
            else:
                refused.append(error)
    if refused and not recurrent and wanted is None:
        raise refused[0]
    if not recurrent and not may_tap(model):
        raise RecordingError(
            "model",
            expected="a model with an nn.RNN, nn.LSTM, nn.GRU, one of their cells or calls of rnnwidgets.tap inside",
            found=f"{type(model).__name__} without one",
            remedy="pass the model that owns the recurrent layer",
        )
    return Found(recurrent, [f"not recorded: {error}" for error in refused])


def _foreign(model: nn.Module) -> list[RecordingError]:
    """Return an error for each recurrent layer of Keras, which computes without a module of PyTorch."""
    found = {id(layer): layer for module in model.modules() for layer in _of_keras(module)}
    return [
        RecordingError(
            "model",
            expected="recurrent layers of torch.nn",
            found=f"{type(layer).__name__} of Keras, {getattr(layer, 'name', '')!r}, which runs none of them",
            remedy="use torch.nn.LSTM, nn.GRU or nn.RNN in its place, or rnnwidgets.tap in a cell of your own",
        )
        for layer in found.values()
    ]


def _of_keras(module: object) -> Iterator[object]:
    """Yield the recurrent layers of Keras in one of its modules, which does not register them as PyTorch does."""
    if type(module).__module__.startswith("keras."):
        if type(module).__name__ in _KERAS_LAYERS:
            yield module
        for layer in getattr(module, "layers", ()):
            yield from _of_keras(layer)


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


def _check_wanted(wanted: Sequence[str], names: Sequence[str], *, taps: bool) -> None:
    if isinstance(wanted, str) or not (wanted or taps):
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


def _uncovered(path: str, module: nn.RNNBase | nn.RNNCellBase) -> RecordingError | None:
    """Return why a module cannot be recorded, or None where it can."""
    if any(weight.is_complex() for weight in module.parameters(recurse=False)):
        return RecordingError(
            "model",
            expected="a recurrent layer of real numbers",
            found=f"complex weights at {path!r}",
            remedy="use a layer with real weights",
        )
    if not any(isinstance(module, kind) and type(module).forward is known for kind, known in _FORWARDS.items()):
        return RecordingError(
            "model",
            expected="nn.RNN, nn.LSTM, nn.GRU or one of their cells, with its own forward()",
            found=f"{type(module).__name__} at {path!r}, whose forward() is another",
            remedy=f'call h = rnnwidgets.tap("{path or "cell"}.h", h) in that forward(), and watch with layers=[] if '
            "there is no other layer to record",
        )
    return None
