"""A frame's bytes are the frame, bit for bit, and damaged bytes are never a frame."""

from __future__ import annotations

import json
import math
import struct
import zlib
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rnnwidgets import schema
from rnnwidgets.errors import FrameBytesError, UnknownNameError
from rnnwidgets.frame import Frame, ParameterNorm, RawPlane, Trace, decode, encode, number, scalar, split, step_header
from tests.unit.frames import make_frame, make_trace

NUMBERS = st.floats(allow_nan=True, allow_infinity=True)
ANY_ARRAY = st.sampled_from([np.float32, np.float64]).flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=3, max_dims=3, max_side=5))
)


@given(ANY_ARRAY, NUMBERS, st.text(max_size=9), st.integers(0, 2**53 - 1))
def test_a_frame_read_back_is_the_frame_that_was_written_bit_for_bit(
    array: np.ndarray, value: float, text: str, step: int
):
    trace = Trace("rnn.l0", "RNN_TANH", (2, 1), value, text, {"h": array, "dy": array[::-1]})
    frame = Frame(
        step,
        (4, 7),
        {"rnn.l0": trace},
        {text: value},
        {"w": ParameterNorm(value, 1.5)},
        ((text, ""), ("中", "\n")),
        value,
    )
    back = Frame.from_bytes(frame.to_bytes())
    assert (back.step, back.samples, back.tokens, back.layers) == (step, (4, 7), frame.tokens, ("rnn.l0",))
    for name in ("h", "dy"):
        assert back["rnn.l0"][name].dtype == array.dtype
        assert back["rnn.l0"][name].tobytes() == trace[name].tobytes()
    assert (back["rnn.l0"].kind, back["rnn.l0"].lengths, back["rnn.l0"].inexact) == ("RNN_TANH", (2, 1), text)
    for found in (back.scalars[text], back.norms["w"].gradient, back["rnn.l0"].replay_error, back.overhead):
        np.testing.assert_equal(found, value)
    assert back.to_bytes() == frame.to_bytes()


def test_a_frame_of_a_forward_pass_alone_says_so_and_one_of_an_unknown_mode_is_refused():
    frame = replace(make_frame(3), mode="forward")
    assert Frame.from_bytes(frame.to_bytes()).mode == "forward"
    assert Frame.from_bytes(make_frame(3).to_bytes()).mode == "training"
    other = replace(frame, mode=cast("Any", "backward"))
    with pytest.raises(FrameBytesError, match='expected mode "training" or "forward", found \'backward\''):
        Frame.from_bytes(other.to_bytes())


def test_weights_and_starting_states_come_back_bit_for_bit_and_count_among_the_bytes_held():
    plain = make_trace((3, 2, 4), "LSTM")
    random = np.random.default_rng(3)
    weights: dict[str, Any] = {"W_hh": random.standard_normal((16, 3)), "b_hh": random.standard_normal(16, np.float32)}
    start = {"h": random.standard_normal((2, 3)), "c": random.standard_normal((2, 4))}
    trace = replace(plain, arrays={**plain.arrays, "start.h": plain["h"]}, weights=weights, start=start)
    back = Frame.from_bytes(Frame(1, (0, 1), {"lstm.l0": trace}).to_bytes())["lstm.l0"]
    for found, wanted in ((back.weights, weights), (back.start, start), (back.arrays, trace.arrays)):
        assert list(found) == list(wanted)
        for name, array in wanted.items():
            np.testing.assert_array_equal(found[name], array, strict=True)
    assert back.nbytes == trace.nbytes == plain.nbytes + plain["h"].nbytes + 8 * 48 + 4 * 16 + 8 * (6 + 8)


def test_the_arrays_of_a_frame_that_was_read_cannot_be_written():
    array = Frame.from_bytes(make_frame(3).to_bytes())["lstm.l0"]["f"]
    with pytest.raises(ValueError, match="read-only"):
        array[0, 0, 0] = 1


def test_planes_lie_where_the_schema_says():
    data = make_frame(3).to_bytes()
    magic, version, header_bytes, body_bytes = struct.unpack_from("<4sIII", data)
    assert (magic, version) == (b"RNNW", schema.VERSION)
    assert len(data) == 24 + header_bytes + body_bytes
    header = json.loads(data[24 : 24 + header_bytes])
    for plane in header["planes"]:
        start = 24 + header_bytes + plane["offset"]
        assert start % 8 == 0
        values = struct.unpack_from(f"<{math.prod(plane['shape'])}f", data, start)
        np.testing.assert_array_equal(values, make_trace(seed=3)[plane["name"]].ravel())


