"""A run whose weights have become NaN is analysed to its end: what cannot be known is NaN, and nothing fails."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from torch import nn

import rnnwidgets as rw
from rnnwidgets.analysis import analyse, eigenvalues, singular_values, spectral_radius
from rnnwidgets.wire import encode_analysis


@pytest.fixture(scope="module")
def exploded() -> rw.Frame:
    torch.manual_seed(0)
    model = rw.tasks.AddingModel(hidden=8, cell="RNN")
    with torch.no_grad():
        nn.init.orthogonal_(model.get_parameter("rnn.weight_hh_l0")).mul_(4.0)
    sgd = torch.optim.SGD(model.parameters(), lr=10.0)
    with rw.watch(model, sgd, every=1) as recorder:
        for x, y in itertools.islice(rw.tasks.adding(length=20, batch=4), 40):
            loss = nn.functional.mse_loss(model(x), y)
            sgd.zero_grad()
            loss.backward()
            sgd.step()
    frame = recorder.recording[-1]
    assert np.isnan(frame["rnn.l0"].weights["W_hh"]).any()
    return frame


def test_eigenvalues_singular_values_and_the_radius_are_nan(exploded: rw.Frame):
    trace = exploded["rnn.l0"]
    assert np.isnan(eigenvalues(trace)["h"]).all()
    assert eigenvalues(trace)["h"].shape == (8,)
    assert np.isnan(spectral_radius(trace)["h"])
    assert np.isnan(singular_values(trace, 10)).all()


def test_the_whole_analysis_is_made_and_goes_to_the_browser(exploded: rw.Frame):
    found = analyse(exploded)
    assert found.step == exploded.step
    assert encode_analysis(found, 64 * 1024)


def test_an_exploded_run_is_diagnosed(exploded: rw.Frame):
    recording = rw.Recording()
    recording.append(exploded)
    assert any(finding.severity == "problem" for finding in rw.diagnose(recording))
