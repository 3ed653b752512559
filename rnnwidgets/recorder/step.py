"""What has been seen of one training step, and the frame that comes of it. A new object for every step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from rnnwidgets.errors import RecordingError
from rnnwidgets.frame import Frame
from rnnwidgets.recorder.layers import Layer
from rnnwidgets.recorder.norms import parameter_norms, total
from rnnwidgets.recorder.observe import Call, Passed
from rnnwidgets.recorder.replay import tokens, trace
from rnnwidgets.recorder.tokens import is_tokens, matching


@dataclass
class Step:
    """One training step while it lasts.

    Attributes:
        number: the step, counted from 0.
        due: whether it is to become a frame.
        begun: whether a forward pass with gradients was seen.
        calls: layer name -> its latest call.
        scalars: what was logged for it.
    """

    number: int
    due: bool
    begun: bool = False
    calls: dict[str, Call] = field(default_factory=dict)
    scalars: dict[str, float] = field(default_factory=dict)
    _ids: list[Tensor] = field(default_factory=list)

    def take_ids(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Keep integer arguments until the layer that reads them is called."""
        self._ids += [value for value in (*args, *kwargs.values()) if is_tokens(value)]

    def take_call(self, call: Call, passed: Passed) -> None:
        """Keep a call, in place of an earlier one of the same layer, with the ids that it read."""
        ids = matching(self._ids, passed.x)
        if ids is not None:
            call.ids = call.sampled_ids(ids)
        earlier = self.calls.get(call.layer.name)
        if earlier is not None:
            call.number = earlier.number + 1
        self.calls[call.layer.name] = call

    def frame(self, model: nn.Module, layers: Sequence[Layer], decode: Callable[[int], str] | None) -> Frame:
        """Return the frame of this step; the weights must still be those of its forward pass."""
        calls = [self.calls[layer.name] for layer in layers if layer.name in self.calls]
        norms = parameter_norms(model)
        return Frame(
            step=self.number,
            samples=calls[0].samples,
            traces={call.layer.name: trace(call) for call in calls},
            scalars={**self.scalars, **({"grad_norm": total(norms)} if norms else {})},
            norms=norms,
            tokens=None if decode is None else tokens(calls[0], decode),
        )


def kept(samples: int | tuple[int, ...], module: nn.RNNBase, x: Tensor) -> tuple[list[int], int]:
    """Return which of the wanted sequences this batch has, and its size; unbatched input is a batch of one."""
    unbatched = x.dim() == len(("time", "input"))
    batch = 1 if unbatched else x.shape[0 if module.batch_first else 1]
    wanted = range(samples) if isinstance(samples, int) else samples
    return [index for index in wanted if index < batch], batch


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
