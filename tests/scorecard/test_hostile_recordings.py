"""Scorecard 32."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from tests.counts import count
from tests.scorecard.archives import spawn, write
from tests.scorecard.hostile import BOMBS, forged, mutated

MEGABYTES, SECONDS, MADE = 256, 2.0, 2000
PROMISE = (
    f"{MADE} harmful recordings: no crash, at most {MEGABYTES} MB, {SECONDS:.0f} s of an ordinary CPU each, told why"
)
READS = """
import json, resource, sys, time, warnings
from pathlib import Path
from rnnwidgets import load
from rnnwidgets.archive import place_of, verify
from rnnwidgets.errors import RecordingError
from rnnwidgets.widgets.publisher import publisher_of
from tests.pace import slower

warnings.simplefilter("error")
resource.setrlimit(resource.RLIMIT_AS, (3 * 2**30, 3 * 2**30))

def read(path):
    recording = load(path)
    recording.status, recording.scalars, recording.extents, repr(recording), recording.steps
    sound = 0
    for position in range(len(recording)):
        try:
            for trace in recording[position].traces.values():
                sound += sum(array.size >= 0 for array in trace.arrays.values())
        except RecordingError:
            pass
    publisher_of(recording).now()
    return sound

def told(path):
    before, began = slower(), time.process_time()
    try:
        outcome = f"read {read(path)}"
    except RecordingError as error:
        outcome = f"refused: {error}"[:300]
    except BaseException as error:
        outcome = f"failed: {error!r}"[:300]
    spent = time.process_time() - began
    return outcome, 2 * spent / (before + slower())

said = {}
for path in sorted(Path(sys.argv[1]).iterdir()):
    outcome, spent = told(path)
    # What else runs on the processor costs time too: of those that take long, the cheaper of two.
    said[path.name] = outcome, min(spent, told(path)[1]) if spent > 1 else spent
    try:
        verify(place_of(path))
    except RecordingError:
        continue
# Of this process alone: at its start a child counts the pages of the one that it was forked from.
peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps({"said": said, "peak": peak}))
"""


def test_hostile_recordings(tmp_path: Path):
    good, many = write(tmp_path / "good", 4).parents[1], tmp_path / "many"
    random = np.random.default_rng(32)
    many.mkdir()
    for name, bomb in BOMBS.items():
        bomb(many / name)
    for number in range(count(60, MADE - len(BOMBS))):
        (mutated if number % 2 else forged)(good, many / f"{number}", random)
    child = spawn(READS, many)
    output, problems = child.communicate()
    assert child.returncode == 0, problems[-2000:]
    result = json.loads(output)
    said = result["said"]
    slowest = max(said, key=lambda name: said[name][1])
    refused = sum(outcome.startswith("refused") for outcome, _ in said.values())
    most = f"{result['peak'] // 1024} MB and {said[slowest][1]:.2f} s of an ordinary processor"
    print(f"{refused} of {len(said)} refused, the others read as far as they are sound; at most {most}")
    assert [(name, outcome) for name, (outcome, _) in said.items() if outcome.startswith("failed")] == []
    assert said[slowest][1] <= SECONDS
    assert result["peak"] <= MEGABYTES * 1024
    assert len(said) == len(BOMBS) + count(60, MADE - len(BOMBS))
