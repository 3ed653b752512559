"""What published results expect of a lesson's curve: a band, and whether a curve or a number lies in it.

A band holds from a training step on, so that a run that was stopped before is neither inside nor outside but undecided.
The settings are those of the lessons, small enough for two processor cores; the sources say what was found first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

_WINDOW = 50
_LSTM = "Hochreiter and Schmidhuber (1997), doi:10.1162/neco.1997.9.8.1735"
_ORTHOGONAL = "Saxe, McClelland and Ganguli (2014), doi:10.48550/arXiv.1312.6120"
_IRNN = "Le, Jaitly and Hinton (2015), doi:10.48550/arXiv.1504.00941"
_COPY = "Arjovsky, Shah and Bengio (2016), doi:10.48550/arXiv.1511.06464"
_VANISHING = "Pascanu, Mikolov and Bengio (2013), doi:10.48550/arXiv.1211.5063"
_FORGET = "Gers, Schmidhuber and Cummins (2000), doi:10.1162/089976600300015015"
_BIAS = "Jozefowicz, Zaremba and Sutskever (2015), proceedings.mlr.press/v37/jozefowicz15.html"
_SATURATION = "Karpathy, Johnson and Fei-Fei (2015), doi:10.48550/arXiv.1506.02078"


class Verdict(NamedTuple):
    """A number, the band it was held against, and whether it lies inside: None where the band does not hold yet."""

    value: float
    band: Band
    inside: bool | None

    def __str__(self) -> str:
        """Say it in signs alone, the same in every language."""
        low, high = f"{self.band.low:.3g}", f"{self.band.high:.3g}"
        if self.inside is None:
            return f"… {self.value:.3g} → [{low}, {high}] @ {self.band.due}"
        return f"{'✓' if self.inside else '✗'} {self.value:.3g} {'∈' if self.inside else '∉'} [{low}, {high}]"


@dataclass(frozen=True)
class Band:
    """From training step `due` on, the mean of the last 50 values lies from `low` to `high`.

    Attributes:
        low: the lowest value expected.
        high: the highest value expected.
        due: the training step from which on it is expected; 0 for a number that needs no training.
        source: where it was published, with its DOI.
    """

    low: float
    high: float
    due: int
    source: str

    def judge(self, steps: Sequence[int], values: Sequence[float]) -> Verdict:
        """Hold a curve against the band: the mean of its last 50 values, or of all where there are fewer.

        A curve that ends before `due` is inside if it lies there already, and undecided if not.

        Raises ValueError unless there is a value for each step, and one step at least.
        """
        if len(steps) != len(values) or not len(steps):
            raise ValueError(
                f"steps and values must be of one length from 1 on, but are of {len(steps)} and {len(values)}"
            )
        last = [float(value) for value in values[-_WINDOW:]]
        verdict = self.holds(sum(last) / len(last))
        return verdict if verdict.inside or int(steps[-1]) >= self.due else verdict._replace(inside=None)

    def holds(self, value: float) -> Verdict:
        """Hold one number against the band; NaN is outside."""
        return Verdict(float(value), self, self.low <= value <= self.high)


_EXPECTED = {
    ("adding", "RNN"): Band(0.15, 0.19, 300, _IRNN),
    ("adding", "LSTM"): Band(0.0, 0.01, 1500, _LSTM),
    ("adding", "GRU"): Band(0.0, 0.01, 1500, _LSTM),
    ("copy", "LSTM"): Band(0.95, 1.15, 400, _COPY),
    ("reber", "LSTM"): Band(0.99, 1.0, 1500, _LSTM),
    ("start", "RNN"): Band(1e-13, 1e-10, 0, _VANISHING),
    ("start", "RNN orthogonal"): Band(0.01, 0.3, 0, _ORTHOGONAL),
    ("start", "IRNN"): Band(0.3, 1.2, 0, _IRNN),
    ("start", "GRU"): Band(1e-11, 1e-8, 0, _VANISHING),
    ("start", "LSTM"): Band(1e-12, 1e-9, 0, _VANISHING),
    ("start", "LSTM bias 1"): Band(1e-6, 1e-3, 0, _BIAS),
    ("start", "LSTM bias 3"): Band(0.03, 0.5, 0, _FORGET),
    ("start", "LSTM bias 5"): Band(0.1, 1.2, 0, _FORGET),
    ("saturation", "layer 2 - layer 1"): Band(0.15, 1.0, 200, _SATURATION),
    ("saturation", "integrators"): Band(0.3, 1.0, 200, _SATURATION),
    ("saturation", "always shut"): Band(0.0, 0.05, 200, _SATURATION),
}


def expected(task: str, what: str) -> Band:
    """The band for a task and a model or a number of it, as in `expected("adding", "LSTM")`.

    - adding: mean squared error of an RNN, LSTM or GRU of 64 units, T = 50, batch 50, Adam at 0.01 (RNN 0.001),
      gradient clipped at 1.
    - copy: the LSTM's cross-entropy over `copy_baseline`, 40 units, RMSprop at 0.01, gradient clipped at 1.
    - reber: the fraction of strings that the LSTM foretells legally, 15 units, batch 16, Adam at 0.01.
    - start: |dL/dh_1| / |dL/dh_T| before training, I = 2, H = 64, T = 50, loss on the last output.
    - saturation: forget gates of a two-layer LSTM of 128 units on characters, forget bias 1: the right-saturated
      share of layer 2 less that of layer 1; the share of units of layer 2 that are right-saturated nine times in ten;
      the larger share, of the two layers, of units left-saturated nine times in ten.

    Raises ValueError, naming what there is, for any other pair.
    """
    if (task, what) not in _EXPECTED:
        known = ", ".join(f"{one!r} {other!r}" for one, other in _EXPECTED)
        raise ValueError(f"expected a task and one of its models ({known}), found {task!r} {what!r}")
    return _EXPECTED[task, what]
