"""At the start of training: what the default initialisations do to a gradient over 50 steps, and what cures it.

Input uniform on (0, 1), 2 inputs, 64 units, squared output of the last step as loss, medians of 5 seeds.
`docs/initialisation.md` states the figures.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from rnnwidgets.analysis import flow, lyapunov
from tests.unit.analysed import frame_of, last_output

T, INPUTS, H, SEEDS = 50, 2, 64, 5
PAGE = Path(__file__).resolve().parents[2] / "docs" / "initialisation.md"


def orthogonal() -> nn.RNNBase:
    module = nn.RNN(INPUTS, H)
    nn.init.orthogonal_(module.get_parameter("weight_hh_l0"))
    return module


def irnn() -> nn.RNNBase:
    """Le, Jaitly & Hinton 2015: ReLU, W_hh the identity, biases zero."""
    module = nn.RNN(INPUTS, H, nonlinearity="relu")
    nn.init.eye_(module.get_parameter("weight_hh_l0"))
    for name in ("bias_ih_l0", "bias_hh_l0"):
        nn.init.zeros_(module.get_parameter(name))
    return module


def forget(bias: float) -> nn.RNNBase:
    """Jozefowicz, Zaremba & Sutskever 2015: the forget gate starts open."""
    module = nn.LSTM(INPUTS, H)
    with torch.no_grad():
        module.get_parameter("bias_ih_l0")[H : 2 * H] = bias
        module.get_parameter("bias_hh_l0")[H : 2 * H] = 0
    return module


MODELS: dict[str, Callable[[], nn.RNNBase]] = {
    "`nn.RNN` tanh, default": lambda: nn.RNN(INPUTS, H),
    "`nn.RNN` tanh, orthogonal W_hh": orthogonal,
    "IRNN: ReLU, W_hh = I": irnn,
    "`nn.GRU`, default": lambda: nn.GRU(INPUTS, H),
    "`nn.LSTM`, default": lambda: nn.LSTM(INPUTS, H),
    "`nn.LSTM`, forget bias 1": lambda: forget(1),
    "`nn.LSTM`, forget bias 3": lambda: forget(3),
    "`nn.LSTM`, forget bias 5": lambda: forget(5),
}
WINDOWS = {
    "`nn.RNN` tanh, default": (1e-13, 1e-10, 0.50, 0.64),
    "`nn.RNN` tanh, orthogonal W_hh": (1e-2, 0.3, 0.92, 0.97),
    "IRNN: ReLU, W_hh = I": (0.3, 1.2, 0.97, 1.02),
    "`nn.GRU`, default": (1e-11, 1e-8, 0.58, 0.70),
    "`nn.LSTM`, default": (1e-12, 1e-9, 0.57, 0.69),
    "`nn.LSTM`, forget bias 1": (3e-6, 3e-4, 0.81, 0.89),
    "`nn.LSTM`, forget bias 3": (0.05, 0.6, 0.97, 1.05),
    "`nn.LSTM`, forget bias 5": (0.15, 1.2, 1.0, 1.1),
}


@cache
def measured(name: str) -> tuple[float, float, float]:
    """Medians over seeds: |dh_first| / |dh_last|, the factor per step from t = 40 to 10, and e^(largest exponent)."""
    found = []
    for seed in range(SEEDS):
        torch.manual_seed(seed)
        module = MODELS[name]()
        trace = frame_of(module, torch.rand(T, 1, INPUTS), last_output)["l0"]
        norms = flow(trace).norms[0, -1]
        found.append((norms[0] / norms[-1], (norms[10] / norms[40]) ** (1 / 30), np.exp(lyapunov(trace, 0, 8)[0])))
    ratio, factor, predicted = np.median(found, axis=0)
    print(f"| {name} | {ratio:.1e} | {factor:.3f} | {predicted:.3f} |")
    return float(ratio), float(factor), float(predicted)


@pytest.mark.parametrize("name", MODELS)
def test_the_gradient_of_each_initialisation_is_within_its_window(name: str):
    ratio, factor, _ = measured(name)
    least, most, slow, fast = WINDOWS[name]
    assert least <= ratio <= most
    assert slow <= factor <= fast


def test_the_default_lstm_vanishes_as_badly_as_a_tanh_network_and_the_forget_bias_cures_it():
    ratios = {name: measured(name)[0] for name in MODELS}
    rising = [
        "`nn.RNN` tanh, default",
        "`nn.LSTM`, default",
        "`nn.LSTM`, forget bias 1",
        "`nn.RNN` tanh, orthogonal W_hh",
        "`nn.LSTM`, forget bias 3",
        "`nn.LSTM`, forget bias 5",
    ]
    assert sorted(rising, key=ratios.__getitem__) == rising
    assert ratios["`nn.LSTM`, forget bias 1"] >= 1e4 * ratios["`nn.LSTM`, default"]
    assert ratios["`nn.LSTM`, default"] <= 1e3 * ratios["`nn.RNN` tanh, default"]


def test_the_decay_is_slower_from_the_default_lstm_to_the_orthogonal_network_to_the_identity():
    factors = [measured(name)[1] for name in [list(MODELS)[4], *list(MODELS)[1:3]]]
    assert factors == sorted(factors)


@pytest.mark.parametrize("name", MODELS)
def test_the_page_states_what_is_measured(name: str):
    row = next(line for line in PAGE.read_text("utf-8").splitlines() if line.startswith(f"| {name} |"))
    ratio, factor, predicted = (float(cell) for cell in row.split("|")[2:5])
    found = measured(name)
    assert np.log10(ratio) == pytest.approx(np.log10(found[0]), abs=0.1)
    assert factor == pytest.approx(found[1], abs=0.01)
    assert predicted == pytest.approx(found[2], abs=0.01)
