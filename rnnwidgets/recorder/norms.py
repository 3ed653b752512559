"""Gradient and weight norms of every parameter, before the user clips and as the optimizer is about to use them, and
how far it moves them.

How far is measured on about `_SAMPLED` entries of a parameter, all of them if it is no larger, at each
`MOVEMENT_EVERY`-th recorded step: a copy of every weight at every step would cost more than all that is recorded of
the layers.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from rnnwidgets.frame import ParameterNorm
from rnnwidgets.recorder.optimizer import Scaling

MOVEMENT_EVERY = 8
_SAMPLED = 2**12
_ROUNDING = 1e-5


def gradient_norms(model: nn.Module) -> dict[str, Tensor]:
    """Return the L2 norm of the gradient of each parameter that has one, not read from the device yet."""
    gradients = _gradients(dict(model.named_parameters()))
    return dict(zip(gradients, _norms(tuple(gradients.values())), strict=True))


def parameter_norms(
    model: nn.Module, scaling: Scaling, complete: Mapping[str, Tensor], local: Mapping[str, Tensor]
) -> dict[str, ParameterNorm]:
    """Return the L2 norms of each parameter that has a gradient, as `ParameterNorm` says.

    Args:
        model: the model, whose gradients are those that the optimizer is about to use.
        scaling: what a gradient scaler has done to them.
        complete: the gradients' norms when the last backward pass was over, not read yet.
        local: the same before processes averaged them.
    """
    parameters = dict(model.named_parameters())
    gradients = _gradients(parameters)
    found = iter(_norms((*gradients.values(), *(parameters[name].detach() for name in gradients))))
    used, weights = ({name: next(found) for name in gradients} for _ in range(2))
    groups = (used, weights, complete, local)
    scales = (scaling.scale if scaling.pending else 1.0, 1.0, scaling.scale, scaling.scale)
    gradient, weight, before, own = (
        {name: value / scale for name, value in group.items()}
        for group, scale in zip(_read(groups), scales, strict=True)
    )
    if any(before.get(name, 0.0) < value * (1 - _ROUNDING) for name, value in gradient.items()):
        before = own = {}  # another pass, which ran through no layer that is recorded, has added to the gradients
    if own == before:
        own = {}
    unknown = math.nan
    return {
        name: ParameterNorm(value, weight[name], before_clip=before.get(name, unknown), local=own.get(name, unknown))
        for name, value in gradient.items()
    }


def totals(norms: Mapping[str, ParameterNorm]) -> dict[str, float]:
    """Return L2 norms over all parameters' gradients by the names of the scalars that they become.

    `grad_norm` is of the gradient that the optimizer uses. `grad_norm_before_clip` is there where that was larger, so
    that the steps which have it are those that were clipped; `grad_norm_local` where processes averaged.
    """
    if not norms:
        return {}
    used, before, local = (
        math.hypot(*values)
        for values in zip(*((norm.gradient, norm.before_clip, norm.local) for norm in norms.values()), strict=True)
    )
    found = {"grad_norm": used}
    if before > used * (1 + _ROUNDING):
        found["grad_norm_before_clip"] = before
    if not math.isnan(local):
        found["grad_norm_local"] = local
    return found


class Movement:
    """The weights before an update, to be compared with those after it."""

    def __init__(self, model: nn.Module, owned: Collection[int] | None) -> None:
        """Copy entries of the parameters that have a gradient and, if `owned` is given, whose id is in it."""
        self._before = {
            name: _entries(weight)
            for name, weight in model.named_parameters()
            if weight.grad is not None and (owned is None or id(weight) in owned)
        }

    @property
    def nbytes(self) -> int:
        """Bytes of the copies."""
        return sum(entries.nbytes for entries in self._before.values())

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


def _gradients(parameters: Mapping[str, nn.Parameter]) -> dict[str, Tensor]:
    """Return the values of the gradient of each parameter that has one."""
    return {name: _dense(weight.grad) for name, weight in parameters.items() if weight.grad is not None}


def _dense(gradient: Tensor) -> Tensor:
    """Return the values of a gradient, of a sparse one those that it holds."""
    values = gradient.detach() if gradient.requires_grad else gradient
    return values.coalesce().values() if gradient.is_sparse else values


def _norms(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Return L2 norms, in single precision at least; those of one device and precision in one call."""
    norms: dict[int, Tensor] = {}
    for (_, dtype), places in _alikes(tensors).items():
        half = dtype in (torch.float16, torch.bfloat16)
        found = torch._foreach_norm([tensors[place] for place in places], 2, torch.float32 if half else None)  # noqa: SLF001 # what clip_grad_norm_ uses
        norms.update(zip(places, found, strict=True))
    return [norms[place] for place in range(len(tensors))]


def _alikes(tensors: Sequence[Tensor]) -> dict[tuple[torch.device, torch.dtype], list[int]]:
    """Return the places of tensors by device and precision."""
    groups: dict[tuple[torch.device, torch.dtype], list[int]] = {}
    for place, values in enumerate(tensors):
        groups.setdefault((values.device, values.dtype), []).append(place)
    return groups


def _read(groups: Sequence[Mapping[str, Tensor]]) -> list[dict[str, float]]:
    """Return the numbers of named tensors of one element, with one transfer for all groups."""
    numbers = iter(_numbers([value for group in groups for value in group.values()]))
    return [{name: next(numbers) for name in group} for group in groups]


def _numbers(found: list[Tensor]) -> list[Any]:
    """Return the values of tensors of one shape, with one transfer where they are all of one device and precision."""
    if len({(one.device, one.dtype) for one in found}) == 1:
        return list(torch.stack(found).tolist())
    return [one.tolist() for one in found]
