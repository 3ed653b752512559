"""The recorder never kills training: what fails in a hook is caught, told once, and switched off if it goes on."""

from __future__ import annotations

import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from rnnwidgets.errors import RecorderWarning

P = ParamSpec("P")
R = TypeVar("R")

LIMIT = 10


class Guard:
    """Runs the recorder's own work by site; a site that failed `LIMIT` times is not run again.

    Attributes:
        errors: site -> failures so far.
    """

    def __init__(self, *, strict: bool, note: Callable[[str], None]) -> None:
        """Keep going on errors, or re-raise them if `strict`; `note` takes the sentence for the view."""
        self.errors: Counter[str] = Counter()
        self._strict = strict
        self._note = note

    def run(self, site: str, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R | None:
        """Return what the work returns, or None where it failed or is switched off."""
        if self.errors[site] >= LIMIT:
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
            trace = "".join(traceback.format_exception(error))
            self._note(f"recording of {site} failed: {error}")
            warnings.warn(
                f"rnnwidgets could not record {site}; training goes on.\n{trace}", RecorderWarning, stacklevel=3
            )
        if self.errors[site] == LIMIT:
            self._note(f"{site} is no longer recorded after {LIMIT} errors")
