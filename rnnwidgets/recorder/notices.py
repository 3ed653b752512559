"""What the recorder tells its user: each sentence once, as a warning and in the status; and the counts beside it."""

from __future__ import annotations

import warnings
from collections import Counter

from rnnwidgets.errors import RecorderWarning
from rnnwidgets.frame import Frame
from rnnwidgets.recorder.bad import nonfinite
from rnnwidgets.recorder.optimizer import Scaling
from rnnwidgets.recorder.step import MOST_TIMES, Step
from rnnwidgets.recorder.wrapped import has_compiled
from rnnwidgets.recording import Recording

_SILENT_STEPS = 10


class Notices:
    """The sentences told so far, and what was counted.

    Attributes:
        skipped: reason -> calls or backward passes that were left out for it.
        nonfinite: values recorded so far that are NaN or infinite.
    """

    def __init__(self, recording: Recording, *, strict: bool) -> None:
        """Tell by way of a recording; raise instead of warning if `strict`."""
        self.skipped: Counter[str] = Counter()
        self.nonfinite = 0
        self._recording = recording
        self._strict = strict
        self._told: set[str] = set()
        self._silent = 0

    def tell(self, sentence: str) -> None:
        """Warn once, and keep the sentence for the view."""
        if sentence not in self._told:
            self._told.add(sentence)
            self._recording.note(sentence)
            if self._strict:
                raise RuntimeError(sentence)
            warnings.warn(sentence, RecorderWarning, stacklevel=2)

    def of_silence(self, layers: str) -> None:
        """Count a step in which no layer was called, and say so when it is no accident."""
        self._silent += 1
        if not layers:
            self.tell(
                "nothing is recorded: the model has no nn.RNN, nn.LSTM, nn.GRU or one of their cells, and no call of "
                "rnnwidgets.tap was seen in its forward pass, which a compiled model does not make"
            )
            return
        if self._silent == 1 and has_compiled():
            self.tell(
                f"no call of {layers} was seen in a training step, and torch.compile was in use before: code that it "
                "has made runs no hook that comes later; call torch.compiler.reset(), and watch before the first batch"
            )
        if self._silent == _SILENT_STEPS:
            self.tell(
                f"no call of {layers} was seen in {_SILENT_STEPS} training steps: the optimizer may train another "
                "model, or the layer's forward() is called directly, which runs no hooks"
            )

    def of_frame(self, frame: Frame, step: Step, scaling: Scaling) -> None:
        """Say what was skipped before this frame, and which value in it is the first that is not finite."""
        self._silent = 0
        skipped = step.overflowed + scaling.overflowed
        self.skipped["cleared before the optimizer used it"] += step.cleared - step.overflowed
        self.skipped["skipped, since a gradient was not finite"] += skipped
        self.skipped[f"beyond the {MOST_TIMES} calls of a cell that one step keeps"] += step.beyond
        if skipped:
            self._recording.note(f"a training step was skipped at step {step.number}: a gradient was not finite")
        count, sentence = nonfinite(frame)
        if count and not self.nonfinite:
            self._recording.note(sentence)
            self._recording.pin(frame.step)
        self.nonfinite += count
