"""How the tests build the sdist and the wheel."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VERSION = json.loads((ROOT / "js" / "package.json").read_text(encoding="utf-8"))["version"]


def build(kind: str, source: Path, out: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "build", "--no-isolation", f"--{kind}", "--outdir", str(out), str(source)]
    return subprocess.run(command, env=environment, check=False, capture_output=True, text=True)


def built(kind: str, source: Path, out: Path, environment: dict[str, str]) -> Path:
    result = build(kind, source, out, environment)
    assert result.returncode == 0, result.stdout + result.stderr
    [path] = out.iterdir()
    return path
