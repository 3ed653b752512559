"""The bill of materials of an installation: what pip brings with a wheel at the pinned versions, as CycloneDX.

    python tests/wheel/bill.py dist

writes it beside the one wheel in that folder. It names no time and no number of its own: twice the same is the same.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PINS = ROOT / "tests" / "constraints.txt"


def install(wheel: Path, folder: Path) -> Path:
    """Return the Python of a new environment that holds a wheel and what it depends on, and nothing else."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    subprocess.run([*pip, "--constraint", str(PINS), str(wheel)], check=True)
    return python


def bill(python: Path, version: str) -> str:
    """Return what the environment of a Python holds, as cyclonedx-py finds it; `version` is that of rnnwidgets."""
    options = ["--pyproject", str(ROOT / "pyproject.toml"), "--mc-type", "library", "--output-reproducible"]
    command = [sys.executable, "-m", "cyclonedx_py", "environment", *options, str(python)]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    found["metadata"]["component"] |= {"version": version, "purl": f"pkg:pypi/rnnwidgets@{version}"}
    return json.dumps(found, indent=2) + "\n"


if __name__ == "__main__":
    [built] = Path(sys.argv[1]).glob("*.whl")
    with tempfile.TemporaryDirectory() as scratch:
        text = bill(install(built, Path(scratch) / "installed"), built.name.split("-")[1])
    target = built.with_name(f"{'-'.join(built.name.split('-')[:2])}.cdx.json")
    target.write_text(text, encoding="utf-8")
    print(f"{target}: {len(json.loads(text)['components'])} packages")
