"""A labelled set of runs: each gets exactly the findings that it deserves, and a healthy one none."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import rnnwidgets as rw
from rnnwidgets import schema
from rnnwidgets.analysis import diagnose
from rnnwidgets.frame import Frame
from tests.unit.analysed import fill, linear_rnn
from tests.unit.frames import make_frame


class Reader(nn.Module):
    """A recurrent layer and a linear readout of its last output."""

    def __init__(self, layer: nn.RNNBase) -> None:
        super().__init__()
        self.layer = layer
        self.head = nn.Linear(layer.hidden_size, 1, dtype=next(layer.parameters()).dtype)

    def forward(self, x: Tensor) -> Tensor:
        output, _ = self.layer(x)
        return torch.as_tensor(self.head(output[-1])[:, 0])


def trained(
    layer: nn.RNNBase,
    batch: Callable[[], tuple[Tensor, Tensor]],
    steps: int = 12,
    rate: float = 0.0,
    clip: float | None = None,
) -> rw.Recording:
    """Train a reader on batches of (x, target)."""
    model = Reader(layer)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    with rw.watch(model, optimizer, every=1) as recorder:
        for _ in range(steps):
            x, target = batch()
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(x), target)
            loss.backward()
            scalars = {"loss": loss.item()}
            if clip is not None:
                before = nn.utils.clip_grad_norm_(model.parameters(), clip)
                scalars["grad_norm_before_clip"] = float(before)
            optimizer.step()
            recorder.log(**scalars)
    return recorder.recording


def noise(times: int, scale: float = 1.0, dtype: torch.dtype = torch.float32) -> Callable[[], tuple[Tensor, Tensor]]:
    """Batches of random input whose target is the mean of the last two inputs."""

    def batch() -> tuple[Tensor, Tensor]:
        x = scale * torch.randn(times, 8, 2, dtype=dtype)
        return x, x[-2:].mean(dim=(0, 2))

    return batch


def labels(found: Sequence[schema.Finding]) -> set[str]:
    return {one.name for one in found}


def one(found: Sequence[schema.Finding]) -> schema.Finding:
    assert len(found) == 1
    return found[0]


def test_a_tanh_network_over_100_steps_vanishes():
    torch.manual_seed(0)
    found = one(diagnose(trained(nn.RNN(2, 32), noise(100))))
    assert (found.name, found.severity, found.layer, found.time) == ("vanishing", "warning", "layer.l0", 0)
    assert "99 steps back" in found.sentence
    assert "99 步" in found.sentence_zh
    assert "GRU" in found.advice


def test_the_vanishing_of_an_lstm_is_laid_to_the_half_life_of_its_forget_gates():
    torch.manual_seed(1)
    layer = nn.LSTM(2, 16)
    fill(layer, bias_ih=0.0, bias_hh=0.0, weight_hh=0.0)
    with torch.no_grad():
        layer.get_parameter("weight_ih_l0")[16:32] = 0
    recording = trained(layer, noise(60), steps=1)
    found = one(diagnose(recording))
    assert found.name == "vanishing"
    assert "its f gates have a memory half-life of 1.0 steps" in found.sentence
    assert "Initialise the bias of f to 1 or more" in found.advice
    fill(layer, bias_ih=torch.tensor([0.0, 5, 0, 0]).repeat_interleave(16))
    assert diagnose(trained(layer, noise(60), steps=1)) == []


def test_a_spectral_radius_of_1_3_explodes():
    torch.manual_seed(2)
    found = one(diagnose(trained(linear_rnn(1.3, 16, 2), noise(60, 1.0, torch.float64), steps=2)))
    assert (found.name, found.severity, found.time) == ("exploding", "problem", 0)
    assert f"over 59 steps back in time, the gradient of layer.l0 grows {1.3**59:.1e} times" in found.sentence
    assert found.gate == "dh"


def test_large_first_weights_saturate():
    torch.manual_seed(3)
    layer = nn.RNN(2, 24)
    with torch.no_grad():
        for name, weight in layer.named_parameters():
            if "weight_ih" in name:
                weight.normal_(0, 10)
    found = one(diagnose(trained(layer, noise(12))))
    assert (found.name, found.layer) == ("saturated", "layer.l0")
    assert found.unit is not None
    assert found.gate == "h"
    assert "h of layer.l0 is saturated in " in found.sentence


def test_relu_units_that_never_fire_are_dead():
    torch.manual_seed(4)
    layer = nn.RNN(2, 20, nonlinearity="relu")
    fill(layer, weight_hh=0.5 * torch.eye(20), bias_ih=torch.tensor([0.5] * 12 + [-50.0] * 8))
    found = one(diagnose(trained(layer, noise(10))))
    assert (found.name, found.unit) == ("dead_units", 12)
    assert "8 of 20 ReLU units of layer.l0 are 0 at every timestep of 8 recorded steps" in found.sentence


def test_a_planted_nan_is_found_where_it_was_planted():
    torch.manual_seed(5)
    clean, count = noise(10), iter(range(100))

    def poisoned() -> tuple[Tensor, Tensor]:
        x, target = clean()
        if next(count) == 7:
            x[4, 2, 1] = torch.nan
        return x, target

    model = Reader(nn.GRU(2, 6))
    with rw.watch(model, every=1) as recorder:
        for _ in range(8):
            x, target = poisoned()
            nn.functional.mse_loss(model(x), target).backward()
            model.zero_grad()
            recorder.step()
    found = one(diagnose(recorder.recording))
    assert (found.name, found.severity) == ("not_finite", "problem")
    assert (found.step, found.layer, found.time, found.unit, found.gate) == (7, "layer.l0", 4, 0, "r")
    assert found.sentence == "First non-finite value: NaN in r of layer.l0 (step 7, t = 4, unit 0)."


def test_a_gradient_that_is_clipped_at_every_step_is_said_to_be():
    torch.manual_seed(6)
    found = one(diagnose(trained(nn.GRU(2, 12), noise(10), steps=30, rate=1e-3, clip=1e-3)))
    assert found.name == "clipped"
    assert "clipped at 100 % of 30 steps" in found.sentence


def test_a_loss_that_jumps_is_a_spike_at_its_step():
    torch.manual_seed(7)
    clean, count = noise(10), iter(range(100))

    def jumping() -> tuple[Tensor, Tensor]:
        x, target = clean()
        return x, target + (40.0 if next(count) == 25 else 0.0)

    found = diagnose(trained(nn.GRU(2, 12), jumping, steps=30, rate=1e-3))
    assert labels(found) == {"spike"}
    assert {one.step for one in found} == {25}
    assert any(one.sentence.startswith("Loss jumped to ") for one in found)
    assert any(one.sentence.startswith("Gradient norm jumped to ") for one in found)
    assert any(one.sentence_zh.startswith("梯度范数在第 25 步跃升至 ") for one in found)


@pytest.mark.parametrize("make", [nn.GRU, nn.LSTM, nn.RNN])
def test_a_healthy_network_gets_nothing(make: Callable[..., nn.RNNBase]):
    torch.manual_seed(8)
    recording = trained(make(2, 24), noise(12), steps=150, rate=5e-3)
    losses = recording.scalars["loss"].values
    assert losses[-20:].mean() < 0.1 * losses[:5].mean()
    assert diagnose(recording) == []


def test_a_language_model_gets_nothing_although_no_loss_reaches_far():
    torch.manual_seed(9)
    embedding, layer, head = nn.Embedding(12, 16), nn.GRU(16, 32), nn.Linear(32, 12)
    model = nn.ModuleList([embedding, layer, head])
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    with rw.watch(model, optimizer, every=1) as recorder:
        for _ in range(40):
            ids = torch.randint(12, (1, 16)).cumsum(0) + torch.arange(41)[:, None]
            ids = ids % 12
            optimizer.zero_grad()
            logits = head(layer(embedding(ids[:-1]))[0])
            loss = nn.functional.cross_entropy(logits.flatten(0, 1), ids[1:].flatten())
            loss.backward()
            optimizer.step()
            recorder.log(loss=loss)
    assert diagnose(recorder.recording) == []


def test_units_that_never_move_are_named():
    recording = rw.Recording()
    frame = make_frame(3, (8, 2, 6), kind="GRU")
    trace = frame["lstm.l0"]
    trace["h"][..., :4] = 0.25
    trace["dh"][...] = 1
    recording.append(Frame(3, (0, 1), {"lstm.l0": trace}))
    found = one(diagnose(recording))
    assert (found.name, found.severity, found.unit) == ("still_units", "info", 0)
    assert "4 of 6 units of lstm.l0 change by at most 0.001 over 1 recorded step." in found.sentence


def test_nothing_recorded_is_nothing_found():
    assert diagnose(rw.Recording()) == []


def test_a_forward_frame_without_gradients_is_judged_by_its_units_alone():
    frame = make_frame(0, (40, 2, 6), kind="GRU")
    trace = frame["lstm.l0"]
    arrays = {name: trace[name] for name in "rznh"}
    recording = rw.Recording()
    recording.append(replace(frame, traces={"lstm.l0": replace(trace, arrays=arrays)}))
    assert diagnose(recording) == []


def test_the_worst_comes_first_and_every_finding_says_both_languages_with_the_same_numbers():
    torch.manual_seed(10)
    layer = linear_rnn(1.3, 16, 2)
    fill(layer, bias_ih=torch.tensor([0.5] * 10 + [-60.0] * 6))
    with torch.no_grad():
        layer.get_parameter("weight_hh_l0").copy_(1.3 * torch.eye(16))
    found = diagnose(trained(layer, noise(60, 0.1, torch.float64), steps=2))
    assert [one.name for one in found] == ["exploding", "dead_units"]
    for one_of_them in found:
        digits = [set("0123456789") & set(text) for text in (one_of_them.sentence, one_of_them.sentence_zh)]
        assert digits[0] <= digits[1] | {"0"} | digits[0] & set("0")
        assert one_of_them.source


def test_findings_do_not_change_what_they_look_at():
    frame = make_frame(0, (20, 2, 6))
    before = frame.to_bytes()
    recording = rw.Recording()
    recording.append(frame)
    diagnose(recording)
    assert frame.to_bytes() == before
    assert np.isfinite(frame["lstm.l0"]["h"]).all()


def test_the_text_of_a_finding_is_in_the_language_asked_for():
    torch.manual_seed(0)
    found = one(diagnose(trained(nn.RNN(2, 32), noise(100))))
    assert found.text() == f"Warning: {found.sentence} What to try: {found.advice}"
    assert found.text("zh") == f"警告：{found.sentence_zh}建议：{found.advice_zh}"
    assert str(found) == found.text("en")


def test_the_text_of_a_finding_in_an_unknown_language_is_refused():
    torch.manual_seed(0)
    found = one(diagnose(trained(nn.RNN(2, 32), noise(100))))
    unknown: Any = "auto"
    with pytest.raises(ValueError, match=r"^language: expected 'en' or 'zh', found 'auto'; use one of those"):
        found.text(unknown)


def spiked(usual: float, *spikes: float) -> rw.Recording:
    """A run with noisy losses around a usual one, and some far above it from step 40 on."""
    recording = rw.Recording()
    for step in range(60):
        noisy = usual + 0.001 * np.cos(step)
        recording.log(step, {"loss": spikes[(step - 40) // 5] if step in range(40, 40 + 5 * len(spikes), 5) else noisy})
    return recording


def test_a_spike_says_its_value_its_ratio_and_how_many_there_are():
    assert one(diagnose(spiked(0.5, 13.7, 40.1))).sentence == (
        "Loss jumped to 40.1 at step 45, 80 times its usual 0.5 (2 spikes)."
    )
    assert one(diagnose(spiked(0.5, 13.7))).sentence.endswith("(1 spike).")


def test_a_spike_over_a_negative_loss_has_no_ratio():
    found = one(diagnose(spiked(-3.0, 40.1)))
    assert found.sentence == "Loss jumped to 40.1 at step 40; its usual value is -3 (1 spike)."
    assert found.step == 40


def near(printed: str, value: float) -> bool:
    """Whether a printed number is within 0.6 units of its last digit of the value."""
    mantissa, _, exponent = printed.partition("e")
    digits = len(mantissa.partition(".")[2])
    return abs(float(printed) - value) <= 0.6 * 10.0 ** (int(exponent or 0) - digits)


def test_the_numbers_of_a_vanishing_gradient_are_those_of_the_recording():
    torch.manual_seed(0)
    recording = trained(nn.RNN(2, 32), noise(100))
    norms = np.sqrt(np.square(recording[-1]["layer.l0"]["dh"].astype(np.float64)).sum(axis=(1, 2)))
    source = int(norms.argmax())
    horizon = next(back for back in range(source + 1) if norms[source - back] <= 0.01 * norms[source])
    found = one(diagnose(recording))
    for text in (found.sentence, found.sentence_zh):
        steps, ratio, last = re.findall(r"(?<![\w.])\d+(?:\.\d+)?(?:e[+-]\d+)?", text)
        assert (int(steps), int(last)) == (source, horizon)
        assert near(ratio, norms[0] / norms[source])


def test_the_share_of_a_saturated_gate_is_that_of_the_recording():
    torch.manual_seed(3)
    layer = nn.LSTM(2, 24)
    with torch.no_grad():
        layer.get_parameter("weight_ih_l0").normal_(0, 10)
    recording = trained(layer, noise(12))
    found = next(finding for finding in diagnose(recording) if finding.gate == "g")
    g = np.concatenate([frame["layer.l0"]["g"] for frame in recording[-8:]])
    share = float((np.abs(g) > 0.9).mean())
    for text in (found.sentence, found.sentence_zh):
        (percent,) = re.findall(r"(\d+) %", text)
        assert near(percent, 100 * share)


def test_the_numbers_of_frequent_clipping_are_those_of_the_recording():
    torch.manual_seed(6)
    recording = trained(nn.GRU(2, 12), noise(10), steps=30, rate=1e-3, clip=1e-3)
    found = one(diagnose(recording))
    median = float(np.median(recording.scalars["grad_norm_before_clip"].values))
    for text in (found.sentence, found.sentence_zh):
        assert near(re.findall(r"\d+\.\d+(?:e[+-]\d+)?", text)[-1], median)
