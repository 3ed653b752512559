"""Scorecard 31."""

from __future__ import annotations

import json
import re
from pathlib import Path

from rnnwidgets import load
from rnnwidgets.archive import place_of, verify
from tests.scorecard.archives import bare, expected, spawn

SHAPE = (7, 2, 5)
FILLS = """
import json, resource, sys, time, warnings
from rnnwidgets.archive import disk
from rnnwidgets.recording import Recording
from tests.unit.frames import make_frame

warnings.simplefilter("ignore")
disk.RETRY_SECONDS, disk.STATUS_SECONDS = 0.2, 0.05

def note_of(word):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for sentence in recording.status.notes:
            if word in sentence:
                return sentence
        time.sleep(0.01)
    sys.exit(f"never said: {word}")

recording = Recording()
recording.record_to(sys.argv[1])
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
for step in range(40):
    recording.append(make_frame(step))
    recording.log(step, {"loss": float(step)})
full = note_of("nothing is written since step")
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
back = note_of("written again")
for step in range(40, 60):
    recording.append(make_frame(step))
recording.report(state="finished")
recording.close()
print(json.dumps({"steps": recording.steps, "full": full, "back": back}))
"""


def test_disk_full_and_back(tmp_path: Path):
    child = spawn(FILLS, tmp_path / "run")
    output, problems = child.communicate()
    assert child.returncode == 0, problems
    said = json.loads(output)
    recording = load(tmp_path / "run")
    missing = sorted(set(range(60)) - set(recording.steps))
    print(f"disk_full_and_back: {len(missing)} of 60 frames missing; {said['full']}; {said['back']}")
    assert said["steps"] == list(range(60))
    assert 1 <= len(missing) < 40
    assert missing == list(range(missing[0], missing[-1] + 1))
    assert re.search(f"since step {missing[0]}: (file too large|no space left on device); recording", said["full"])
    assert said["back"].endswith(f"frames missing there: {len(missing)}")
    assert all(bare(frame) == expected(frame.step, SHAPE) for frame in recording)
    assert recording.scalars["loss"].steps.tolist() == list(range(40))
    assert [note for note in recording.status.notes if "written" in note] == [said["full"], said["back"]]
    assert verify(place_of(tmp_path / "run")).damage == ()
