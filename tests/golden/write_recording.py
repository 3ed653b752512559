"""Writes the golden recording of this format version; that of a released version is never written again.

    python tests/golden/write_recording.py

`recordings/v1` holds the recording, `recordings/v1.json` what a reader must find in it.
"""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np

from rnnwidgets.archive.record import VERSION
from rnnwidgets.frame import Frame, ParameterNorm, Trace
from rnnwidgets.recording import Recording
from tests.golden.reader import digests
from tests.golden.write import traces

HERE = Path(__file__).parent / "recordings"
STEPS = (0, 1, 5)
TOKENS = (("the", "gate", "stays", "<unk>", "\u00e9t\u00e9"), ("\u4e2d", "\u6587", "a", "b", "c"))
NOTE = "a note, \u4e2d\u6587, \u00e9t\u00e9"


def layers() -> dict[str, Trace]:
    """Return an LSTM in float32 and a GRU in float64, with values that are no numbers."""
    kept = {name: trace for name, trace in traces(5, 2, 3).items() if name in ("lstm.l0", "gru.l0")}
    wide = {name: array.astype(np.float64) / 3 for name, array in kept["gru.l0"].arrays.items()}
    return {**kept, "gru.l0": replace(kept["gru.l0"], arrays=wide)}


def write(path: Path) -> None:
    """Write the golden recording: words, late scalars and update ratios among its frames."""
    made = Recording()
    made.run = "golden"
    made.record_to(path)
    made.note(NOTE)
    norms = {"lstm.weight_hh_l0": ParameterNorm(0.5, 2.0), "lstm.bias": ParameterNorm(math.inf, math.nan)}
    for step in STEPS:
        scalars = {"grad_norm": 10.0**-step, "loss": math.nan if step == 1 else 1.5}
        made.append(Frame(step, (0, 3), layers(), scalars, norms, tokens=TOKENS if step else None))
        made.amend(step, {"lstm.weight_hh_l0": 0.125})
        made.log(step, {"lr": 0.5})
    made.report(state="finished", every=2, overhead=0.03125)
    made.close()


if __name__ == "__main__":
    path = HERE / f"v{VERSION}"
    shutil.rmtree(path, ignore_errors=True)
    write(path)
    (HERE / f"v{VERSION}.json").write_text(json.dumps(digests(path / "rank-0"), indent=0) + "\n", "utf-8")
