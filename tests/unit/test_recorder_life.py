"""A recorder from its first step to its last: which step a number belongs to, pauses, failures, what it leaves."""

from __future__ import annotations

import copy
import gc
import io
import pickle
import weakref

import pytest
import torch

import rnnwidgets as rw
from rnnwidgets.errors import RecorderWarning
from tests.unit.tagger import V, seeded, train_once


def test_scalars_belong_to_the_step_they_are_logged_for():
    model, optimizer, tokens = seeded(lr=0.001)
    with rw.watch(model, optimizer, every=1) as recorder:
        after = []
        for _ in range(3):
            after.append(train_once(model, optimizer, tokens).item())
            recorder.log(loss=after[-1])
        loss = model(tokens).square().sum()
        recorder.log(early=loss)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert [frame.scalars.get("loss") for frame in recorder.recording] == [*after, None]
    assert recorder.recording[3].scalars["early"] == loss.item()
    steps, values = recorder.recording.scalars["loss"]
    assert steps.tolist() == [0, 1, 2]
    assert values.tolist() == after


def test_skipped_step_has_one_hook_on_the_model_and_a_pause_none():
    torch.compiler.reset()
    model, optimizer, tokens = seeded(lr=0.001)

    def hooks() -> int:
        return sum(len(module._forward_hooks) + len(module._forward_pre_hooks) for module in model.modules())

    with rw.watch(model, optimizer, every=4, decode=str) as recorder:
        counts = [hooks()]
        for _ in range(9):
            train_once(model, optimizer, tokens)
            recorder.log(loss=1.0)
            counts.append(hooks())
        recorder.pause()
        counts.append(hooks())
        train_once(model, optimizer, tokens)
        counts.append(hooks())
        recorder.resume()
        for _ in range(2):
            train_once(model, optimizer, tokens)
            counts.append(hooks())
    whole = counts[0]
    assert whole > 1
    assert counts == [whole, 2, 1, 1, whole, 1, 1, 1, whole, 1, 0, 0, 1, whole]
    assert recorder.recording.steps == [0, 4, 8]
    assert hooks() == 0


@pytest.mark.parametrize(
    ("when", "first", "pause"),
    [
        *((when, 0, pause) for when in ("after", "after, computed", "midst", "before backward") for pause in (9, 3)),
        *((when, 5, 9) for when in ("after", "midst", "before backward")),
    ],
)
def test_what_is_logged_in_a_step_that_passes_belongs_to_the_same_step_as_where_it_is_recorded(when, first, pause):
    model, optimizer, tokens = seeded(lr=0.001)
    with rw.watch(model, optimizer, every=1000) as recorder:
        for step in range(9):
            logged = recorder.log if step >= first else dict
            if step == pause:
                recorder.pause()
            loss = model(tokens).square().mean()
            optimizer.zero_grad()
            if when == "before backward":
                logged(number=loss.detach() * 0 + step)
            loss.backward()
            if when == "midst":
                logged(number=step)
            optimizer.step()
            if when.startswith("after"):
                logged(number=loss * 0 + step if when.endswith("computed") else step)
    steps, values = recorder.recording.scalars["number"]
    assert steps.tolist() == values.tolist() == list(range(first, 9))


def test_what_is_logged_after_a_step_with_a_closure_belongs_to_it_in_a_step_that_passes():
    model, _, tokens = seeded()
    optimizer = torch.optim.LBFGS(model.parameters(), lr=0.01, max_iter=3)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss: torch.Tensor = model(tokens).square().mean()
        loss.backward()
        return loss

    with rw.watch(model, optimizer, every=1000) as recorder:
        for step in range(6):
            optimizer.step(closure)
            recorder.log(number=step)
    steps, values = recorder.recording.scalars["number"]
    assert steps.tolist() == values.tolist() == list(range(6))


def test_every_k_records_each_kth_step_and_keeps_all_scalars():
    model, optimizer, tokens = seeded(lr=0.001)
    with rw.watch(model, optimizer, every=3) as recorder:
        for _ in range(8):
            recorder.log(loss=train_once(model, optimizer, tokens))
    assert recorder.recording.steps == [0, 3, 6]
    assert recorder.recording.scalars["loss"].steps.tolist() == list(range(8))


def test_pause_records_nothing_and_counts_on():
    model, optimizer, tokens = seeded(lr=0.001)
    with rw.watch(model, optimizer, every=1) as recorder:
        train_once(model, optimizer, tokens)
        recorder.pause()
        states = [recorder.recording.status.state]
        train_once(model, optimizer, tokens)
        recorder.resume()
        train_once(model, optimizer, tokens)
        train_once(model, optimizer, tokens)
        states.append(recorder.recording.status.state)
    assert states == ["paused", "live"]
    assert recorder.recording.steps[0] == 0
    assert recorder.recording.steps[-1] == 3
    assert 1 not in recorder.recording.steps


