"""Keeping up with a recording that another process writes: a thread that looks for more, and ends with the writer."""

from __future__ import annotations

import threading
import weakref
from typing import Protocol

from rnnwidgets.errors import RecordingError

THREAD_NAME = "rnnwidgets-follow"
POLL_SECONDS = 0.25
_PATIENCE = 8


class Growing(Protocol):
    """What can be followed."""

    @property
    def is_written(self) -> bool:
        """Whether more may come."""

    def refresh(self) -> bool:
        """Look for more; return whether anything came."""

    def note(self, sentence: str) -> None:
        """Add a sentence to the status."""

    def changed(self, *, complete: bool = True) -> None:
        """Tell every listener."""


class Follower:
    """Looks for more until nobody writes any more; keeps nothing alive."""

    def __init__(self, recording: Growing) -> None:
        """Start the thread."""
        self._stopped = threading.Event()
        arguments = (weakref.ref(recording), self._stopped)
        threading.Thread(target=_follow, args=arguments, name=THREAD_NAME, daemon=True).start()

    def stop(self) -> None:
        """End the thread."""
        self._stopped.set()


def _follow(reference: weakref.ref[Growing], stopped: threading.Event) -> None:
    """Look for more at every tick; a writer that is not there is waited for a little, since it may be starting."""
    absent = 0
    while not stopped.wait(POLL_SECONDS):
        recording = reference()
        if recording is None:
            return
        written = recording.is_written
        try:
            grown = recording.refresh()
        except (OSError, RecordingError) as error:
            recording.note(str(error))
            recording.changed()
            return
        if grown or not written:
            recording.changed()
        absent = 0 if written or grown else absent + 1
        if absent == _PATIENCE:
            return
        del recording
