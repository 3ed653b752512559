"""What the recorder tells its user: each sentence once, as a warning and in the status; and how often it happened."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence

from rnnwidgets.errors import RecorderWarning
from rnnwidgets.frame import Frame, waits
from rnnwidgets.recorder.bad import nonfinite
from rnnwidgets.recorder.layers import Recurrent
from rnnwidgets.recorder.optimizer import Scaling
from rnnwidgets.recorder.replay import MOVED
from rnnwidgets.recorder.step import MOST_TIMES, Step
from rnnwidgets.recording import Recording

FEW_STEPS = 2


def has_gradient(recurrent: Recurrent) -> bool:
    """Whether a module has a weight with a gradient that is not zero."""
    module = recurrent.module()
    found = [] if module is None else [weight.grad for weight in module.parameters()]
    return any(gradient is not None and bool(gradient.any()) for gradient in found)


def forward_called(names: str) -> str:
    """Return the sentence about layers that are trained, though no call of them is seen."""
    return (
        f"no call of {names} was seen in {FEW_STEPS} training steps, though its weights have gradients: its forward() "
        "is called directly, which runs no hooks; call the module itself, as in self.module(x) instead of "
        "self.module.forward(x)"
    )


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
        self._seen: set[str] = set()
        self._unseen: dict[str, int] = {}

    def tell(self, sentence: str) -> None:
        """Warn once, and keep the sentence for the view."""
        if sentence not in self._told:
            self._told.add(sentence)
            self._recording.note(sentence)
            self._recording.changed()
            if self._strict:
                raise RuntimeError(sentence)
            warnings.warn(sentence, RecorderWarning, stacklevel=2)

    def of_frame(self, frame: Frame, step: Step, scaling: Scaling) -> None:
        """Count what was skipped before this frame, and pin the first frame that is not finite."""
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

    def of_moved(self, frame: Frame, *, driven: bool) -> None:
        """Tell which layers have no gates because their weights changed before the step ended."""
        if waits(frame):
            return  # lazy traces have a copy of their weights
        moved = ", ".join(name for name, trace in frame.traces.items() if MOVED in trace.inexact)
        if moved and driven:
            self.tell(
                f"the weights of {moved} changed before the optimizer that was given to watch() stepped, so that gates "
                "and total gradients are missing; pass the optimizer that steps first, or none and call "
                "recorder.step() before all of them step"
            )
        elif moved:
            self.tell(
                f"the weights of {moved} changed before recorder.step() was called, so that gates and total gradients "
                "are missing; call it after backward() and before the weights change"
            )

    def of_missing(self, modules: Sequence[Recurrent], step: Step) -> None:
        """Warn about each layer that is in no frame while others are, in the second step that lacks it."""
        self._seen.update(str(key) for key in step.runs)
        for module in modules:
            reason = "" if module.path in step.runs else self._why_missing(module, step)
            if reason:
                self._unseen[module.path] = self._unseen.get(module.path, 0) + 1
                if self._unseen[module.path] == FEW_STEPS:
                    self.tell(reason)

    def _why_missing(self, module: Recurrent, step: Step) -> str:
        """Return why a layer is not in the frame of a step, or nothing where it simply did not take part."""
        names = ", ".join(layer.name for layer in module.layers)
        if module.path in step.without_gradients:
            return (
                f"{names} is called without gradients, as a frozen layer under torch.no_grad() is, and is in "
                "no frame; to record it, call it with gradients (requires_grad_(False) keeps its weights)"
            )
        return forward_called(names) if module.path not in self._seen and has_gradient(module) else ""
