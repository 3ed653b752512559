"""Scorecard 31: a model trains while its recording's disk is full, and when there is room again."""

from __future__ import annotations

import json
import re
from pathlib import Path

from rnnwidgets import load
from rnnwidgets.archive import place_of, verify
from tests.scorecard.archives import bare, spawn
from tests.scorecard.bits import Digest

PROMISE = "a full disk stops no training; writing resumes; the frames missing there are counted, none is torn"
BEFORE, FULL, AFTER = 10, 30, 20
STEPS = BEFORE + FULL + AFTER
TRAINS = """
import json, resource, sys, time, warnings
import torch
import rnnwidgets as rw
from rnnwidgets.archive import disk
from tests.scorecard.archives import bare
from tests.scorecard.bits import Digest
from tests.unit.tagger import seeded, train_once

warnings.simplefilter("ignore")
torch.set_num_threads(1)
disk.RETRY_SECONDS, disk.STATUS_SECONDS = 0.2, 0.05
before, full, after = map(int, sys.argv[2:])

def wait_for(word):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for sentence in recorder.recording.status.notes:
            if word in sentence:
                return sentence
        time.sleep(0.01)
    sys.exit(f"never said: {word}")

model, optimizer, tokens = seeded(lr=1e-4)
def train(times):
    for _ in range(times):
        losses.append(train_once(model, optimizer, tokens).detach())

losses = []
train(before + full + after)
plain = Digest.of([losses, dict(model.state_dict())])

losses = []
model, optimizer, tokens = seeded(lr=1e-4)
recorder = rw.watch(model, optimizer, every=1, decode=str, path=sys.argv[1])
train(before)
while len(rw.load(sys.argv[1])) < before:
    time.sleep(0.01)
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (30, hard))  # a part of a record's head
train(full)
said_full = wait_for("nothing is written since step")
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
said_back = wait_for("written again")
train(after)
recorder.close()
frames = {frame.step: Digest.of(bare(frame)) for frame in recorder.recording}
alike = Digest.of([losses, dict(model.state_dict())]) == plain
print(json.dumps({"frames": frames, "full": said_full, "back": said_back, "alike": alike}))
"""


def test_disk_full_and_back(tmp_path: Path):
    child = spawn(TRAINS, tmp_path / "run", BEFORE, FULL, AFTER)
    output, problems = child.communicate()
    assert child.returncode == 0, problems
    said = json.loads(output)
    recording = load(tmp_path / "run")
    missing = sorted(set(range(STEPS)) - set(recording.steps))
    whole = sum(Digest.of(bare(frame)) == said["frames"][str(frame.step)] for frame in recording)
    print(f"training alike bit for bit; {len(missing)} of {STEPS} frames missing and told, {whole} whole")
    assert said["alike"]
    assert list(map(int, said["frames"])) == list(range(STEPS))
    assert missing == list(range(BEFORE, BEFORE + FULL))
    since = re.search(r"since step (\d+): file too large; recording in memory goes on", said["full"])
    assert since is not None, said["full"]
    assert int(since[1]) in (BEFORE - 1, BEFORE)  # what is said of a step may come after its frame
    assert said["back"].endswith(f"frames missing there: {len(missing)}")
    assert whole == len(recording)
    assert recording.scalars["grad_norm"].steps.tolist() == list(range(STEPS))
    assert [note for note in recording.status.notes if "written" in note] == [said["full"], said["back"]]
    assert verify(place_of(tmp_path / "run")).damage == ()
