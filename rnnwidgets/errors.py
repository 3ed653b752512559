"""What can go wrong, in one sentence each: what was expected, what was found, the way out.

And `Guard`, by which what runs beside training can go wrong without ending it.
"""

from __future__ import annotations

import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

FAILURES = 10


class RecordingError(ValueError):
    """One sentence about an argument, a model or some bytes that cannot be used; its facts are fields.

    Attributes:
        subject: what the sentence is about, usually the name of an argument.
        expected: what would have been right.
        found: what was there.
        remedy: what to do about it.
    """

    def __init__(self, subject: str, *, expected: str, found: str, remedy: str) -> None:
        """Compose the sentence from its four facts."""
        self.subject = subject
        self.expected = expected
        self.found = found
        self.remedy = remedy
        super().__init__(f"{subject}: expected {expected}, found {found}; {remedy}.")


class UnknownNameError(RecordingError, KeyError):
    """A layer or quantity that a frame does not hold; also a `KeyError`, so that mappings behave."""

    def __str__(self) -> str:
        """Return the sentence itself, where `KeyError` would quote it."""
        return str(self.args[0])


class FrameBytesError(RecordingError):
    """Bytes that are not a whole, undamaged frame of this version."""


class RecorderWarning(UserWarning):
    """Something that the recorder noticed and that does not stop training."""


class Guard:
    """Runs work by site; a failure is told once, and a site that failed `FAILURES` times is not run again.

    Only `Exception` is caught, so that an interrupt still stops the cell.

    Attributes:
        errors: site -> failures so far.
    """

    def __init__(self, note: Callable[[str], None], *, strict: bool = False) -> None:
        """Keep going on errors, or re-raise them if `strict`; `note` takes the sentences for the views."""
        self.errors: Counter[str] = Counter()
        self._note = note
        self._strict = strict

    def run(self, site: str, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R | None:
        """Return what the work returns, or None where it failed or is switched off."""
        if self.errors.get(site, 0) >= FAILURES:
            return None
        try:
            return work(*args, **kwargs)
        except Exception as error:
            if self._strict:
                raise
            self._failed(site, error)
            return None

    def _failed(self, site: str, error: Exception) -> None:
        self.errors[site] += 1
        if self.errors[site] == 1:
            self._note(f"{site} failed: {error}")
            try:
                trace = "".join(traceback.format_exception(error))
                warnings.warn(f"{site} failed; training goes on.\n{trace}", RecorderWarning, stacklevel=4)
            except RecorderWarning:  # where warnings are errors: the note has told, and training goes on
                return
        if self.errors[site] == FAILURES:
            self._note(f"{site} is switched off after {FAILURES} errors")
