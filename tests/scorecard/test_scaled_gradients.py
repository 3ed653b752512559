"""Row scaled_gradients: what a GradScaler multiplies is recorded as it truly is, and a step that it skips is named."""

from __future__ import annotations

import math

import pytest
import torch

import rnnwidgets as rw
from tests.unit.oracle import assert_close
from tests.unit.tagger import seeded
from tests.unit.test_around_step import assert_exact, recorded, wanted_of

SCALE, ERROR = 2.0**16, 1e-5
PROMISE = f"under a GradScaler of {SCALE:.0f} the true gradients within {ERROR:.0e}; a step it skips is named"


def scaled(*, fused):
    """Return how far the total gradients of a step are from those of the loss, after a step that was skipped."""
    model, _, tokens = seeded(dtype=torch.float32)
    optimizer = torch.optim.Adam(model.parameters(), fused=fused)
    scaler = torch.amp.GradScaler("cpu", init_scale=SCALE)
    wanted = wanted_of(model.double(), tokens)
    model.float()
    with rw.watch(model, optimizer, every=1, strict=True) as recorder:
        for factor in (math.inf, 1.0):
            optimizer.zero_grad()
            scaler.scale(model(tokens).square().sum() * factor).backward()
            scaler.step(optimizer)
            scaler.update()
    frame = recorder.recording[-1]
    for name in ("dh", "dc"):
        assert_close(recorded(frame, name).double(), wanted[name], ERROR)
    gradient = float(model.lstm.weight_hh_l0.grad.norm())
    norm = frame.norms["lstm.weight_hh_l0"]
    assert norm.gradient == pytest.approx(gradient, rel=1e-5)
    assert norm.before_clip == pytest.approx(gradient, rel=1e-5)
    assert recorder.health().skipped == {"skipped, since a gradient was not finite": 1}
    assert "a training step was skipped at step 0: a gradient was not finite" in recorder.recording.status.notes
    return float((recorded(frame, "dh").double() - wanted["dh"]).abs().max() / wanted["dh"].abs().max())


def test_scaled_gradients():
    errors = [scaled(fused=fused) for fused in (False, True)]
    print(f"within {max(errors):.0e} of the loss's own gradients; 1 of 1 skipped step named")


def test_a_disabled_scaler_changes_nothing():
    model, optimizer, tokens = seeded()
    scaler = torch.amp.GradScaler("cpu", enabled=False)
    wanted = wanted_of(model, tokens)
    with rw.watch(model, optimizer, strict=True) as recorder:
        scaler.scale(model(tokens).square().sum()).backward()
        scaler.step(optimizer)
    assert_exact(recorder.recording[0], wanted)
