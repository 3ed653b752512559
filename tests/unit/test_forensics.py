"""The first value that is not finite is found where it is; spikes and clipping are counted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rnnwidgets.analysis import clipped_share, first_bad, spikes
from rnnwidgets.frame import Frame
from tests.unit.frames import make_frame, make_trace


def place(frames: list[Frame]) -> tuple[str, int, int, int]:
    found = first_bad(frames)
    assert found is not None
    return found.gate, found.time, found.sample, found.unit


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("gate", ["i", "f", "g", "o", "c", "h", "dh", "dc", "dy"])
def test_one_bad_value_is_found_at_its_step_layer_gate_time_sample_and_unit(gate: str, value: float):
    frames = [make_frame(step) for step in range(5)]
    frames[3]["lstm.l0"][gate][4, 1, 2] = value
    found = first_bad(frames)
    assert found is not None
    assert found[:6] == (3, "lstm.l0", gate, 4, 1, 2)
    np.testing.assert_equal(found.value, value)
    assert first_bad(frames[:3]) is None


def test_forwards_the_earliest_time_is_first_and_before_any_gradient():
    frame = make_frame(0)
    trace = frame["lstm.l0"]
    trace["dh"][6] = np.nan
    trace["c"][3:] = np.nan
    trace["f"][2, 1, 4] = np.nan
    assert place([frame]) == ("f", 2, 1, 4)


def test_backwards_the_latest_time_is_first_and_in_a_reverse_direction_the_earliest():
    frame = make_frame(0)
    frame["lstm.l0"]["dh"][:5, 1, 3] = np.nan
    assert place([frame]) == ("dh", 4, 1, 3)
    reverse = replace(make_trace(layer="lstm.l0_reverse"))
    reverse["dh"][2:, 1, 3] = np.nan
    assert place([Frame(0, (0, 1), {reverse.layer: reverse})]) == ("dh", 2, 1, 3)
    reverse["f"][:4, 0, 1] = np.nan
    assert place([Frame(0, (0, 1), {reverse.layer: reverse})]) == ("f", 3, 0, 1)


def test_of_the_last_times_of_a_long_sequence_the_time_is_that_of_the_input():
    frame = make_frame(0)
    frame["lstm.l0"]["g"][2, 1, 4] = np.nan
    assert place([Frame(0, (0, 1), {"lstm.l0": replace(frame["lstm.l0"], first=1000)})]) == ("g", 1002, 1, 4)


def test_what_lies_past_a_length_is_not_bad():
    frame = make_frame(0)
    trace = frame["lstm.l0"]
    for name in trace.names:
        trace[name][5:, 1] = np.nan
    short = Frame(0, (0, 1), {"lstm.l0": replace(trace, lengths=(7, 5))})
    assert first_bad([short]) is None


def test_a_value_far_above_those_before_it_is_a_spike():
    random = np.random.default_rng(0)
    values = 1 + 0.05 * random.standard_normal(200)
    values[[40, 120]] = 9.0, 30.0
    found = spikes(range(0, 400, 2), values)
    assert [(one.step, one.value) for one in found] == [(80, 9.0), (240, 30.0)]
    assert all(one.usual == pytest.approx(1, abs=0.05) for one in found)


def test_a_fall_a_drift_an_early_value_and_what_is_not_finite_are_no_spikes():
    falling = 3 * 0.97 ** np.arange(200.0)
    assert spikes(range(200), falling) == []
    assert spikes(range(200), falling[::-1]) == []
    assert spikes(range(5), [1, 1, 1, 1, 50]) == []
    broken = np.ones(60)
    broken[30:] = np.nan
    broken[20] = np.inf
    assert spikes(range(60), broken) == []


def test_the_window_before_a_spike_is_that_of_the_finite_values():
    values = np.ones(80)
    values[1::2] = np.nan
    values[60] = 40.0
    assert [(one.step, one.usual) for one in spikes(range(80), values)] == [(60, 1.0)]


def test_the_share_of_clipped_steps_is_that_of_norms_that_became_smaller():
    assert clipped_share([2.0, 0.5, 3.0, np.nan], [1.0, 0.5, 1.0, 1.0]) == pytest.approx(2 / 3)
    assert np.isnan(clipped_share([], []))
