"""Jacobians, singular values, exponents and decay against autograd and against what is known in closed form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import rnnwidgets as rw
from rnnwidgets.analysis import decay, eigenvalues, flow, jacobian, lyapunov, singular_values, spectral_radius
from rnnwidgets.errors import RecordingError
from tests.unit.analysed import every_output, fill, frame_of, last_output, linear_rnn

T, INPUTS, H = 12, 3, 5
CELLS = {"RNN_TANH": nn.RNNCell, "GRU": nn.GRUCell, "LSTM": nn.LSTMCell}
MODULES = {"RNN_TANH": nn.RNN, "GRU": nn.GRU, "LSTM": nn.LSTM}


def stepped(kind: str, module: nn.RNNBase, x: Tensor) -> Callable[[Tensor], Tensor]:
    """One step of PyTorch's own cell with the module's weights, on the state as one vector."""
    cell = CELLS[kind](INPUTS, H, dtype=torch.float64)
    cell.load_state_dict({name.removesuffix("_l0"): value for name, value in module.state_dict().items()})

    def step(state: Tensor) -> Tensor:
        parts = tuple(part[None] for part in state.split(H))
        after = cell(x[None], parts if kind == "LSTM" else parts[0])
        return torch.cat(after if isinstance(after, tuple) else (after,), dim=-1)[0]

    return step


def recorded(kind: str, sample: int = 1) -> tuple[rw.Trace, list[np.ndarray]]:
    """A trace, and autograd's Jacobian at every time of one sample."""
    torch.manual_seed(0)
    module = MODULES[kind](INPUTS, H, dtype=torch.float64)
    x = torch.randn(T, 2, INPUTS, dtype=torch.float64)
    trace = frame_of(module, x, every_output)["l0"]
    names = ("h", "c") if kind == "LSTM" else ("h",)
    states = [np.concatenate([trace.start[name][sample] for name in names])]
    states += [np.concatenate([trace[name][t, sample] for name in names]) for t in range(T)]
    found: list[np.ndarray] = []
    for t in range(T):
        jac: Any = torch.autograd.functional.jacobian(stepped(kind, module, x[t, sample]), torch.tensor(states[t]))
        found.append(jac.numpy())
    return trace, found


@pytest.mark.parametrize("kind", MODULES)
def test_jacobians_and_their_singular_values_are_autograds(kind: str):
    trace, wanted = recorded(kind)
    for t, one in enumerate(wanted):
        np.testing.assert_allclose(jacobian(trace, t, 1), one, rtol=0, atol=1e-10)
        values = np.linalg.svd(one, compute_uv=False)
        np.testing.assert_allclose(singular_values(trace, t, 1), values, rtol=0, atol=1e-10)


@pytest.mark.parametrize("kind", MODULES)
def test_the_lyapunov_spectrum_is_that_of_the_product_of_autograds_jacobians(kind: str):
    trace, wanted = recorded(kind)
    Q, sums = np.eye(len(wanted[0])), np.zeros(len(wanted[0]))
    for one in wanted:
        Q, R = np.linalg.qr(one @ Q)
        sums += np.log(np.abs(np.diag(R)))
    found = lyapunov(trace, 1)
    np.testing.assert_allclose(found, np.sort(sums / T)[::-1], rtol=0, atol=1e-10)
    volume = np.mean([np.linalg.slogdet(one)[1] for one in wanted])
    assert found.sum() == pytest.approx(volume, abs=1e-10)
    np.testing.assert_allclose(
        lyapunov(trace, 1, 1), [np.log(np.linalg.norm(np.linalg.multi_dot(wanted[::-1])[:, 0])) / T]
    )


def test_the_jacobian_of_a_reverse_direction_leads_from_the_time_after():
    torch.manual_seed(1)
    module = nn.RNN(INPUTS, H, bidirectional=True, dtype=torch.float64)
    trace = frame_of(module, torch.randn(T, 2, INPUTS, dtype=torch.float64), every_output)["l0_reverse"]
    wanted = (1 - trace["h"][4, 1] ** 2)[:, None] * trace.weights["W_hh"]
    np.testing.assert_allclose(jacobian(trace, 4, 1), wanted, rtol=0, atol=1e-14)
    np.testing.assert_allclose(trace["dh"][5, 1], trace["dy"][5, 1] + trace["dh"][4, 1] @ wanted, rtol=0, atol=1e-14)


