"""What is built is what is installed: sdist to wheel to a clean environment, none of it with Node at hand."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import rnnwidgets
from tests.wheel.building import ROOT, VERSION, build, built

BUNDLE = "rnnwidgets/static/widget.js"
OTHERS = {"rnnwidgets/static/page.js", "rnnwidgets/static/relay.js"}
SAVED = ROOT / "tests" / "golden" / "recordings" / "v1"
LARGEST_BUNDLE = 240_000

SHOW = """
import importlib.metadata, json, sys
import rnnwidgets
view = rnnwidgets.Explorer(rnnwidgets.Recording())
saved = rnnwidgets.load(sys.argv[1])
shown = rnnwidgets.Explorer(saved)
print(json.dumps({
    "frames": len(saved),
    "largest": max(float(abs(trace[name]).max()) for trace in saved[-1].traces.values() for name in trace.names),
    "file": rnnwidgets.__file__,
    "version": importlib.metadata.version("rnnwidgets"),
    "bundle": len(view._esm),
    "mime": sorted(view._repr_mimebundle_()[0]),
    "torch": "torch" in sys.modules,
}))
view.close()
shown.close()
"""


def test_the_sdist_holds_the_bundle_and_everything_it_is_made_of(unpacked: Path):
    held = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()}
    sources = {path.relative_to(ROOT).as_posix() for path in (ROOT / "js" / "src").rglob("*.ts")}
    assert sources | {BUNDLE, *OTHERS, "js/hatch_build.py", "js/build.mjs"} <= held
    assert {"js/package.json", "js/package-lock.json"} <= held
    assert {"README.md", "LICENSE", "Makefile", "pyproject.toml", "tests/constraints.txt"} <= held
    assert [path for path in held if "node_modules" in path or "__pycache__" in path] == []


def test_the_wheel_holds_the_package_the_bundle_and_no_sources_of_it(wheel: Path):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        bundle = archive.read(BUNDLE)
    modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / "rnnwidgets").rglob("*.py")}
    held = {name for name in names if not name.startswith(f"rnnwidgets-{VERSION}.dist-info/")}
    assert held == modules | {BUNDLE, *OTHERS, "rnnwidgets/py.typed"}
    assert bundle == (ROOT / BUNDLE).read_bytes()
    assert len(bundle) <= LARGEST_BUNDLE


def test_the_wheel_carries_the_version_of_the_javascript_package_and_the_license(wheel: Path):
    assert wheel.name == f"rnnwidgets-{VERSION}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        license_text = archive.read(f"rnnwidgets-{VERSION}.dist-info/licenses/LICENSE")
    assert license_text == (ROOT / "LICENSE").read_bytes()


def test_two_builds_of_the_wheel_are_byte_for_byte_the_same(
    wheel: Path, unpacked: Path, tmp_path: Path, without_node: dict[str, str]
):
    elsewhere = Path(shutil.copytree(unpacked, tmp_path / "elsewhere"))
    for path in elsewhere.rglob("*"):
        os.utime(path, (1_700_000_000, 1_700_000_000))
    again = built("wheel", elsewhere, tmp_path / "again", without_node | {"TZ": "Asia/Shanghai"})
    assert again.name == wheel.name
    assert again.read_bytes() == wheel.read_bytes()


def test_the_wheel_shows_a_view_and_reads_a_recording_in_a_clean_environment_without_node_and_torch(
    installed: Path, tmp_path: Path, without_node: dict[str, str]
):
    command = [str(installed), "-W", "error", "-c", SHOW, str(SAVED)]
    said = subprocess.run(command, env=without_node, check=True, capture_output=True, text=True, cwd=tmp_path).stdout
    shown = json.loads(said)
    assert Path(shown["file"]).is_relative_to(installed.parents[1])
    assert shown["version"] == VERSION
    assert shown["bundle"] == len((ROOT / BUNDLE).read_text(encoding="utf-8"))
    assert "application/vnd.jupyter.widget-view+json" in shown["mime"]
    assert not shown["torch"]
    assert shown["frames"] == len(rnnwidgets.load(SAVED)) > 0
    assert shown["largest"] == max(
        float(abs(trace[name]).max()) for trace in rnnwidgets.load(SAVED)[-1].traces.values() for name in trace.names
    )


def test_a_wheel_without_a_bundle_and_without_node_is_refused(copy: Path, tmp_path: Path, without_node: dict[str, str]):
    (copy / BUNDLE).unlink()
    assert refusal(build("wheel", copy, tmp_path / "out", without_node)) == (
        f"{BUNDLE} is missing or stale and npm, which builds it, is not here: install Node 20+"
    )
    assert not list((tmp_path / "out").glob("*"))


@pytest.mark.parametrize("changed", ["js/src/store.ts", "js/package.json", "js/build.mjs", BUNDLE])
def test_a_bundle_that_is_not_of_these_sources_is_refused_without_node(
    copy: Path, tmp_path: Path, without_node: dict[str, str], changed: str
):
    with (copy / changed).open("a", encoding="utf-8") as file:
        file.write("\n")
    assert "is missing or stale" in refusal(build("wheel", copy, tmp_path / "out", without_node))


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_skipping_the_javascript_does_not_get_a_release_without_a_bundle(
    copy: Path, tmp_path: Path, without_node: dict[str, str], kind: str
):
    (copy / BUNDLE).unlink()
    result = build(kind, copy, tmp_path / "out", without_node | {"RNNWIDGETS_SKIP_JS": "1"})
    assert refusal(result) == f"{BUNDLE} is missing or stale, and RNNWIDGETS_SKIP_JS=1 forbids building it: unset it"


def test_skipping_the_javascript_allows_an_editable_install_without_a_bundle(
    copy: Path, tmp_path: Path, without_node: dict[str, str]
):
    shutil.rmtree((copy / BUNDLE).parent)
    code = f"from hatchling.build import build_editable; print(build_editable({str(tmp_path)!r}))"
    environment = without_node | {"RNNWIDGETS_SKIP_JS": "1"}
    made = subprocess.run(
        [sys.executable, "-c", code], cwd=copy, env=environment, check=True, capture_output=True, text=True
    )
    assert (tmp_path / made.stdout.strip()).is_file()


def refusal(result: subprocess.CompletedProcess[str]) -> str:
    """The sentence that a refused build ends with."""
    assert result.returncode != 0
    [sentence] = [line for line in (result.stdout + result.stderr).splitlines() if line.startswith("RuntimeError: ")]
    return sentence.removeprefix("RuntimeError: ")
