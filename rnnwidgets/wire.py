"""Frames as they cross the wire: small enough for the lane, and precise enough for every number that a page prints.

Gates go as `unit` or `symmetric` codes, gradients as `signed_log`. One byte gives the colour, and a second one makes
the number precise (see `schema`), for as many samples as there is room for. The norms of the gradients over all units,
which the gradient-through-time panel draws, go as float32 logarithms at full length, and the states before the first
time as float32.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnwidgets import reduce, schema
from rnnwidgets.analysis import Analysis, Flow, LayerAnalysis
from rnnwidgets.frame import Frame, Trace, dtype_name, encode, scalar, step_header

PARAMETERS = 32
_PLANE_TEXT = 256
_NORM_TEXT = 40


@dataclass(frozen=True)
class WirePlane:
    """An array made for display, with the facts of its header."""

    layer: str
    name: str
    axes: tuple[str, ...]
    array: NDArray[Any]
    full: tuple[int, ...]
    stride: tuple[int, ...]
    encoding: schema.Encoding
    high: float

    def header(self, offset: int) -> schema.Plane:
        """Describe the array, placed at `offset` of the body."""
        return schema.Plane(
            layer=self.layer,
            name=self.name,
            axes=self.axes,
            shape=self.array.shape,
            full=self.full,
            stride=self.stride,
            dtype=dtype_name(self.array),
            encoding=self.encoding,
            high=self.high,
            offset=offset,
            bytes=self.array.nbytes,
        )


def encode_step(frame: Frame, limit: int) -> bytes:
    """Return the frame for display in `limit` bytes: `reduce.plan` decides what of each quantity is sent.

    Norms and tokens come whole unless they alone would take more than a quarter of the limit each: then norms are
    strided in time and tokens left out. Norms of parameters come for `PARAMETERS` of them at most. A frame of so many
    layers that its header outgrows the limit comes with one number a plane, and is longer than the limit.
    """
    traces = frame.traces.values()
    text = sum(3 * len(sample) + sum(map(len, sample)) for sample in frame.tokens or ())
    header = replace(
        step_header(frame),
        norms=parameter_norms(frame, limit // 16),
        tokens=frame.tokens if text <= limit // 4 else None,
    )
    norms = [plane for trace in traces for plane in _norms(trace)]
    stride = math.ceil(sum(plane.array.nbytes for plane in norms) / (limit / 4)) or 1
    if stride > 1:
        norms = [replace(plane, array=plane.array[::stride], stride=(stride, 1)) for plane in norms]
    count = sum(len(trace.arrays) - len(_only_norm(trace)) for trace in traces)
    starts = sum(len(trace.start) for trace in traces)
    described = _PLANE_TEXT * (2 * count + starts + len(norms))
    room = limit - text - sum(plane.array.nbytes for plane in norms) - described
    while True:
        each = max(room // max(count, 1), 1)
        data = encode(header, [plane for trace in traces for plane in _quantities(trace, each)] + norms)
        if len(data) <= limit or each == 1:
            return data
        room = min(room, each * count) - (len(data) - limit)


def encode_curves(series: Mapping[str, NDArray[np.float64]]) -> bytes:
    """Return bins (row, bin) of scalars; each series replaces what is known of it from its first bin's step on."""
    planes = [
        WirePlane("", name, ("row", "bin"), bins, bins.shape, (1, 1), "raw", 1.0) for name, bins in series.items()
    ]
    return encode(schema.CurvesHeader("curves", ()), planes)


