"""Memory in one number: half-lives in closed form, horizons and lags of gradients that are known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from rnnwidgets.analysis import Flow, by_lag, flow, half_life, horizon, jacobian, mean_lag, omega
from rnnwidgets.errors import RecordingError
from tests.unit.analysed import every_output, fill, frame_of, last_output, linear_rnn
from tests.unit.frames import make_trace


@pytest.mark.parametrize(("bias", "steps"), [(0, 1.0), (1, 2.21), (2, 5.46), (5, 103.1)])
def test_the_half_life_of_a_forget_gate_is_that_of_its_bias(bias: float, steps: float):
    module = nn.LSTM(1, 3, dtype=torch.float64)
    biases = torch.tensor([0.3, bias, 0.7, 0.2]).repeat_interleave(3)
    fill(module, weight_hh=0.0, weight_ih=0.0, bias_ih=biases, bias_hh=0.0)
    trace = frame_of(module, torch.zeros(6, 2, 1, dtype=torch.float64), every_output)["l0"]
    np.testing.assert_allclose(half_life(trace), steps, rtol=2e-3)
    np.testing.assert_allclose(half_life(trace), np.log(2) / np.log1p(np.exp(-bias)), rtol=1e-6)


def test_the_half_life_of_a_gru_is_that_of_z_and_units_differ():
    trace = make_trace((9, 2, 3), "GRU")
    trace["z"][...] = np.array([0.5, 0.25, 1.0], np.float32)
    np.testing.assert_allclose(half_life(trace), [1.0, 0.5, np.inf])
    with pytest.raises(RecordingError, match="expected an LSTM or a GRU with its gates recorded, found RNN_TANH"):
        half_life(make_trace(kind="RNN_TANH"))


@pytest.mark.parametrize(("rho", "steps"), [(0.5, 7), (0.9, 44), (0.99, np.inf), (1.1, np.inf)])
def test_the_horizon_of_a_linear_network_is_where_the_power_of_its_radius_falls_to_a_hundredth(
    rho: float, steps: float
):
    torch.manual_seed(0)
    x = torch.zeros(100, 1, 1, dtype=torch.float64)
    for loss in (last_output, every_output):
        seen = flow(frame_of(linear_rnn(rho, 8), x, loss)["l0"])
        assert horizon(seen) == steps
        np.testing.assert_allclose(by_lag(seen)[:90], rho ** np.arange(90.0), rtol=1e-9)


def test_the_lag_of_a_reverse_direction_counts_towards_the_end():
    torch.manual_seed(1)
    module = nn.RNN(2, 4, bidirectional=True, dtype=torch.float64)
    x = torch.randn(12, 2, 2, dtype=torch.float64)
    frame = frame_of(module, x, every_output)
    seen = flow(frame["l0_reverse"])
    mirrored = Flow(seen.norms[:, ::-1, ::-1], seen.stride, seen.full)
    np.testing.assert_array_equal(by_lag(seen, reverse=True), by_lag(mirrored))
    assert by_lag(seen, reverse=True)[0] == 1
    assert horizon(seen, reverse=True) == horizon(mirrored)


def test_strided_losses_have_the_same_lags():
    torch.manual_seed(2)
    trace = frame_of(linear_rnn(0.8, 4), torch.zeros(20, 3, 1, dtype=torch.float64), every_output)["l0"]
    np.testing.assert_allclose(by_lag(flow(trace, stride=(2, 3)))[:19], 0.8 ** np.arange(19.0), rtol=1e-9)


def test_without_a_gradient_there_is_no_horizon_and_no_lag():
    empty = Flow(np.zeros((1, 4, 4)), (1, 1, 1), (1, 4, 4))
    assert np.isnan(horizon(empty))
    assert np.isnan(mean_lag(empty.norms))


def test_the_mean_lag_is_of_ratios_alone_however_large_the_gradients():
    squares = np.array([[1.0, 0.0], [2.0, 3.0]])
    assert mean_lag(squares * 5e307) == mean_lag(squares) == pytest.approx(1 / 3)
    assert mean_lag(np.where(squares == 3, np.inf, squares)) == pytest.approx(2 / 3)


def test_the_mean_lag_weighs_each_lag_with_its_square():
    squares = np.zeros((5, 5))
    squares[4, 4], squares[4, 1], squares[3, 2] = 1.0, 2.0, 3.0
    assert mean_lag(squares) == pytest.approx((0 * 1 + 3 * 2 + 1 * 3) / 6)
    assert mean_lag(np.full((2, 3), np.nan)) != mean_lag(squares)
    strided = np.zeros((2, 10))
    strided[1, 2] = 1.0
    assert mean_lag(strided, stride=6) == 4
    rho, lags = 0.6, np.arange(60)
    geometric = (rho ** (2 * lags) * lags).sum() / (rho ** (2 * lags)).sum()
    torch.manual_seed(3)
    seen = flow(frame_of(linear_rnn(rho, 4), torch.zeros(60, 1, 1, dtype=torch.float64), last_output)["l0"])
    assert mean_lag(seen.norms**2) == pytest.approx(geometric, rel=1e-9)


@pytest.mark.parametrize("rho", [0.5, 1.0, 1.1])
def test_omega_of_a_linear_network_follows_from_its_radius_alone(rho: float):
    torch.manual_seed(4)
    trace = frame_of(linear_rnn(rho, 8), torch.zeros(9, 2, 1, dtype=torch.float64), last_output)["l0"]
    np.testing.assert_allclose(omega(trace), np.full((8, 2), (rho**2 - 1) ** 2), atol=1e-12)


@pytest.mark.parametrize("make", [nn.RNN, nn.GRU, nn.LSTM])
def test_omega_is_that_of_the_jacobian_and_the_gradient(make: Callable[..., nn.RNNBase]):
    torch.manual_seed(5)
    module = make(3, 4, dtype=torch.float64)
    trace = frame_of(module, torch.randn(7, 2, 3, dtype=torch.float64), every_output)["l0"]
    found = omega(trace)
    for t in range(6):
        g = trace["dh"][t + 1, 1]
        if make is nn.LSTM:
            o, c = trace["o"][t + 1, 1], trace["c"][t + 1, 1]
            g = np.concatenate((g, trace["dc"][t + 1, 1] - g * o * (1 - np.tanh(c) ** 2)))
        pulled = g @ jacobian(trace, t + 1, 1)
        assert found[t, 1] == pytest.approx((pulled @ pulled / (g @ g) - 1) ** 2, rel=1e-10)
