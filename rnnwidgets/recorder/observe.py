"""What is seen during one training step: the calls of recurrent layers and the gradients that reach them from outside.

One forward hook a layer, and in it tensor hooks on `output`, `h_n` and `c_n`. Module backward hooks do not fire for a
loss on `h_n`; hooks on parameters are lost by `load_state_dict(assign=True)`; neither is used. A tensor hook may be
called with None. Only the sampled sequences are copied, at once, since the user may change them in place.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from rnnwidgets.cells import Start, Weights
from rnnwidgets.recorder.layers import Recurrent
from rnnwidgets.recorder.runs import Runner, listen, precise, size_of, version
from rnnwidgets.recorder.sampling import Packed, Padded
from rnnwidgets.recorder.window import Window, entered


class Passed(NamedTuple):
    """What one call of a recurrent module was given and returned, as the user sees it: tensors or packed sequences.

    `random` is the state of the CPU's random numbers before the call, where that matters.
    """

    x: Any
    state: Any
    y: Any
    last: Any
    random: Tensor | None

    @classmethod
    def of(cls, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any, random: Tensor | None) -> Passed:
        """Sort out positional and keyword arguments."""
        x = args[0] if args else kwargs["input"]
        state = args[1] if len(args) > 1 else kwargs.get("hx")
        y, last = output
        return cls(x, state, y, last, random)


class Call:
    """One call of one module in one step: copies of what the sequences kept put in and got out.

    Axes: times T, samples S, inputs I; D directions; R the size of h.

    Attributes:
        kind: of the module.
        layers: those of its layers that are to be recorded.
        depth: number of layers stacked; `directions`: 1 or 2.
        samples: batch indices of the sequences kept, `lengths` their numbers of timesteps.
        x: (T, S, I) input.
        y: (T, S, D*R) output.
        first: the time of the input that is the first one kept.
        computed_in: the precision of the module's own output.
        trained: whether a gradient reaches each of its weights.
        ids: (T, S) token ids, or None.
    """

    def __init__(
        self, recurrent: Recurrent, module: nn.RNNBase, passed: Passed, taken: Padded | Packed, run: Runner
    ) -> None:
        """Copy the sequences kept and note the weights of this forward pass.

        Args:
            recurrent: the module that was called, as it is to be recorded.
            module: itself.
            passed: what went in and came out.
            taken: which sequences to keep, and where they are.
            run: runs the work of a tensor hook, so that a failure there never reaches the backward pass.
        """
        self.kind, self.layers = recurrent.kind, recurrent.layers
        self.depth, self.directions = module.num_layers, 1 + module.bidirectional
        self.samples, self.lengths = taken.kept, taken.lengths
        self.ids: Tensor | None = None
        self._taken = taken
        y, last = _data(passed.y), passed.last
        self.computed_in = y.dtype
        self.x, self.y = precise(taken.sequences(_data(passed.x).detach())), precise(taken.sequences(y.detach()))
        self._carried = passed.state is not None
        self.first = taken.first
        self._starts = self._copied_starts(module, passed.state)
        self._lead: tuple[Tensor, Tensor] | None = None
        if isinstance(taken, Window):
            self._lead = precise(taken.before(passed.x.detach(), 1)), precise(taken.before(y.detach(), 2))
        seen = _weights_seen(module)
        self.trained = all(weight.requires_grad for weight in seen)
        self._weights: Sequence[Tensor] = [weight.detach() for weight in seen]
        self._versions = [version(weight) for weight in self._weights]
        self._dropout = module.dropout if module.training and self.depth > 1 else 0.0
        self._random: Tensor | None = passed.random
        self._masks: list[Tensor] | None = None
        self._projected = module.proj_size > 0
        self._gradients: dict[str, Tensor] = {}
        h_n, c_n = last if isinstance(last, tuple) else (last, None)
        self._end, self._end_c = self._copied(h_n), None if c_n is None else self._copied(c_n)
        self._reads = {"y": taken.sequences, "h_n": taken.states, "c_n": taken.states}
        for name, value in (("y", y), ("h_n", h_n), ("c_n", c_n)):
            if value is not None:
                listen(value, run, self._keep, name)

    def continues(self, earlier: Call) -> bool:
        """Whether this call goes on with the same sequences where an earlier one ended, as a decoder's loop does."""
        return (
            self._carried
            and self.first == 0
            and self.samples == earlier.samples
            and len(set(self.lengths)) == len(set(earlier.lengths)) == 1
            and torch.equal(self._starts[0], earlier._end)
        )

    def take_ids(self, candidates: Sequence[Tensor]) -> None:
        """Keep the latest ids that belong to this input."""
        found = (self._taken.tokens(ids.detach()) for ids in reversed(candidates))
        self.ids = next((ids for ids in found if ids is not None), None)

    @cached_property
    def _inside(self) -> Tensor | None:
        """Which times are within a sequence's length (T, S); None where all are."""
        if len(set(self.lengths)) == 1:
            return None
        lengths = torch.tensor(self.lengths, device=self.y.device)
        return torch.arange(len(self.y), device=self.y.device).unsqueeze(1) < lengths

    def ordered(self, values: Tensor, direction: int) -> Tensor:
        """Return values (T, S, F) in a direction's own order of time, or back in that of the input."""
        if direction == 0:
            return values
        if self._inside is None:
            return values.flip(0)
        now = torch.arange(len(self.y), device=values.device).unsqueeze(1)
        ends = torch.tensor(self.lengths, device=values.device) - 1
        return values.gather(0, torch.where(self._inside, ends - now, now).unsqueeze(-1).expand_as(values))

    def bounded(self, values: Tensor, past: float) -> Tensor:
        """Return values with `past` in the place of those past each sequence's length."""
        return values if self._inside is None else values.masked_fill(~self._inside.unsqueeze(-1), past)

    def at_end(self, name: str, place: int) -> Tensor | None:
        """Return what reached `h_n` or `c_n` of one layer and direction, at each sequence's last time of (T, S, F).

        Zero before; None where nothing reached it. `place` is that of the layer and direction in those states.
        """
        if name not in self._gradients:
            return None
        last = self._gradients[name][place]
        found = last.new_zeros(len(self.y), *last.shape)
        found[torch.tensor(self.lengths) - 1, torch.arange(len(self.lengths))] = last
        return found

    def start(self, index: int, direction: int) -> Start:
        """Return the state before the first time kept of one layer and direction."""
        if self._lead is not None:
            end = None if self._end_c is None else self._end_c[0]
            return entered(self.kind, *self._lead, end, self.weights(0, 0))
        h, c = self._starts
        place = index * self.directions + direction
        return Start(h[place], None if c is None else c[place])

    def weights(self, index: int, direction: int) -> Weights:
        """Return the weights that one layer and direction had in this forward pass, in the copies' precision."""
        each = len(self._weights) // (self.depth * self.directions)
        first = (index * self.directions + direction) * each
        found = [weight.to(self.y.dtype) for weight in self._weights[first : first + each]]
        projection = found.pop() if self._projected else None
        b_W, b_U = found[2:] or (None, None)
        return Weights(found[0], found[1], b_W, b_U, projection)

    @property
    def dy(self) -> Tensor:
        """What reached `y` from outside (T, S, D*R); zeros where nothing did."""
        return self._gradients["y"] if "y" in self._gradients else torch.zeros_like(self.y)

    @property
    def reached(self) -> bool:
        """Whether any gradient came."""
        return bool(self._gradients)

    @property
    def nbytes(self) -> int:
        """Bytes of the copies."""
        return size_of(self.x, self.y, self._starts, self._end, self._end_c, self._lead, self._masks, self._gradients)

    @property
    def units(self) -> tuple[int, int]:
        """Number of units of a layer, and the size of its h."""
        h, c = self._starts
        return (h if c is None else c).shape[-1], h.shape[-1]

    @property
    def used(self) -> Sequence[Tensor]:
        """The weights of this forward pass."""
        return self._weights

    @property
    def finite(self) -> bool:
        """Whether its output is finite: a NaN is carried on to the end, and only a ReLU lets h grow to infinity."""
        ends = [self.y if self.kind == "RNN_RELU" else self._end, *([] if self._end_c is None else [self._end_c])]
        return all(math.isfinite(float(values.sum())) for values in ends)

    @property
    def overflowed(self) -> bool:
        """Whether a gradient that came is not finite."""
        return not all(bool(gradient.isfinite().all()) for gradient in self._gradients.values())

    def forget(self) -> None:
        """Drop the gradients that came so far."""
        self._gradients.clear()

    @property
    def moved(self) -> bool:
        """Whether a weight was changed in place after this forward pass."""
        return self._versions != [version(weight) for weight in self._weights]

    @property
    def copies(self) -> Sequence[Tensor]:
        """The large ones of what it is replayed from, but the weights."""
        return self.x, self.y, *self._gradients.values()

    def stay(self, copied: Callable[[Tensor], Tensor], used: Sequence[Tensor]) -> None:
        """Be replayed later, from copies of the large ones, with copies of the weights used."""
        self.x, self.y = copied(self.x), copied(self.y)
        self._gradients = {name: copied(gradient) for name, gradient in self._gradients.items()}
        self._weights = used
        self._versions = [version(weight) for weight in used]

    @property
    def dropped(self) -> bool:
        """Whether dropout between the layers cannot be repeated."""
        return self._dropout > 0 and self._random is None

    def masks(self) -> list[Tensor] | None:
        """Return what each layer's output was multiplied with on its way up, (T, S, D*R); None without dropout.

        Drawn as the kernel drew them, for the whole batch, by a generator that starts where the global one stood.
        """
        if self._dropout == 0 or self._random is None:
            return None
        if self._masks is None:
            generator = torch.Generator().set_state(self._random)
            shape = self._taken.drawn(self.y.shape[-1])
            kept = 1 - self._dropout
            noises = [torch.empty(shape, dtype=self.y.dtype) for _ in range(self.depth - 1)]
            self._masks = [self._taken.mask(noise.bernoulli_(kept, generator=generator).div_(kept)) for noise in noises]
        return self._masks

    def _copied_starts(self, module: nn.RNNBase, state: Any) -> tuple[Tensor, Tensor | None]:
        gated = module.mode == "LSTM"
        if state is not None:
            h_0, c_0 = state if gated else (state, None)
            return self._copied(h_0), None if c_0 is None else self._copied(c_0)
        count = self.depth * self.directions
        h = self.y.new_zeros(count, len(self.samples), module.proj_size or module.hidden_size)
        return h, self.y.new_zeros(count, len(self.samples), module.hidden_size) if gated else None

    def _copied(self, state: Tensor) -> Tensor:
        return precise(self._taken.states(state.detach()))

    def _keep(self, name: str, gradient: Tensor) -> None:
        found = precise(self._reads[name](gradient.detach()))
        self._gradients[name] = self._gradients[name] + found if name in self._gradients else found


def _data(values: Any) -> Tensor:
    """Return the numbers of a tensor or of a packed sequence."""
    data: Tensor = values.data if isinstance(values, PackedSequence) else values
    return data


def _weights_seen(module: nn.RNNBase) -> list[Tensor]:
    """Return the weights that the last forward pass used, without reading an attribute that might be computed."""
    found = module._flat_weights  # noqa: SLF001 # what forward() hands to the kernel
    return [weight for weight in found if weight is not None]
