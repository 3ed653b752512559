"""A process that analyses frames, so that the one that trains does not: what it is for stands in `analysis.serve`."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tempfile
from types import TracebackType
from typing import cast

from rnnwidgets.analysis import Analysis
from rnnwidgets.analysis.serve import ONE_THREAD, Reply
from rnnwidgets.frame import Frame

_SERVE = "import sys; sys.path[:] = sys.argv[1:]; from rnnwidgets.analysis.serve import serve; serve()"


class AnalysisError(RuntimeError):
    """What went wrong with one analysis."""


class Apart:
    """Analyses frames in a process of its own, which starts with the first of them and ends with this context.

    Attributes:
        seconds: of CPU that its processes have used so far.
        latest: those of the latest analysis, without the start of its process.
    """

    def __init__(self) -> None:
        """Start no process yet."""
        self.seconds = self.latest = 0.0
        self._process: subprocess.Popen[bytes] | None = None
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 # of several processes; gone with this object
        self._used = 0.0

    def __enter__(self) -> Apart:  # noqa: PYI034 # typing.Self came with Python 3.11
        """Return itself."""
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """End the process, which holds nothing that could be lost."""
        self._end()
        self._errors.close()

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process, self._used = None, 0.0

    def analyse(self, frame: Frame) -> Analysis:
        """Return what `analysis.analyse` says of a frame.

        Raises:
            AnalysisError: it fails, or the process cannot start or was ended.
        """
        if self._process is None:
            self._process = self._started()
        found, problem, self.latest, used = self._asked(self._process, frame)
        self.seconds += used - self._used
        self._used = used
        if found is None:
            raise AnalysisError(problem)
        return found

    def _asked(self, process: subprocess.Popen[bytes], frame: Frame) -> Reply:
        if process.stdin is None or process.stdout is None:
            raise AnalysisError("the process has no pipes")
        try:
            pickle.dump(frame.to_bytes(), process.stdin)
            process.stdin.flush()
            return cast("Reply", pickle.load(process.stdout))  # noqa: S301 (from the process started here)
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            self._end()
            self._errors.seek(0)
            last = self._errors.read().decode(errors="replace").strip().rpartition("\n")[2]
            said = filter(None, (f"its process ended with {process.returncode}", last))
            raise AnalysisError(": ".join(said)) from error

    def _started(self) -> subprocess.Popen[bytes]:
        """Return a process in a session of its own, where no interrupt of the kernel reaches it."""
        self._errors.seek(0)
        self._errors.truncate()
        return subprocess.Popen(  # noqa: S603 (this Python, our own line)
            [sys.executable, "-I", "-c", _SERVE, *filter(None, sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**os.environ, **ONE_THREAD},
            start_new_session=True,
        )
