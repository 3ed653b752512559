"""What the publisher sends, when, and that nothing of it outlives its views or reaches training."""

from __future__ import annotations

import itertools
import json
from typing import Any, cast

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell

from rnnwidgets import schema
from rnnwidgets.recording import Recording
from rnnwidgets.widgets import Explorer, GateHeatmap
from rnnwidgets.widgets.publisher import publisher_of
from tests.unit.browser import Store, Wire, same_curves, train
from tests.unit.frames import make_frame

FULL = (35, 4, 128)
SECONDS = 30.0


def test_a_step_is_sent_with_its_scalars_as_soon_as_they_are_logged(wire: Wire, recording: Recording):
    wire.publish(recording)
    Explorer(recording)
    train(wire, recording, range(1), 1.0)
    (sent,) = wire.deltas()
    content = sent.data["content"]
    assert (content["kind"], content["version"], content["run"], content["seq"]) == ("delta", 1, recording.run, 1)
    assert content["status"]["state"] == "live"
    json.dumps(content, allow_nan=False)
    store = Store()
    store.take(sent)
    assert store.steps[0]["scalars"] == {"grad_norm": 1.0, "loss": 1.0}


def test_without_scalars_a_step_is_sent_when_the_next_one_comes(wire: Wire, recording: Recording):
    wire.publish(recording)
    Explorer(recording)
    store = Store()
    for step in range(3):
        wire.clock.now += 1
        recording.append(make_frame(step))
        for sent in wire.deltas():
            store.take(sent)
        assert sorted(store.steps) == list(range(step))


@pytest.mark.parametrize("views", [1, 3, 4, 12])
def test_all_views_together_keep_to_ten_messages_and_a_megabyte_a_second(wire: Wire, recording: Recording, views: int):
    publisher = wire.publish(recording)
    shown = [GateHeatmap(recording) for _ in range(views)]
    train(wire, recording, range(300), 0.02, shape=FULL)
    deltas = wire.deltas()
    assert len({sent.comm_id for sent in deltas}) == len(shown)
    assert all(len(sent.buffers) == 1 for sent in deltas)
    assert max(len(sent.buffers[0]) + 4096 for sent in deltas) <= schema.LIVE_MESSAGE_BYTES
    times = sorted({sent.at for sent in deltas})
    for start in times:
        second = [len(sent.buffers[0]) for sent in deltas if start <= sent.at < start + 1 - 1e-9]
        assert len(second) <= max(schema.LIVE_MESSAGES_PER_SECOND, views)
        assert sum(second) <= schema.LIVE_BYTES_PER_SECOND
    assert len(times) >= 4
    assert publisher._live.seq == len(times)


@pytest.mark.parametrize("views", [4, 5, 10])
def test_no_second_has_more_than_ten_messages_though_sending_takes_now_long_now_short(
    wire: Wire, recording: Recording, views: int
):
    wire.publish(recording)
    shown = [GateHeatmap(recording) for _ in range(views)]
    wire.takes = itertools.cycle([0.05] * views + [0.0] * views)
    train(wire, recording, range(300), 0.02)
    times = [sent.at for sent in wire.deltas()]
    assert len(times) >= 3 * len(shown)
    assert max(sum(start <= at < start + 1 for at in times) for start in times) <= schema.LIVE_MESSAGES_PER_SECOND


@pytest.mark.parametrize(("seconds", "pace"), [(0.007, 9.4), (0.031, 9.4), (0.04, 9.4), (0.09, 8.8)])
def test_a_message_that_waited_for_the_end_of_a_step_puts_off_no_later_one(
    wire: Wire, recording: Recording, seconds: float, pace: float
):
    wire.publish(recording)
    Explorer(recording)
    train(wire, recording, range(int(SECONDS / seconds)), seconds)
    times = [sent.at for sent in wire.deltas()]
    assert (len(times) - 1) / (times[-1] - times[0]) >= pace
    assert max(sum(start <= at < start + 1 for at in times) for start in times) <= schema.LIVE_MESSAGES_PER_SECOND


def test_what_came_while_the_lane_was_busy_is_skipped_for_the_latest_without_a_gap(wire: Wire, recording: Recording):
    wire.publish(recording)
    Explorer(recording)
    store = Store()
    train(wire, recording, range(100), 0.01)
    for sent in wire:
        store.take(sent)
    assert store.gaps == []
    assert [sent.data["content"]["seq"] for sent in wire.deltas()] == list(range(1, len(wire.deltas()) + 1))
    assert 9 <= len(store.steps) <= 11
    assert max(store.steps) >= 89


