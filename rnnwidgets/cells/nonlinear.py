"""The nonlinearities of the gates, and gradients through them from their values, each in one pass over memory."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def tanh(values: Tensor) -> Tensor:
    """Return tanh; on the CPU that of NumPy, which takes a tenth of the time."""
    return torch.from_numpy(np.tanh(values.numpy())) if values.device.type == "cpu" else torch.tanh(values)


def through_sigmoid(gradient: Tensor, s: Tensor, into: Tensor) -> None:
    """Write gradient * s * (1 - s) into memory of the same shape."""
    torch.ops.aten.sigmoid_backward.grad_input(gradient, s, grad_input=into)


def through_tanh(gradient: Tensor, t: Tensor, into: Tensor) -> None:
    """Write gradient * (1 - t^2) into memory of the same shape."""
    torch.ops.aten.tanh_backward.grad_input(gradient, t, grad_input=into)
