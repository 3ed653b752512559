"""Frames are analysed in a process of its own: to the same result, on one thread, counted, and gone when told to."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
from torch import nn

from rnnwidgets.analysis import analyse
from rnnwidgets.frame import Frame
from rnnwidgets.widgets import apart as its_module
from rnnwidgets.widgets.apart import AnalysisError, Apart
from tests.unit.analysed import every_output, frame_of

TICK = 0.01


def frame(module: nn.Module, units: int = 3) -> Frame:
    torch.manual_seed(0)
    return frame_of(module, torch.randn(9, 2, units), every_output)


def broken() -> Frame:
    whole = frame(nn.LSTM(3, 8))
    trace = whole["l0"]
    return replace(whole, traces={"l0": replace(trace, weights={**trace.weights, "W_hh": np.ones((3, 8), np.float32)})})


def process(apart: Apart) -> psutil.Process:
    assert apart._process is not None
    return psutil.Process(apart._process.pid)


@pytest.mark.parametrize("module", [nn.LSTM(3, 8, 2), nn.GRU(3, 6, bidirectional=True), nn.RNN(3, 4)])
def test_an_analysis_made_apart_is_the_one_made_here(module: nn.Module):
    made = frame(module)
    with Apart() as apart:
        found = apart.analyse(made)
    wanted = analyse(made)
    assert found.step == wanted.step
    assert list(found.layers) == list(wanted.layers) == list(made.layers)
    for name, layer in wanted.layers.items():
        assert found.layers[name].numbers == pytest.approx(layer.numbers, rel=1e-6, nan_ok=True)
        flow, other = layer.flow, found.layers[name].flow
        assert flow is not None
        assert other is not None
        np.testing.assert_allclose(other.norms, flow.norms, rtol=1e-6)
        for gate, values in layer.spectra.items():
            np.testing.assert_allclose(np.abs(found.layers[name].spectra[gate]), np.abs(values), rtol=1e-5)


def test_no_process_is_started_before_the_first_frame_and_none_is_left_after():
    with Apart() as apart:
        assert apart._process is None
        apart.analyse(frame(nn.GRU(3, 4)))
        its = process(apart)
        assert its.is_running()
        assert its.ppid() == os.getpid()
    assert not its.is_running()
    assert psutil.Process().children() == []


@pytest.mark.skipif(sys.platform == "win32", reason="sessions and niceness are Unix's")
def test_it_computes_on_one_thread_gives_way_to_others_and_hears_no_interrupt_of_the_kernel():
    with Apart() as apart:
        apart.analyse(frame(nn.LSTM(3, 160)))
        its = process(apart)
        assert its.num_threads() == 1
        assert its.nice() > psutil.Process().nice()
        assert os.getsid(its.pid) == its.pid != os.getsid(0)


def test_its_cpu_time_is_known_over_all_processes_that_it_had_and_that_of_the_latest_analysis_without_a_start():
    with Apart() as apart:
        apart.analyse(frame(nn.LSTM(3, 160)))
        used = process(apart).cpu_times()
        first = apart.seconds
        assert first == pytest.approx(used.user + used.system, abs=2 * TICK)
        assert 0 < apart.latest < first
        process(apart).kill()
        with pytest.raises(AnalysisError, match="its process ended with -9"):
            apart.analyse(frame(nn.GRU(3, 4)))
        assert apart.seconds == first
        apart.analyse(frame(nn.GRU(3, 4)))
        used = process(apart).cpu_times()
        assert apart.seconds - first == pytest.approx(used.user + used.system, abs=2 * TICK)


def test_a_frame_that_cannot_be_analysed_is_told_and_the_next_one_is_analysed_by_the_same_process():
    with pytest.raises(ValueError, match="equal division") as here:
        analyse(broken())
    with Apart() as apart:
        with pytest.raises(AnalysisError) as told:
            apart.analyse(broken())
        assert str(told.value) == str(here.value)
        its = process(apart)
        assert apart.analyse(frame(nn.GRU(3, 4))).step == 0
        assert process(apart) == its


def test_why_a_process_ended_is_told_in_its_own_last_words(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(its_module, "_SERVE", "raise ImportError('no numpy here')")
    with Apart() as apart, pytest.raises(AnalysisError, match=r"ended with .*: ImportError: no numpy here"):
        apart.analyse(frame(nn.GRU(3, 4)))


def test_what_lies_in_the_working_directory_is_not_taken_for_a_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("pickle", "numpy", "random"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(3)\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with Apart() as apart:
        assert apart.analyse(frame(nn.GRU(3, 4))).layers["l0"].numbers
