"""Where nothing is recorded, the user hears the reason and the way out once, within 20 backward passes."""

from __future__ import annotations

import gc
import warnings

import torch
from torch import nn

import rnnwidgets as rw
from tests.unit.silent import STEPS, Silent, descend, logged, loss_of, step


def test_missing_step_without_an_optimizer_is_told():
    model = nn.LSTM(3, 5)
    recorder = rw.watch(model, every=1)
    Silent("call recorder.step() after backward()", within=21).run(recorder, lambda: descend(model))
    assert logged(recorder) == STEPS
    recorder.step()
    loss_of(model).backward()
    recorder.step()
    assert len(recorder.recording) == 1
    recorder.close()


def test_accumulated_gradients_without_an_optimizer_are_no_silence():
    model = nn.LSTM(3, 5)
    recorder = rw.watch(model, every=1)
    for _ in range(3):
        for _ in range(15):
            loss_of(model).backward()
        recorder.step(loss=1.0)
    recorder.close()
    assert recorder.recording.steps == [0, 1, 2]


def test_paused_recorder_says_nothing():
    model = nn.LSTM(3, 5)
    recorder = rw.watch(model, every=1)
    recorder.pause()
    for _ in range(STEPS):
        recorder.log(loss=descend(model))
    recorder.close()
    assert recorder.recording.status.notes == ()


def test_model_that_is_gone_is_told_when_something_is_logged():
    model = nn.LSTM(3, 5)
    recorder = rw.watch(model, torch.optim.SGD(model.parameters(), 0.1), every=1)
    model = nn.LSTM(3, 5)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    gc.collect()
    Silent("the model that was given to watch() no longer exists", within=1).run(
        recorder, lambda: step(model, optimizer)
    )
    recorder.close()
    assert logged(recorder) == STEPS


def test_forward_called_directly_is_told_at_the_second_step():
    class Wrapped(nn.Module):
        """Calls its layer past the hooks, as the first AWD-LSTM did."""

        def __init__(self):
            super().__init__()
            self.module = nn.LSTM(3, 5)

        def forward(self, x):
            return self.module.forward(x)

    torch.compiler.reset()
    model = Wrapped()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    recorder = rw.watch(model, optimizer, every=1)
    Silent("call the module itself, as in self.module(x)", within=2).run(recorder, lambda: step(model, optimizer))
    recorder.close()


def test_layer_that_is_passed_by_is_told_while_another_is_recorded():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.past, self.called = nn.LSTM(3, 3), nn.LSTM(3, 5)

        def forward(self, x):
            return self.called(self.past.forward(x)[0])

    model = Two()
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    recorder = rw.watch(model, optimizer, every=1)
    Silent("no call of past.l0 was seen in 2 training steps", within=2).run(recorder, lambda: step(model, optimizer))
    recorder.close()
    assert recorder.recording.layers == ("called.l0",)


def test_layer_that_is_no_longer_trained_is_no_direct_call_of_forward():
    model = nn.ModuleDict({"lstm": nn.LSTM(3, 5), "linear": nn.Linear(3, 2)})
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with rw.watch(model, optimizer, every=1) as recorder:
        for number in range(8):
            y = model["lstm"](torch.randn(7, 2, 3))[0] if number < 3 else model["linear"](torch.randn(2, 3))
            y.square().mean().backward()
            optimizer.step()
    assert recorder.recording.steps == [0, 1, 2]
    assert recorder.recording.status.notes == ()


def test_warning_that_is_an_error_does_not_end_training():
    model = nn.LSTM(3, 5)
    recorder = rw.watch(model, every=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(STEPS):
            recorder.log(loss=descend(model))
    recorder.close()
    (note,) = recorder.recording.status.notes
    assert note.startswith("nothing was recorded in the last 20 backward passes: watch() was given no optimizer")
    assert logged(recorder) == STEPS


def test_torch_func_is_told_as_the_reason():
    model = nn.LSTM(3, 5)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    recorder = rw.watch(model, optimizer, every=1)

    def train() -> float:
        weights = {name: weight.detach() for name, weight in model.named_parameters()}
        x = torch.randn(7, 2, 3)
        gradients = torch.func.grad(lambda p: torch.func.functional_call(model, p, (x,))[0].square().mean())(weights)
        for name, weight in model.named_parameters():
            weight.grad = gradients[name]
        optimizer.step()
        return 0.5

    Silent("inside a torch.func transform", within=2).run(recorder, train)
    recorder.close()


def test_frozen_layer_is_told_and_the_others_are_recorded():
    frozen, trained = nn.LSTM(3, 4), nn.GRU(4, 5)
    model = nn.ModuleDict({"frozen": frozen, "trained": trained})
    optimizer = torch.optim.SGD(trained.parameters(), 0.1)
    recorder = rw.watch(model, optimizer, every=1)

    def train() -> torch.Tensor:
        optimizer.zero_grad()
        with torch.no_grad():
            x, _ = frozen(torch.randn(7, 2, 3))
        loss: torch.Tensor = trained(x)[0].square().mean()
        loss.backward()
        optimizer.step()
        return loss

    Silent("frozen.l0 is called without gradients", within=2).run(recorder, train, steps=12)
    recorder.close()
    assert recorder.recording[-1].layers == ("trained.l0",)


def test_low_precision_is_named_as_the_cause_of_an_inexact_replay():
    model = nn.LSTM(16, 24)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with rw.watch(model, optimizer, every=1) as recorder:
        with torch.autocast("cpu", torch.bfloat16):
            loss = model(torch.randn(12, 4, 16))[0].square().mean()
        loss.backward()
        optimizer.step()
    assert recorder.recording[0]["l0"].inexact.startswith("the layer ran in bfloat16, from which the replay")


def test_difference_beyond_low_precision_is_not_blamed_on_it():
    model = nn.LSTM(16, 24)
    model.register_forward_hook(lambda _module, _args, output: (output[0] + 0.5, output[1]))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with rw.watch(model, optimizer, every=1) as recorder:
        with torch.autocast("cpu", torch.bfloat16):
            loss = model(torch.randn(12, 4, 16))[0].square().mean()
        loss.backward()
        optimizer.step()
    assert recorder.recording[0]["l0"].inexact.endswith(", more than bfloat16 explains")
