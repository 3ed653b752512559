"""What is seen during one training step: the calls of recurrent layers and the gradients that reach them from outside.

One forward hook a layer, and in it tensor hooks on `output`, `h_n` and `c_n`. Module backward hooks do not fire for a
loss on `h_n`; hooks on parameters are lost by `load_state_dict(assign=True)`; neither is used. A tensor hook may be
called with None. Only the sampled sequences are copied, at once, since the user may change them in place.
"""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor, nn

from rnnwidgets.cells import Direct, Start, Weights
from rnnwidgets.recorder.layers import Layer


class InertOnCopy:
    """A hook that becomes one that does nothing when the model is copied or pickled.

    A copy of a watched model is not recorded, and a saved one loads where this package is not installed: a context
    manager's `__exit__` takes any arguments and returns None.
    """

    def __init__(self, work: Callable[..., None]) -> None:
        """Call `work` on every call."""
        self._work = work

    def __call__(self, *args: Any) -> None:
        """Do the work; the result is None, which leaves the module's own result in place."""
        self._work(*args)

    def __deepcopy__(self, _memo: dict[int, Any]) -> Callable[..., None]:
        """Return the inert hook."""
        return contextlib.nullcontext().__exit__

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how to make the inert hook."""
        return getattr, (contextlib.nullcontext(), "__exit__")


def weakly(method: Callable[..., None], *bound: Any) -> InertOnCopy:
    """Return a hook that calls a method as long as its object lives, and that a compiler leaves as it is."""
    reference = weakref.WeakMethod(method)

    def call(*args: Any) -> None:
        alive = reference()
        if alive is not None:
            alive(*bound, *args)

    hidden: Callable[[Callable[..., None]], Callable[..., None]] = vars(torch.compiler)["disable"]  # it has no types
    return InertOnCopy(hidden(call))


class Passed(NamedTuple):
    """What one call of a recurrent module was given and returned, as the user sees it."""

    x: Tensor
    state: Any
    y: Tensor
    last: Any

    @classmethod
    def of(cls, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> Passed:
        """Sort out positional and keyword arguments."""
        x = args[0] if args else kwargs["input"]
        state = args[1] if len(args) > 1 else kwargs.get("hx")
        return cls(x, state, *output)


class Runner(Protocol):
    """Runs a piece of the recorder's own work under a name."""

    def __call__(self, site: str, work: Callable[[Tensor], None], gradient: Tensor, /) -> None:
        """Run it; failures stay inside."""


class Call:
    """One call of one layer in one step: copies of what the sampled sequences put in and got out.

    Axes: times T, samples S, inputs I, units H.

    Attributes:
        layer: the layer called.
        samples: batch indices of the kept sequences.
        x: (T, S, I) input.
        y: (T, S, H) output.
        start: state before the first time.
        ids: (T, S) token ids, or None.
        number: how many calls of this layer the step has seen, this one included.
    """

    def __init__(self, layer: Layer, module: nn.RNNBase, passed: Passed, keep: Sequence[int], run: Runner) -> None:
        """Copy the kept sequences and note the weights of this forward pass.

        Args:
            layer: the layer that was called.
            module: its module.
            passed: what went in and came out.
            keep: batch indices of the sequences to keep.
            run: runs the work of a tensor hook, so that a failure there never reaches the backward pass.
        """
        x, state, y, last = passed
        self.layer = layer
        self._run = run
        self.samples = tuple(keep)
        self.number = 1
        self.ids: Tensor | None = None
        self._batched = x.dim() > 2
        self._time_axis = 1 if module.batch_first and self._batched else 0
        self._batch_axis = 1 - self._time_axis
        self._index = torch.tensor(keep, dtype=torch.int64, device=x.device)
        self.x = self.sampled(x)
        self.y = self.sampled(y)
        self.start = self._start(module, state)
        self._weights = [weight.detach() for weight in _weights_seen(module)]
        self._versions = [_version(weight) for weight in self._weights]
        self._gradients: dict[str, Tensor] = {}
        h_n, c_n = last if isinstance(last, tuple) else (last, None)
        self.gated = c_n is not None
        for name, value, read in (("y", y, self.sampled), ("h_n", h_n, self._last), ("c_n", c_n, self._last)):
            if value is not None and value.requires_grad:
                value.register_hook(self._adder(name, read))

    def sampled(self, values: Tensor) -> Tensor:
        """Return a copy (time, sample, ...) of the kept sequences; unbatched input is one sample."""
        values = values.detach()
        if not self._batched:
            return _precise(values.unsqueeze(1).clone())
        return _precise(values.index_select(self._batch_axis, self._index).transpose(0, self._time_axis))

    def sampled_ids(self, ids: Tensor) -> Tensor:
        """Return the kept sequences' ids (time, sample)."""
        if not self._batched:
            return ids.detach().unsqueeze(1)
        return ids.detach().index_select(self._batch_axis, self._index).transpose(0, self._time_axis)

    def _last(self, values: Tensor) -> Tensor:
        """Return a copy (S, H) of the kept sequences of a state such as h_n: (1, B, H), or (1, H) unbatched."""
        values = values.detach()
        return _precise(values.index_select(1, self._index)[0] if self._batched else values.clone())

    def _start(self, module: nn.RNNBase, state: Any) -> Start:
        gated = module.mode == "LSTM"
        if state is None:
            zero = torch.zeros((len(self.samples), module.hidden_size), dtype=self.y.dtype, device=self.y.device)
            return Start(zero, zero if gated else None)
        h_0, c_0 = state if gated else (state, None)
        return Start(self._last(h_0), None if c_0 is None else self._last(c_0))

    def _adder(self, name: str, read: Callable[[Tensor], Tensor]) -> Callable[[Tensor | None], None]:
        def add(gradient: Tensor | None) -> None:
            if gradient is not None:
                self._run("recording gradients", keep, gradient)

        def keep(gradient: Tensor) -> None:
            kept = read(gradient)
            self._gradients[name] = self._gradients[name] + kept if name in self._gradients else kept

        return add

    def forget(self) -> None:
        """Drop the gradients that came so far."""
        self._gradients.clear()

    @property
    def moved(self) -> bool:
        """Whether a weight was changed in place after this forward pass."""
        return self._versions != [_version(weight) for weight in self._weights]

    def weights(self) -> Weights:
        """Return the weights of this forward pass, in the precision of the copies."""
        found = [weight.to(self.y.dtype) for weight in self._weights]
        return Weights(*found) if len(found) > 2 else Weights(found[0], found[1], None, None)

    def direct(self) -> Direct | None:
        """Return what reached the layer from outside, zeros where nothing did; None if no gradient came at all."""
        if not self._gradients:
            return None
        zero = torch.zeros_like(self.start.h)
        return Direct(
            self._gradients.get("y", torch.zeros_like(self.y)),
            self._gradients.get("h_n", zero),
            self._gradients.get("c_n", zero) if self.gated else None,
        )


def _weights_seen(module: nn.RNNBase) -> list[Tensor]:
    """Return the weights that the last forward pass used, without reading an attribute that might be computed."""
    found = module._flat_weights  # noqa: SLF001 # what forward() hands to the kernel
    return [weight for weight in found if weight is not None]


def _version(weight: Tensor) -> int:
    """Return how often a tensor was changed in place."""
    return weight._version  # noqa: SLF001 # autograd's own counter


def _precise(values: Tensor) -> Tensor:
    """Return half precision as float32; float32 and float64 as they are."""
    return values.float() if values.dtype in (torch.float16, torch.bfloat16) else values
