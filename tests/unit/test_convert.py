"""Recordings in the field's own formats hold the numbers of the frames; zarr notices a flipped bit."""

from __future__ import annotations

import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rnnwidgets.recording import Recording
from tests.unit.frames import make_frame, make_trace


@pytest.fixture
def recording() -> Recording:
    """Three steps of two layers, the second a smaller GRU that comes with the second step."""
    made = Recording()
    for step in range(3):
        frame = make_frame(step, (6, 2, 4), {"loss": 1 / (step + 1)})
        gru = make_trace((5, 2, 3), "GRU", "../gru", seed=step)
        traces = {**frame.traces, "../gru": gru} if step else frame.traces
        made.append(replace(frame, traces=traces))
    return made


def test_npz_holds_each_quantity_and_curve_and_leads_out_of_no_archive(recording: Recording, tmp_path: Path):
    recording.to_npz(tmp_path / "run")
    with np.load(tmp_path / "run", allow_pickle=False) as held:
        np.testing.assert_array_equal(held["steps"], [0, 1, 2])
        np.testing.assert_array_equal(held["lstm.l0/f"], np.stack([frame["lstm.l0"]["f"] for frame in recording]))
        np.testing.assert_array_equal(held["_gru/z"][1:], np.stack([frame["../gru"]["z"] for frame in recording[1:]]))
        assert np.isnan(held["_gru/z"][0]).all()
        np.testing.assert_array_equal(held["scalars/loss"], [[0, 1, 2], [1, 1 / 2, 1 / 3]])
    assert [name for name in zipfile.ZipFile(tmp_path / "run").namelist() if ".." in name or name[0] == "/"] == []


def test_xarray_has_labelled_dimensions_and_nan_where_nothing_is(recording: Recording):
    pytest.importorskip("xarray")
    dataset = recording.to_xarray()
    assert dict(dataset.sizes) == {"step": 3, "layer": 2, "time": 6, "sample": 2, "unit": 4}
    f = dataset["f"].sel(step=2, layer="lstm.l0")
    np.testing.assert_array_equal(f.values, recording[2]["lstm.l0"]["f"])
    z = dataset["z"].sel(step=1, layer="../gru")
    np.testing.assert_array_equal(z.values[:5, :, :3], recording[1]["../gru"]["z"])
    assert np.isnan(z.values[5:]).all()
    assert np.isnan(dataset["f"].sel(layer="../gru").values).all()
    np.testing.assert_array_equal(dataset["scalar_loss"].values, [1, 1 / 2, 1 / 3])
    assert f.dtype == np.float32


def test_zarr_holds_the_same_and_refuses_a_flipped_bit(recording: Recording, tmp_path: Path):
    zarr = pytest.importorskip("zarr")
    recording.to_zarr(tmp_path / "run.zarr")
    group = zarr.open_group(tmp_path / "run.zarr", mode="r")
    assert group["f"].metadata.dimension_names == ("step", "layer", "time", "sample", "unit")
    assert group.attrs["layers"] == ["lstm.l0", "../gru"]
    np.testing.assert_array_equal(group["step"][:], [0, 1, 2])
    np.testing.assert_array_equal(group["f"][2, 0], recording[2]["lstm.l0"]["f"])
    assert np.isnan(group["z"][0]).all()
    chunk = tmp_path / "run.zarr" / "f" / "c" / "2" / "0" / "0" / "0" / "0"
    data = bytearray(chunk.read_bytes())
    data[len(data) // 2] ^= 1
    chunk.write_bytes(data)
    with pytest.raises(ValueError, match="checksum"):
        group["f"][2, 0]


def test_parquet_holds_the_scalars(recording: Recording, tmp_path: Path):
    parquet = pytest.importorskip("pyarrow.parquet")
    recording.to_parquet(tmp_path / "scalars.parquet")
    table = parquet.read_table(tmp_path / "scalars.parquet").to_pydict()
    assert table == {
        "name": ["loss"] * 3,
        "step": [0, 1, 2],
        "value": [1, 1 / 2, 1 / 3],
        "low": [1, 1 / 2, 1 / 3],
        "high": [1, 1 / 2, 1 / 3],
    }


@pytest.mark.parametrize(
    ("method", "package"), [("to_xarray", "xarray"), ("to_zarr", "zarr"), ("to_parquet", "pyarrow")]
)
def test_a_missing_package_is_named_with_the_extra_that_brings_it(
    recording: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, package: str
):
    monkeypatch.setitem(sys.modules, package, None)
    arguments = () if method == "to_xarray" else (tmp_path / "out",)
    with pytest.raises(ImportError, match=rf'this needs {package}, which .*: pip install "rnnwidgets\[science\]"'):
        getattr(recording, method)(*arguments)
