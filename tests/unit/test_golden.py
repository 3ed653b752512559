"""The golden frames that TypeScript reads are those that Python writes, and hold what their list says."""

from __future__ import annotations

import importlib.util
import json
import math
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from rnnwidgets.frame import decode, number, split

GOLDEN = Path(__file__).resolve().parents[1] / "golden"


@pytest.fixture(scope="module")
def write() -> ModuleType:
    spec = importlib.util.spec_from_file_location("golden_write", GOLDEN / "write.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_golden_frames_are_written_again_byte_for_byte(write: ModuleType):
    assert (GOLDEN / "frames.bin").read_bytes() == write.frames()


def test_the_expected_values_are_those_of_the_golden_frames(write: ModuleType):
    expected = json.loads((GOLDEN / "expected.json").read_text("utf-8"))
    assert json.loads(json.dumps(write.expected(write.frames()))) == expected


def test_the_expected_values_are_those_that_were_put_in_within_half_a_level(write: ModuleType):
    whole = json.loads((GOLDEN / "expected.json").read_text("utf-8"))[0]
    traces = write.traces(5, 2, 3)
    checked = 0
    for plane in whole["planes"]:
        if plane["name"].startswith("fine."):
            continue
        found = np.array([number(value) for value in plane["values"]]).reshape(plane["shape"])
        if plane["encoding"] in ("unit", "symmetric"):
            np.testing.assert_allclose(
                found, traces[plane["layer"]][plane["name"]], atol=plane["high"] * (0.5 / 126 + 1e-6)
            )
            checked += 1
        elif plane["encoding"] == "log10":
            gradient = traces[plane["layer"]][plane["name"].removeprefix("norm.")]
            np.testing.assert_allclose(found, np.linalg.norm(gradient.astype(float), axis=-1), rtol=2e-6)
            checked += 1
    assert checked == 6 + 4 + 1 + 1 + 9


def test_the_golden_frames_hold_every_encoding_every_code_of_its_own_and_a_stride():
    frames = list(split((GOLDEN / "frames.bin").read_bytes()))
    planes = [
        (plane, array) for one in frames for plane, array in zip(decode(one)[0]["planes"], decode(one)[1], strict=True)
    ]
    assert {plane["encoding"] for plane, _ in planes} == {"raw", "log10", "unit", "symmetric", "signed_log"}
    codes = {code for plane, array in planes if plane["dtype"] == "u1" for code in array.ravel().tolist()}
    assert {126, 253, 254, 255} <= codes
    assert any(math.prod(plane["stride"]) > 1 for plane, _ in planes)
