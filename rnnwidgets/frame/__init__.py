"""A frame is what was recorded at one training step; a trace is one layer of it; bytes are the same thing at rest.

Axis order everywhere: (time, sample, unit). The layout of the bytes stands in `schema`, reading and writing in `codec`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from rnnwidgets import schema
from rnnwidgets.errors import FrameBytesError, UnknownNameError
from rnnwidgets.frame.codec import Array, RawPlane, Values, damaged, decode, dtype_name, encode, number, scalar, split
from rnnwidgets.frame.sound import check
from rnnwidgets.frame.trace import Trace, Waiting

__all__ = [
    "Array",
    "Frame",
    "ParameterNorm",
    "RawPlane",
    "Trace",
    "Values",
    "Waiting",
    "decode",
    "dtype_name",
    "encode",
    "number",
    "scalar",
    "settle",
    "split",
    "step_header",
    "waits",
]


_AXES = (("time", "sample", "unit"), ("row", "column"), ("sample", "unit"))
_PREFIXES = ("", schema.WEIGHTS_PREFIX, schema.START_PREFIX)
_PREFIX_BY_AXIS = {axes[0]: prefix for axes, prefix in zip(_AXES, _PREFIXES, strict=True)}


class ParameterNorm(NamedTuple):
    """L2 norms of one parameter's gradient and of its weight at one step, and how far the update moved the weight.

    `gradient` is as the optimizer uses it: unscaled, averaged over processes, clipped. `update_ratio` is
    |w_after - w_before| / |w_before|, measured at each eighth recorded step, on evenly spaced entries of a large
    parameter; NaN where it is not known: at the steps between, for a parameter of another optimizer, or while the
    update is still to come. `before_clip` is the gradient's norm when the last backward pass was over, unscaled;
    NaN where passes that ran through no recorded layer have added to the gradient since. `local` is that of this
    process alone, before `DistributedDataParallel` averaged; NaN where nothing was averaged, or in place.
    """

    gradient: float
    weight: float
    update_ratio: float = math.nan
    before_clip: float = math.nan
    local: float = math.nan


@dataclass(frozen=True)
class Frame:
    """What was recorded at one training step.

    Attributes:
        step: the training step, counted from 0.
        samples: which sequences of the batch were kept.
        traces: layer name -> `Trace`, in the order of the model; computed when the first of them is looked at, where
            that could wait.
        scalars: what was logged at this step, and what no one has to log: `grad_norm`, the L2 norm over all parameters'
            gradients as the optimizer uses them; `grad_norm_before_clip` where they were clipped; `grad_norm_local`
            where processes averaged them; `lr`, or `lr.<group>`; at times `spectral_radius.<layer>.<gate>`.
        norms: parameter name -> `ParameterNorm`.
        tokens: `tokens[sample][time]` as text, or None where the input is not text.
        overhead: the recorder's CPU time over that of the rest of training, up to this step; NaN where it is not known.
        mode: "training", or "forward" for a step without a backward pass, under `torch.no_grad()` for example: it has
            no gradients.
    """

    step: int
    samples: tuple[int, ...]
    traces: Mapping[str, Trace]
    scalars: Mapping[str, float] = field(default_factory=dict)
    norms: Mapping[str, ParameterNorm] = field(default_factory=dict)
    tokens: tuple[tuple[str, ...], ...] | None = None
    overhead: float = math.nan
    mode: schema.Mode = "training"

    def __getitem__(self, layer: str) -> Trace:
        """Return the trace of one layer.

        Raises:
            UnknownNameError: the frame has no layer of that name.
        """
        if layer in self.traces:
            return self.traces[layer]
        raise UnknownNameError(
            layer,
            expected=f"a recorded layer ({', '.join(self.traces)})",
            found=repr(layer),
            remedy="use one of those names",
        )

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the recorded layers, in the order of the model."""
        return tuple(self.traces)

    @property
    def extents(self) -> Mapping[str, tuple[int, ...]]:
        """Layer -> (times, samples, units) of its largest array."""
        if isinstance(self.traces, Waiting):
            return self.traces.extents
        return {
            name: max((array.shape for array in trace.arrays.values() if array.ndim == 3), default=(0, 0, 0))
            for name, trace in self.traces.items()
        }

    @cached_property
    def nbytes(self) -> int:
        """Bytes that the frame holds: its arrays and its tokens' text."""
        text = sum(sum(map(len, sample)) for sample in self.tokens or ())
        if isinstance(self.traces, Waiting):
            return text + self.traces.nbytes
        return text + sum(trace.nbytes for trace in self.traces.values())

    def to_bytes(self) -> bytes:
        """Return the frame at recording precision, as laid out in `schema`."""
        return encode(step_header(self), [plane for trace in self.traces.values() for plane in _planes(trace)])

    @classmethod
    def from_bytes(cls, data: bytes) -> Frame:
        """Return the frame that `to_bytes` wrote.

        Raises:
            FrameBytesError: the bytes are damaged, cut short, or not one step at recording precision.
        """
        header, arrays = decode(data)
        try:
            return cls._assembled(header, arrays)
        except FrameBytesError:
            raise
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise damaged("a header as in rnnwidgets.schema", repr(error)) from error

    @classmethod
    def _assembled(cls, header: Mapping[str, Any], arrays: Sequence[Array]) -> Frame:
        if header.get("kind") != "step" or any(plane["encoding"] != "raw" for plane in header["planes"]):
            raise FrameBytesError(
                "frame",
                expected="one training step at recording precision",
                found=f"a frame of kind {header.get('kind')!r} made for display",
                remedy="use Frame.to_bytes to write it",
            )
        check(header)
        held: dict[tuple[str, str], dict[str, Array]] = {}
        for plane, array in zip(header["planes"], arrays, strict=True):
            first = plane["axes"][0]
            name = plane["name"].removeprefix(_PREFIX_BY_AXIS[first])
            held.setdefault((plane["layer"], first), {})[name] = array
        traces = {
            layer["name"]: Trace(
                layer=layer["name"],
                kind=layer["kind"],
                lengths=tuple(layer["lengths"]),
                replay_error=number(layer["replay_error"]),
                inexact=layer["inexact"],
                first=layer.get("first", 0),
                **{
                    part: held.get((layer["name"], axes[0]), {})
                    for part, axes in zip(("arrays", "weights", "start"), _AXES, strict=True)
                },
            )
            for layer in header["layers"]
        }
        tokens = header["tokens"]
        return cls(
            step=header["step"],
            samples=tuple(header["samples"]),
            traces=traces,
            scalars={name: number(value) for name, value in header["scalars"].items()},
            norms={name: ParameterNorm(*map(number, pair)) for name, pair in header["norms"].items()},
            tokens=None if tokens is None else tuple(tuple(sample) for sample in tokens),
            overhead=number(header.get("overhead", "nan")),
            mode=_mode(header.get("mode", "training")),
        )


