"""Recordings in the field's own formats: npz, xarray, zarr, parquet. What they need is imported when it is asked for.

Arrays are dense, (step, layer, time, sample, unit), with NaN where a layer has no such quantity, where a sequence or a
layer is smaller than the largest, and past the end of a sequence.
"""

from __future__ import annotations

import importlib
import os
import re
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnwidgets.frame import Array, Frame
from rnnwidgets.recording.series import Curve

if TYPE_CHECKING:
    import xarray

DIMENSIONS = ("step", "layer", "time", "sample", "unit")

Path = str | os.PathLike[str]
Extents = Mapping[str, tuple[int, ...]]


class Convertible(Sequence[Frame]):
    """Frames and scalars that can be written in other formats."""

    @property
    @abstractmethod
    def extents(self) -> Extents:
        """Layer -> the largest (times, samples, units) that any of its traces has."""

    @property
    @abstractmethod
    def scalars(self) -> Mapping[str, Curve]:
        """Name -> `Curve`, for the whole run."""

    def to_npz(self, path: Path) -> None:
        """Write a NumPy archive: `lstm.l0/f` (step, time, sample, unit) for each layer and quantity, `steps`, and
        `scalars/loss` (2, bin), steps over values. All frames are in memory at once.
        """
        frames = list(self)
        arrays: dict[str, Array] = {"steps": np.array([frame.step for frame in frames], np.int64)}
        for quantity, dense in _dense(frames, self.extents).items():
            for number, (layer, (times, samples, units)) in enumerate(self.extents.items()):
                if any(quantity in frame.traces[layer].arrays for frame in frames if layer in frame.traces):
                    name = _free(arrays, f"{_plain(layer)}/{_plain(quantity)}")
                    arrays[name] = dense[:, number, :times, :samples, :units]
        for scalar, curve in self.scalars.items():
            arrays[_free(arrays, f"scalars/{_plain(scalar)}")] = np.stack(
                (curve.steps.astype(np.float64), curve.values)
            )
        with open(path, "wb") as file:  # noqa: PTH123 (given a name, NumPy would add another ending to it)
            np.savez_compressed(file, allow_pickle=False, **arrays)

    def to_xarray(self) -> xarray.Dataset:
        """Return a dataset with a variable for each quantity, dimensions step, layer, time, sample, unit, NaN where
        there is nothing, and the frames' scalars as `scalar_loss` (step). All frames are in memory at once.

        Raises:
            ImportError: xarray is not installed.
        """
        dataset = needed("xarray", "science").Dataset
        frames = list(self)
        variables: dict[str, Any] = {name: (DIMENSIONS, array) for name, array in _dense(frames, self.extents).items()}
        for name in dict.fromkeys(name for frame in frames for name in frame.scalars):
            variables[f"scalar_{name}"] = ("step", [frame.scalars.get(name, np.nan) for frame in frames])
        made: xarray.Dataset = dataset(variables, _labels([frame.step for frame in frames], self.extents))
        return made

    def to_zarr(self, path: Path) -> None:
        """Write a new zarr group with an array for each quantity, dimensions as in `to_xarray`, a chunk for each step
        and layer, CRC-32C on each chunk.

        Raises:
            ImportError: zarr is not installed.
        """
        zarr, extents = needed("zarr", "science"), self.extents
        codecs = importlib.import_module("zarr.codecs")
        checked = {"compressors": [codecs.ZstdCodec(), codecs.Crc32cCodec()], "fill_value": np.nan}
        group = zarr.open_group(os.fspath(path), mode="w-", zarr_format=3, attributes={"layers": list(extents)})
        steps: list[int] = []
        shape = (len(self), len(extents), *_largest(extents))
        for at, frame in enumerate(self):
            steps.append(frame.step)
            for number, name, array in _placed(frame, extents):
                if name not in group:
                    chunks = {"chunks": (1, 1, *shape[2:]), "dtype": array.dtype, "dimension_names": DIMENSIONS}
                    group.create_array(name, shape=shape, **chunks, **checked)
                times, samples, units = array.shape
                group[name][at, number, :times, :samples, :units] = array
        for name, labels in _labels(steps, extents).items():
            numbers = np.arange(len(labels)) if name == "layer" else labels
            group.create_array(name, data=numbers, dimension_names=(name,))

    def to_parquet(self, path: Path) -> None:
        """Write the scalars as a table with the columns name, step, value, low, high.

        Raises:
            ImportError: pyarrow is not installed.
        """
        pyarrow = needed("pyarrow", "science")
        parquet = importlib.import_module("pyarrow.parquet")
        curves = self.scalars
        table: dict[str, Any] = {"name": [name for name, curve in curves.items() for _ in curve.steps]}
        columns = {"step": "steps", "value": "values", "low": "low", "high": "high"}
        for column, part in columns.items():
            empty = np.empty(0, np.int64 if column == "step" else np.float64)
            table[column] = np.concatenate([empty, *(getattr(curve, part) for curve in curves.values())])
        parquet.write_table(pyarrow.table(table), os.fspath(path), write_page_checksum=True)


def needed(package: str, extra: str) -> Any:
    """Return an optional package.

    Raises:
        ImportError: it is not installed; the sentence says how to get it.
    """
    try:
        return importlib.import_module(package)
    except ImportError as error:
        sentence = f'this needs {package}, which is not installed: pip install "rnnwidgets[{extra}]"'
        raise ImportError(sentence, name=package) from error


def _placed(frame: Frame, extents: Extents) -> Iterator[tuple[int, str, Array]]:
    """Yield the number of the layer, the name of the quantity, and its array (time, sample, unit)."""
    for number, layer in enumerate(extents):
        if layer in frame.traces:
            for name, array in frame.traces[layer].arrays.items():
                yield number, name, array


def _dense(frames: Sequence[Frame], extents: Extents) -> dict[str, Array]:
    """Return quantity -> array (step, layer, time, sample, unit)."""
    dense: dict[str, Array] = {}
    for at, frame in enumerate(frames):
        for number, name, array in _placed(frame, extents):
            if name not in dense:
                shape = (len(frames), len(extents), *_largest(extents))
                dense[name] = np.full(shape, np.nan, array.dtype)
            times, samples, units = array.shape
            dense[name][at, number, :times, :samples, :units] = array
    return dense


def _largest(extents: Extents) -> tuple[int, ...]:
    return tuple(map(max, zip(*extents.values(), strict=True)))


def _labels(steps: Sequence[int], extents: Extents) -> dict[str, Any]:
    times, samples, units = (np.arange(size) for size in _largest(extents))
    return {
        "step": np.array(steps, np.int64),
        "layer": list(extents),
        "time": times,
        "sample": samples,
        "unit": units,
    }


def _plain(name: str) -> str:
    """Return a name that leads nowhere when it becomes part of a path inside an archive."""
    return re.sub(r"[^\w.-]", "_", name).lstrip(".") or "_"


def _free(taken: Mapping[str, Array], name: str) -> str:
    while name in taken:
        name += "_"
    return name