def test_deltas_rebuild_the_curves_exactly_though_each_brings_only_changed_bins(wire: Wire, recording: Recording):
    wire.publish(recording)
    Explorer(recording)
    store = Store()
    for start in range(0, 5000, 50):
        wire.clock.now += 1
        for step in range(start, start + 50):
            recording.log(step, {"loss": np.cos(step), "lr": 0.1})
        for sent in wire:
            store.take(sent)
        del wire[:]
    wire.clock.now += 1
    recording.changed()
    wire.clock.now += 1
    recording.changed()
    sizes = [len(sent.buffers[0]) for sent in wire.deltas()]
    for sent in wire:
        store.take(sent)
    same_curves(store, recording)
    assert store.gaps == []
    assert sizes[-1] < 1000


def test_a_store_that_missed_everything_is_healed_by_the_next_snapshot(wire: Wire, recording: Recording):
    wire.publish(recording)
    Explorer(recording)
    train(wire, recording, range(60), 0.05)
    lost = len(wire)
    recording.report(state="finished")
    recording.changed()
    store = Store()
    for sent in wire[lost:]:
        store.take(sent)
    same_curves(store, recording)
    assert store.gaps == []
    assert store.status["state"] == "finished"
    assert sorted(store.steps) == recording.steps
    assert store.steps[59]["scalars"] == dict(recording[-1].scalars)


def test_a_delta_older_than_the_snapshot_changes_nothing(wire: Wire, recording: Recording):
    wire.publish(recording)
    Explorer(recording)
    train(wire, recording, range(20), 0.2)
    late = Explorer(recording)
    store = Store()
    for sent in [wire[-1], *wire.deltas()]:
        store.take(sent)
    assert late.comm.comm_id == wire[-1].comm_id
    assert (store.gaps, sorted(store.steps)) == ([], recording.steps)
    same_curves(store, recording)


def test_the_end_of_the_cell_says_finished_and_the_next_step_says_live_again(wire: Wire, recording: Recording):
    shell = InteractiveShell.instance()
    try:
        wire.publish(recording)
        Explorer(recording)
        callbacks = len(shell.events.callbacks["post_run_cell"])
        shell.user_ns["train"] = lambda start: train(wire, recording, range(start, start + 3), 0.3)
        stores = []
        for code in ("train(0); raise KeyboardInterrupt", "None", "train(3)", "train(6); 1 / 0"):
            shell.run_cell(code, silent=False)
            stores.append(Store())
            for sent in wire:
                stores[-1].take(sent)
            del wire[:]
        assert [store.status.get("state") for store in stores] == ["finished", None, "finished", "failed"]
        assert [max(store.steps, default=None) for store in stores] == [2, None, 5, 8]
        train(wire, recording, range(9, 10), 0.3)
        assert wire.deltas()[-1].data["content"]["status"]["state"] == "live"
        assert recording.status.state == "live"
        cast(Any, publisher_of(recording)._views.pop()).close()
        assert len(shell.events.callbacks["post_run_cell"]) == callbacks - 1
    finally:
        InteractiveShell.clear_instance()


def test_what_came_last_is_sent_and_the_snapshot_sent_again_when_nothing_more_comes(wire: Wire, recording: Recording):
    publisher = wire.publish(recording)
    Explorer(recording)
    recording.append(make_frame(0))
    assert wire.deltas() == []
    wire.clock.now += 1
    publisher._settled(last=False)
    assert (len(wire.deltas()), len(wire.snapshots())) == (1, 1)
    wire.clock.now += 3
    publisher._settled(last=True)
    store = Store()
    store.take(wire.snapshots()[-1])
    assert (len(wire.snapshots()), sorted(store.steps)) == (2, [0])


def test_more_curves_than_are_sent_are_told(wire: Wire, recording: Recording):
    wire.publish(recording)
    Explorer(recording)
    wire.clock.now += 1
    recording.log(0, {f"c{k}": 1.0 for k in range(17)} | {"loss": 2.0})
    store = Store()
    store.take(wire.deltas()[0])
    assert list(store.curves) == ["loss", *(f"c{k}" for k in range(15))]
    assert store.status["notes"] == ["the first 16 of 18 curves are shown"]