def waits(frame: Frame) -> bool:
    """Tell whether a frame's traces are still to be computed, by the first who looks at one."""
    return isinstance(frame.traces, Waiting) and not frame.traces.over


def settle(frame: Frame) -> None:
    """Have a frame's traces computed now, if they wait."""
    for _ in frame.traces.values():
        pass


def _mode(found: object) -> schema.Mode:
    modes: tuple[schema.Mode, ...] = ("training", "forward")
    for mode in modes:
        if found == mode:
            return mode
    raise damaged('mode "training" or "forward"', repr(found))


def _planes(trace: Trace) -> Iterator[RawPlane]:
    """Yield everything that a trace holds, as it is written."""
    for axes, prefix, held in zip(_AXES, _PREFIXES, (trace.arrays, trace.weights, trace.start), strict=True):
        for name, array in held.items():
            yield RawPlane(trace.layer, prefix + name, axes[: array.ndim], array)


def step_header(frame: Frame) -> schema.StepHeader:
    """Return the header of a step, without planes."""
    return schema.StepHeader(
        kind="step",
        step=frame.step,
        mode=frame.mode,
        samples=frame.samples,
        scalars={name: scalar(value) for name, value in frame.scalars.items()},
        norms={name: [scalar(value) for value in norm] for name, norm in frame.norms.items()},
        tokens=frame.tokens,
        overhead=scalar(frame.overhead),
        layers=[
            schema.Layer(trace.layer, trace.kind, trace.lengths, scalar(trace.replay_error), trace.inexact, trace.first)
            for trace in frame.traces.values()
        ],
        planes=(),
    )
