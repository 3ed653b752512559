"""Row graph_untouched: what a user does with the graph gives the same numbers, or the same error, as unwatched."""

from __future__ import annotations

import itertools

import pytest
import torch

import rnnwidgets as rw
from tests.unit.tagger import Tagger, seeded


def in_place_on_output(model, tokens):
    output, _ = model.lstm(model.embedding(tokens))
    output.mul_(3)
    model.readout(output).square().sum().backward()


def in_place_on_last_state(model, tokens):
    output, last = model.lstm(model.embedding(tokens))
    (last[0] if isinstance(last, tuple) else last).add_(1)
    (model.readout(output).square().sum() + sum(part.sum() for part in last)).backward()


def in_place_on_input(model, tokens):
    x = model.embedding(tokens) * 1
    output, _ = model.lstm(x)
    x.zero_()
    model.readout(output).square().sum().backward()


def twice(model, tokens):
    loss = model(tokens).square().sum()
    loss.backward(retain_graph=True)
    loss.backward()


def twice_without_retaining(model, tokens):
    loss = model(tokens).square().sum()
    loss.backward()
    loss.backward()


def differentiated_twice(model, tokens):
    loss = model(tokens).square().sum()
    slopes = torch.autograd.grad(loss, list(model.parameters()), create_graph=True)
    (loss + sum(slope.square().sum() for slope in slopes)).backward()


def hooked(model, tokens):
    output, _ = model.lstm(model.embedding(tokens))
    output.register_hook(lambda gradient: gradient * 2)
    output.retain_grad()
    model.readout(output).square().sum().backward()
    model.readout.bias.grad.add_(output.grad.sum())


def without_gradients(model, tokens):
    with torch.no_grad():
        loss = model(tokens).square().sum()
    loss.backward()


def from_a_detached_state(model, tokens):
    _, last = model.lstm(model.embedding(tokens))
    state = tuple(part.detach() for part in last) if isinstance(last, tuple) else last.detach()
    model(tokens, state).square().sum().backward()


DONE = [
    in_place_on_output, in_place_on_last_state, in_place_on_input, twice, twice_without_retaining,
    differentiated_twice, hooked, without_gradients, from_a_detached_state,
]  # fmt: skip
KINDS = ("LSTM", "GRU", "RNN_TANH")
PROMISE = "numbers to the last bit and errors to the last word as unwatched"


def outcome(kind, dtype, do, *, watched):
    """Return the error, if there is one, the gradients as they are then, and the random state."""
    model, optimizer, tokens = seeded(kind, dtype=dtype)
    recorder = rw.watch(model, optimizer, every=1, strict=True) if watched else None
    error = ""
    try:
        do(model, tokens)
    except RuntimeError as raised:
        error = str(raised)
    if recorder is not None:
        recorder.close()
    gradients = {
        name: None if weight.grad is None else weight.grad.detach().numpy().tobytes()
        for name, weight in model.named_parameters()
    }
    for weight in model.parameters():
        weight.grad = None
    return error, gradients, torch.get_rng_state().numpy().tobytes()


@pytest.mark.filterwarnings("ignore:Using backward\\(\\) with create_graph=True:UserWarning")
def test_graph_untouched():
    uses = list(itertools.product(KINDS, (torch.float32, torch.float64), DONE))
    errors = dict.fromkeys(KINDS, 0)
    for kind, dtype, do in uses:
        plain = outcome(kind, dtype, do, watched=False)
        assert outcome(kind, dtype, do, watched=True) == plain, (kind, dtype, do.__name__)
        errors[kind] += bool(plain[0])
    assert min(errors.values()) >= 4
    print(f"{len(uses)} of {len(uses)} uses of the graph, {sum(errors.values())} of them errors")


def test_the_comparison_sees_a_gradient_that_is_one_bit_off():
    plain = outcome("GRU", torch.float64, twice, watched=False)

    def off(model: Tagger, tokens: torch.Tensor) -> None:
        twice(model, tokens)
        bias = model.readout.bias
        assert isinstance(bias.grad, torch.Tensor)
        bias.grad[0] = torch.nextafter(bias.grad[0], bias.grad[0] + 1)

    assert outcome("GRU", torch.float64, off, watched=False) != plain
