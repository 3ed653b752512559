"""A weight that is computed in each forward pass is recorded as that pass used it, and is never asked for."""

from __future__ import annotations

import pytest
import torch

import rnnwidgets as rw
from rnnwidgets.cells import Start, Weights
from tests.unit.oracle import assert_close, leaves, unrolled
from tests.unit.parametrized import NAME, WAYS, Drop
from tests.unit.tagger import B, H, T, Tagger, V


def seeded(kind, way):
    torch.manual_seed(3)
    model = Tagger(kind).double()
    WAYS[way].apply(model.lstm)
    return model, torch.optim.SGD(model.parameters(), lr=0.01), torch.randint(0, V, (T, B))


def unrolled_with(model, tokens, W_hh):
    """Return states and total gradients of the unrolled equations with the recurrent weight given."""
    zero = torch.zeros(B, H, dtype=torch.float64)
    lstm = model.lstm
    weights = Weights(lstm.weight_ih_l0.detach(), W_hh.detach(), lstm.bias_ih_l0.detach(), lstm.bias_hh_l0.detach())
    start = leaves(Start(zero, zero if lstm.mode == "LSTM" else None))
    states = unrolled(lstm.mode, model.embedding(tokens).detach(), start, weights)
    model.readout(torch.stack(states["h"])).square().sum().backward(inputs=states["h"] + states.get("c", []))
    found = {name: torch.stack(values).detach() for name, values in states.items()}
    for name in {"h", "c"} & set(states):
        found[f"d{name}"] = torch.stack([value.grad for value in states[name] if value.grad is not None])
    return found


@pytest.mark.filterwarnings("ignore:.*weight_norm.* is deprecated:FutureWarning")
@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN_TANH"])
@pytest.mark.parametrize("way", WAYS)
def test_a_computed_weight_is_recorded_as_the_forward_pass_used_it(way, kind):
    model, optimizer, tokens = seeded(kind, way)
    with rw.watch(model, optimizer, every=1, strict=True) as recorder:
        for step in range(3):
            optimizer.zero_grad()
            loss = model(tokens).square().sum()
            wanted = unrolled_with(model, tokens, WAYS[way].used(model.lstm))
            loss.backward()
            optimizer.step()
            trace = recorder.recording[step]["lstm.l0"]
            assert trace.inexact == ""
            assert set(trace.names) == {*wanted, "dy"}
            for name, values in wanted.items():
                assert_close(torch.from_numpy(trace[name].copy()), values[:, :4], 1e-12)
    norms = recorder.recording[0].norms
    assert set(norms) == dict(model.named_parameters()).keys()
    assert any(name.startswith(("lstm.parametrizations", f"lstm.{NAME}_")) for name in norms)


def test_the_recorder_asks_a_parametrization_for_nothing():
    asked = []
    for watched in (False, True):
        model, optimizer, tokens = seeded("LSTM", "WeightDrop")
        recorder = rw.watch(model, optimizer, every=1, decode=str, strict=True) if watched else None
        before = Drop.asked_by(model.lstm)
        for _ in range(3):
            model(tokens).square().sum().backward()
            optimizer.step()
        if recorder is not None:
            recorder.close()
            assert recorder.recording.steps == [0, 1, 2]
        asked.append((before, Drop.asked_by(model.lstm)))
    assert asked[0] == asked[1]
    assert asked[0][1] > asked[0][0]
