"""What has been seen of one training step, and the frame that comes of it. A new object for every step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from weakref import WeakValueDictionary

from torch import Tensor, nn

from rnnwidgets import schema
from rnnwidgets.errors import RecordingError
from rnnwidgets.frame import Frame, Trace
from rnnwidgets.recorder.layers import Layer
from rnnwidgets.recorder.norms import parameter_norms, total
from rnnwidgets.recorder.observe import Call, Passed
from rnnwidgets.recorder.optimizer import Scaling
from rnnwidgets.recorder.passes import backward_pass
from rnnwidgets.recorder.replay import tokens, trace
from rnnwidgets.recorder.tokens import is_tokens, matching


@dataclass
class Step:
    """One training step while it lasts.

    A call that no gradient reached counts only where no other did: it was an evaluation, or was interrupted. A call
    made inside a backward pass recomputes a checkpoint: where the gradients reach the first pass it is dropped, and
    where they reach the recomputation, the first pass ran without gradients and was not seen.

    Attributes:
        number: the step, counted from 0.
        due: whether it is to become a frame.
        begun: whether a forward pass with gradients was seen.
        calls: layer name -> its latest call.
        scalars: what was logged for it.
        cleared: backward passes whose gradients were cleared before the optimizer used them.
        overflowed: those of them that were not finite.
    """

    number: int
    due: bool
    begun: bool = False
    calls: dict[str, Call] = field(default_factory=dict)
    scalars: dict[str, float] = field(default_factory=dict)
    cleared: int = 0
    overflowed: int = 0
    _ids: list[Tensor] = field(default_factory=list)
    _taken: dict[str, int] = field(default_factory=dict)
    _seen: WeakValueDictionary[tuple[str, int], Call] = field(default_factory=WeakValueDictionary)
    _answered: dict[str, dict[int, Call]] = field(default_factory=dict)
    _recomputed: dict[str, Call] = field(default_factory=dict)
    _passes: dict[str, int] = field(default_factory=dict)
    _twice: set[str] = field(default_factory=set)

    def take_ids(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Keep integer arguments until the layer that reads them is called."""
        self._ids += [value for value in (*args, *kwargs.values()) if is_tokens(value)]

    def next_call(self, layer: str) -> int:
        """Return the number of a layer's next call, counted from 1."""
        self._taken[layer] = self._taken.get(layer, 0) + 1
        return self._taken[layer]

    def take_call(self, call: Call, passed: Passed, number: int) -> None:
        """Keep a call, in place of an earlier one of the same layer, with the ids that it read."""
        ids = matching(self._ids, passed.x)
        if ids is not None:
            call.ids = call.sampled_ids(ids)
        call.number = number
        self._seen[call.layer.name, number] = call
        if backward_pass() == -1:
            self.calls[call.layer.name] = call
        else:
            self._recomputed[call.layer.name] = call

    def answer(self, layer: Layer, number: int, gradient: Tensor) -> None:
        """See that a gradient reached a call, before the call keeps it.

        Gradients of an earlier backward pass that were cleared since, by `zero_grad` after an interrupt or a skipped
        step, are not among those that the optimizer will use, and are forgotten.
        """
        running = backward_pass()
        if layer.name in self._passes and self._passes[layer.name] != running and _is_cleared(layer):
            self._forget(layer.name)
        self._passes[layer.name] = running
        call = self._seen.get((layer.name, number))
        if call is not None:
            self._answered.setdefault(layer.name, {})[number] = call
        if gradient.requires_grad:
            self._twice.add(layer.name)

    def _forget(self, layer: str) -> None:
        answered = self._answered.pop(layer, {})
        self.cleared += 1
        self.overflowed += any(_overflowed(call) for call in answered.values())
        for call in answered.values():
            call.forget()

    def end(self) -> None:
        """Let go of the calls, which the graph may outlive."""
        for held in (self.calls, self._recomputed, self._answered, self._passes):
            held.clear()

    def frame(
        self, model: nn.Module, layers: Sequence[Layer], decode: Callable[[int], str] | None, scaling: Scaling
    ) -> Frame | None:
        """Return the frame of this step, None if no layer was called.

        The weights must still be those of its forward pass.
        """
        calls = [call for call in (self._chosen(layer.name) for layer in layers) if call is not None]
        if not calls:
            return None
        norms = parameter_norms(model, scaling.scale if scaling.pending else 1.0)
        return Frame(
            step=self.number,
            samples=calls[0].samples,
            traces={call.layer.name: self._trace(call, scaling.scale) for call in calls},
            scalars={**self.scalars, **({"grad_norm": total(norms)} if norms else {})},
            norms=norms,
            tokens=None if decode is None else tokens(calls[0], decode),
        )

    def _chosen(self, layer: str) -> Call | None:
        """Return the call to record: the latest that a gradient reached, else the latest."""
        answered = self._answered.get(layer)
        if not answered:
            return self.calls.get(layer)
        call = answered[max(answered)]
        call.number = len(answered)
        return call

    def _trace(self, call: Call, scale: float) -> Trace:
        """Return the trace of a call, its gradients those of the loss itself where that was scaled."""
        made = trace(call)
        if scale != 1:
            gradients = {*schema.TOTAL_GRADIENTS[made.kind], schema.DIRECT_GRADIENT} & set(made.arrays)
            for name in gradients:
                made.arrays[name][...] /= scale
        if call.layer.name in self._twice:
            why = "a gradient was differentiated again, and what that sends through the layer is not stepped back"
            made = replace(made, inexact="; ".join(filter(None, (made.inexact, why))))
        return made


def _is_cleared(layer: Layer) -> bool:
    """Tell whether every gradient of a layer's own parameters is gone or zero; False where nothing is trained."""
    module = layer.module()
    trained = [] if module is None else [weight for weight in module.parameters() if weight.requires_grad]
    return bool(trained) and all(weight.grad is None or not bool(weight.grad.any()) for weight in trained)


def _overflowed(call: Call) -> bool:
    direct = call.direct()
    return direct is not None and not all(bool(part.isfinite().all()) for part in direct if part is not None)


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
