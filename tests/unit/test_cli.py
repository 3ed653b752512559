"""The command: what it prints, as words and as JSON, and its exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from rnnwidgets import export
from rnnwidgets.cli import main
from rnnwidgets.recording import Recording
from tests.unit.frames import make_frame


@pytest.fixture
def run(tmp_path: Path) -> str:
    recording = Recording()
    recording.note("a \x1b[2Jword")
    recording.report(state="finished")
    for step in range(0, 6, 2):
        recording.append(make_frame(step, scalars={"loss": 1.0}))
    recording.save(tmp_path / "run")
    return str(tmp_path / "run")


def test_info_says_what_is_there(run: str, capsys: pytest.CaptureFixture[str]):
    assert main(["info", run]) == 0
    said = capsys.readouterr().out
    for line in ("state: finished", "frames: 3", "last step: 4", "  lstm.l0: 7 x 2 x 5", "scalars: loss", "ranks: 0"):
        assert line in said.splitlines()
    assert "  a \\x1b[2Jword" in said
    assert main(["info", run, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["frames"], facts["layers"], facts["first step"]) == (3, {"lstm.l0": [7, 2, 5]}, 0)


def test_verify_ends_with_0_for_a_sound_recording_and_1_for_a_damaged_one(run: str, capsys: pytest.CaptureFixture[str]):
    assert main(["verify", run]) == 0
    assert capsys.readouterr().out.splitlines()[:2] == ["frames: 3", "damage: none"]
    log = Path(run, "rank-0", "000000.log")
    data = bytearray(log.read_bytes())
    data[len(data) // 2] ^= 1
    log.write_bytes(data)
    assert main(["verify", run, "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["frames"] == 2
    assert "000000.log: record " in report["damage"][0]


def test_export_writes_the_page(run: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    script = tmp_path / "page.js"
    script.write_text("draw()")
    monkeypatch.setattr(export, "SCRIPT", script)
    assert main(["export", run, str(tmp_path / "out.html"), "--title", "mine", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    page = Path(said["file"]).read_text("utf-8")
    assert said["bytes"] == len(page.encode())
    assert "<title>mine</title>" in page


def test_export_writes_the_page_in_the_language_asked_for(run: str, tmp_path: Path, monkeypatch, capsys):
    script = tmp_path / "page.js"
    script.write_text("draw()")
    monkeypatch.setattr(export, "SCRIPT", script)
    out = tmp_path / "out.html"
    assert main(["export", run, str(out), "--language", "zh"]) == 0
    assert '<html lang="zh-CN">' in out.read_text("utf-8")
    with pytest.raises(SystemExit) as ended:
        main(["export", run, str(out), "--language", "de"])
    assert ended.value.code == 2
    assert "invalid choice: 'de'" in capsys.readouterr().err


def test_what_cannot_be_done_is_one_sentence_and_ends_with_2(capsys: pytest.CaptureFixture[str]):
    for command in (["info", "none"], ["verify", "none"], ["export", "none", "out.html"]):
        assert main(command) == 2
        assert capsys.readouterr().err.startswith("rnnwidgets: path: expected a recording: a directory with manifest.")
    with pytest.raises(SystemExit) as ended:
        main([])
    assert ended.value.code == 2


def test_the_package_is_the_command_too_and_torch_is_not_loaded(run: str):
    code = "import runpy, sys; sys.argv[1:] = ['info', sys.argv[1]]\ntry: runpy.run_module('rnnwidgets')\n"
    code += "except SystemExit as end: print(end.code, 'torch' in sys.modules, 'anywidget' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code, run], check=True, capture_output=True, text=True).stdout
    assert said.splitlines()[-1] == "0 False False"
