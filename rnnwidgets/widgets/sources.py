"""Which recordings a view was asked to show, and what they are called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rnnwidgets.errors import RecordingError
from rnnwidgets.recording import Recording

SIDE_BY_SIDE = 4


def recording_of(source: Any) -> Recording:
    """Return the recording of a recorder, or the recording itself.

    Raises:
        RecordingError: `source` is neither.
    """
    recording = getattr(source, "recording", source)
    if isinstance(recording, Recording):
        return recording
    raise RecordingError(
        "source",
        expected="a Recorder or a Recording",
        found=f"an object of type {type(source).__name__}",
        remedy="pass what rnnwidgets.watch(model) returned",
    )


def recordings_of(source: Any) -> dict[str, Recording]:
    """Return the recordings to show, by name: those of a list by the name of what they are kept in, or by number.

    Raises:
        RecordingError: there are none, more than `SIDE_BY_SIDE`, one is there twice, or something else is among them.
    """
    if not isinstance(source, list | tuple | Mapping):
        return {"": recording_of(source)}
    if isinstance(source, Mapping):
        named = {str(name): recording_of(one) for name, one in source.items()}
    else:
        shown = [recording_of(one) for one in source]
        named = dict(zip(_names(shown), shown, strict=True))
    different = len({id(recording) for recording in named.values()})
    if different == len(source) and 1 <= different <= SIDE_BY_SIDE:
        return named
    raise RecordingError(
        "source",
        expected=f"one to {SIDE_BY_SIDE} different recordings",
        found=f"{len(source)}, {different} of them different",
        remedy="show fewer side by side",
    )


def _names(shown: Sequence[Recording]) -> list[str]:
    """Return what each recording is kept in, or its number; numbers for all where two have the same name."""
    numbers = [str(number) for number in range(1, len(shown) + 1)]
    own = [recording.name or number for recording, number in zip(shown, numbers, strict=True)]
    return own if len(set(own)) == len(own) else numbers
