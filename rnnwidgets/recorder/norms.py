"""Gradient and weight norms of every parameter, as the optimizer is about to use them."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from rnnwidgets.frame import ParameterNorm


def parameter_norms(model: nn.Module) -> dict[str, ParameterNorm]:
    """Return parameter name -> L2 norms of its gradient and its weight, for parameters that have a gradient."""
    named = {name: weight for name, weight in model.named_parameters() if weight.grad is not None}
    gradients = _norms([_dense(weight.grad) for weight in named.values() if weight.grad is not None])
    weights = _norms([weight.detach() for weight in named.values()])
    return {name: ParameterNorm(*pair) for name, *pair in zip(named, gradients, weights, strict=True)}


def total(norms: dict[str, ParameterNorm]) -> float:
    """Return the L2 norm over all parameters' gradients."""
    return math.sqrt(math.fsum(norm.gradient**2 for norm in norms.values()))


def _dense(gradient: Tensor) -> Tensor:
    """Return the values of a gradient, of a sparse one those that it holds."""
    return gradient.detach().coalesce().values() if gradient.is_sparse else gradient.detach()


def _norms(tensors: list[Tensor]) -> list[float]:
    """Return the L2 norm of each tensor, with one transfer from the device."""
    found = [torch.linalg.vector_norm(tensor) for tensor in tensors]
    devices = {norm.device for norm in found}
    if len(devices) == 1:
        return [float(norm) for norm in torch.stack([norm.double() for norm in found]).tolist()]
    return [float(norm) for norm in found]
