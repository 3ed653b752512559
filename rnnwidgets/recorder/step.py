"""What has been seen of one training step, and the frame that comes of it. A new object for every step."""

from __future__ import annotations

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
        calls: path of a module -> its latest call.
        random: path of a module -> the random state before its latest call, where it drops out between layers.
        scalars: what was logged for it.
    """

    number: int
    due: bool
    begun: bool = False
    calls: dict[str, Call] = field(default_factory=dict)
    scalars: dict[str, float] = field(default_factory=dict)
    random: dict[str, Tensor] = field(default_factory=dict)
    _ids: list[Tensor] = field(default_factory=list)

    def take_ids(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Keep integer arguments until the layer that reads them is called."""
        self._ids += [value for value in (*args, *kwargs.values()) if is_tokens(value)]

    def take_call(self, path: str, call: Call) -> None:
        """Keep a call, in place of an earlier one of the same module, with the ids that it read."""
        call.take_ids(self._ids)
        earlier = self.calls.get(path)
        if earlier is not None:
            call.number = earlier.number + 1
        self.calls[path] = call

    def frame(self, model: nn.Module, modules: Sequence[Recurrent], decode: Callable[[int], str] | None) -> Frame:
        """Return the frame of this step; the weights must still be those of its forward pass."""
        calls = [self.calls[module.path] for module in modules if module.path in self.calls]
        norms = parameter_norms(model)
        return Frame(
            step=self.number,
            samples=calls[0].samples,
            traces={trace.layer: trace for call in calls for trace in traces(call)},
            scalars={**self.scalars, **({"grad_norm": total(norms)} if norms else {})},
            norms=norms,
            tokens=None if decode is None else tokens(calls[0], decode),
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