def test_spectral_radius_and_eigenvalues_are_those_of_each_block_of_the_recurrent_weights():
    torch.manual_seed(2)
    module = nn.GRU(INPUTS, H, dtype=torch.float64)
    trace = frame_of(module, torch.randn(T, 2, INPUTS, dtype=torch.float64), every_output)["l0"]
    W = next(value for name, value in module.named_parameters() if name == "weight_hh_l0").detach().numpy()
    for k, gate in enumerate("rzn"):
        wanted = np.linalg.eigvals(W[k * H : (k + 1) * H])
        assert spectral_radius(trace)[gate] == pytest.approx(np.abs(wanted).max(), rel=1e-12)
        assert eigenvalues(trace)[gate].sum() == pytest.approx(np.trace(W[k * H : (k + 1) * H]), rel=1e-12)


@pytest.mark.parametrize(("rho", "ratio"), [(0.5, 1.5777e-30), (0.9, 2.9513e-05), (1.0, 1.0), (1.1, 1.2528e04)])
def test_the_gradient_of_a_linear_network_scales_with_the_power_of_its_spectral_radius(rho: float, ratio: float):
    torch.manual_seed(3)
    trace = frame_of(linear_rnn(rho), torch.zeros(100, 1, 1, dtype=torch.float64), last_output)["l0"]
    seen = flow(trace)
    norms = seen.norms[0, -1]
    print(f"rho {rho}: |dh_1| / |dh_100| = {norms[0] / norms[-1]:.5g}")
    assert norms[0] / norms[-1] == pytest.approx(ratio, rel=5e-5)
    assert norms[0] / norms[-1] == pytest.approx(rho**99, rel=1e-10)
    assert spectral_radius(trace)["h"] == pytest.approx(rho, rel=1e-9)
    assert tuple(decay(trace, seen)) == pytest.approx((rho, rho, rho), rel=1e-9)
    assert float(lyapunov(trace, 0, 1)[0]) == pytest.approx(np.log(rho), abs=1e-12)


@pytest.mark.parametrize(("bias", "ratio"), [(0.0, 1.578e-30), (1.0, 3.398e-14), (2.0, 3.489e-06), (5.0, 0.5144)])
def test_the_carousel_of_an_lstm_carries_the_power_of_its_forget_gate(bias: float, ratio: float):
    """Without recurrent weights the gradient of c shrinks by f alone (Hochreiter & Schmidhuber 1997; Gers 2000)."""
    module = nn.LSTM(1, 4, dtype=torch.float64)
    biases = torch.tensor([0.3, bias, 0.7, 0.2]).repeat_interleave(4)
    fill(module, weight_hh=0.0, weight_ih=0.0, bias_ih=biases, bias_hh=0.0)
    trace = frame_of(module, torch.zeros(100, 1, 1, dtype=torch.float64), lambda result: result[1][1].sum())["l0"]
    found = float(np.linalg.norm(trace["dc"][0, 0]) / np.linalg.norm(trace["dc"][-1, 0]))
    print(f"b_f {bias}: |dc_1| / |dc_100| = {found:.4g}")
    assert found == pytest.approx(ratio, rel=2e-4)
    assert found == pytest.approx((1 / (1 + np.exp(-bias))) ** 99, rel=1e-6)
    leading = lyapunov(trace)[:4]
    np.testing.assert_allclose(leading, -np.log1p(np.exp(-bias)), atol=1e-7)


def test_a_time_past_a_sequences_end_is_refused_in_one_sentence():
    trace, _ = recorded("RNN_TANH")
    with pytest.raises(
        RecordingError, match="a time within its length, found time 12 of sample 1; the lengths are 12, 12"
    ):
        jacobian(trace, T, 1)
