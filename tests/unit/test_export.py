"""One HTML file: what it holds, what it says of what it leaves out, and what it refuses."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rnnwidgets import export
from rnnwidgets.errors import RecordingError
from rnnwidgets.export import escaped, export_html
from rnnwidgets.frame import decode, split
from rnnwidgets.recording import Recording
from rnnwidgets.recording.loaded import load
from tests.unit.frames import make_frame


@pytest.fixture(autouse=True)
def script(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    path = tmp_path / "page.js"
    path.write_text("draw('</script>')")
    monkeypatch.setattr(export, "SCRIPT", path)
    return path


def recorded(steps: int, shape: tuple[int, int, int] = (7, 2, 5)) -> Recording:
    recording = Recording(memory=2**28)
    recording.report(state="live")
    for step in range(steps):
        recording.append(make_frame(step, shape, scalars={"loss": float(step)}))
    return recording


def held(path: Path, kind: str = "step") -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What a page holds: its meta and the headers of its frames of a kind."""
    text = path.read_text("utf-8")
    [meta] = re.findall(r'<script id="rnnwidgets-meta" type="application/json">(.*?)</script>', text)
    [frames] = re.findall(r'<script id="rnnwidgets-frames" type="text/plain">(.*?)</script>', text)
    headers = [decode(frame)[0] for frame in split(base64.b64decode(frames))]
    return json.loads(meta), [header for header in headers if header["kind"] == kind]


def test_a_page_holds_every_frame_whole_where_they_fit(tmp_path: Path):
    meta, headers = held(export_html(recorded(5), tmp_path / "a.html"))
    assert [header["step"] for header in headers] == [0, 1, 2, 3, 4]
    assert all(plane["shape"] == plane["full"] for header in headers for plane in header["planes"])
    assert meta["meta"]["status"]["state"] == "finished"
    assert meta["meta"]["status"]["notes"] == []


def test_a_page_keeps_to_its_size_and_says_what_was_left_out(tmp_path: Path):
    told: list[tuple[int, int]] = []
    path = export_html(recorded(300), tmp_path / "a.html", size=500_000, progress=lambda *at: told.append(at))
    meta, headers = held(path)
    steps = [header["step"] for header in headers]
    assert 100_000 < path.stat().st_size <= 500_000
    assert meta["meta"]["status"]["notes"] == [f"{len(steps)} of 300 recorded steps are in this file, evenly chosen"]
    assert 32 <= len(steps) < 300
    assert (steps[0], steps[-1]) == (0, 299)
    assert told[-len(steps) :] == [(count, len(steps)) for count in range(1, len(steps) + 1)]


def test_large_layers_are_strided_before_fewer_than_32_steps_are_left(tmp_path: Path):
    meta, headers = held(export_html(recorded(40, (100, 2, 64)), tmp_path / "a.html", size=500_000))
    assert len(headers) == 32
    assert any(plane["shape"] != plane["full"] for plane in headers[0]["planes"])
    assert meta["meta"]["status"]["notes"][-1].startswith("large layers have fewer samples, units or timesteps")


def test_a_recording_on_disk_is_exported_without_its_damaged_frame(tmp_path: Path):
    recorded(5).save(tmp_path / "run")
    log = tmp_path / "run" / "rank-0" / "000000.log"
    data = bytearray(log.read_bytes())
    data[len(data) // 2] ^= 1
    log.write_bytes(data)
    _, headers = held(export_html(load(tmp_path / "run"), tmp_path / "a.html"))
    assert len(headers) == 4


def test_a_page_holds_what_follows_from_its_frames_and_the_findings(tmp_path: Path):
    recording = recorded(3)
    last = make_frame(3)
    trace = last.traces["lstm.l0"]
    random = np.random.default_rng(0)
    weights = {"W_hh": random.standard_normal((20, 5)).astype(np.float32), "b_hh": np.zeros(20, np.float32)}
    start = {name: np.zeros((2, 5), np.float32) for name in ("h", "c")}
    recording.append(replace(last, traces={"lstm.l0": replace(trace, weights=weights, start=start)}))
    recording.append(make_frame(4, scalars={"loss": float("nan")}))
    _, analyses = held(export_html(recording, tmp_path / "a.html"), "analysis")
    assert [analysis["step"] for analysis in analyses] == [0, 1, 2, 3]
    assert "flow" in {plane["name"] for plane in analyses[-1]["planes"]}
    assert "spectral_radius.f" in analyses[-1]["numbers"]["lstm.l0"]
    assert "spectral_radius.f" not in analyses[0]["numbers"]["lstm.l0"]


def test_nothing_in_the_page_ends_its_scripts_early(tmp_path: Path):
    recording = recorded(1)
    recording.note("</script><!--\u2028 & <b>")
    path = export_html(recording, tmp_path / "a.html", title="</title><script>")
    text = path.read_text("utf-8")
    assert text.count("</script>") == 3
    assert text.count("</title>") == 1
    assert "draw('<\\/script>')" in text
    assert held(path)[0]["meta"]["status"]["notes"] == ["</script><!--\u2028 & <b>"]
    assert set(escaped("<>&\u2028\u2029")) <= set('"\\u0123456789abcdef')


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((Recording(), "a.html"), "expected a recording with at least one frame, found an empty one"),
        ((None, "a.html"), "expected a recording with at least one frame, found NoneType"),
        ((recorded(1), "none/a.html"), "expected a file that can be written, found .*no such file"),
    ],
)
def test_what_cannot_be_exported_is_said_in_one_sentence(tmp_path: Path, arguments: tuple[Any, str], sentence: str):
    with pytest.raises(RecordingError, match=sentence):
        export_html(arguments[0], tmp_path / arguments[1])
    assert list(tmp_path.glob("*.html")) == []


def test_a_size_that_cannot_be_kept_and_a_missing_script_are_said(tmp_path: Path, script: Path):
    with pytest.raises(RecordingError, match="expected at least 500000 bytes, found 10"):
        export_html(recorded(1), tmp_path / "a.html", size=10)
    script.unlink()
    with pytest.raises(RecordingError, match="found no such file; run `make build`"):
        export_html(recorded(1), tmp_path / "a.html")


@pytest.mark.parametrize(
    ("language", "root", "title", "note"),
    [
        ("auto", "<html>", "Recording of a recurrent network", "large layers have fewer samples, units or timesteps"),
        ("en", '<html lang="en">', "Recording of a recurrent network", "large layers have fewer samples, units"),
        ("zh", '<html lang="zh-CN">', "循环神经网络的训练记录", "为控制文件大小，此文件中较大的层"),
    ],
)
def test_a_page_has_the_language_title_and_notes_of_its_language(
    tmp_path: Path, language: Any, root: str, title: str, note: str
):
    path = export_html(recorded(40, (100, 2, 64)), tmp_path / "a.html", size=500_000, language=language)
    text = path.read_text("utf-8")
    assert root in text
    assert f"<title>{title}</title>" in text
    assert held(path)[0]["meta"]["status"]["notes"][-1].startswith(note)


def test_an_unknown_language_of_a_page_is_refused_in_one_sentence(tmp_path: Path):
    unknown: Any = "de"
    with pytest.raises(RecordingError, match=r"^language: expected 'auto', 'en' or 'zh', found 'de'; use"):
        export_html(recorded(1), tmp_path / "a.html", language=unknown)
    assert list(tmp_path.glob("*.html")) == []
