"""Saturated, dead and still units, counted by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rnnwidgets.analysis import dead_units, saturation, still_units
from rnnwidgets.errors import RecordingError
from tests.unit.frames import make_trace


def test_a_sigmoid_gate_is_saturated_below_a_tenth_and_above_nine_tenths():
    trace = make_trace((4, 1, 3), "LSTM")
    trace["f"][:, 0] = np.array([[0.05, 0.1, 0.5], [0.95, 0.9, 0.5], [0.05, 0.91, 0.5], [0.5, 0.09, 0.5]])
    found = saturation(trace, "f")
    np.testing.assert_allclose(found.left, [0.5, 0.25, 0])
    np.testing.assert_allclose(found.right, [0.25, 0.25, 0])


def test_a_tanh_is_saturated_beyond_nine_tenths_on_either_side():
    trace = make_trace((4, 1, 2), "GRU")
    trace["n"][:, 0] = np.array([[-0.95, 0.05], [0.95, 0.0], [-0.91, 0.89], [0.0, -0.89]])
    found = saturation(trace, "n")
    np.testing.assert_allclose(found.left, [0.5, 0])
    np.testing.assert_allclose(found.right, [0.25, 0])


def test_a_window_of_steps_counts_all_of_them_and_nothing_past_a_length():
    first, second = make_trace((3, 2, 1), "GRU"), make_trace((3, 2, 1), "GRU", seed=1)
    first["z"][...], second["z"][...] = 0.99, 0.5
    first["z"][2, 1] = 0.01
    short = replace(first, lengths=(3, 2))
    found = saturation([short, second], "z")
    assert found.right == pytest.approx(5 / 11)
    assert found.left == 0


def test_a_relu_unit_is_dead_only_if_it_is_zero_throughout():
    first, second = make_trace((3, 2, 4), "RNN_RELU"), make_trace((3, 2, 4), "RNN_RELU", seed=1)
    for trace in (first, second):
        np.maximum(trace["h"], 0, out=trace["h"])
        trace["h"][..., [0, 2]] = 0
        trace["h"][..., 1] += 0.1
        trace["h"][..., 3] += 0.1
    second["h"][2, 1, 2] = 1e-6
    assert dead_units(first).tolist() == [True, False, True, False]
    assert dead_units([first, second]).tolist() == [True, False, False, False]


def test_a_unit_is_still_if_it_moves_by_no_more_than_a_thousandth():
    trace = make_trace((5, 2, 3), "LSTM")
    trace["h"][..., 0] = 0.7
    trace["h"][..., 1] = 0.7
    trace["h"][4, 1, 1] += 0.002
    assert still_units(trace).tolist() == [True, False, False]
    other = replace(trace, arrays={**trace.arrays, "h": trace["h"] + 0.01})
    assert still_units([trace, other]).tolist() == [False, False, False]


def test_what_cannot_be_saturated_or_dead_is_refused_in_one_sentence():
    with pytest.raises(RecordingError, match="gate: expected one of r, z, n, found 'c' of GRU"):
        saturation(make_trace(kind="GRU"), "c")
    with pytest.raises(RecordingError, match="expected a network with ReLU units, found LSTM"):
        dead_units(make_trace())
    with pytest.raises(RecordingError, match="expected at least one trace, found none"):
        still_units([])
