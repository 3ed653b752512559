"""A recording holds no more than its memory, spreads what it keeps, and never averages a value away."""

from __future__ import annotations

import math
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnwidgets import schema
from rnnwidgets.errors import RecordingError
from rnnwidgets.frame import Frame, Trace
from rnnwidgets.recording import Recording, Series
from tests.unit.frames import make_frame


def sized(step: int, size: int) -> Frame:
    """A frame of so many bytes."""
    array = np.zeros((size, 1, 1), np.uint8)
    return Frame(step, (0,), {"r": Trace("r", "RNN_TANH", (size,), 0.0, "", {"h": array})})


@pytest.mark.parametrize("seed", range(5))
def test_memory_is_a_hard_cap_over_thousands_of_frames_of_any_size(seed: int):
    random = np.random.default_rng(seed)
    recording = Recording(memory=5000)
    for step in range(2000):
        recording.append(sized(step, int(random.choice([1, 10, 100, int(random.integers(1, 6000))]))))
        held = sum(frame.nbytes for frame in recording)
        assert recording.nbytes == held == recording.status.held_bytes
        assert held <= 5000
    status = recording.status
    assert status.recorded == 2000
    assert status.recorded - status.thinned == len(recording)
    assert recording.steps == sorted(set(recording.steps))


def test_the_latest_frames_are_held_one_by_one_and_older_ones_ever_sparser():
    recording = Recording(memory=100 * 64)
    for step in range(20_000):
        recording.append(sized(step, 64))
    steps = np.array(recording.steps)
    assert steps[0] == 0
    assert steps[-1] == 19_999
    np.testing.assert_array_equal(steps[-40:], np.arange(19_960, 20_000))
    old = steps[steps < 19_900]
    gaps = np.diff(np.log1p(old))
    late = gaps[old[1:] > 100]
    assert len(old) >= 30
    assert late.max() < 1.0
    assert np.diff(old)[-1] > 10 * np.diff(old)[0]


