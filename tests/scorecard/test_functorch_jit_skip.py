"""Row functorch_jit_skip: under torch.func and torch.jit.trace a watched layer does what it does unwatched, and each
call is left out and counted; torch.jit.script is told what to do in one sentence.
"""

from __future__ import annotations

import re

import pytest
import torch
from torch.func import functional_call, grad, jacrev, vmap

import rnnwidgets as rw
from tests.unit.tagger import B, T, seeded, train_once
from tests.unit.test_styles_tools import assert_same, recorded

PROMISE = "under torch.func and torch.jit.trace nothing raised, results as unwatched, the calls counted"
FUNC, TRACE = "called inside a torch.func transform", "called inside torch.jit.trace"

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::torch.jit.TracerWarning")


def test_functorch_jit_skip():
    model, optimizer, tokens = seeded(lr=0.001)
    weights = {name: weight.detach().clone() for name, weight in model.named_parameters()}

    def loss(weights):
        return functional_call(model, weights, (tokens,)).square().sum()

    wanted, plain = grad(loss)(weights), torch.jit.trace(model, (tokens,), check_trace=False)
    with rw.watch(model, optimizer, every=1, decode=str, strict=True) as recorder:
        found = grad(loss)(weights)
        traced = torch.jit.trace(model, (tokens,), check_trace=False)
        train_once(model, optimizer, tokens)
    assert all(torch.equal(found[name], wanted[name]) for name in wanted)
    graphs = [re.sub(r"___torch_mangle_\d+\.", "", str(each.inlined_graph)) for each in (plain, traced)]
    assert graphs[0] == graphs[1]
    assert "aten::lstm" in graphs[0]
    assert recorder.health().skipped == {FUNC: 1, TRACE: 1}
    assert recorder.health().errors == {}
    assert_same(recorder.recording, recorded())
    print(f"{sum(recorder.health().skipped.values())} calls left out and counted, gradients and graphs equal")


@pytest.mark.parametrize(
    ("transform", "calls"),
    [
        (lambda model, x: vmap(lambda one: model.lstm(one)[0])(x), 1),
        (lambda model, x: vmap(lambda one: model.lstm(model.readout.weight[:T, None, :6] + one)[0])(x), 1),
        (lambda model, x: jacrev(lambda one: model.lstm(one)[0].sum((0, 2)))(x[0]), 1),
    ],
)
def test_a_transform_of_a_watched_layer_does_what_it_does_without(transform, calls):
    model, optimizer, tokens = seeded("RNN_TANH", lr=0.001)
    x = torch.randn(2, T, B, 6, dtype=torch.float64)

    def outcome():
        try:
            return transform(model, x)
        except RuntimeError as error:
            return str(error)

    wanted = outcome()
    with rw.watch(model, optimizer, every=1) as recorder:
        found = outcome()
        train_once(model, optimizer, tokens)
    if isinstance(wanted, torch.Tensor):
        assert torch.equal(found, wanted)
        assert recorder.health().skipped == {FUNC: calls}
    else:
        assert found == wanted
    assert_same(recorder.recording, recorded("RNN_TANH"))
    assert recorder.health().errors == {}


def test_a_watched_model_that_is_scripted_is_told_the_way_out_and_scripts_when_the_recorder_is_closed():
    model, optimizer, tokens = seeded(lr=0.001)
    layer = model.lstm
    with rw.watch(model, optimizer, strict=True) as recorder:
        with pytest.raises(AttributeError, match=r"torch\.jit\.script would compile .* close\(\) the recorder first"):
            torch.jit.script(layer)
        train_once(model, optimizer, tokens)
    assert len(recorder.recording) == 1
    scripted = torch.jit.script(model.readout)
    x = torch.randn(3, 7, dtype=torch.float64)
    assert torch.equal(scripted(x), model.readout(x))
    assert isinstance(torch.jit.script(layer), torch.jit.ScriptModule)