def test_every_flipped_bit_of_a_frame_is_noticed():
    trace = Trace("r", "RNN_TANH", (1,), 0.0, "", {"h": np.ones((1, 1, 2), np.float32)})
    data = Frame(0, (0,), {"r": trace}).to_bytes()
    for bit in range(8 * len(data)):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        with pytest.raises(FrameBytesError):
            decode(bytes(damaged))


def test_every_frame_cut_short_or_with_more_behind_it_is_refused():
    data = make_frame(0, (2, 1, 2)).to_bytes()
    for size in range(len(data)):
        with pytest.raises(FrameBytesError):
            decode(data[:size])
    with pytest.raises(FrameBytesError, match="1 bytes after its end"):
        decode(data + b"\0")


def test_frames_one_after_the_other_come_apart_and_half_a_frame_is_refused():
    frames = [make_frame(step).to_bytes() for step in range(3)]
    assert list(split(b"".join(frames))) == frames
    with pytest.raises(FrameBytesError):
        list(split(b"".join(frames)[:-1]))


def sealed(header: Any, body: bytes = b"") -> bytes:
    """Bytes with a right checksum around any header."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    start = struct.pack("<4sIII", b"RNNW", schema.VERSION, len(text), len(body))
    return start + struct.pack("<II", zlib.crc32(start + text + body), 0) + text + body


PLANE = {"name": "h", "layer": "r", "dtype": "f4", "shape": [2], "offset": 0, "encoding": "raw"}


@pytest.mark.parametrize(
    "header",
    [
        {"planes": [{**PLANE, "shape": [2**60]}]},
        {"planes": [{**PLANE, "shape": [-1, -2]}]},
        {"planes": [{**PLANE, "shape": [1.5]}]},
        {"planes": [{**PLANE, "offset": 1}]},
        {"planes": [{**PLANE, "offset": -8}]},
        {"planes": [{**PLANE, "dtype": "O"}]},
        {"planes": [{"name": "h"}]},
        {"planes": 3},
        [],
        b"{",
        b"\xff\xff",
        b"[" * 100_000,
    ],
    ids=lambda header: repr(header)[:40],
)
def test_a_hostile_header_with_a_right_checksum_is_refused_before_anything_is_allocated(header: Any):
    with pytest.raises(FrameBytesError):
        decode(sealed(header, bytes(8)))


def test_a_size_beyond_the_bytes_is_refused_by_the_prefix_alone():
    prefix = struct.pack("<4sIIIII", b"RNNW", schema.VERSION, 2**32 - 1, 2**32 - 1, 0, 0)
    with pytest.raises(FrameBytesError, match=f"expected {24 + 2 * (2**32 - 1)} bytes, found 24"):
        decode(prefix)


def test_another_version_is_told_from_damage():
    data = bytearray(make_frame(0).to_bytes())
    data[4] = 9
    with pytest.raises(FrameBytesError, match="expected frame version 1, found version 9"):
        decode(bytes(data))


def test_a_frame_made_for_display_or_without_its_fields_is_not_read_as_a_recording():
    with pytest.raises(FrameBytesError, match="made for display"):
        Frame.from_bytes(encode(schema.CurvesHeader("curves", ()), []))
    with pytest.raises(FrameBytesError, match="schema"):
        Frame.from_bytes(sealed({"kind": "step", "planes": []}))


def test_an_array_of_a_type_without_a_place_is_refused():
    frame = make_frame(0)
    for dtype in (np.float16, np.int64):
        with pytest.raises(KeyError):
            encode(step_header(frame), [RawPlane("r", "h", ("unit",), np.zeros(3, dtype))])


@given(NUMBERS)
def test_a_scalar_survives_strict_json(value: float):
    np.testing.assert_equal(number(json.loads(json.dumps(scalar(value), allow_nan=False))), value)


def test_an_unknown_name_lists_those_there_are():
    frame = make_frame(0, kind="GRU")
    with pytest.raises(UnknownNameError, match=r"a recorded layer \(lstm.l0\), found 'gru'"):
        frame["gru"]
    with pytest.raises(UnknownNameError, match=r"a quantity of lstm.l0 \(r, z, n, h, dh, dy\), found 'f'"):
        frame["lstm.l0"]["f"]


def test_the_size_of_a_frame_is_that_of_its_arrays_and_tokens():
    frame = make_frame(0, (2, 1, 3))
    assert frame["lstm.l0"].names == ("i", "f", "g", "o", "c", "h", "dh", "dc", "dy")
    assert frame.nbytes == 9 * 2 * 1 * 3 * 4 + len("word0word1")
