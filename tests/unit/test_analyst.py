"""The analysis lane: beside training the newest frame, after it all of them, and nothing of it left behind."""

from __future__ import annotations

import queue
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import torch
from torch import nn

import rnnwidgets as rw
from rnnwidgets.analysis import Analysis, analyse, diagnose
from rnnwidgets.recording import Recording
from rnnwidgets.widgets import analyst as lane
from rnnwidgets.widgets.analyst import THREAD_NAME, Analyst
from rnnwidgets.widgets.apart import Apart
from tests.unit.analysed import every_output, frame_of, trained

SECONDS = 30.0
Taken = queue.Queue[Analysis | None]


@pytest.fixture
def taken() -> Taken:
    return queue.Queue()


@pytest.fixture
def analysts() -> Iterator[list[Analyst]]:
    made: list[Analyst] = []
    yield made
    for one in made:
        one.stop()


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == THREAD_NAME]


def until_idle() -> None:
    """Wait for the thread to end by itself."""
    for thread in threads():
        thread.join(SECONDS)
    assert not threads()


@pytest.mark.parametrize("live", [True, False])
def test_frames_that_are_given_up_meanwhile_are_not_looked_for(live, taken, monkeypatch):
    recording = trained()
    analyst = Analyst(recording, taken.put)

    def thinned(*args: Any) -> Any:
        del recording._held.frames[:-1]
        return choose(*args)

    choice = "_newest" if live else "_wanted_of"
    choose = getattr(analyst, choice)
    monkeypatch.setattr(analyst, choice, thinned)
    with Apart() as apart:
        found = analyst._next(apart, live=live)
    assert found is not None
    assert found.step == 5
    assert len(recording) == 1