def test_closing_twice_leaves_no_hook_and_keeps_the_recording():
    model, optimizer, tokens = seeded()
    recorder = rw.watch(model, optimizer, decode=[str(i) for i in range(V)])
    train_once(model, optimizer, tokens)
    recorder.close()
    recorder.close()
    for module in model.modules():
        assert not module._forward_hooks
        assert not module._forward_pre_hooks
        assert not module._forward_hooks_with_kwargs
        assert not module._forward_pre_hooks_with_kwargs
    assert not optimizer._optimizer_step_pre_hooks
    assert len(recorder.recording) == 1
    assert recorder.recording.status.state == "finished"


def test_log_after_close_is_told_and_changes_nothing():
    model, optimizer, tokens = seeded()
    recorder = rw.watch(model, optimizer)
    train_once(model, optimizer, tokens)
    recorder.close()
    with pytest.warns(RecorderWarning, match="closed recorder"):
        recorder.log(loss=1.0)
    assert "loss" not in recorder.recording.scalars


@pytest.mark.parametrize(
    ("error", "state", "note"),
    [
        (ZeroDivisionError("by nought"), "failed", "training stopped at step 1: ZeroDivisionError: by nought"),
        (KeyboardInterrupt(), "finished", "training stopped at step 1: KeyboardInterrupt"),
    ],
)
def test_what_ends_the_loop_goes_on_and_is_named_and_an_interrupt_is_no_failure(error, state, note):
    model, optimizer, tokens = seeded()
    with pytest.raises(type(error)), rw.watch(model, optimizer) as recorder:
        train_once(model, optimizer, tokens)
        raise error
    assert recorder.recording.status.state == state
    assert recorder.recording.status.notes == (note,)


def test_the_recorder_does_not_keep_the_model_alive_nor_the_model_a_dropped_recorder():
    model, optimizer, tokens = seeded()
    recording = rw.watch(model, optimizer).recording
    train_once(model, optimizer, tokens)
    assert len(recording) == 1
    alive = weakref.ref(model)
    del model, optimizer
    gc.collect()
    assert alive() is None


def test_a_copy_of_a_watched_model_is_not_recorded_and_a_pickled_one_needs_nothing_of_ours():
    model, optimizer, tokens = seeded()
    with rw.watch(model, optimizer, every=1) as recorder:
        train_once(model, optimizer, tokens)
        twin = copy.deepcopy(model)
        twin(tokens).sum().backward()
        stored = io.BytesIO()
        pickle.dump(model.lstm, stored)
        assert b"rnnwidgets" not in stored.getvalue()
        stored.seek(0)
        loaded = pickle.load(stored)  # noqa: S301 # written three lines above
        assert torch.equal(loaded(model.embedding(tokens))[0], model.lstm(model.embedding(tokens))[0])
        assert [len(run) for run in recorder._training.step.runs["lstm"]] == [1]
        optimizer.zero_grad()
    assert recorder.recording.steps == [0]


def test_a_failure_inside_a_hook_warns_once_and_training_goes_on(monkeypatch):
    model, optimizer, tokens = seeded(lr=0.001)
    recorder = rw.watch(model, optimizer, every=1)

    def broken(_step, _scaling):
        message = "no room"
        raise OSError(message)

    monkeypatch.setattr(recorder._training, "_record", broken)
    with pytest.warns(RecorderWarning, match="no room") as told:
        for _ in range(12):
            train_once(model, optimizer, tokens)
    recorder.close()
    assert len(told) == 1
    assert recorder.health().errors == {"recording a frame": 10}
    assert recorder.health().status.notes == (
        "recording a frame failed: no room",
        "recording a frame is switched off after 10 errors",
    )


def test_strict_raises_the_recorders_own_errors():
    model, optimizer, tokens = seeded()
    with rw.watch(model, optimizer, strict=True) as recorder:
        train_once(model, optimizer, tokens)
        with pytest.raises(rw.RecordingError, match="loss: expected a number"):
            recorder.log(loss=torch.zeros(3))


def test_a_training_loop_that_bypasses_the_hooks_is_told():
    model, optimizer, tokens = seeded(lr=0.001)
    with rw.watch(model, optimizer, every=1), pytest.warns(RecorderWarning, match=r"no call of lstm\.l0 was seen"):
        for _ in range(10):
            model.lstm.forward(model.embedding(tokens))[0].sum().backward()
            optimizer.step()
