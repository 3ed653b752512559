"""What one recurrent layer did in one training step; and traces that wait until somebody looks at one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from rnnwidgets import schema
from rnnwidgets.errors import UnknownNameError
from rnnwidgets.frame.codec import Array


@dataclass(frozen=True)
class Trace:
    """What one recurrent layer did in one training step, for the sampled sequences.

    `trace["f"]` is an array (time, sample, unit) in the model's own dtype (float32 or float64); a position past a
    sequence's length holds NaN.

    Attributes:
        layer: the layer's name, such as `lstm.l0`.
        kind: `LSTM`, `GRU`, `RNN_TANH` or `RNN_RELU`; `TAP` for what `rnnwidgets.tap` recorded.
        lengths: number of timesteps of each sample.
        replay_error: largest absolute difference between the replayed h and the module's own output; NaN where nothing
            was replayed.
        inexact: why the numbers are not exactly those of training, or an empty string.
        arrays: gates and states by their letters (`i f g o c h`, `r z n h` or `h`), total gradients `dh` and `dc`,
            direct gradient `dy`, which is the part of `dh` that does not come through the recurrence: through the
            output (or the layer above), and at each sequence's last time through `h_n`. The gradients are missing where
            no backward pass ran. Of kind `TAP`, the quantities by the names they were given, such as `z`, and their
            total gradients, such as `dz`.
        weights: the recurrent weights of that forward pass as PyTorch lays them out, gates below one another: `W_hh`
            (G*H, R), `b_hh` (G*H,) and, with a projection, `W_hr` (R, H); empty where they were not kept.
        start: the state before the first time, `h` (sample, R) and, for the LSTM, `c` (sample, H).
        first: the time of the input that is time 0 here: not 0 where only the last times of very long sequences are
            recorded.
    """

    layer: str
    kind: schema.Kind
    lengths: tuple[int, ...]
    replay_error: float
    inexact: str
    arrays: Mapping[str, Array]
    weights: Mapping[str, Array] = field(default_factory=dict)
    start: Mapping[str, Array] = field(default_factory=dict)
    first: int = 0

    def __getitem__(self, name: str) -> Array:
        """Return the array (time, sample, unit) of one gate, state or gradient.

        Raises:
            UnknownNameError: the layer has no quantity of that name.
        """
        if name in self.arrays:
            return self.arrays[name]
        raise UnknownNameError(
            name,
            expected=f"a quantity of {self.layer} ({', '.join(self.arrays)})",
            found=repr(name),
            remedy="use one of those names",
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the arrays that this trace holds."""
        return tuple(self.arrays)

    @cached_property
    def gradients(self) -> tuple[str, ...]:
        """Names of the total gradients that this trace holds: `dh` is that of `h`."""
        return tuple(name for name in self.arrays if name[0] == "d" and name[1:] in self.arrays)

    @cached_property
    def nbytes(self) -> int:
        """Bytes of all arrays, weights and starting states."""
        return sum(array.nbytes for held in (self.arrays, self.weights, self.start) for array in held.values())


class Waiting(Mapping[str, Trace]):
    """The traces of one frame by layer, computed together when the first of them is asked for.

    What they are computed from is held until then, and is given up when they are there. Two threads that ask at once
    get the same ones; where computing fails, or is interrupted, the next one who asks computes again.

    Attributes:
        extents: layer -> (times, samples, units) of its largest array, in the order of the model.
        nbytes: bytes that are held while they wait or once they are there, whichever are more.
    """

    def __init__(
        self, extents: Mapping[str, tuple[int, ...]], nbytes: int, find: Callable[[], Mapping[str, Trace]]
    ) -> None:
        """Wait; `find` computes the trace of each of these layers from what it holds."""
        self.extents, self.nbytes = extents, nbytes
        self._find: Callable[[], Mapping[str, Trace]] | None = find
        self._found: Mapping[str, Trace] = {}
        self._lock = threading.Lock()

    @property
    def over(self) -> bool:
        """Whether the traces are there."""
        return self._find is None

    def __getitem__(self, layer: str) -> Trace:
        """Return the trace of a layer."""
        if layer not in self.extents:
            raise KeyError(layer)
        with self._lock:
            if self._find is not None:
                self._found, self._find = self._find(), None
            return self._found[layer]

    def __contains__(self, layer: object) -> bool:
        """Tell whether there is a layer of that name, and compute nothing."""
        return layer in self.extents

    def __iter__(self) -> Iterator[str]:
        """Yield the names of the layers."""
        return iter(self.extents)

    def __len__(self) -> int:
        """Return the number of layers."""
        return len(self.extents)

    def __repr__(self) -> str:
        """Say which layers there are, and compute nothing."""
        return f"<traces of {', '.join(self)}{'' if self.over else ', which wait to be looked at'}>"

    def __reduce__(self) -> tuple[type, tuple[dict[str, Trace]]]:
        """Be copied and pickled as the traces themselves."""
        return dict, (dict(self.items()),)
