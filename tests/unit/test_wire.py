"""Frames on the wire keep to their limit, and say truly what was left out."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnwidgets import schema
from rnnwidgets.frame import Frame, ParameterNorm, Trace, decode
from rnnwidgets.wire import encode_curves, encode_step
from tests.unit.frames import make_frame, make_trace


@pytest.mark.parametrize("kind", [kind for kind in schema.GATES if kind != "TAP"])
def test_a_step_carries_every_gate_total_gradient_and_norm_of_its_kind(kind: schema.Kind):
    header, arrays = decode(encode_step(make_frame(7, (6, 2, 4), {"loss": 3.5}, kind), 100_000))
    planes = {plane["name"]: array for plane, array in zip(header["planes"], arrays, strict=True)}
    gradients = schema.TOTAL_GRADIENTS[kind]
    coded = [*schema.GATES[kind], *gradients]
    norms = [f"norm.{name}" for name in (*gradients, "dy")]
    assert set(planes) == {*coded, *(f"fine.{name}" for name in coded), *norms}
    assert (header["kind"], header["step"], header["samples"]) == ("step", 7, [0, 1])
    assert header["scalars"] == {"loss": 3.5}
    trace = make_trace((6, 2, 4), kind, seed=7)
    np.testing.assert_allclose(10.0 ** planes["norm.dh"], np.sqrt((trace["dh"].astype(float) ** 2).sum(-1)), rtol=2e-6)
    high = next(plane["high"] for plane in header["planes"] if plane["name"] == "h")
    places = planes["h"].astype(float) + (planes["fine.h"].astype(float) - 127) / 254
    np.testing.assert_allclose((places - 126) * high / 126, trace["h"], atol=high / 508 / 126 + 1e-6)


def test_a_step_carries_the_state_before_the_first_time_exactly():
    start = {"h": np.full((2, 4), 0.25, np.float32), "c": np.arange(8, dtype=np.float32).reshape(2, 4)}
    frame = Frame(0, (0, 1), {"lstm.l0": replace(make_trace((6, 2, 4)), start=start)})
    header, arrays = decode(encode_step(frame, 100_000))
    planes = {plane["name"]: array for plane, array in zip(header["planes"], arrays, strict=True)}
    np.testing.assert_array_equal(planes["start.h"], start["h"])
    np.testing.assert_array_equal(planes["start.c"], start["c"])


def test_a_step_carries_the_norms_of_at_most_32_parameters_those_of_recorded_layers_first():
    norms = {f"{module}.weight_{k}": ParameterNorm(1 / 3 + k, 2.0, math.nan) for module in "ab" for k in range(20)}
    frame = replace(make_frame(0), norms=norms)
    frame = replace(frame, traces={"b.l0": replace(frame["lstm.l0"], layer="b.l0")})
    sent = decode(encode_step(frame, 100_000))[0]["norms"]
    assert list(sent) == [*(f"b.weight_{k}" for k in range(20)), *(f"a.weight_{k}" for k in range(12))]
    assert sent["b.weight_2"][:3] == [2.333, 2.0, "nan"]


def test_parameters_with_huge_names_leave_room_for_the_picture():
    frame = replace(make_frame(0, (20, 1, 30)), norms={"n" * 50_000: ParameterNorm(1.0, 1.0)})
    data = encode_step(frame, 60_000)
    assert len(data) <= 60_000
    assert decode(data)[0]["norms"] == {}


def test_tapped_quantities_go_by_their_own_names_and_a_letter_that_a_kind_uses_means_nothing():
    random = np.random.default_rng(0)
    arrays = {name: random.standard_normal((4, 1, 3)) for name in ("i", "y", "di", "dy")}
    trace = Trace("cell", "TAP", (4,), math.nan, "", arrays)
    header, _ = decode(encode_step(Frame(3, (0,), {"cell": trace}, mode="forward"), 100_000))
    assert header["mode"] == "forward"
    planes = [plane for plane in header["planes"] if not plane["name"].startswith("fine.")]
    assert {plane["name"]: plane["encoding"] for plane in planes} == {
        "i": "symmetric",
        "y": "symmetric",
        "di": "signed_log",
        "dy": "signed_log",
        "norm.di": "log10",
        "norm.dy": "log10",
    }


@settings(deadline=None)
@given(st.tuples(st.integers(1, 90), st.integers(1, 5), st.integers(1, 90)), st.integers(16_000, 120_000))
def test_a_step_keeps_to_the_limit_and_its_strides_say_which_cells_were_sent(shape: tuple[int, int, int], limit: int):
    frame = make_frame(1, shape)
    data = encode_step(frame, limit)
    assert len(data) <= limit
    header, arrays = decode(data)
    fine = {plane["name"]: array for plane, array in zip(header["planes"], arrays, strict=True)}
    for plane, array in zip(header["planes"], arrays, strict=True):
        if plane["name"].startswith("fine."):
            continue
        source = frame["lstm.l0"][plane["name"].removeprefix("norm.")]
        assert plane["full"] == list(source.shape[: len(plane["axes"])])
        sent = source[tuple(slice(None, None, stride) for stride in plane["stride"])]
        assert array.shape == sent.shape[: array.ndim]
        if plane["encoding"] == "unit":
            np.testing.assert_allclose(array / 252, sent, atol=0.5 / 252 + 1e-6)
            exact = fine[f"fine.{plane['name']}"]
            first = exact.shape[1]
            assert first >= 1
            places = array[:, :first] + (exact.astype(float) - 127) / 254
            np.testing.assert_allclose(places / 252, sent[:, :first], atol=1 / 508 / 252 + 1e-6)
        if plane["encoding"] == "log10":
            with np.errstate(divide="ignore"):
                expected = np.log10(np.linalg.norm(sent.astype(float), axis=-1))
            np.testing.assert_allclose(array, expected, rtol=1e-5, atol=1e-5)


def test_a_step_with_room_is_whole_and_one_with_little_gives_up_samples_first():
    frame = make_frame(1, (20, 4, 30))
    whole, less = (decode(encode_step(frame, limit))[0]["planes"] for limit in (60_000, 18_000))
    assert {tuple(plane["stride"]) for plane in whole} == {(1, 1, 1), (1, 1)}
    assert {tuple(plane["stride"]) for plane in less if len(plane["stride"]) == 3} == {(1, 4, 1)}


def test_a_very_long_sequence_keeps_to_the_limit_by_striding_norms_and_leaving_tokens_out():
    frame = make_frame(1, (4000, 2, 1))
    header, _ = decode(encode_step(frame, 40_000))
    assert len(encode_step(frame, 40_000)) <= 40_000
    assert header["tokens"] is None
    strides = {plane["name"]: plane["stride"] for plane in header["planes"]}
    assert strides["norm.dh"] == [math.ceil(3 * 4000 * 2 * 4 / 10_000), 1]


def test_a_frame_of_too_many_layers_comes_longer_than_the_limit():
    traces = {f"r{k}": make_trace((2, 1, 2), "RNN_TANH", f"r{k}") for k in range(60)}
    data = encode_step(Frame(0, (0,), traces), 10_000)
    header, arrays = decode(data)
    assert len(data) > 10_000
    assert {array.size for plane, array in zip(header["planes"], arrays, strict=True) if plane["dtype"] == "u1"} == {1}


def test_gradients_are_left_out_where_no_backward_pass_ran():
    trace = make_trace()
    arrays = {name: array for name, array in trace.arrays.items() if not name.startswith("d")}
    bare = Frame(0, (0, 1), {"lstm.l0": type(trace)("lstm.l0", "LSTM", (7, 7), 0.0, "", arrays)})
    names = [plane["name"] for plane in decode(encode_step(bare, 50_000))[0]["planes"]]
    assert [name for name in names if not name.startswith("fine.")] == list("ifgoch")


def test_curves_carry_their_bins_exactly():
    bins = np.array([[0.0, 2], [1, 2], [math.nan, 1], [math.inf, 1], [0.1, 1 / 3], [2, 1]])
    header, arrays = decode(encode_curves({"loss": bins, "lr": bins[:, 1:]}))
    assert [plane["name"] for plane in header["planes"]] == ["loss", "lr"]
    assert arrays[0].tobytes() == bins.tobytes()
    np.testing.assert_array_equal(arrays[1], bins[:, 1:])