def test_while_training_runs_the_newest_frame_is_analysed_and_those_between_are_left_out(
    taken: Taken, analysts: list[Analyst], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(lane, "LONGEST", 0.05)
    monkeypatch.setattr(lane, "LINGER", 0.0)
    recording = trained()
    analysts.append(Analyst(recording, taken.put, gap=0.02))
    analysts[0].touch(live=True)
    first = taken.get(timeout=SECONDS)
    assert first is not None
    assert first.step == 5
    for frame in trained(9)[:]:
        if frame.step > 5:
            recording.append(frame)
    analysts[0].touch(live=True)
    second = taken.get(timeout=SECONDS)
    assert second is not None
    assert second.step == 8
    until_idle()
    assert taken.empty()


def test_after_training_every_frame_is_analysed_the_newest_first_and_then_it_is_said(
    taken: Taken, analysts: list[Analyst]
):
    recording = trained()
    analysts.append(Analyst(recording, taken.put))
    analysts[0].touch(live=False)
    found = [taken.get(timeout=SECONDS) for _ in range(7)]
    assert [None if one is None else one.step for one in found] == [5, 4, 3, 2, 1, 0, None]
    until_idle()
    for one in found[:-1]:
        assert one is not None
        wanted = analyse(recording[one.step])
        assert one.layers["l0"].numbers == wanted.layers["l0"].numbers
        found_flow, wanted_flow = one.layers["l0"].flow, wanted.layers["l0"].flow
        assert found_flow is not None
        assert wanted_flow is not None
        np.testing.assert_array_equal(found_flow.norms, wanted_flow.norms)


def test_the_findings_of_a_frame_are_those_that_could_be_known_then(taken: Taken, analysts: list[Analyst]):
    recording = trained(30)
    recording.log(30, {"loss": 1e4})
    poisoned = frame_of(nn.GRU(3, 4), torch.randn(9, 2, 3), every_output)
    poisoned["l0"]["z"][3, 1, 2] = np.inf
    for step in (31, 32):
        recording.append(rw.Frame(step, (0, 1), poisoned.traces, {"loss": float("nan")}))
    analysts.append(Analyst(recording, taken.put))
    analysts[0].touch(live=False)
    found = {one.step: [each.name for each in one.findings] for one in iter(lambda: taken.get(timeout=SECONDS), None)}
    assert [found[step] for step in (0, 29, 31, 32)] == [[], [], ["not_finite", "spike"], ["not_finite", "spike"]]
    assert [one.name for one in diagnose(recording)] == ["not_finite", "spike"]


def test_of_a_layer_whose_weights_come_with_each_eighth_frame_those_frames_are_analysed(
    taken: Taken, analysts: list[Analyst], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(lane, "LONGEST", 0.05)
    recording = trained(13, units=48)
    assert [bool(frame["l0"].weights) for frame in recording] == [step % 8 == 0 for step in range(13)]
    analysts.append(Analyst(recording, taken.put, gap=0.02))
    analysts[0].touch(live=True)
    first = taken.get(timeout=SECONDS)
    assert first is not None
    assert first.step == 8
    assert first.layers["l0"].flow is not None


def test_a_recording_on_disk_is_analysed_too(taken: Taken, analysts: list[Analyst], tmp_path: Path):
    trained().save(tmp_path / "run")
    analysts.append(Analyst(rw.load(tmp_path / "run"), taken.put))
    analysts[0].touch(live=False)
    assert [one.step for one in iter(lambda: taken.get(timeout=SECONDS), None)] == [5, 4, 3, 2, 1, 0]


def test_a_thread_runs_only_while_there_is_something_to_do(
    taken: Taken, analysts: list[Analyst], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(lane, "LINGER", 0.0)
    analysts.append(Analyst(Recording(), taken.put))
    assert not threads()
    analysts[0].touch(live=False)
    analysts[0].touch(live=True)
    assert len(threads()) == 1
    until_idle()
    analysts[0].touch(live=True)
    (thread,) = threads()
    analysts[0].stop()
    thread.join(SECONDS)
    assert not thread.is_alive()


def test_a_failure_is_told_once_and_the_frames_beside_it_are_analysed(taken: Taken, analysts: list[Analyst]):
    recording = trained(2)
    for step in (2, 3):
        trace = recording[0]["l0"]
        wrong = replace(trace, weights={**trace.weights, "W_hh": trace.weights["W_hh"][:, :3]})
        recording.append(rw.Frame(step, (0, 1), {"l0": wrong}))
    analysts.append(Analyst(recording, taken.put))
    analysts[0].touch(live=False)
    until_idle()
    (note,) = recording.status.notes
    assert note.startswith("analysing failed: ")
    assert taken.empty()


def test_no_random_number_is_drawn_and_no_frame_is_changed(taken: Taken, analysts: list[Analyst]):
    recording = trained(2)
    before = [frame.to_bytes() for frame in recording]
    states = random.getstate(), str(np.random.get_state()), torch.get_rng_state().tolist()  # noqa: NPY002 (the global state is what must stay)
    analysts.append(Analyst(recording, taken.put))
    analysts[0].touch(live=False)
    until_idle()
    assert states == (random.getstate(), str(np.random.get_state()), torch.get_rng_state().tolist())  # noqa: NPY002 (the global state is what must stay)
    assert [frame.to_bytes() for frame in recording] == before


@pytest.mark.parametrize("where", ["on the thread", "in the process apart"])
def test_analysing_beside_training_uses_a_small_share_of_the_cpu_time(
    taken: Taken, analysts: list[Analyst], monkeypatch: pytest.MonkeyPatch, where: str
):
    cost = 0.006
    began: list[float] = []

    class Costly(Apart):
        def analyse(self, frame: rw.Frame) -> Analysis:
            began.append(time.process_time())
            begun = time.thread_time()
            while where == "on the thread" and time.thread_time() - begun < cost:
                sum(range(1000))
            self.latest = cost if where == "in the process apart" else 0.0
            self.seconds += self.latest
            return analyse(frame)

    monkeypatch.setattr(lane, "Apart", Costly)
    recording = trained(2)
    analysts.append(Analyst(recording, taken.put, gap=0.001))
    analysts[0].touch(live=True)
    assert taken.get(timeout=SECONDS) is not None
    recording.append(rw.Frame(9, (0, 1), recording[0].traces))
    analysts[0].touch(live=True)
    while taken.empty():
        sum(range(1000))
    first, second = began
    assert cost / (second - first) <= lane.SHARE
    assert recording.aside.counted >= 2 * cost


def test_the_process_lives_from_frame_to_frame_while_training_runs_and_ends_when_it_is_not_needed_any_more(
    taken: Taken, analysts: list[Analyst], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(lane, "LONGEST", 0.05)
    monkeypatch.setattr(lane, "LINGER", 1.0)
    recording = trained(2)
    analysts.append(Analyst(recording, taken.put, gap=0.02))
    processes = []
    for step in (2, 3):
        analysts[0].touch(live=True)
        assert taken.get(timeout=SECONDS) is not None
        processes += psutil.Process().children()
        recording.append(rw.Frame(step, (0, 1), recording[0].traces))
    assert len(processes) == 2
    assert processes[0] == processes[1]
    until_idle()
    assert not processes[0].is_running()
    assert recording.aside.counted > 0.02
