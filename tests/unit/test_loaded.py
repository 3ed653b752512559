"""A recording that is read: lazily, while another process writes it, of several processes, from a store."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import rnnwidgets as rw
from rnnwidgets.archive import Entry, Kind, Writer, facts_of, to_json, writer
from rnnwidgets.errors import RecordingError
from rnnwidgets.frame import Frame, decode, split
from rnnwidgets.recording import Recording, follow
from rnnwidgets.recording.loaded import load
from tests.unit.frames import make_frame

WRITES = """
import sys, time
from pathlib import Path
from rnnwidgets.recording import Recording
from tests.unit.frames import make_frame

recording = Recording()
recording.record_to(sys.argv[1])
recording.report(state="live")
for step in range(5):
    recording.append(make_frame(step, scalars={"loss": float(step)}))
while not Path(sys.argv[2]).exists():
    time.sleep(0.01)
for step in range(5, 9):
    recording.append(make_frame(step, scalars={"loss": float(step)}))
recording.report(state="finished")
recording.close()
"""


def until(said: Callable[[], bool], what: str) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if said():
            return
        time.sleep(0.01)
    raise TimeoutError(what)


def written(path: Path, rank: int, steps: int) -> None:
    recording = Recording()
    recording.record_to(path, rank)
    for step in range(steps):
        recording.append(make_frame(step + 100 * rank))
    recording.report(state="finished")
    recording.close()


def test_ten_thousand_frames_are_opened_in_100_ms_and_any_is_read_in_5_ms(tmp_path: Path):
    frame = make_frame(0, (35, 4, 8), {"loss": 1.0})
    data, log = frame.to_bytes(), Writer.opened(tmp_path / "run", "run")
    for step in range(10_000):
        log.write([Entry(Kind.FRAME, step, data), Entry(Kind.FACTS, step, to_json(facts_of(frame)))])
        if log.full:
            log.seal()
    log.close()
    opening = []
    for _ in range(3):
        began = time.process_time()
        loaded = load(tmp_path / "run")
        opening.append(time.process_time() - began)
    places = np.random.default_rng(0).integers(0, 10_000, 50).tolist()
    began = time.process_time()
    for place in places:
        loaded[place]
    reading = (time.process_time() - began) / len(places)
    print(f"opened in {min(opening) * 1000:.1f} ms, a frame in {reading * 1000:.2f} ms of CPU time")
    assert len(loaded) == 10_000
    assert min(opening) < 0.1
    assert reading < 0.005
    assert loaded.nbytes < 64 * 2**20


def test_a_slice_reads_nothing_until_it_is_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    written(tmp_path / "run", 0, 9)
    loaded, whole = load(tmp_path / "run"), Frame.from_bytes
    read: list[Frame] = []

    def counted(data: bytes) -> Frame:
        read.append(whole(data))
        return read[-1]

    monkeypatch.setattr(Frame, "from_bytes", counted)
    chosen = loaded[2:][::3]
    assert (len(chosen), read) == (3, [])
    assert [frame.step for frame in chosen] == [2, 5, 8]
    assert loaded[2] is chosen[0]
    assert len(read) == 3
    with pytest.raises(IndexError):
        loaded[9]


def test_a_loaded_recording_is_shown_like_any_other(tmp_path: Path):
    written(tmp_path / "run", 0, 4)
    with_log = load(tmp_path / "run")
    view = rw.Explorer(with_log, layer="lstm.l0", gate="f", time=6, unit=4, step=2)
    headers = [decode(frame)[0] for frame in split(view._snapshot)]
    assert [header["step"] for header in headers if header["kind"] == "step"] == [0, 1, 2, 3]
    assert view._meta["status"]["state"] == "finished"
    assert repr(view) == "<Explorer of lstm.l0: finished, step 3, 4 frames>"
    with pytest.raises(RecordingError, match="found 7"):
        view.time = 7
    view.close()


def test_a_run_is_followed_while_another_process_writes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(follow, "POLL_SECONDS", 0.02)
    child = subprocess.Popen([sys.executable, "-c", WRITES, tmp_path / "run", tmp_path / "go"])
    until((tmp_path / "run" / "rank-0" / "000000.log").exists, "the log")
    with_thread = load(tmp_path / "run", follow=True)
    view = rw.Explorer(with_thread)
    until(lambda: len(with_thread) == 5, "five frames")
    assert load(tmp_path / "run").status.state == "live"
    told = load(tmp_path / "run").status.notes
    assert told == ("this is still being written: load(path, follow=True) keeps up with it",)
    heard: list[bool] = []
    with_thread.subscribe(heard.append)
    (tmp_path / "go").touch()
    until(lambda: with_thread.status.state == "finished", "the end")
    assert child.wait() == 0
    assert with_thread.steps == list(range(9))
    assert with_thread.scalars["loss"].values.tolist() == [float(step) for step in range(9)]
    until(lambda: view._meta["status"]["state"] == "finished", "the view to say so")
    assert heard
    view.close()


def test_following_ends_with_close_and_with_the_recording(tmp_path: Path):
    written(tmp_path / "run", 0, 1)
    load(tmp_path / "run", follow=True)
    load(tmp_path / "run", follow=True).close()


def test_the_ranks_of_a_distributed_run_open_as_one_recording(tmp_path: Path):
    written(tmp_path / "run", 0, 3)
    written(tmp_path / "run", 1, 2)
    recording = load(tmp_path / "run")
    assert {rank: one.steps for rank, one in recording.ranks.items()} == {0: [0, 1, 2], 1: [100, 101]}
    assert recording.ranks[0] is recording
    assert recording.run.rpartition("-")[0] == recording.ranks[1].run.rpartition("-")[0]
    assert recording.status.notes == ("2 processes were recorded; this is rank 0: see recording.ranks",)


@pytest.mark.parametrize("store", ["memory://bucket/run", "file"])
def test_sealed_segments_are_opened_from_a_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: str):
    fsspec = pytest.importorskip("fsspec")
    monkeypatch.setattr(writer, "SEGMENT_BYTES", 20_000)
    written(tmp_path / "run", 0, 12)
    url = store if "://" in store else f"file://{tmp_path}/copy"
    files, path = fsspec.core.url_to_fs(url)
    files.put(f"{tmp_path}/run/", f"{path}/", recursive=True)
    here, there = load(tmp_path / "run"), load(url)
    assert len(there._log.segments) > 1
    assert [frame.to_bytes() for frame in there] == [frame.to_bytes() for frame in here]
    assert there.extents == here.extents
    files.rm(path, recursive=True)
    with pytest.raises(RecordingError, match=r"expected a recording: a directory with manifest\.json in it, found"):
        load(url)


def test_a_url_without_fsspec_or_of_an_unknown_store_is_said(monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("fsspec")
    with pytest.raises(RecordingError, match="expected a URL that fsspec can open, found nowhere://run"):
        load("nowhere://run")
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(RecordingError, match=r'no fsspec; pip install "rnnwidgets\[remote\]"'):
        load("memory://run")


def test_a_directory_that_is_deleted_under_a_reader_is_an_error_in_words(tmp_path: Path):
    written(tmp_path / "run", 0, 3)
    recording = load(tmp_path / "run")
    shutil.rmtree(tmp_path / "run")
    with pytest.raises(RecordingError, match="expected the frame of step 1"):
        recording[1]
