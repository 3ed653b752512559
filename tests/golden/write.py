"""Writes the golden frames that Python and TypeScript both read: seeded, small, with every encoding and bad value.

    python tests/golden/write.py

`frames.bin` holds wire frames one after the other. `expected.json` holds what a reader must find: each header without
its planes, and each plane's values, decoded here from the codes by the formulas of `schema` one number at a time; fine
bytes as they are. No
value comes of a function whose last bit differs from one processor to another, as NumPy's float32 exponential does.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rnnwidgets import schema
from rnnwidgets.analysis import Analysis, Flow, Histogram, LayerAnalysis
from rnnwidgets.frame import Frame, Trace, decode, scalar, split
from rnnwidgets.wire import encode_analysis, encode_curves, encode_step

HERE = Path(__file__).parent


def traces(times: int, samples: int, units: int) -> dict[str, Trace]:
    """Return one trace of each kind, seeded, with NaN, infinities and zeros in known places."""
    random = np.random.default_rng(7)
    made = {}
    kinds: tuple[schema.Kind, ...] = ("LSTM", "GRU", "RNN_TANH", "RNN_RELU")
    for kind in kinds:
        arrays: dict[str, Any] = {}
        for name in (*schema.GATES[kind], *schema.TOTAL_GRADIENTS[kind], schema.DIRECT_GRADIENT):
            values: NDArray[Any] = random.standard_normal((times, samples, units)).astype(np.float32)
            if name in schema.UNIT_GATES:
                values = random.random((times, samples, units), dtype=np.float32)
            if name in ("dh", "dc", "dy"):
                powers = [float(f"1e{-exponent}") for exponent in range(3 * times, 0, -3)]
                values *= np.array(powers, np.float32)[:, None, None]
            arrays[name] = values
        arrays["h"][0, 0, :3] = (math.nan, math.inf, -math.inf)
        arrays["dh"][1, 0, 0] = 0
        arrays["dh"][times - 1, 1, 1] = math.nan
        name = f"{kind.lower()}.l0"
        made[name] = Trace(name, kind, (times, times - 2), 1.5e-8, "", arrays)
    return made


def tapped(*, trained: bool) -> Trace:
    """Return a trace of quantities that a model names, with their gradients if it is trained."""
    random = np.random.default_rng(13)
    names = ("h", "z", "dh", "dz") if trained else ("h", "z")
    return Trace("cell", "TAP", (4,), math.nan, "", {name: random.standard_normal((4, 1, 3)) for name in names})


def analysis() -> Analysis:
    """Return an analysis with a flow matrix, of which every second loss was followed, and two findings."""
    random = np.random.default_rng(11)
    norms = np.tril(10.0 ** -random.uniform(0, 20, (2, 5, 5)))[:, ::2]
    norms[1, 0, 0], norms[1, 1, 3:] = math.inf, math.nan
    weights = {gate: random.standard_normal((3, 3)) for gate in ("i", "f")}
    found = LayerAnalysis(
        {"half_life": 2.5, "horizon": 4.0, "lyapunov": -math.inf},
        Flow(norms, (1, 2, 1), (2, 5, 5)),
        {gate: np.linalg.eigvals(values) for gate, values in weights.items()},
        {
            gate: Histogram(np.histogram(values, 8, (-2, 2))[0].astype(np.float32), 2.0)
            for gate, values in weights.items()
        },
    )
    findings = (
        schema.Finding(
            "not_finite",
            "problem",
            "The first NaN is in f.",
            "第一个 NaN 在 f 中。",
            "Clip.",
            "裁剪梯度。",
            "a source",
            12,
            "lstm.l0",
            3,
            1,
            "f",
        ),
        schema.Finding(
            "clipped", "warning", "9 of 10.", "10 步中 9 步。", "Wait.", "等待。", "", None, None, None, None
        ),
    )
    return Analysis(12, {"lstm.l0": found, "gru.l0": LayerAnalysis()}, findings)


def frames() -> bytes:
    """Return the golden frames: a whole step, one reduced to fit, one of tapped quantities and one of a forward pass
    alone, curves, an analysis and it reduced to fit.
    """
    tokens = (("the", "gate", "stays", "<unk>", "été"), ("中", "文", "a", "b", "c"))
    whole = Frame(12, (0, 3), traces(5, 2, 3), {"loss": 3.25, "grad_norm": math.inf}, {}, tokens, 0.03125)
    reduced = Frame(13, (0, 3), traces(9, 2, 8), {"loss": math.nan}, {}, None)
    bins = np.array([[0, 2, 4], [1, 3, 4], [1.0, 0.5, 0.25], [2.0, 0.75, 0.25], [1.5, math.nan, 0.25], [2, 2, 1]])
    trained, shown = (
        Frame(14 + n, (0,), {"cell": tapped(trained=n == 0)}, mode=("training", "forward")[n]) for n in (0, 1)
    )
    steps = b"".join(
        encode_step(frame, limit)
        for frame, limit in ((whole, 40_000), (reduced, 12_300), (trained, 40_000), (shown, 40_000))
    )
    curves = encode_curves({"loss": bins, "lr": bins[:, 1:]})
    return steps + curves + encode_analysis(analysis(), 10_000) + encode_analysis(analysis(), 1_850)


def value(code: int, plane: dict[str, Any]) -> float:
    """Return the number that a code stands for."""
    special = {
        schema.CODE_NEGATIVE_INFINITY: -math.inf,
        schema.CODE_POSITIVE_INFINITY: math.inf,
        schema.CODE_NAN: math.nan,
    }
    if code in special:
        return special[code]
    if plane["encoding"] == "unit":
        return code / 252
    distance = code - 126
    if plane["encoding"] == "symmetric":
        return float(plane["high"]) * distance / 126
    if distance == 0:
        return 0.0
    return math.copysign(plane["high"] * 10 ** (12 * ((abs(distance) - 1) / 125 - 1)), distance)


def expected(data: bytes) -> list[dict[str, Any]]:
    """Return what a reader must find in the frames."""
    found = []
    for one in split(data):
        header, arrays = decode(one)
        planes = []
        for plane, array in zip(header.pop("planes"), arrays, strict=True):
            flat = array.ravel().tolist()
            if plane["dtype"] == "u1" and not plane["name"].startswith(schema.FINE_PREFIX):
                flat = [value(code, plane) for code in flat]
            elif plane["encoding"] == "log10":
                flat = [10**number for number in flat]
            planes.append({**plane, "values": [scalar(number) for number in flat]})
        found.append({"header": header, "planes": planes})
    return found


if __name__ == "__main__":
    data = frames()
    (HERE / "frames.bin").write_bytes(data)
    text = json.dumps(expected(data), ensure_ascii=False, indent=1, allow_nan=False)
    (HERE / "expected.json").write_text(text + "\n")
