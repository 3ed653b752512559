"""Recordings on disk: what is written is what is read, whole, in order, and by one writer at a time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rnnwidgets.archive import disk, writer
from rnnwidgets.archive.lock import boot
from rnnwidgets.errors import FrameBytesError, RecordingError
from rnnwidgets.frame import ParameterNorm
from rnnwidgets.recording import Recording
from rnnwidgets.recording.loaded import load
from tests.unit.frames import make_frame


def record(path: Path, steps: range) -> Recording:
    """A recording of some steps, in memory and at the path, closed."""
    recording = Recording()
    recording.record_to(path)
    for step in steps:
        recording.append(make_frame(step, scalars={"loss": 1 / (step + 1)}))
        recording.log(step, {"lr": 0.5**step})
    recording.report(state="finished")
    recording.close()
    return recording


def same(one: Recording, other: Recording) -> None:
    assert one.steps == other.steps
    assert [frame.to_bytes() for frame in one] == [frame.to_bytes() for frame in other]
    assert one.layers == other.layers
    assert one.extents == other.extents
    assert one.scalars.keys() == other.scalars.keys()
    for name, (width, bins) in one.series().items():
        assert other.series()[name][0] == width
        np.testing.assert_array_equal(other.series()[name][1], bins)


def test_what_is_recorded_on_disk_is_what_is_loaded(tmp_path: Path):
    recording = record(tmp_path / "run", range(12))
    same(recording, load(tmp_path / "run"))
    assert load(tmp_path / "run").status.state == "finished"


def test_what_is_saved_is_what_is_loaded_even_after_thinning(tmp_path: Path):
    recording = Recording(memory=40_000)
    recording.note("a word")
    for step in range(3000):
        recording.log(step, {"loss": float(np.sin(step))})
        if step % 100 == 0:
            recording.append(make_frame(step))
    recording.save(tmp_path / "run")
    loaded = load(tmp_path / "run")
    same(recording, loaded)
    status = recording.status
    assert (loaded.status.recorded, loaded.status.thinned) == (30, status.thinned) == (30, 30 - len(recording))
    assert loaded.status.notes[0] == "a word"
    loaded.save(tmp_path / "again")
    same(recording, load(tmp_path / "again"))


def test_a_run_written_as_it_goes_has_every_step_when_loaded(tmp_path: Path):
    recording = Recording(memory=40_000)
    recording.record_to(tmp_path / "run")
    for step in range(30):
        recording.append(make_frame(step))
    recording.close()
    assert recording.status.thinned > 0
    loaded = load(tmp_path / "run")
    assert (len(loaded), loaded.status.recorded, loaded.status.thinned) == (30, 30, 0)


def test_update_ratios_and_scalars_that_come_after_a_frame_are_in_it_when_it_is_loaded(tmp_path: Path):
    recording = Recording()
    recording.record_to(tmp_path / "run")
    frame = make_frame(3)
    norms = {"weight": ParameterNorm(1.0, 2.0), "bias": ParameterNorm(float("nan"), 0.5)}
    recording.append(replace(frame, norms=norms))
    recording.amend(3, {"weight": 0.25})
    recording.log(3, {"loss": float("inf")})
    recording.close()
    [loaded] = load(tmp_path / "run")
    assert loaded.norms["weight"].update_ratio == 0.25
    assert np.isnan(loaded.norms["bias"].update_ratio)
    assert loaded.scalars == {"loss": float("inf")}


def test_segments_are_sealed_with_an_index_that_can_be_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(writer, "SEGMENT_BYTES", 20_000)
    recording = record(tmp_path / "run", range(30))
    indices = sorted((tmp_path / "run" / "rank-0").glob("*.idx"))
    assert len(indices) > 3
    same(recording, load(tmp_path / "run"))
    for index in indices:
        index.unlink()
    same(recording, load(tmp_path / "run"))


def test_a_writer_that_was_killed_between_two_segments_was_cut_off_though_its_last_one_is_sealed(tmp_path: Path):
    recording = Recording()
    recording.record_to(tmp_path / "run")
    recording.append(make_frame(0))
    recording.report(state="live")
    recording.close()
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], check=True, capture_output=True)
    assert load(tmp_path / "run").status.state == "finished"
    lock = tmp_path / "run" / "rank-0" / "lock"
    lock.write_text(json.dumps({"process": int(gone.stdout), "boot": boot()}))
    status = load(tmp_path / "run").status
    assert status.state == "failed"
    assert "the process that wrote this was cut off; all that it had written is here" in status.notes


def test_a_second_writer_is_refused_in_one_sentence(tmp_path: Path):
    recording = Recording()
    recording.record_to(tmp_path / "run")
    with pytest.raises(RecordingError, match=r"expected a recording that nobody writes, found .* by this process; clo"):
        Recording().record_to(tmp_path / "run")
    child = "import sys; from rnnwidgets.recording import Recording; Recording().record_to(sys.argv[1])"
    command = [sys.executable, "-c", child, str(tmp_path / "run")]
    refused = subprocess.run(command, check=False, capture_output=True, text=True)
    assert f"being written by process {os.getpid()}; close() that recorder first" in refused.stderr
    recording.close()
    assert Recording().record_to(tmp_path / "run") == 0


def test_the_lock_of_a_process_that_is_gone_is_taken_over(tmp_path: Path):
    record(tmp_path / "run", range(3))
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], check=True, capture_output=True)
    lock = tmp_path / "run" / "rank-0" / "lock"
    owners = ({"process": int(gone.stdout), "boot": boot()}, {"process": os.getpid(), "boot": "another"}, "not a lock")
    for owner in owners:
        lock.write_text(json.dumps(owner))
        recording = Recording()
        assert recording.record_to(tmp_path / "run") == 3
        recording.close()
        assert not lock.exists()


def test_a_recording_is_gone_on_with_in_a_new_segment_and_a_torn_end_is_taken_back(tmp_path: Path):
    first = record(tmp_path / "run", range(3))
    log = tmp_path / "run" / "rank-0" / "000000.log"
    log.with_suffix(".idx").unlink()
    with log.open("ab") as file:
        file.write(log.read_bytes()[:100])
    recording = Recording()
    assert recording.record_to(tmp_path / "run") == 3
    recording.append(make_frame(3))
    recording.close()
    loaded = load(tmp_path / "run")
    assert loaded.steps == [0, 1, 2, 3]
    assert loaded.status.notes == ()
    assert [frame.to_bytes() for frame in loaded] == [frame.to_bytes() for frame in (*first, *recording)]


def test_a_frame_that_the_disk_is_too_slow_for_is_left_out_there_and_said(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(disk, "QUEUE_BYTES", 1)
    quick = writer.Writer.write

    def slow(one: writer.Writer, entries: Sequence[writer.Entry]) -> None:
        time.sleep(0.05)
        quick(one, entries)

    monkeypatch.setattr(writer.Writer, "write", slow)
    recording = record(tmp_path / "run", range(6))
    loaded = load(tmp_path / "run")
    assert 1 <= len(loaded) < 6
    assert recording.scalars.keys() == loaded.scalars.keys()
    assert len(loaded.scalars["lr"].steps) == 6
    assert f"being slower than training: {6 - len(loaded)}" in recording.status.notes[-1]


def test_what_waits_is_written_when_the_program_ends_without_closing(tmp_path: Path):
    child = (
        "import sys; from rnnwidgets.recording import Recording; from tests.unit.frames import make_frame\n"
        "recording = Recording(); recording.record_to(sys.argv[1])\n"
        "for step in range(50): recording.append(make_frame(step))"
    )
    subprocess.run([sys.executable, "-c", child, tmp_path / "run"], check=True)
    assert load(tmp_path / "run").steps == list(range(50))
    assert not (tmp_path / "run" / "rank-0" / "lock").exists()


def test_a_recording_that_is_forgotten_ends_its_thread_and_gives_its_lock_back(tmp_path: Path):
    recording = Recording()
    recording.record_to(tmp_path / "run")
    recording.append(make_frame(0))
    lock = tmp_path / "run" / "rank-0" / "lock"
    assert lock.exists()
    del recording
    deadline = time.monotonic() + 5
    while lock.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not lock.exists()
    assert load(tmp_path / "run").steps == [0]


def test_a_damaged_frame_is_an_error_where_it_is_asked_for_and_the_others_are_read(tmp_path: Path):
    recording = record(tmp_path / "run", range(5))
    log = tmp_path / "run" / "rank-0" / "000000.log"
    data = bytearray(log.read_bytes())
    data[len(data) // 2] ^= 1
    log.write_bytes(data)
    loaded = load(tmp_path / "run")
    with pytest.raises(FrameBytesError, match=r"expected the frame of step 2 .* the other frames can be read"):
        loaded[2]
    assert [loaded[position].step for position in (0, 1, 3, 4)] == [0, 1, 3, 4]
    assert loaded.steps == recording.steps


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda _: None, "no such file or directory; give the directory"),
        (lambda path: path.write_text("x"), "not a directory; give the directory"),
        (lambda path: path.mkdir(), "an empty directory; give the directory"),
        (lambda path: (path.mkdir(), (path / "notes.txt").write_text("x")), "with notes.txt in it; give the directory"),
        (lambda path: (path.mkdir(), (path / "manifest.json").write_text("{}")), "found format 'None' in"),
        (lambda path: (path.mkdir(), (path / "manifest.json").mkdir()), "whose manifest.json cannot be read"),
        (lambda path: (path.mkdir(), (path / "manifest.json").symlink_to("/etc/passwd")), "cannot be read: too many"),
    ],
)
def test_what_is_no_recording_is_said_in_one_sentence(tmp_path: Path, make, sentence: str):
    make(tmp_path / "run")
    with pytest.raises(RecordingError, match=sentence):
        load(tmp_path / "run")


def test_a_newer_version_is_refused_with_both_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("rnnwidgets.archive.manifest.VERSION", 2)
    record(tmp_path / "run", range(1))
    monkeypatch.undo()
    with pytest.raises(RecordingError, match=r"expected a recording of version 1, found version 2 in .*upgrade"):
        load(tmp_path / "run")


def test_something_else_at_the_path_is_neither_written_nor_changed(tmp_path: Path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    record(tmp_path / "run", range(2))
    for path in ("notes", "file", "run"):
        with pytest.raises(RecordingError, match="choose another path"):
            Recording().save(tmp_path / path)
    for path in ("notes", "file"):
        with pytest.raises(RecordingError, match="nothing was changed there"):
            Recording().record_to(tmp_path / path)
    assert [path.name for path in (tmp_path / "notes").iterdir()] == ["a.txt"]
    assert load(tmp_path / "run").steps == [0, 1]


def test_a_rank_that_is_a_symbolic_link_is_not_followed(tmp_path: Path):
    record(tmp_path / "run", range(2))
    record(tmp_path / "other", range(2))
    (tmp_path / "other" / "rank-0").rename(tmp_path / "moved")
    (tmp_path / "other" / "rank-0").symlink_to(tmp_path / "run" / "rank-0")
    with pytest.raises(RecordingError, match="found a symbolic link; a recording is read only from inside"):
        load(tmp_path / "other")


def test_a_manifest_with_any_bit_flipped_is_told_and_the_recording_is_read_all_the_same(tmp_path: Path):
    recording = record(tmp_path / "run", range(2))
    manifest = tmp_path / "run" / "manifest.json"
    original = manifest.read_bytes()
    for bit in range(0, 8 * len(original.rstrip()), 3):
        data = bytearray(original)
        data[bit // 8] ^= 1 << bit % 8
        manifest.write_bytes(data)
        loaded = load(tmp_path / "run")
        assert loaded.steps == recording.steps
        assert loaded.run == f"{recording.run}-0"
        assert any("manifest" in note or "record: expected" in note for note in loaded.status.notes)
