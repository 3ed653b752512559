"""A cell whose weight is computed at each call: its states and gradients are recorded, its gates said to be unknown."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import utils
from torch.nn.utils import parametrizations, parametrize, prune

import rnnwidgets as rw
from tests.unit.parametrized import Drop

T, B, H = 6, 3, 4
SAID = "the weights are computed anew at each call, so that the gates cannot be replayed"
WAYS = {
    "weight_norm, old": lambda cell: utils.weight_norm(cell, "weight_hh"),
    "weight_norm, new": lambda cell: parametrizations.weight_norm(cell, "weight_hh"),
    "spectral_norm, old": lambda cell: utils.spectral_norm(cell, "weight_hh"),
    "spectral_norm, new": lambda cell: parametrizations.spectral_norm(cell, "weight_hh"),
    "WeightDrop": lambda cell: parametrize.register_parametrization(cell, "weight_hh", Drop()),
    "pruning": lambda cell: prune.random_unstructured(cell, "weight_hh", 0.4),
    "of a bias": lambda cell: parametrize.register_parametrization(cell, "bias_hh", Drop()),
}


@pytest.mark.filterwarnings("ignore:.*weight_norm.* is deprecated:FutureWarning")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", [nn.LSTMCell, nn.GRUCell])
def test_a_cell_with_a_computed_weight_is_one_trace_without_gates(kind, way):
    torch.manual_seed(0)
    cell = kind(3, H).double()
    WAYS[way](cell)
    model = nn.ModuleDict({"cell": cell})
    with rw.watch(model, strict=True) as recorder:
        state, states = None, []
        for x in torch.randn(T, B, 3, dtype=torch.float64):
            state = cell(x, state)
            states.append(state[0] if isinstance(state, tuple) else state)
            states[-1].retain_grad()
        torch.stack(states).square().sum().backward()
        recorder.step()
    trace = recorder.recording[0]["cell"]
    assert trace.inexact == SAID
    assert set(trace.names) == ({"c", "h", "dh", "dc"} if kind is nn.LSTMCell else {"h", "dh"})
    h = torch.stack(states).detach()
    dh = torch.stack([one.grad for one in states if one.grad is not None])
    assert torch.equal(torch.from_numpy(trace["h"].copy()), h)
    assert torch.equal(torch.from_numpy(trace["dh"].copy()), dh)
