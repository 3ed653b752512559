"""Where nothing is recorded, the user hears the reason and the way out once, within 20 backward passes."""

from __future__ import annotations

import gc
import warnings
from typing import Any

import pytest
import torch
from torch import nn
from torch.optim.optimizer import _global_optimizer_pre_hooks

import rnnwidgets as rw
from rnnwidgets.errors import RecorderWarning

STEPS = 60


def loss_of(model: nn.Module) -> torch.Tensor:
    output: torch.Tensor = model(torch.randn(7, 2, 3))[0]
    return output.square().mean()


def step(model: nn.Module, optimizer: torch.optim.Optimizer) -> torch.Tensor:
    optimizer.zero_grad()
    loss = loss_of(model)
    loss.backward()
    optimizer.step()
    return loss


def descend(model: nn.Module) -> torch.Tensor:
    """One step without an optimizer, as in PyTorch's word language model."""
    model.zero_grad()
    loss = loss_of(model)
    loss.backward()
    with torch.no_grad():
        for weight in model.parameters():
            weight.sub_(0.1 * (weight.grad if weight.grad is not None else 0))
    return loss


def logged(recorder: rw.Recorder) -> int:
    """How many training steps a loss is known of."""
    return len(recorder.recording.scalars["loss"].steps)


class Silent:
    """Training without a word of the recorder, but for one warning that must come within so many steps."""

    def __init__(self, match: str, within: int) -> None:
        self.match, self.within = match, within

    def run(self, recorder: rw.Recorder, train: Any, steps: int = STEPS) -> None:
        told: list[int] = []
        for number in range(1, steps + 1):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                recorder.log(loss=train())
            for warning in caught:
                assert self.match in str(warning.message)
                told.append(number)
        assert len(told) == 1
        assert told[0] <= self.within
        assert any(self.match in note for note in recorder.recording.status.notes)


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


def test_accumulation_over_many_passes_is_no_silence():
    model = nn.LSTM(3, 5)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with rw.watch(model, optimizer, every=1) as recorder:
        for _ in range(2):
            optimizer.zero_grad()
            for _ in range(50):
                loss = loss_of(model)
                loss.backward()
                recorder.log(loss=loss)
            optimizer.step()
    assert recorder.recording.steps == [0, 1]
    assert logged(recorder) == 2


def test_paused_recorder_says_nothing():
    model = nn.LSTM(3, 5)
    recorder = rw.watch(model, every=1)
    recorder.pause()
    for _ in range(STEPS):
        recorder.log(loss=descend(model))
    recorder.close()
    assert recorder.recording.status.notes == ()


def test_idle_optimizer_is_told_and_the_next_one_is_followed():
    model = nn.LSTM(3, 5)
    idle, used = (torch.optim.SGD(model.parameters(), 0.1) for _ in range(2))
    recorder = rw.watch(model, idle, every=1)
    Silent("does not step", within=22).run(recorder, lambda: step(model, used))
    recorder.close()
    assert len(recorder.recording) >= STEPS - 22
    assert logged(recorder) == STEPS


@pytest.mark.parametrize("every", [1, 10])
def test_recording_follows_an_optimizer_that_takes_the_place_of_another(every: int):
    model = nn.LSTM(3, 5)
    optimizer: torch.optim.Optimizer = torch.optim.Adam(model.parameters())
    with rw.watch(model, optimizer, every=every) as recorder:
        for number in range(STEPS):
            if number == 5:
                optimizer = torch.optim.SGD(model.parameters(), 0.1)
                gc.collect()
            recorder.log(loss=step(model, optimizer))
    assert len(recorder.recording) >= STEPS // every
    assert recorder.recording.steps[-1] >= STEPS - every
    assert recorder.recording.status.notes == ("recording follows SGD, which steps the model now",)
    assert logged(recorder) == STEPS


def test_optimizer_that_is_gone_is_told_where_no_other_one_steps():
    model = nn.LSTM(3, 5)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    recorder = rw.watch(model, optimizer, every=1)
    step(model, optimizer)
    del optimizer
    gc.collect()
    Silent("no longer exists", within=21).run(recorder, lambda: descend(model))
    recorder.close()
    assert logged(recorder) == STEPS


def test_no_hook_of_any_optimizer_is_left_after_close():
    before = len(_global_optimizer_pre_hooks)
    model = nn.LSTM(3, 5)
    recorder = rw.watch(model, torch.optim.SGD(model.parameters(), 0.1), every=1)
    gc.collect()
    assert len(_global_optimizer_pre_hooks) == before + 1
    recorder.close()
    assert len(_global_optimizer_pre_hooks) == before


def test_cell_that_is_run_again_goes_on_with_its_new_optimizer():
    model = nn.LSTM(3, 5)

    def cell(steps: int) -> rw.Recorder:
        optimizer = torch.optim.SGD(model.parameters(), 0.1)
        recorder = rw.watch(model, optimizer, every=1)
        for _ in range(steps):
            recorder.log(loss=step(model, optimizer))
        return recorder

    first = cell(5)
    gc.collect()
    again = cell(20)
    again.close()
    assert again is first
    assert again.recording.steps == list(range(25))
    assert logged(again) == 25


def test_optimizer_given_later_takes_the_place_of_step():
    model = nn.LSTM(3, 5)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    recorder = rw.watch(model, every=1)
    assert rw.watch(model, optimizer, every=1) is recorder
    step(model, optimizer)
    recorder.close()
    assert recorder.recording.steps == [0]


def test_other_settings_of_a_watched_model_are_told_by_name():
    model = nn.LSTM(3, 5)
    with (
        rw.watch(model, every=1) as recorder,
        pytest.warns(RecorderWarning, match="keeps the every, samples it was given first"),
    ):
        assert rw.watch(model, every=2, samples=1) is recorder


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


def test_optimizer_that_steps_second_is_told():
    model = nn.ModuleDict({"encoder": nn.GRU(3, 5), "decoder": nn.GRU(3, 5)})
    first, second = (torch.optim.Adam(model[name].parameters()) for name in ("encoder", "decoder"))
    recorder = rw.watch(model, second, every=1)

    def train() -> torch.Tensor:
        first.zero_grad()
        second.zero_grad()
        _, state = model["encoder"](torch.randn(7, 2, 3))
        loss: torch.Tensor = model["decoder"](torch.randn(6, 2, 3), state)[0].square().mean()
        loss.backward()
        first.step()
        second.step()
        return loss

    Silent("pass the optimizer that steps first", within=1).run(recorder, train, steps=4)
    recorder.close()


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
