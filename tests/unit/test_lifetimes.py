"""No publisher, timer or subscription outlives its views, and no failure of a view reaches training."""

from __future__ import annotations

import gc
import threading
import warnings
import weakref
from typing import Any, cast

import numpy as np
import pytest
from ipywidgets.widgets import widget

from rnnwidgets.errors import RecorderWarning
from rnnwidgets.recording import Recording
from rnnwidgets.widgets import Explorer, GateHeatmap
from rnnwidgets.widgets.publisher import Publisher, publisher_of
from rnnwidgets.widgets.settle import THREAD_NAME
from tests.unit.browser import Wire, train
from tests.unit.frames import make_frame

FULL = (35, 4, 128)


def settles() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == THREAD_NAME]


def test_closing_the_last_view_ends_every_timer_and_subscription(wire: Wire, recording: Recording):
    publisher = wire.publish(recording)
    views = [Explorer(recording), GateHeatmap(recording)]
    recording.append(make_frame(0))
    assert len(settles()) == 1
    for view in views:
        view.close()
        view.close()
    for thread in settles():
        thread.join(1)
    assert settles() == []
    assert recording.listeners == []
    sent = len(wire)
    recording.append(make_frame(1))
    publisher._settled(last=True)
    assert (len(wire), settles()) == (sent, [])
    assert [one.kind for one in wire[-2:]] == ["comm_close", "comm_close"]


def test_a_view_made_after_the_last_was_closed_is_live_again(wire: Wire, recording: Recording):
    wire.publish(recording)
    first = Explorer(recording)
    first.close()
    Explorer(recording)
    train(wire, recording, range(1), 1)
    assert len(wire.deltas()) == 1


@pytest.mark.usefixtures("wire")
def test_a_view_that_could_not_be_made_leaves_nothing_behind(recording: Recording):
    recording.append(make_frame(0))
    with pytest.raises(ValueError, match=r"layer: expected one of lstm\.l0, found 'nowhere'"):
        Explorer(recording, layer="nowhere")
    assert recording.listeners == []


def test_a_view_that_is_forgotten_without_being_closed_takes_its_publisher_and_timer_along(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(widget, "_instances", {})
    recording = Recording()
    view = Explorer(recording)
    recording.append(make_frame(0))
    traces: list[weakref.ref[Any]] = [weakref.ref(view), weakref.ref(publisher_of(recording))]
    assert len(settles()) == 1
    widget._instances.clear()
    view.comm._msg_callback = None
    del view
    gc.collect()
    assert [trace() for trace in traces] == [None, None]
    for thread in settles():
        thread.join(1)
    assert (settles(), recording.listeners) == ([], [])
    kept = weakref.ref(recording)
    del recording
    gc.collect()
    assert kept() is None
    assert isinstance(wire, Wire)


def test_a_closed_view_is_freed(wire: Wire, recording: Recording):
    view = Explorer(recording)
    view.close()
    trace = weakref.ref(view)
    del view
    gc.collect()
    assert trace() is None
    assert wire[-1].kind == "comm_close"


def test_the_publisher_of_a_recording_is_one(recording: Recording):
    publisher = publisher_of(recording)
    assert publisher_of(recording) is publisher
    assert publisher_of(Recording()) is not publisher
    assert isinstance(publisher, Publisher)


def test_a_failing_view_never_reaches_training_and_is_switched_off_with_a_note(
    wire: Wire, recording: Recording, monkeypatch: pytest.MonkeyPatch
):
    wire.publish(recording)
    view = Explorer(recording)
    tries = []

    def fail(*_: object, **__: object) -> None:
        tries.append(1)
        raise ConnectionError("kernel gone")

    monkeypatch.setattr(view.comm, "send", fail)
    with pytest.warns(RecorderWarning) as told:
        train(wire, recording, range(30), 0.5)
    assert len(recording) == 30
    first_lines = [str(one.message).splitlines()[0] for one in told]
    sites = ("sending to a view", "sending a snapshot")
    assert first_lines == [f"{site} failed; training goes on." for site in sites]
    assert "sending to a view is switched off after 10 errors" in recording.status.notes
    assert 10 <= len(tries) < 20


def test_a_frame_that_cannot_be_encoded_never_reaches_training(wire: Wire, recording: Recording):
    wire.publish(recording)
    Explorer(recording)
    broken = make_frame(0, scalars={"loss": 1.0})
    cast(Any, broken["lstm.l0"].arrays)["f"] = np.array("text")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        wire.clock.now += 1
        recording.append(broken)
        recording.changed()
    assert any(note.startswith("updating the views failed") for note in recording.status.notes)
    assert len(recording) == 1


def test_views_may_be_made_and_closed_while_another_thread_trains(wire: Wire, recording: Recording):
    done = threading.Event()

    def run() -> None:
        step = 0
        while not done.is_set():
            train(wire, recording, range(step, step + 1), 0.05)
            step += 1

    thread = threading.Thread(target=run)
    thread.start()
    for _ in range(15):
        view = Explorer(recording)
        view.step = 1
        view.close()
    done.set()
    thread.join()
    assert [note for note in recording.status.notes if "failed" in note] == []
    assert recording.listeners == []
