"""What has been seen of one training step, and the frame that comes of it. A new object for every step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from rnnwidgets.errors import RecordingError
from rnnwidgets.frame import Frame
from rnnwidgets.recorder.layers import Recurrent
from rnnwidgets.recorder.norms import parameter_norms, total
from rnnwidgets.recorder.observe import Call
from rnnwidgets.recorder.replay import tokens, traces
from rnnwidgets.recorder.tokens import is_tokens


@dataclass
class Step:
    """One training step while it lasts.

    Attributes:
        number: the step, counted from 0.
        due: whether it is to become a frame.
        begun: whether a forward pass with gradients was seen.
        calls: path of a module -> its latest call, after those that it continues.
        seen: path of a module -> how many runs of calls there were, each continuing the one before.
        random: path of a module -> the random state before its latest call, where it drops out between layers.
        scalars: what was logged for it.
    """

    number: int
    due: bool
    begun: bool = False
    calls: dict[str, list[Call]] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)
    scalars: dict[str, float] = field(default_factory=dict)
    random: dict[str, Tensor] = field(default_factory=dict)
    _ids: list[Tensor] = field(default_factory=list)

    def take_ids(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Keep integer arguments until the layer that reads them is called."""
        self._ids += [value for value in (*args, *kwargs.values()) if is_tokens(value)]

    def take_call(self, path: str, call: Call) -> None:
        """Keep a call with the ids that it read: after the one that it continues, else in place of what was kept."""
        call.take_ids(self._ids)
        run = self.calls.get(path)
        if run is not None and call.continues(run[-1]):
            run.append(call)
        else:
            self.calls[path] = [call]
            self.seen[path] += 1

    def frame(self, model: nn.Module, modules: Sequence[Recurrent], decode: Callable[[int], str] | None) -> Frame:
        """Return the frame of this step; the weights must still be those of its forward pass."""
        runs = [
            (self.calls[path], self.seen[path]) for path in (module.path for module in modules) if path in self.calls
        ]
        norms = parameter_norms(model)
        return Frame(
            step=self.number,
            samples=runs[0][0][0].samples,
            traces={trace.layer: trace for run, seen in runs for trace in traces(run, seen)},
            scalars={**self.scalars, **({"grad_norm": total(norms)} if norms else {})},
            norms=norms,
            tokens=None if decode is None else tokens(runs[0][0], decode),
        )


def as_number(name: str, value: float | Tensor) -> float:
    """Return a logged scalar as a number.

    Raises:
        RecordingError: it is not a number or a tensor of one element.
    """
    if isinstance(value, Tensor) and value.numel() != 1:
        raise RecordingError(
            name,
            expected="a number or a tensor of one element",
            found=f"a tensor of shape {tuple(value.shape)}",
            remedy="log its mean, for example",
        )
    try:
        return float(value.detach() if isinstance(value, Tensor) else value)
    except (TypeError, ValueError):
        raise RecordingError(
            name,
            expected="a number or a tensor of one element",
            found=type(value).__name__,
            remedy="convert it to a number first",
        ) from None
