"""A whole recording written at once: its frames, its curves as they are, what the recorder said of itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rnnwidgets import schema
from rnnwidgets.archive.disk import facts_of_status
from rnnwidgets.archive.place import MANIFEST
from rnnwidgets.archive.record import Kind, to_json
from rnnwidgets.archive.writer import Entry, Writer
from rnnwidgets.errors import RecordingError
from rnnwidgets.frame import Frame, scalar


def save(
    path: Path,
    run: str,
    frames: Iterable[Frame],
    series: Mapping[str, tuple[int, NDArray[np.float64]]],
    status: schema.Status,
) -> None:
    """Write a new recording; `series` is name -> (values a bin, bins (row, bin)).

    Raises:
        RecordingError: there is something at the path already, or the disk says no.
    """
    if (path / MANIFEST).exists():
        raise RecordingError(
            "path",
            expected="a path where nothing is",
            found=f"a recording at {path}",
            remedy="choose another path, or delete that directory first",
        )
    writer = Writer.opened(path, run)
    try:
        for frame in frames:
            layers = Entry(Kind.FACTS, frame.step, to_json({"layers": frame.extents}))
            writer.write([Entry(Kind.FRAME, frame.step, frame.to_bytes()), layers])
            if writer.full:
                writer.seal()
        for name, (width, bins) in series.items():
            rows = [[scalar(value) for value in row] for row in bins.tolist()]
            curve = {"name": name, "width": width, "rows": rows}
            writer.write([Entry(Kind.FACTS, status.step, to_json({"curve": curve}))])
        writer.write([Entry(Kind.FACTS, status.step, to_json(facts_of_status(status)))])
        writer.seal()
    except OSError as error:
        raise RecordingError(
            "path",
            expected="room for the recording",
            found=f"{path}: {(error.strerror or str(error)).lower()}",
            remedy="what was written before can be read; make room and save under another path",
        ) from error
    finally:
        writer.close()