def encode_analysis(analysis: Analysis, limit: int) -> bytes:
    """Return what follows from one step in `limit` bytes: flow matrices are strided, samples go first."""
    numbers = {
        layer: {name: scalar(value) for name, value in found.numbers.items()}
        for layer, found in analysis.layers.items()
    }
    header = schema.AnalysisHeader("analysis", analysis.step, numbers, analysis.findings, ())
    small = [plane for layer, found in analysis.layers.items() for plane in _weight_planes(layer, found)]
    flows = {layer: found.flow for layer, found in analysis.layers.items() if found.flow is not None}
    room = limit - len(encode(header, small)) - 2 * _PLANE_TEXT * len(flows)
    while True:
        each = max(room // max(len(flows), 1), 1)
        planes = [plane for layer, flow in flows.items() for plane in _flow_planes(layer, flow, each)]
        data = encode(header, planes + small)
        if len(data) <= limit or each == 1:
            return data
        room = min(room, each * len(flows)) - (len(data) - limit)


def _flow_planes(layer: str, flow: Flow, room: int) -> list[WirePlane]:
    """Return a flow matrix (sample, loss_time, time) in at most `room` bytes."""
    (loss_time, sample, time), fine = reduce.plan(flow.norms.transpose(1, 0, 2).shape, room)
    plane = WirePlane(
        layer,
        schema.FLOW,
        ("sample", "loss_time", "time"),
        flow.norms[::sample, ::loss_time, ::time],
        flow.full,
        tuple(one * other for one, other in zip(flow.stride, (sample, loss_time, time), strict=True)),
        "signed_log",
        reduce.high(flow.norms, "signed_log"),
    )
    return _coded(plane, fine)


def _coded(plane: WirePlane, fine: int) -> list[WirePlane]:
    """Return a plane of numbers as codes, and the fine bytes of its first `fine` samples."""
    if not fine:
        return [replace(plane, array=reduce.quantise(plane.array, plane.encoding, plane.high))]
    codes, bytes_ = reduce.quantise_finely(plane.array, plane.encoding, plane.high)
    first = tuple(slice(fine) if axis == "sample" else slice(None) for axis in plane.axes)
    return [replace(plane, array=codes), replace(plane, name=schema.FINE_PREFIX + plane.name, array=bytes_[first])]


def _weight_planes(layer: str, found: LayerAnalysis) -> list[WirePlane]:
    """Return spectra (part, index) and histograms (bin,) of the recurrent weights."""
    planes = []
    for gate, values in found.spectra.items():
        parts = np.stack((values.real, values.imag)).astype(np.float32)
        name = schema.SPECTRUM_PREFIX + gate
        radius = float(f"{reduce.high(np.abs(values), 'signed_log'):.4g}")
        planes.append(WirePlane(layer, name, ("part", "index"), parts, parts.shape, (1, 1), "raw", radius))
    for gate, histogram in found.weights.items():
        name, counts = schema.WEIGHTS_PREFIX + gate, histogram.counts
        planes.append(WirePlane(layer, name, ("bin",), counts, counts.shape, (1,), "raw", histogram.high))
    return planes


def parameter_norms(frame: Frame, room: int) -> dict[str, list[schema.Scalar]]:
    """Return the norms of at most `PARAMETERS` parameters, four digits each, in about `room` bytes; those of the
    recorded layers come first.
    """
    modules = tuple({f"{layer.rpartition('.')[0]}." for layer in frame.layers})
    bounded = {}
    for name in sorted(frame.norms, key=lambda name: not name.startswith(modules))[:PARAMETERS]:
        room -= len(name.encode(errors="replace")) + _NORM_TEXT
        if room < 0:
            break
        bounded[name] = [scalar(float(f"{value:.4g}")) for value in frame.norms[name]]
    return bounded


def _norms(trace: Trace) -> list[WirePlane]:
    """Return the norm over units of each gradient, (time, sample)."""
    planes = []
    for name in (*trace.gradients, *_only_norm(trace)):
        norms = reduce.log10_norms(trace[name])
        named = schema.NORM_PREFIX + name
        planes.append(WirePlane(trace.layer, named, ("time", "sample"), norms, norms.shape, (1, 1), "log10", 1.0))
    return planes


def _quantities(trace: Trace, room: int) -> Iterator[WirePlane]:
    """Yield each gate, state and total gradient, (time, sample, unit), in at most `room` bytes; then the states before
    the first time, (sample, unit).
    """
    left_out = _only_norm(trace)
    for name, array in trace.arrays.items():
        if name in left_out:
            continue
        stride, fine = reduce.plan(array.shape, room)
        sent = array[tuple(slice(None, None, step) for step in stride)]
        encoding = _encoding(trace, name)
        high = reduce.high(array, encoding)
        axes = ("time", "sample", "unit")
        yield from _coded(WirePlane(trace.layer, name, axes, sent, array.shape, stride, encoding, high), fine)
        if fine and name in trace.start:
            before = trace.start[name]
            shown = before[:: stride[1], :: stride[2]][:fine].astype(np.float32)
            named = schema.START_PREFIX + name
            yield WirePlane(trace.layer, named, ("sample", "unit"), shown, before.shape, stride[1:], "raw", 1.0)


def _only_norm(trace: Trace) -> tuple[str, ...]:
    """Return the name of the direct gradient, which is shown by its norm alone; none for a layer without one."""
    return tuple(name for name in trace.arrays if name == schema.DIRECT_GRADIENT and name not in trace.gradients)


def _encoding(trace: Trace, name: str) -> schema.Encoding:
    """Return how a quantity is written; what is not known to lie within [0, 1] goes as symmetric."""
    if name in trace.gradients:
        return "signed_log"
    return "unit" if name in schema.UNIT_GATES and trace.kind != "TAP" else "symmetric"
