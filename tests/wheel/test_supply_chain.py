"""What a wheel says of what is in it and of what it needs, against what is in it and what it needs."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.wheel.bill import PINS, bill
from tests.wheel.building import ROOT, VERSION

INFO = f"rnnwidgets-{VERSION}.dist-info"
VALID = """
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
print(JsonStrictValidator(SchemaVersion.V1_6).validate_str(sys.stdin.read()))
"""
HELD = """
import importlib.metadata as metadata
for held in metadata.distributions():
    if held.name != "rnnwidgets":
        print(held.name, held.version)
"""


def lines(wheel: Path, field: str) -> list[str]:
    """The lines of a field of the metadata."""
    with zipfile.ZipFile(wheel) as archive:
        return Parser().parsestr(archive.read(f"{INFO}/METADATA").decode()).get_all(field, [])


def needed(wheel: Path) -> dict[str, str]:
    """Name to line of all that the wheel needs in every environment."""
    requirements = [Requirement(line) for line in lines(wheel, "Requires-Dist")]
    return {requirement.name: str(requirement) for requirement in requirements if requirement.marker is None}


@pytest.fixture
def carried(wheel: Path) -> dict[str, Any]:
    """The bill of materials inside the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        found: dict[str, Any] = json.loads(archive.read(f"{INFO}/sboms/rnnwidgets.cdx.json"))
    return found


def test_the_license_in_the_metadata_is_that_of_the_file_beside_it(wheel: Path):
    assert lines(wheel, "License-Expression") == ["MIT"]
    assert lines(wheel, "License-File") == ["LICENSE"]
    with zipfile.ZipFile(wheel) as archive:
        licenses = {name for name in archive.namelist() if name.startswith(f"{INFO}/licenses/")}
        assert licenses == {f"{INFO}/licenses/LICENSE"}
        assert archive.read(f"{INFO}/licenses/LICENSE").startswith(b"MIT License\n")


def test_the_bill_in_the_wheel_names_the_wheel_and_what_it_needs_and_nothing_else(wheel: Path, carried: dict[str, Any]):
    itself = carried["metadata"]["component"]
    assert (itself["name"], itself["version"]) == ("rnnwidgets", VERSION)
    assert itself["licenses"] == [{"license": {"id": lines(wheel, "License-Expression")[0]}}]
    assert {part["name"]: part["description"] for part in carried["components"]} == needed(wheel)
    [edges] = carried["dependencies"]
    assert edges == {"ref": itself["bom-ref"], "dependsOn": [part["bom-ref"] for part in carried["components"]]}
    assert [composition["aggregate"] for composition in carried["compositions"]] == ["complete"]


def test_both_bills_are_cyclonedx_and_name_neither_a_time_nor_a_number_of_their_own(
    carried: dict[str, Any], installed: Path
):
    for text in (json.dumps(carried), bill(installed, VERSION)):
        validated = subprocess.run(
            [sys.executable, "-c", VALID], input=text, check=True, capture_output=True, text=True
        )
        assert validated.stdout.strip() == "None"
        assert "serialNumber" not in json.loads(text)
        assert "timestamp" not in json.loads(text)["metadata"]


def test_the_bill_of_an_installation_names_what_is_installed_at_the_pinned_versions(wheel: Path, installed: Path):
    text = bill(installed, VERSION)
    found = json.loads(text)
    parts = {canonicalize_name(part["name"]): part["version"] for part in found["components"]}
    held = subprocess.run([str(installed), "-c", HELD], check=True, capture_output=True, text=True).stdout
    assert parts == {canonicalize_name(name): version for name, version in map(str.split, held.splitlines())}
    pins = [Requirement(line) for line in PINS.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    pinned = {pin.name: str(pin.specifier) for pin in pins if pin.marker is None or pin.marker.evaluate()}
    assert parts == {name: pinned[name].removeprefix("==") for name in parts}
    edges = {node["ref"]: node.get("dependsOn", []) for node in found["dependencies"]}
    assert set(needed(wheel)) <= {reference.split("==")[0] for reference in edges["root-component"]}
    assert found["metadata"]["component"]["version"] == VERSION
    assert bill(installed, VERSION) == text


def bundled(js: Path) -> subprocess.CompletedProcess[str]:
    (js / "node_modules").symlink_to(ROOT / "js" / "node_modules")
    return subprocess.run(["npm", "run", "build"], cwd=js, check=False, capture_output=True, text=True)


def test_the_bundles_are_built_elsewhere_to_the_same_bytes(copy: Path):
    for path in (static := copy / "rnnwidgets" / "static").glob("*.js"):
        path.unlink()
    done = bundled(copy / "js")
    assert done.returncode == 0, done.stderr
    built = {path.name: path.read_bytes() for path in static.glob("*.js")}
    assert built == {path.name: path.read_bytes() for path in (ROOT / "rnnwidgets" / "static").glob("*.js")}


def test_a_bundle_that_holds_files_of_others_is_refused(copy: Path):
    stranger = copy / "js" / "src" / "node_modules" / "stranger" / "index.js"
    stranger.parent.mkdir(parents=True)
    stranger.write_text("export const strange = Math.random();\n", encoding="utf-8")
    entry = copy / "js" / "src" / "host" / "jupyter.ts"
    use = 'import { strange } from "stranger";\nwindow.name = String(strange);\n'
    entry.write_text(use + entry.read_text(encoding="utf-8"), encoding="utf-8")
    done = bundled(copy / "js")
    assert done.returncode != 0
    said = "The bundle must hold no files of others, found src/node_modules/stranger/index.js"
    assert said in done.stderr
