"""Ways to compute a recurrent module's weights anew in each forward pass, and what each of them last came to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import utils
from torch.nn.utils import parametrizations, parametrize, prune

NAME = "weight_hh_l0"


class Drop(nn.Module):
    """Dropout of a weight, as in the AWD-LSTM; keeps what it returned last, and counts how often it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.last = torch.empty(0)

    def forward(self, weight: Tensor) -> Tensor:
        self.asked += 1
        dropped = nn.functional.dropout(weight, 0.5, self.training)
        self.last = dropped.detach()
        return dropped

    @staticmethod
    def asked_by(module: Any) -> int:
        """Return how often the parametrization of a module was asked."""
        return int(_list(module)[0].asked)


def drop_by_hand(module: Any) -> None:
    """Set a weight before each forward pass, dropped from a raw one, as the AWD-LSTM's own code does."""
    raw = nn.Parameter(module._parameters.pop(NAME).detach())
    module.register_parameter(f"{NAME}_raw", raw)

    def drop(module: Any, _args: Any) -> None:
        dropped = nn.functional.dropout(raw, 0.5, module.training)
        module.last_dropped = dropped.detach()
        setattr(module, NAME, dropped)

    module.register_forward_pre_hook(drop)


def _magnitude_and_direction(g: Tensor, v: Tensor) -> Tensor:
    return v * (g / v.square().sum(1, keepdim=True).sqrt())


def _over_largest_singular_value(weight: Tensor, u: Tensor, v: Tensor) -> Tensor:
    return weight / (u @ weight @ v)


class Way(NamedTuple):
    """`apply` makes a module's weight one that is computed; `used` says what its last forward pass computed."""

    apply: Callable[[Any], Any]
    used: Callable[[Any], Tensor]


def _registered(way: Callable[[Any, str], Any]) -> Callable[[Any], Any]:
    return lambda module: way(module, NAME)


WAYS = {
    "weight_norm, old": Way(
        _registered(utils.weight_norm),
        lambda module: _magnitude_and_direction(module.weight_hh_l0_g, module.weight_hh_l0_v),
    ),
    "weight_norm, new": Way(
        _registered(parametrizations.weight_norm),
        lambda module: _magnitude_and_direction(*_list(module).parameters()),
    ),
    "spectral_norm, old": Way(
        _registered(utils.spectral_norm),
        lambda module: _over_largest_singular_value(
            module.weight_hh_l0_orig, module.weight_hh_l0_u, module.weight_hh_l0_v
        ),
    ),
    "spectral_norm, new": Way(
        _registered(parametrizations.spectral_norm),
        lambda module: _over_largest_singular_value(_list(module).original, _list(module)[0]._u, _list(module)[0]._v),
    ),
    "WeightDrop": Way(
        lambda module: parametrize.register_parametrization(module, NAME, Drop()),
        lambda module: _list(module)[0].last,
    ),
    "WeightDrop, by hand": Way(drop_by_hand, lambda module: module.last_dropped),
    "pruning": Way(
        lambda module: prune.random_unstructured(module, NAME, 0.4),
        lambda module: module.weight_hh_l0_orig * module.weight_hh_l0_mask,
    ),
}


def _list(module: Any) -> Any:
    return module.parametrizations[NAME]
