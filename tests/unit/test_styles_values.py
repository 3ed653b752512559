"""Ways of training, and what each leaves in the frame: the values that unrolled autograd and the optimizer have."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

import rnnwidgets as rw
from rnnwidgets.cells import Start, Weights
from tests.unit.oracle import assert_close, leaves, unrolled
from tests.unit.tagger import B, H, T, Tagger, V, seeded, train_once

EXACT = 1e-12


def start_of(model, dtype=torch.float64):
    zero = torch.zeros(B, H, dtype=dtype)
    return Start(zero, zero if model.lstm.mode == "LSTM" else None)


def wanted_of(model, tokens, lose, start=None):
    """Return states and total gradients of the unrolled equations for a loss of the output, (T, B, H) each."""
    weights = Weights(*(weight.detach() for weight in model.lstm._flat_weights))
    states = unrolled(model.lstm.mode, model.embedding(tokens).detach(), leaves(start or start_of(model)), weights)
    readout = copy.deepcopy(model.readout)
    lose(readout(torch.stack(states["h"]))).backward()
    found = {name: torch.stack(values).detach() for name, values in states.items()}
    for name in {"h", "c"} & set(states):
        gradients = [torch.zeros_like(v) if v.grad is None else v.grad for v in states[name]]
        found[f"d{name}"] = torch.stack(gradients)
    return found


def squared(logits):
    return logits.square().sum()


def assert_trace(trace, wanted, *, inexact=""):
    assert trace.inexact == inexact
    assert set(wanted) <= set(trace.names)
    for name, values in wanted.items():
        assert_close(torch.from_numpy(trace[name].copy()), values[:, list(range(trace[name].shape[1]))], EXACT)


def used_by(optimizer, model):
    """Note the gradient and weight norms that the optimizer has when it steps."""
    used = []

    def note(*_):
        named = {name: p for name, p in model.named_parameters() if p.grad is not None}
        used.append({name: (float(p.grad.norm()), float(p.detach().norm())) for name, p in named.items()})

    optimizer.register_step_pre_hook(note)
    return used


def assert_norms(recorder, used):
    assert len(recorder.recording) == len(used)
    for frame, norms in zip(recorder.recording, used, strict=True):
        assert {name: (norm.gradient, norm.weight) for name, norm in frame.norms.items()} == {
            name: pytest.approx(pair, rel=1e-9) for name, pair in norms.items()
        }
        total = sum(gradient**2 for gradient, _ in norms.values()) ** 0.5
        assert frame.scalars["grad_norm"] == pytest.approx(total, rel=1e-9)


@pytest.mark.parametrize("clip", [nn.utils.clip_grad_norm_, nn.utils.clip_grad_value_])
def test_norms_are_those_after_clipping_and_the_gradient_through_time_is_that_of_the_loss(clip):
    model, optimizer, tokens = seeded(lr=0.001)
    used, wanted = used_by(optimizer, model), wanted_of(model, tokens, squared)
    with rw.watch(model, optimizer) as recorder:
        model(tokens).square().sum().backward()
        unclipped = float(model.readout.weight.grad.norm())
        clip(model.parameters(), 0.01)
        optimizer.step()
    assert_norms(recorder, used)
    assert recorder.recording[0].norms["readout.weight"].gradient < unclipped / 2
    assert_trace(recorder.recording[0]["lstm.l0"], wanted)


@pytest.mark.parametrize("frozen", ["lstm", "embedding", "lstm and embedding"])
def test_a_frozen_layer_has_no_norm_and_its_trace_has_what_reached_it(frozen):
    model, optimizer, tokens = seeded()
    for part in frozen.split(" and "):
        model.get_submodule(part).requires_grad_(False)
    used, wanted = used_by(optimizer, model), wanted_of(model, tokens, squared)
    with rw.watch(model, optimizer) as recorder:
        train_once(model, optimizer, tokens)
    assert_norms(recorder, used)
    assert not any(name.startswith(tuple(frozen.split(" and "))) for name in recorder.recording[0].norms)
    if frozen == "lstm and embedding":
        wanted = {name: values for name, values in wanted.items() if not name.startswith("d")}
        assert not {"dh", "dc", "dy"} & set(recorder.recording[0]["lstm.l0"].names)
    assert_trace(recorder.recording[0]["lstm.l0"], wanted)


def test_tied_weights_are_one_norm_under_their_first_name():
    model, _, tokens = seeded()
    model.readout = nn.Sequential(nn.Linear(H, 6), nn.Linear(6, V)).double()
    model.readout[1].weight = model.embedding.weight
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    used, wanted = used_by(optimizer, model), wanted_of(model, tokens, squared)
    with rw.watch(model, optimizer) as recorder:
        train_once(model, optimizer, tokens)
    assert_norms(recorder, used)
    assert "embedding.weight" in recorder.recording[0].norms
    assert "readout.1.weight" not in recorder.recording[0].norms
    assert_trace(recorder.recording[0]["lstm.l0"], wanted)


def load_assigned(model):
    model.load_state_dict({k: v * 1.5 for k, v in model.state_dict().items()}, assign=True)
    return torch.optim.SGD(model.parameters(), lr=0.01)


def swap(model):
    torch.__future__.set_swap_module_params_on_conversion(True)
    try:
        model.to(torch.float32).to(torch.float64)
    finally:
        torch.__future__.set_swap_module_params_on_conversion(False)


@pytest.mark.parametrize("change", [load_assigned, swap, nn.Module.double])
@pytest.mark.parametrize("kind", ["LSTM", "GRU"])
def test_steps_after_the_weights_were_replaced_are_recorded_with_the_new_ones(kind, change):
    model, optimizer, tokens = seeded(
        kind, lr=0.001, dtype=torch.float32 if change is nn.Module.double else torch.float64
    )
    with rw.watch(model, optimizer, every=1) as recorder:
        train_once(model, optimizer, tokens)
        changed = change(model)
        if isinstance(changed, torch.optim.Optimizer):
            optimizer.param_groups[0]["params"] = changed.param_groups[0]["params"]
        used, wanted = used_by(optimizer, model), wanted_of(model, tokens, squared)
        train_once(model, optimizer, tokens)
    assert recorder.recording.steps == [0, 1]
    frame = recorder.recording[1]
    assert_trace(frame["lstm.l0"], wanted)
    assert {name: norm.weight for name, norm in frame.norms.items()} == {
        name: pytest.approx(weight, rel=1e-9) for name, (_, weight) in used[0].items()
    }


def test_truncated_backpropagation_starts_each_frame_from_the_detached_state():
    model, optimizer, tokens = seeded(lr=0.001)
    state = None
    with rw.watch(model, optimizer, every=1, samples=B) as recorder:
        for k in range(3):
            part = (tokens + k) % V
            start = None if state is None else Start(state[0][0], state[1][0])
            wanted = wanted_of(model, part, squared, start)
            output, state = model.lstm(model.embedding(part), state)
            state = tuple(value.detach() for value in state)
            optimizer.zero_grad()
            squared(model.readout(output)).backward()
            optimizer.step()
            assert_trace(recorder.recording[k]["lstm.l0"], wanted)


def test_a_backward_pass_that_can_be_differentiated_again_gives_the_same_gradients():
    model, optimizer, tokens = seeded()
    wanted = wanted_of(model, tokens, squared)
    with rw.watch(model, optimizer) as recorder:
        inside = model.embedding(tokens)
        output, _ = model.lstm(inside)
        loss = squared(model.readout(output))
        grads = torch.autograd.grad(loss, list(model.readout.parameters()), create_graph=True)
        assert all(gradient.requires_grad for gradient in grads)
        loss.backward()
        optimizer.step()
    assert_trace(recorder.recording[0]["lstm.l0"], wanted)


def test_a_loss_on_one_direction_leaves_the_other_without_a_direct_gradient():
    torch.manual_seed(0)
    model = nn.LSTM(4, H, bidirectional=True).double()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with rw.watch(model, optimizer) as recorder:
        y, _ = model(torch.randn(T, B, 4, dtype=torch.float64))
        y.retain_grad()
        y[..., H:].square().sum().backward()
        optimizer.step()
    forward, reverse = recorder.recording[0]["l0"], recorder.recording[0]["l0_reverse"]
    assert not any(forward[name].any() for name in ("dy", "dh", "dc"))
    assert_close(torch.from_numpy(reverse["dy"].copy()), y.grad[:, :4, H:], EXACT)


def test_two_backward_passes_over_one_graph_add_their_gradients():
    model, optimizer, tokens = seeded()
    wanted = wanted_of(model, tokens, lambda logits: squared(logits) + 3 * logits.sum())
    with rw.watch(model, optimizer) as recorder:
        logits = model(tokens)
        squared(logits).backward(retain_graph=True)
        (3 * logits.sum()).backward()
        optimizer.step()
    assert_trace(recorder.recording[0]["lstm.l0"], wanted)


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_evaluation_between_or_within_steps_leaves_no_trace(mode):
    model, optimizer, tokens = seeded(lr=0.001)
    with rw.watch(model, optimizer, every=1, decode=[str(i) for i in range(V)]) as recorder:
        for _ in range(2):
            wanted = wanted_of(model, tokens, squared)
            optimizer.zero_grad()
            loss = squared(model(tokens))
            with mode():
                model.eval()(tokens.flip(0)[:4])
            model.train()
            loss.backward()
            optimizer.step()
            with mode():
                model(tokens.flip(0))
    assert recorder.recording.steps == [0, 1]
    assert_trace(recorder.recording[1]["lstm.l0"], wanted)
    assert recorder.recording[1].tokens == tuple(tuple(map(str, ids)) for ids in tokens.T[:4].tolist())


class Interrupted(Tagger):
    """A tagger that an interrupt stops after its recurrent layer, once."""

    stop = False

    def forward(self, *args, **options):
        logits = super().forward(*args, **options)
        if self.stop:
            self.stop = False
            raise KeyboardInterrupt
        return logits


def test_the_step_after_an_interrupt_within_forward_has_the_values_of_its_own_call():
    torch.manual_seed(3)
    model = Interrupted().double()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.001)
    tokens = torch.randint(0, V, (T, B))
    with rw.watch(model, optimizer, every=1, decode=[str(i) for i in range(V)]) as recorder:
        train_once(model, optimizer, tokens)
        model.stop = True
        with pytest.raises(KeyboardInterrupt):
            train_once(model, optimizer, tokens.flip(1))
        wanted = wanted_of(model, tokens, squared)
        train_once(model, optimizer, tokens)
    assert recorder.recording.steps == [0, 1]
    assert_trace(recorder.recording[1]["lstm.l0"], wanted)
    assert recorder.recording[1].tokens == tuple(tuple(map(str, ids)) for ids in tokens.T[:4].tolist())


def test_what_was_logged_for_a_step_that_never_ended_is_kept_when_the_recorder_closes():
    model, optimizer, tokens = seeded()
    with rw.watch(model, optimizer) as recorder:
        train_once(model, optimizer, tokens)
        loss = squared(model(tokens))
        recorder.log(loss=loss)
    assert recorder.recording.scalars["loss"].steps.tolist() == [1]
    assert recorder.recording.scalars["loss"].values.tolist() == [loss.item()]
