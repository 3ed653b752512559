"""Traces that wait are computed once, by who looks at them first; training is kept waiting by its own reader alone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import rnnwidgets as rw
from rnnwidgets.errors import RecorderWarning
from rnnwidgets.frame import Frame, Trace, Waiting, settle, waits
from rnnwidgets.recorder.keep import SPARE
from rnnwidgets.recorder.replay import traces_of
from rnnwidgets.recorder.spectral import EVERY
from rnnwidgets.widgets.beside import AtOnce
from rnnwidgets.widgets.publisher import publisher_of
from tests.unit.browser import Store
from tests.unit.frames import make_frame
from tests.unit.matrix import Case
from tests.unit.tagger import seeded, train_once
from tests.unit.waiting import recorded, said


@pytest.fixture
def computed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of the threads that have computed traces, one for each time."""
    threads: list[str] = []

    def noted(*args: Any, **kwargs: Any) -> Any:
        threads.append(threading.current_thread().name)
        return traces_of(*args, **kwargs)

    monkeypatch.setattr("rnnwidgets.recorder.calls.traces_of", noted)
    return threads


def test_nothing_is_computed_of_steps_that_nobody_looks_at(computed):
    model, optimizer, tokens = seeded(lr=0.01)
    with rw.watch(model, optimizer, every=1, decode=str) as recorder:
        for _ in range(20):
            train_once(model, optimizer, tokens)
    recording = recorder.recording
    assert len(computed) == 1  # the first, whose spectral radius is measured
    assert EVERY > 20
    assert recording.layers == recording[-1].layers
    assert recording.extents
    assert recording.nbytes == sum(frame.nbytes for frame in recording)
    assert recording[-1].tokens is not None
    assert len(computed) == 1
    for _ in range(2):
        assert np.isfinite(recording[-1][recording.layers[0]]["dh"]).any()
        assert len(computed) == 2


def test_what_fails_or_is_interrupted_is_computed_when_next_asked_for():
    found = recorded(Case("GRU"))
    wanted = dict(found.traces)
    answers: list[Any] = [KeyboardInterrupt(), OSError("no memory"), wanted]

    def find() -> Any:
        answer = answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    waiting = Waiting(found.extents, 1, find)
    with pytest.raises(KeyboardInterrupt):
        waiting["rnn.l0"]
    with pytest.raises(OSError, match="no memory"):
        waiting["rnn.l0"]
    assert not waiting.over
    assert waiting["rnn.l0"] is wanted["rnn.l0"]
    assert waiting.over


def test_threads_that_look_at_once_get_the_same_traces():
    frame, found = recorded(Case("LSTM")), []
    ready = threading.Barrier(8)

    def look() -> None:
        ready.wait()
        found.append(frame.traces["rnn.l0"])

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert all(one is found[0] for one in found)


def test_training_that_is_watched_from_another_thread_ends_where_it_would():
    def trained(*, watched: bool) -> list[Tensor]:
        model, optimizer, tokens = seeded(lr=0.1)
        recorder = rw.watch(model, optimizer, every=1) if watched else None
        over, seen = threading.Event(), list[float]()

        def look() -> None:
            while recorder is not None and not over.wait(0.001):
                seen.extend(float(frame["lstm.l0"]["h"][0, 0, 0]) for frame in recorder.recording[-3:])

        reader = threading.Thread(target=look)
        reader.start()
        losses = [train_once(model, optimizer, tokens) for _ in range(40)]
        over.set()
        reader.join()
        assert bool(seen) is watched
        if recorder is not None:
            recorder.close()
        return [
            torch.as_tensor([float(loss.detach()) for loss in losses]),
            *model.state_dict().values(),
            torch.get_rng_state(),
        ]

    plain, watched = trained(watched=False), trained(watched=True)
    assert all(map(torch.equal, plain, watched))


def test_what_is_written_to_disk_is_computed_by_the_thread_that_trains(tmp_path: Path, computed):
    model, optimizer, tokens = seeded(lr=0.01)
    with rw.watch(model, optimizer, every=1, path=tmp_path / "run") as recorder:
        for _ in range(5):
            train_once(model, optimizer, tokens)
    assert computed == ["MainThread"] * 5
    loaded = rw.load(tmp_path / "run")
    assert [said(frame) for frame in loaded] == [said(frame) for frame in recorder.recording]