def test_a_frame_larger_than_the_memory_keeps_its_first_samples_and_last_times_exactly():
    whole = make_frame(0, (40, 3, 16))
    recording = Recording(memory=whole.nbytes // 2)
    recording.append(whole)
    held, trace = recording[0], whole["lstm.l0"]
    assert recording.nbytes == held.nbytes <= recording.memory // 4
    first = held["lstm.l0"].first
    assert (held.samples, held["lstm.l0"].lengths) == ((0,), (40 - first,))
    assert first > 0
    for name in trace.names:
        np.testing.assert_array_equal(held["lstm.l0"][name], trace[name][first:, :1])
    assert held.tokens is not None
    assert whole.tokens is not None
    assert held.tokens[0] == whole.tokens[0][first:]
    (note,) = recording.status.notes
    assert "the first samples and the last times are kept" in note


def test_a_frame_of_which_not_one_time_fits_is_not_kept_and_that_is_said():
    recording = Recording(memory=100)
    recording.append(sized(0, 60))
    recording.append(make_frame(1, (1, 1, 50)))
    assert recording.steps == [0]
    assert (recording.status.recorded, recording.status.thinned) == (2, 1)
    (note,) = recording.status.notes
    assert note.startswith("step 1 needs")
    assert "more than memory=100, and was not kept: watch fewer samples or give more memory" in note


def test_what_others_hold_is_counted_and_frames_make_room_for_it():
    class Owner:
        nbytes = 3000

    owner, recording = Owner(), Recording(memory=10_000)
    recording.owned("views", owner)
    for step in range(200):
        recording.append(sized(step, 500))
        assert sum(recording.ledger.values()) <= recording.memory
    assert recording.ledger == {"frames": recording.nbytes, "curves": 0, "views": 3000}
    del owner
    assert set(recording.ledger) == {"frames", "curves"}


def test_memory_must_be_positive():
    with pytest.raises(RecordingError, match="memory: expected a positive number of bytes, found 0"):
        Recording(memory=0)


@settings(deadline=None)
@given(
    st.lists(
        st.one_of(st.floats(-1e6, 1e6), st.sampled_from([math.nan, math.inf, -math.inf])), min_size=1, max_size=80
    ),
    st.integers(1, 60),
)
def test_the_bins_of_a_series_equal_those_by_brute_force(values: list[float], repeat: int):
    values = values * repeat
    series = Series()
    for step, value in enumerate(values):
        series.append(3 * step, value)
    width, bins = series.width, series.bins
    assert width == 2 ** max(0, math.ceil(math.log2(len(values) / schema.CURVE_BINS)))
    groups = [np.array(values[k : k + width]) for k in range(0, len(values), width)]
    assert bins.shape == (6, len(groups))
    for column, (group, bin_) in enumerate(zip(groups, bins.T, strict=True)):
        first, last, low, high, mean, count = bin_
        assert (first, last, count) == (3 * column * width, 3 * (column * width + len(group) - 1), len(group))
        numbers = group[~np.isnan(group)]
        np.testing.assert_equal(low, numbers.min() if len(numbers) else math.nan)
        np.testing.assert_equal(high, numbers.max() if len(numbers) else math.nan)
        with np.errstate(invalid="ignore"):
            np.testing.assert_allclose(mean, group.mean(), rtol=1e-9, atol=1e-6)


def test_a_nan_stays_visible_however_often_bins_are_merged():
    series = Series()
    for step in range(50_000):
        series.append(step, math.nan if step == 12_345 else 1.0)
    bad = np.flatnonzero(np.isnan(series.curve().values))
    first, last = series.bins[:2, bad[0]]
    assert len(bad) == 1
    assert first <= 12_345 <= last


def test_two_values_of_one_step_share_a_bin_so_that_first_steps_always_rise():
    series = Series()
    for step, value in [(0, 1.0), (1, 2.0), (1, 4.0), (0, 9.0), (2, 5.0)]:
        series.append(step, value)
    np.testing.assert_array_equal(series.bins[:2], [[0, 1, 2], [0, 1, 2]])
    np.testing.assert_allclose(series.bins[2:], [[1, 2, 5], [1, 9, 5], [1, 5, 5], [1, 3, 1]])


def test_a_curve_unpacks_into_steps_and_values():
    recording = Recording()
    recording.append(make_frame(4, scalars={"loss": 2.5}))
    recording.log(9, {"loss": 1.5, "lr": 0.1})
    steps, values = recording.scalars["loss"]
    assert (steps.tolist(), values.tolist()) == ([4, 9], [2.5, 1.5])
    assert steps.dtype == np.int64
    assert recording.scalars["lr"].steps.tolist() == [9]


def test_scalars_logged_at_the_step_of_the_latest_frame_are_that_frames_scalars():
    recording = Recording()
    recording.append(make_frame(4, scalars={"grad_norm": 0.5}))
    recording.log(4, {"loss": 1.0})
    recording.log(5, {"loss": 0.9})
    assert recording[-1].scalars == {"grad_norm": 0.5, "loss": 1.0}
    assert recording.status.step == 5


def test_a_recording_is_a_sequence_of_frames_oldest_first():
    recording = Recording()
    assert (len(recording), recording.layers, recording.steps) == (0, (), [])
    frames = [make_frame(step) for step in range(5)]
    for frame in frames:
        recording.append(frame)
    assert list(recording) == frames
    assert recording[-1] is frames[-1]
    assert recording[1:3] == frames[1:3]
    assert recording.layers == ("lstm.l0",)
    assert repr(recording) == f"<Recording of lstm.l0: 5 frames, last step 4, {recording.nbytes} bytes>"


def test_listeners_hear_first_that_a_frame_came_and_then_that_its_scalars_did():
    recording = Recording()
    heard: list[bool] = []
    end = recording.subscribe(heard.append)
    recording.append(make_frame(0))
    recording.log(0, {"loss": 1.0})
    recording.changed()
    end()
    end()
    recording.append(make_frame(1))
    assert heard == [False, True, True]


def test_a_note_is_made_once():
    recording = Recording()
    recording.note("a")
    recording.note("b")
    recording.note("a")
    assert recording.status.notes == ("a", "b")


def test_two_recordings_are_two_runs():
    assert Recording().run != Recording().run


def test_reading_while_another_thread_writes_sees_whole_frames_in_order():
    recording = Recording(memory=50_000)
    failures: list[str] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            steps = recording.steps
            series = recording.series().get("loss")
            if steps != sorted(steps):
                failures.append(f"steps {steps}")
            if series is not None and not np.isfinite(series[1]).all():
                failures.append("half a bin")

    reader = threading.Thread(target=read)
    reader.start()
    for step in range(3000):
        recording.append(sized(step, 100))
        recording.log(step, {"loss": 1.0})
    done.set()
    reader.join()
    assert failures == []
