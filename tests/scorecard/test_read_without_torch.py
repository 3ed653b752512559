"""Scorecard 35; the third reader, in TypeScript, is js/test/archive.test.ts over the same digests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.golden.reader import digests
from tests.scorecard.archives import spawn, write

PROMISE = "without torch, without this package (NumPy), in TypeScript: the same numbers bit for bit"
GOLDEN = Path(__file__).parents[1] / "golden" / "recordings" / "v1"
READS = """
import sys

class Forbidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "anywidget", "ipywidgets", "IPython", "traitlets"):
            raise ImportError(f"{name} is not installed here")

sys.meta_path.insert(0, Forbidden())
import hashlib, json
import rnnwidgets
recording = rnnwidgets.load(sys.argv[1])
found = []
for frame in recording:
    for layer in frame.layers:
        trace = frame[layer]
        for name, array in trace.arrays.items():
            values = array.astype(array.dtype.newbyteorder("<"))
            found.append([frame.step, layer, name, list(array.shape), hashlib.sha256(values.tobytes()).hexdigest()])
beside = sorted({name.partition(".")[0] for name in sys.modules} - set(sys.stdlib_module_names))
print(json.dumps({"planes": found, "loss": recording.scalars["loss"].values.tolist(), "modules": beside}))
"""


def read(path: Path) -> dict[str, Any]:
    child = spawn(READS, path)
    output, problems = child.communicate()
    assert child.returncode == 0, problems
    return dict(json.loads(output))


def test_read_without_torch(tmp_path: Path):
    expected = json.loads(GOLDEN.with_suffix(".json").read_text("utf-8"))
    ours, plain = read(GOLDEN), digests(GOLDEN / "rank-0")
    assert ours["planes"] == expected
    assert plain == expected
    write(tmp_path / "run", 20, (5, 2, 4))
    assert read(tmp_path / "run")["planes"] == digests(tmp_path / "run" / "rank-0")
    third_party = {name for name in ours["modules"] if not name.startswith("_")}
    print(f"{len(expected)} of {len(expected)} planes alike; TypeScript's share is js/test/archive.test.ts")
    assert {"numpy", "rnnwidgets"} <= third_party
    assert not third_party & {"torch", "anywidget", "ipywidgets", "pandas", "xarray", "zarr"}