def test_the_memory_of_what_waited_serves_the_next_that_waits():
    lstm = nn.LSTM(64, 64)
    with rw.watch(lstm, memory=2**23, every=1) as recorder:
        for _ in range(4):
            lstm(torch.randn(64, 4, 64))[0].sum().backward()
            recorder.step()
        assert waits(recorder.recording[-1])
        SPARE.shrink(0)
        settle(recorder.recording[-1])
        left = SPARE.nbytes
        assert left > 128 * 1024
        lstm(torch.randn(64, 4, 64))[0].sum().backward()
        recorder.step()
    assert waits(recorder.recording[-1])
    assert SPARE.nbytes == 0


def test_all_that_is_held_stays_under_the_cap_when_everything_that_waits_is_computed_at_once():
    lstm = nn.LSTM(64, 64)
    with rw.watch(lstm, memory=2**23, every=1) as recorder:
        for _ in range(60):
            lstm(torch.randn(64, 4, 64))[0].sum().backward()
            recorder.step()
        waited = [frame for frame in recorder.recording if waits(frame)]
        SPARE.shrink(0)
        for frame in waited:
            settle(frame)
            assert sum(recorder.health().memory.values()) <= 2**23
        assert recorder.health().memory["spare memory"] > 0
        assert len(waited) > 5


def waiting_frame(number: int, found: list[int], error: Exception | None = None) -> Frame:
    made = make_frame(number, (7, 2, 5), {"grad_norm": 1.0})

    def find() -> Mapping[str, Trace]:
        found.append(number)
        if error is not None:
            raise error
        return made.traces

    return replace(made, traces=Waiting(made.extents, made.nbytes, find))


@pytest.fixture
def later(wire, recording, monkeypatch) -> list[Callable[[], None]]:
    """Return what the publisher of the recording leaves to its thread that computes, to be done here."""

    class Later(AtOnce):
        def __call__(self, work: Callable[[Any], None], argument: Any) -> None:
            self.busy = True
            left.append(partial(self.do, work, argument))

        def do(self, work: Callable[[Any], None], argument: Any) -> None:
            work(argument)
            self.busy = False

    left: list[Callable[[], None]] = []
    monkeypatch.setattr(wire.publish(recording), "_compute", Later())
    rw.Explorer(recording)
    return left


def test_a_view_is_sent_a_frame_that_waits_by_a_thread_beside_training(wire, recording, later):
    found: list[int] = []
    for number in range(3):
        wire.clock.now += 0.2
        recording.append(waiting_frame(number, found))
        recording.log(number, {"loss": 1.0})
    assert (found, wire.deltas(), len(later)) == ([], [], 1)
    later.pop()()
    assert found == [0]
    assert list(told(wire).steps) == [0]
    wire.clock.now += 0.5
    recording.log(2, {"accuracy": 0.5})
    later.pop()()
    assert found == [0, 2]
    assert told(wire).seq == 2


def test_a_view_is_sent_nothing_by_the_thread_that_trains(wire, recording, later):
    for number in range(3):
        wire.clock.now += 0.2
        recording.append(make_frame(number, (7, 2, 5)))
        recording.log(number, {"loss": 1.0})
        assert wire.deltas() == []
    later.pop()()
    assert list(told(wire).steps) == [0]
    wire.clock.now += 0.5
    recording.log(2, {"accuracy": 0.5})
    assert list(told(wire).steps) == [0]
    later.pop()()
    assert list(told(wire).steps) == [0, 2]


def test_what_another_thread_said_while_a_frame_was_computed_is_not_said_twice_in_its_time(wire, recording, later):
    for number in range(2):
        recording.append(make_frame(number, (7, 2, 5)))
        recording.log(number, {"loss": 1.0})
    publisher_of(recording)._analysed(None)
    assert told(wire).seq == 1
    later.pop()()
    assert told(wire).seq == 1
    wire.clock.now += 0.2
    recording.log(1, {"accuracy": 0.5})
    later.pop()()
    assert (told(wire).seq, list(told(wire).steps)) == (2, [0, 1])


def told(wire) -> Store:
    store = Store()
    for sent in wire.deltas():
        store.take(sent)
    return store


def test_a_frame_that_cannot_be_computed_is_told_and_the_next_one_is_sent(wire, recording):
    wire.publish(recording)
    rw.Explorer(recording)
    found: list[int] = []
    with pytest.warns(RecorderWarning, match="computing a frame failed"):
        recording.append(waiting_frame(0, found, OSError("no memory")))
        recording.log(0, {"loss": 1.0})
    store = told(wire)
    assert (list(store.steps), list(store.curves)) == ([], ["loss", "grad_norm"])
    assert "computing a frame failed: no memory" in store.status["notes"]
    recording.append(waiting_frame(1, found))
    wire.clock.now += 1
    recording.log(1, {"loss": 1.0})
    assert list(told(wire).steps) == [1]
    assert found == [0, 1]
