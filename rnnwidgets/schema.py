"""What Python and TypeScript agree on: frame bytes, quantisation codes, messages, traits.

One source: `js/generate_protocol.py` writes `js/src/protocol.gen.ts` from this module, constants from the upper-case
names and interfaces from the frozen dataclasses. Standard library only.

Frame bytes (little-endian, the same on the wire and on disk; frames may be concatenated):

    0   4   magic "RNNW"
    4   4   u32 version
    8   4   u32 header bytes (the JSON, padded with spaces to a multiple of 8)
    12  4   u32 body bytes
    16  4   u32 CRC-32 over bytes 0..16, header and body
    20  4   u32 zero
    24      header: UTF-8 JSON of `StepHeader`, `CurvesHeader` or `AnalysisHeader`
            body: the planes, each at its `offset` from the start of the body, 8-byte aligned, C order

Quantised planes (`dtype` "u1") hold codes 0..252 for numbers and three reserved codes. With code k:

    unit        k / 252                                    on [0, 1]
    symmetric   high * (k - 126) / 126                     on [-high, high], 126 is exactly 0
    signed_log  sign(k - 126) * high * 10**(12 * ((|k - 126| - 1) / 125 - 1)), 126 is exactly 0

A code alone is precise enough for a colour. A plane `fine.<name>` makes the numbers of the plane `<name>` precise
enough to print: its byte b moves k by (b - 127) / 254, for `signed_log` away from 126. It has the strides of that plane
and its first samples, at least one.

Float planes hold the value (`raw`) or its base-10 logarithm (`log10`, minus infinity for 0).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

VERSION = 1
MAGIC = "RNNW"
PREFIX_BYTES = 24
ALIGNMENT = 8

CODE_ZERO = 126
CODE_TOP = 252
CODE_NEGATIVE_INFINITY = 253
CODE_POSITIVE_INFINITY = 254
CODE_NAN = 255
LOG_DECADES = 12

FINE_PREFIX = "fine."
FINE_ZERO = 127
FINE_STEPS = 254

CURVE_BINS = 1024
CURVE_ROWS = ("first", "last", "low", "high", "mean", "count")

GATES = {
    "LSTM": ("i", "f", "g", "o", "c", "h"),
    "GRU": ("r", "z", "n", "h"),
    "RNN_TANH": ("h",),
    "RNN_RELU": ("h",),
    "TAP": (),
}
TOTAL_GRADIENTS = {"LSTM": ("dh", "dc"), "GRU": ("dh",), "RNN_TANH": ("dh",), "RNN_RELU": ("dh",), "TAP": ()}
DIRECT_GRADIENT = "dy"
UNIT_GATES = ("i", "f", "o", "r", "z")
NORM_PREFIX = "norm."

FLOW = "flow"
SPECTRUM_PREFIX = "spectrum."
WEIGHTS_PREFIX = "weights."
START_PREFIX = "start."

NOT_FINITE_NOTE = "first non-finite value: "
"""How the note on the first NaN or infinity begins, which a view leaves out where a finding says the same."""

LIVE_MESSAGES_PER_SECOND = 10
LIVE_MESSAGE_BYTES = 256 * 1024
LIVE_BYTES_PER_SECOND = 1_000_000
SNAPSHOT_BYTES = 4_000_000
STORE_BYTES = 64_000_000

Kind = Literal["LSTM", "GRU", "RNN_TANH", "RNN_RELU", "TAP"]
Mode = Literal["training", "forward"]
Dtype = Literal["u1", "f4", "f8"]
Encoding = Literal["raw", "log10", "unit", "symmetric", "signed_log"]
State = Literal["waiting", "live", "paused", "finished", "failed"]
Panel = Literal[
    "status", "steps", "findings", "gates", "cell", "units", "flow", "matrix", "curves", "saturation", "weights"
]
Theme = Literal["auto", "light", "dark"]
Language = Literal["auto", "en", "zh"]
Scalar = float | Literal["nan", "inf", "-inf"]
Severity = Literal["info", "warning", "problem"]
Cost = Literal["frames", "views", "steps"]
_SEVERITIES = {"info": ("Note", "提示"), "warning": ("Warning", "警告"), "problem": ("Problem", "问题")}


@dataclass(frozen=True)
class Plane:
    """One array of a frame. `shape` is as sent; `full` is as recorded; along each axis every `stride`-th was sent."""

    layer: str
    name: str
    axes: Sequence[str]
    shape: Sequence[int]
    full: Sequence[int]
    stride: Sequence[int]
    dtype: Dtype
    encoding: Encoding
    high: float
    offset: int
    bytes: int


@dataclass(frozen=True)
class Layer:
    """One (recurrent layer, direction). `lengths` has one entry a sample; `inexact` says why, or is empty; time 0 of
    its planes is time `first` of the input.

    Of kind `TAP` its quantities are those that the model names, each with its total gradient under `d` and that name.
    """

    name: str
    kind: Kind
    lengths: Sequence[int]
    replay_error: Scalar
    inexact: str
    first: int


@dataclass(frozen=True)
class StepHeader:
    """One step. `samples` are batch indices; `tokens[sample][time]`, or null where there is no vocabulary.

    `overhead` is what recording has cost up to this step, as in `Status`, or "nan". `mode` is "forward" where nothing
    was trained, so that there are no gradients.
    """

    kind: Literal["step"]
    step: int
    mode: Mode
    samples: Sequence[int]
    scalars: Mapping[str, Scalar]
    norms: Mapping[str, Sequence[Scalar]]
    tokens: Sequence[Sequence[str]] | None
    overhead: Scalar
    layers: Sequence[Layer]
    planes: Sequence[Plane]


@dataclass(frozen=True)
class CurvesHeader:
    """Scalars over training. Each plane is one series, (row, bin) with `CURVE_ROWS`; it replaces every bin of that
    series from its own first step on. A NaN in the mean says that the bin holds a NaN.
    """

    kind: Literal["curves"]
    planes: Sequence[Plane]


@dataclass(frozen=True)
class Finding:
    """A problem found in a run: one sentence with its numbers, what to try, the paper or rule behind it, and where it
    shows, as far as it has a place. `gate` is a gate, state or gradient; findings of earlier versions have none.
    """

    name: str
    severity: Severity
    sentence: str
    sentence_zh: str
    advice: str
    advice_zh: str
    source: str
    step: int | None
    layer: str | None
    time: int | None
    unit: int | None
    gate: str | None = None

    def __str__(self) -> str:
        """Return severity, sentence and advice in English; `text("zh")` returns them in Chinese."""
        return self.text()

    def text(self, language: Literal["en", "zh"] = "en") -> str:
        """Return severity, sentence and advice in a language.

        Raises:
            ValueError: `language` is neither `en` nor `zh`.
        """
        if language == "en":
            return f"{_SEVERITIES[self.severity][0]}: {self.sentence} What to try: {self.advice}"
        if language == "zh":
            return f"{_SEVERITIES[self.severity][1]}：{self.sentence_zh}建议：{self.advice_zh}"
        raise ValueError(f"language: expected 'en' or 'zh', found {language!r}; use one of those, or leave it out.")


@dataclass(frozen=True)
class AnalysisHeader:
    """What follows from one training step, and from the run up to it: `numbers[layer][name]`, findings, and planes.

    `flow` (sample, loss_time, time): |dL_s/dh_t|, the part of the gradient at t that comes of the loss at time s.
    `spectrum.<gate>` (part, index): real and imaginary parts of the eigenvalues of that gate's block of W_hh, the
    largest of size high, to four digits.
    `weights.<gate>` (bin,): how many entries of that block lie in each of the equal bins from -high to high.
    The block of a network without gates is called h.
    """

    kind: Literal["analysis"]
    step: int
    numbers: Mapping[str, Mapping[str, Scalar]]
    findings: Sequence[Finding]
    planes: Sequence[Plane]


@dataclass(frozen=True)
class Status:
    """What the recorder says of itself. `overhead` is its CPU time in the last minute over that of the rest.

    `budget` is the overhead that it keeps to, or None where it was told how often to record; `costs` is the part of it
    that costs most: recording frames, views and analyses, or steps that are not recorded.
    """

    state: State
    step: int
    recorded: int
    thinned: int
    every: int
    overhead: float | None
    held_bytes: int
    notes: Sequence[str]
    budget: float | None = None
    costs: Cost | None = None


@dataclass(frozen=True)
class Delta:
    """A live message: its one buffer holds curves, at most one step, newer than every delta before it, and analyses."""

    kind: Literal["delta"]
    version: int
    run: str
    seq: int
    status: Status


@dataclass(frozen=True)
class Meta:
    """The trait `_meta`, beside `_snapshot`: a snapshot that stands for every delta up to and including `seq`."""

    version: int
    run: str
    seq: int
    status: Status
