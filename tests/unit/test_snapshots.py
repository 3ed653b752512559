"""What a snapshot holds, when it comes, and that those of a running cell are made beside training."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Sequence

import numpy as np
import pytest

from rnnwidgets import schema
from rnnwidgets.frame import Frame
from rnnwidgets.recording import Recording
from rnnwidgets.widgets import Explorer, beside, lanes
from rnnwidgets.widgets import publisher as publishing
from rnnwidgets.wire import encode_step
from tests.unit.browser import Store, Wire, same_curves, train

FULL = (35, 4, 128)
SECONDS = 30.0


def test_a_snapshot_keeps_to_its_bytes_and_holds_the_first_and_the_latest_step(wire: Wire, recording: Recording):
    train(wire, recording, range(90), 0.1, shape=FULL)
    for step in range(2000):
        recording.log(90 + step, {f"curve {k}": step * k for k in range(12)})
    Explorer(recording)
    (opened,) = wire.snapshots()
    store = Store()
    store.take(opened)
    size = sum(map(len, opened.buffers))
    assert schema.SNAPSHOT_BYTES * 0.9 < size <= schema.SNAPSHOT_BYTES
    steps = sorted(store.steps)
    assert (steps[0], steps[-1]) == (0, 89)
    assert len(steps) >= 28
    assert np.diff(steps[:-1]).max() <= 4
    assert set(list(store.curves)[:2]) == {"loss", "grad_norm"}
    assert len(store.curves) == 14
    assert store.steps[89]["planes"]["lstm.l0", "h"]["stride"] == [1, 1, 1]


def test_a_snapshot_of_a_running_cell_is_small_and_spans_the_run_and_the_one_at_its_end_is_whole(
    wire: Wire, recording: Recording
):
    publisher = wire.publish(recording)
    Explorer(recording)
    train(wire, recording, range(90), 0.1, shape=FULL)
    publisher._settled(last=True)
    *running, ended = wire.snapshots()[1:]
    stores = [Store() for _ in running]
    for store, sent in zip(stores, running, strict=True):
        store.take(sent)
        assert sum(map(len, sent.buffers)) <= lanes.RUNNING_BYTES
    steps = sorted(stores[-1].steps)
    assert (steps[0], steps[-1]) == (0, stores[-1].status["step"])
    assert len(steps) >= 6
    assert np.diff(steps).max() <= 2 * steps[-1] / len(steps)
    whole = Store()
    whole.take(ended)
    assert len(whole.steps) > 3 * len(steps)
    same_curves(whole, recording)


def test_snapshots_of_a_running_cell_come_after_two_seconds_and_then_ever_more_rarely(wire: Wire, recording: Recording):
    wire.publish(recording)
    Explorer(recording)
    start = wire.clock.now
    train(wire, recording, range(600), 0.1)
    times = [sent.at - start for sent in wire.snapshots()[1:]]
    gaps = np.diff(times)
    assert times[0] == pytest.approx(2.1, abs=0.11)
    assert (np.diff(gaps) > -0.11).all()
    assert gaps[0] == pytest.approx(3.0, abs=0.11)
    assert gaps[-1] == pytest.approx(10.0, abs=0.11)


def views_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == beside.THREAD_NAME]


def until_told(still: Sequence[threading.Thread] = ()) -> None:
    """Wait for the threads on which deltas and snapshots are made, but for those that are held up."""
    for thread in views_threads():
        if thread not in still:
            thread.join(SECONDS)
            assert not thread.is_alive()


def test_a_snapshot_of_a_running_cell_is_encoded_beside_training_which_goes_on_meanwhile(
    wire: Wire, recording: Recording, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(publishing, "worker", beside.Beside)
    monkeypatch.setattr(beside, "LINGER", 0.05)
    encoding, may_end, encoders = threading.Event(), threading.Event(), list[threading.Thread]()

    def slow(frame: Frame, limit: int) -> bytes:
        if limit == lanes.SNAPSHOT_STEP_BYTES:
            encoders.append(threading.current_thread())
            encoding.set()
            assert may_end.wait(SECONDS)
        return encode_step(frame, limit)

    monkeypatch.setattr(lanes, "encode_step", slow)
    wire.publish(recording)
    Explorer(recording)
    train(wire, recording, range(25), 0.1)
    assert encoding.wait(SECONDS)
    train(wire, recording, range(25, 60), 0.2)
    assert len(wire.snapshots()) == 1
    until_told(encoders)
    assert views_threads() == encoders
    may_end.set()
    until_told()
    assert [sent.kind for sent in wire.snapshots()] == ["comm_open", "comm_msg"]
    live, healed = Store(), Store()
    for sent in wire:
        live.take(sent)
    healed.take(wire.snapshots()[-1])
    assert live.gaps == []
    assert (healed.seq, sorted(healed.steps)) == (live.seq, recording.steps)
    same_curves(healed, recording)
    train(wire, recording, range(60, 120), 0.2)
    until_told()
    assert len(wire.snapshots()) >= 3
    assert recording.aside.counted > 0


def test_a_step_once_encoded_stays_in_later_snapshots_and_is_seldom_encoded_again(
    wire: Wire, recording: Recording, monkeypatch: pytest.MonkeyPatch
):
    encoded: list[int] = []

    def counting(frame: Frame, limit: int) -> bytes:
        encoded.extend([frame.step] if limit == lanes.SNAPSHOT_STEP_BYTES else [])
        return encode_step(frame, limit)

    monkeypatch.setattr(lanes, "encode_step", counting)
    monkeypatch.setattr(schema, "SNAPSHOT_BYTES", 400_000)
    wire.publish(recording)
    Explorer(recording)
    train(wire, recording, range(1000), 0.1)
    stores = [Store() for _ in wire.snapshots()]
    for store, sent in zip(stores, wire.snapshots(), strict=True):
        store.take(sent)
    held = [set(store.steps) for store in stores if len(store.steps) < max(store.steps, default=0) / 2]
    assert len(held) >= 6
    assert all(len(later & before) > len(later) / 2 for before, later in itertools.pairwise(held))
    assert 2 * len(encoded) < sum(len(store.steps) for store in stores)
    for steps in held:
        rising = sorted(steps)
        assert rising[0] == 0
        assert np.diff(rising[:-1]).max() <= 2 * np.ceil(rising[-1] / (len(rising) - 2))


def test_a_step_that_changed_since_it_was_encoded_is_encoded_again(wire: Wire, recording: Recording):
    publisher = wire.publish(recording)
    Explorer(recording)
    train(wire, recording, range(3), 1.0)
    publisher._durable.prepare(recording[:])
    recording.log(2, {"accuracy": 0.5})
    train(wire, recording, range(3, 5), 1.0)
    publisher._settled(last=True)
    store = Store()
    store.take(wire.snapshots()[-1])
    assert store.steps[2]["scalars"]["accuracy"] == 0.5


@pytest.mark.parametrize("state", ["paused", "finished", "failed"])
def test_a_change_of_state_brings_a_snapshot_at_once(wire: Wire, recording: Recording, state: schema.State):
    wire.publish(recording)
    Explorer(recording)
    train(wire, recording, range(3), 0.3)
    recording.report(state=state)
    wire.clock.now += 1
    recording.changed()
    store = Store()
    store.take(wire.snapshots()[-1])
    assert len(wire.snapshots()) == 2
    assert (store.status["state"], max(store.steps)) == (state, 2)


def test_pausing_at_every_step_does_not_bring_a_snapshot_at_every_step(wire: Wire, recording: Recording):
    wire.publish(recording)
    Explorer(recording)
    for step in range(50):
        recording.report(state="live")
        train(wire, recording, range(step, step + 1), 0.02)
        recording.report(state="paused")
        recording.changed()
    assert len(wire.snapshots()) <= 3


def test_meta_and_snapshot_travel_in_one_message_even_if_unchanged(wire: Wire, recording: Recording):
    publisher = wire.publish(recording)
    Explorer(recording)
    for _ in range(2):
        publisher._settled(last=True)
    opened, *updates = wire.snapshots()
    assert opened.kind == "comm_open"
    assert [sorted(sent.data["state"]) for sent in updates] == [["_meta"], ["_meta"]]
    assert [sent.data["buffer_paths"] for sent in updates] == [[["_snapshot"]], [["_snapshot"]]]
    assert updates[0].buffers == updates[1].buffers == opened.buffers
    assert wire[-2:] == updates
