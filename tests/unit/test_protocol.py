"""The TypeScript side of the protocol is what the Python side says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "js" / "src" / "protocol.gen.ts"
GENERATOR = [sys.executable, "js/generate_protocol.py"]


def test_the_generated_protocol_is_that_of_the_schema():
    checked = subprocess.run([*GENERATOR, "--check"], cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, check=False)
    assert checked.returncode == 0, "run: python js/generate_protocol.py"


def test_a_changed_schema_would_be_noticed(tmp_path: Path):
    for part in ("js", "js/src", "rnnwidgets"):
        (tmp_path / part).mkdir()
    for file in ("js/generate_protocol.py", "js/src/protocol.gen.ts", "rnnwidgets/__init__.py"):
        (tmp_path / file).write_text((ROOT / file).read_text())
    schema = (ROOT / "rnnwidgets" / "schema.py").read_text()
    (tmp_path / "rnnwidgets" / "schema.py").write_text(schema.replace("CODE_NAN = 255", "CODE_NAN = 250"))
    checked = subprocess.run([*GENERATOR, "--check"], cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}, check=False)
    assert checked.returncode == 1


def test_the_constants_and_interfaces_are_there_by_name():
    text = TARGET.read_text()
    assert "export const CODE_NAN = 255 as const;" in text
    assert 'export type Theme = "auto" | "light" | "dark";' in text
    assert "export interface Delta {" in text
    assert "  readonly overhead: number | null;" in text
