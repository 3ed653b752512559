"""Which optimizer ends the training steps: the one given, the one given last, or the one that takes its place."""

from __future__ import annotations

import gc

import pytest
import torch
from torch import nn
from torch.optim.optimizer import _global_optimizer_pre_hooks

import rnnwidgets as rw
from rnnwidgets.errors import RecorderWarning
from tests.unit.silent import STEPS, Silent, descend, logged, loss_of, step


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


def test_optimizer_that_does_not_step_is_told():
    model = nn.LSTM(3, 5)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    recorder = rw.watch(model, optimizer, every=1)
    Silent("does not step", within=22).run(recorder, lambda: descend(model))
    recorder.close()
    assert logged(recorder) == STEPS


class Loop(nn.Module):
    """A loop over a cell in a container, which is never called itself."""

    def __init__(self):
        super().__init__()
        self.cells = nn.ModuleList([nn.LSTMCell(3, 5)])

    def forward(self, x):
        state = None
        for one in x:
            state = self.cells[0](one, state)
        return state


@pytest.mark.parametrize("every", [1, 10, "auto"])
@pytest.mark.parametrize("kind", [lambda: nn.LSTM(3, 5), Loop])
@pytest.mark.parametrize("logs", ["before", "after", "never"])
def test_replacement_is_followed_while_the_first_optimizer_lives(kind, every, logs):
    model = kind()
    first, second = (one(model.parameters(), 0.01) for one in (torch.optim.Adam, torch.optim.SGD))
    losses = []
    with rw.watch(model, first, every=every) as recorder:
        for number in range(STEPS):
            optimizer = first if number < 7 else second
            optimizer.zero_grad()
            loss = loss_of(model)
            losses.append(loss.item())
            loss.backward()
            if logs == "before":
                recorder.log(loss=loss)
            optimizer.step()
            if logs == "after":
                recorder.log(loss=loss)
    last = recorder.recording.status.step
    assert recorder.recording.status.notes == ("recording follows SGD, which steps the model now",)
    assert last >= STEPS - 1 - 20 if logs == "never" else last == STEPS - 1
    if logs != "never":
        steps, values = recorder.recording.scalars["loss"]
        assert steps.tolist() == list(range(STEPS))
        assert values.tolist() == losses


def test_optimizer_that_steps_rarely_is_still_followed():
    model = nn.ModuleDict({"often": nn.GRU(3, 5), "rarely": nn.GRU(3, 5)})
    often, rarely = (torch.optim.SGD(model[name].parameters(), 0.1) for name in ("often", "rarely"))
    with (
        rw.watch(model, rarely, every=1) as recorder,
        pytest.warns(RecorderWarning, match="the weights of often.l0 changed before"),
    ):
        for _ in range(3):
            for _ in range(30):
                often.zero_grad()
                (model["often"](torch.randn(7, 2, 3))[0] * model["rarely"](torch.randn(7, 2, 3))[0]).sum().backward()
                often.step()
            rarely.step()
    assert not any("follows" in note for note in recorder.recording.status.notes)
    assert recorder.recording.steps == [0, 1, 2]


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
    assert again.recording.status.notes == ("recording follows SGD, which was given to watch() last",)
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
