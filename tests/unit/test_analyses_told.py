"""Analyses as views get them: beside steps in the live lane, thinned in the snapshot, within the limits of both."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from rnnwidgets import schema
from rnnwidgets.analysis import Analysis, analyse
from rnnwidgets.frame import decode, split
from rnnwidgets.widgets import Explorer
from rnnwidgets.widgets import analyst as lane
from rnnwidgets.widgets import publisher as publishing
from rnnwidgets.widgets.analyst import Analyst, Findings, encoded
from tests.unit.analysed import every_output, frame_of, trained
from tests.unit.browser import Wire

SECONDS = 30.0


def test_what_a_snapshot_keeps_is_thinned_as_steps_are_and_the_live_lane_gets_what_finds_room():
    found = Findings()
    for step in range(200):
        found.add(step, bytes([step]) * 5000, bytes([step]) * 4096)
    kept = {found.all[at] for at in range(0, len(found.all), 4096)}
    assert len(found.all) <= lane.KEPT_BYTES + 1000
    assert {0, 199} <= kept
    assert found.news(12_000) == bytes([199]) * 5000 + bytes([198]) * 5000
    assert found.news(4_999) == b""
    assert len(found.news(10**6)) == 6 * 5000
    assert found.news(10**6) == b""


def headers(data: bytes) -> list[dict[str, Any]]:
    return [decode(one)[0] for one in split(data)]


def test_views_get_analyses_beside_steps_within_the_lanes_limits_and_in_the_snapshot(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(publishing, "Analyst", Analyst)
    monkeypatch.setattr(lane, "KEPT_BYTES", 10**6)
    recording = trained(4)
    told = threading.Event()
    publisher = wire.publish(recording)
    take = publisher._analyst._take

    def taken(analysis: Analysis | None) -> None:
        wire.clock.now += 1
        take(analysis)
        if analysis is None:
            told.set()

    publisher._analyst._take = taken
    view = Explorer(recording)
    assert told.wait(SECONDS)
    live = [header for sent in wire.deltas() for header in headers(sent.buffers[0]) if header["kind"] == "analysis"]
    assert [header["step"] for header in live] == [3, 2, 1, 0]
    assert all(len(sent.buffers[0]) <= schema.LIVE_MESSAGE_BYTES for sent in wire.deltas())
    snapshot = headers(wire.snapshots()[-1].buffers[0])
    assert [header["step"] for header in snapshot if header["kind"] == "analysis"] == [0, 1, 2, 3]
    assert [header["step"] for header in snapshot if header["kind"] == "step"] == [0, 1, 2, 3]
    later = headers(Explorer(recording)._snapshot)
    assert [header["step"] for header in later if header["kind"] == "analysis"] == [0, 1, 2, 3]
    view.close()
    publisher.leave(next(iter(publisher._views)))


def test_an_analysis_in_full_and_in_its_lasting_size_keep_to_their_limits():
    torch.manual_seed(1)
    lstm = nn.LSTM(4, 64)
    large, small = encoded(analyse(frame_of(lstm, torch.randn(100, 4, 4), every_output)))
    assert len(large) <= lane.LIVE_BYTES
    assert len(small) <= lane.KEPT_EACH
    (header,) = headers(large)
    planes = {plane["name"]: plane for plane in header["planes"]}
    assert planes["spectrum.f"]["shape"] == [2, 64]
    assert planes["weights.o"]["shape"] == [64]
    weights = lstm.get_parameter("weight_hh_l0").detach().double().numpy()
    for place, gate in enumerate("ifgo"):
        block = weights[64 * place : 64 * (place + 1)]
        assert planes[f"spectrum.{gate}"]["high"] == pytest.approx(
            float(np.abs(np.linalg.eigvals(block)).max()), rel=1e-3
        )
