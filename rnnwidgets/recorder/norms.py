"""Gradient and weight norms of every parameter, as the optimizer is about to use them, and how far it moves them.

How far is measured on about `_SAMPLED` entries of a parameter, all of them if it is no larger, at each
`MOVEMENT_EVERY`-th recorded step: a copy of every weight at every step would cost more than all that is recorded of
the layers.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from rnnwidgets.frame import ParameterNorm

MOVEMENT_EVERY = 8
_SAMPLED = 2**12


def parameter_norms(model: nn.Module, scale: float = 1.0) -> dict[str, ParameterNorm]:
    """Return the L2 norms of each parameter that has a gradient, and of that gradient divided by `scale`."""
    named = {name: weight for name, weight in model.named_parameters() if weight.grad is not None}
    gradients = _norms([_dense(weight.grad) for weight in named.values() if weight.grad is not None])
    weights = _norms([weight.detach() for weight in named.values()])
    return {
        name: ParameterNorm(gradient / scale, weight)
        for name, gradient, weight in zip(named, gradients, weights, strict=True)
    }


def total(norms: Mapping[str, ParameterNorm]) -> float:
    """Return the L2 norm over all parameters' gradients."""
    return math.sqrt(math.fsum(norm.gradient**2 for norm in norms.values()))


class Movement:
    """The weights before an update, to be compared with those after it."""

    def __init__(self, model: nn.Module, owned: Collection[int] | None) -> None:
        """Copy entries of the parameters that have a gradient and, if `owned` is given, whose id is in it."""
        self._before = {
            name: _entries(weight)
            for name, weight in model.named_parameters()
            if weight.grad is not None and (owned is None or id(weight) in owned)
        }

    def ratios(self, model: nn.Module) -> dict[str, float]:
        """Return parameter name -> |w_after - w_before| / |w_before|; 0 where neither is anything but zero."""
        after = {name: _entries(weight) for name, weight in model.named_parameters() if name in self._before}
        alike = [name for name, values in after.items() if _alike(values, self._before[name])]
        both = [torch.stack((after[name] - self._before[name], self._before[name])) for name in alike]
        pairs = _numbers([torch.linalg.vector_norm(pair, dim=1) for pair in both])
        return {name: _ratio(*pair) for name, pair in zip(alike, pairs, strict=True)}


def _entries(weight: Tensor) -> Tensor:
    """Return a copy of a parameter's entries, evenly spaced ones of a large parameter."""
    flat = weight.detach().reshape(-1)
    if flat.numel() > _SAMPLED:
        flat = flat[:: flat.numel() // _SAMPLED | 1]  # an odd distance meets every column of an even width
    return flat.clone()


def _alike(one: Tensor, other: Tensor) -> bool:
    return (one.shape, one.dtype, one.device) == (other.shape, other.dtype, other.device)


def _ratio(moved: float, size: float) -> float:
    if size == 0:
        return 0.0 if moved == 0 else math.inf
    return moved / size


def _dense(gradient: Tensor) -> Tensor:
    """Return the values of a gradient, of a sparse one those that it holds."""
    return gradient.detach().coalesce().values() if gradient.is_sparse else gradient.detach()


def _norms(tensors: list[Tensor]) -> list[float]:
    """Return the L2 norm of each tensor."""
    return list(_numbers([torch.linalg.vector_norm(tensor) for tensor in tensors]))


def _numbers(found: list[Tensor]) -> list[Any]:
    """Return the values of tensors of one shape, with one transfer from the device if they are all on one."""
    if len({one.device for one in found}) == 1:
        return list(torch.stack([one.double() for one in found]).tolist())
    return [one.tolist() for one in found]
