"""Row 26: values that are not finite are counted exactly, keep a code each, and the first of them is named."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import torch
from torch import nn

import rnnwidgets as rw
from rnnwidgets import reduce, schema
from tests.counts import count

SPECIAL = (math.nan, math.inf, -math.inf)
T, B, STEPS = 6, 2, 4
DTYPES: tuple[type[np.floating[Any]], ...] = (np.float32, np.float64)
ENCODINGS: tuple[schema.Encoding, ...] = ("unit", "symmetric", "signed_log")
PROMISE = "NaN, infinities, 1e38 and denormals: counted exactly, a code each, the first place and step named"


def train(bad: float, where: tuple[int, int], at_step: int, on: str) -> rw.Recorder:
    """Train with one bad number: in the input at one time and sample, or in the gradient of that output."""
    torch.manual_seed(0)
    lstm = nn.LSTM(3, 4)
    with rw.watch(lstm, every=1) as recorder:
        for step in range(STEPS):
            x, weight = torch.randn(T, B, 3), torch.ones(T, B, 4)
            if step == at_step:
                (x if on == "input" else weight)[where] = bad
            (lstm(x)[0] * weight).sum().backward()
            recorder.step()
            lstm.zero_grad()
    return recorder


def counted(bad: float, on: str) -> int:
    """Return how many values are not finite after one bad number: as many as are told, and the first is named."""
    time, sample, step = 3, 1, 2
    recorder = train(bad, (time, sample), step, on)
    found = sum(
        int((~np.isfinite(array)).sum())
        for frame in recorder.recording
        for trace in frame.traces.values()
        for array in trace.arrays.values()
    )
    (note,) = recorder.recording.status.notes or ("",)
    assert recorder.health().nonfinite == found
    if on == "gradient" or math.isnan(bad):
        assert found > 0
        assert f"of l0, unit 0, time {time}, sample {sample}, at step {step}" in note
        assert note.split(" in ")[1].split(" of ")[0] == ("i" if on == "input" else "dh")
    return found


def quantised(encoding: schema.Encoding, dtype: type[np.floating], times: int) -> int:
    """Return how many values keep what they are in the bytes of the wire: each kind its code, each number its sign."""
    random, codes = np.random.default_rng(0), (255, 254, 253)
    for _ in range(times):
        values = random.choice([*SPECIAL, 0.0, -0.0, 1e-45, -1e-310, 1e38, -3e38, 1.0, 1e-20], 500).astype(dtype)
        found = reduce.quantise(values, encoding, reduce.high(values, encoding))
        assert [int((found == code).sum()) for code in codes] == [
            int(np.isnan(values).sum()), int(np.isposinf(values).sum()), int(np.isneginf(values).sum())
        ]  # fmt: skip
        finite = np.isfinite(values)
        assert (found[finite] <= schema.CODE_TOP).all()
        if encoding == "signed_log":
            sign = np.sign(found[finite].astype(int) - schema.CODE_ZERO)
            np.testing.assert_array_equal(sign, np.sign(values[finite]))
    return times * len(values)


def test_nan_inf():
    told = [counted(bad, on) for bad, on in itertools.product(SPECIAL, ("input", "gradient"))]
    coded = [quantised(one, dtype, count(20, 500)) for one, dtype in itertools.product(ENCODINGS, DTYPES)]
    print(f"{sum(told)} of {sum(told)} values counted, the first named; {sum(coded):,} of {sum(coded):,} coded by kind")
