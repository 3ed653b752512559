"""Builds the bundles in rnnwidgets/static from js/ whenever a wheel, an sdist or an editable install needs them.

A wheel also carries its bill of materials (PEP 770, CycloneDX): what it is, and what it asks for and does not hold.

The bundles are current when the stamp beside them names the digest of the sources and of themselves: contents, not
times, so that a checkout, a copy and an unpacked sdist agree, and current bundles need no Node. RNNWIDGETS_SKIP_JS=1
builds nothing (lint jobs); an editable install then goes without, a wheel or an sdist never does.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from packaging.requirements import Requirement

INPUTS = ("package.json", "package-lock.json", "build.mjs", "tsconfig.json")
WIDGET = Path("rnnwidgets/static/widget.js")
BUNDLES = (WIDGET, WIDGET.with_name("page.js"), WIDGET.with_name("relay.js"))
STAMP = WIDGET.with_name("bundles.sha256")
BILL = WIDGET.with_name("rnnwidgets.cdx.json")


class BundleHook(BuildHookInterface[Any]):
    """Runs before hatchling collects the files of a build."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Leave a current bundle in place and the bill of a wheel beside it, or refuse the build."""
        root = Path(self.root)
        skip = os.environ.get("RNNWIDGETS_SKIP_JS") == "1"
        if not skip:
            ensure_bundle(root)
        elif version != "editable" and not is_current(root):
            raise RuntimeError(
                f"{BUNDLES[0]} is missing or stale, and RNNWIDGETS_SKIP_JS=1 forbids building it: unset it"
            )
        if self.target_name == "wheel":
            core = self.metadata.core
            bill = bill_of_materials(core.name, self.metadata.version, core.license_expression, core.dependencies)
            (root / BILL).parent.mkdir(exist_ok=True)
            (root / BILL).write_text(json.dumps(bill, indent=2) + "\n", encoding="utf-8")
            build_data["sbom_files"].append(str(BILL))


def bill_of_materials(name: str, version: str, license_: str, dependencies: list[str]) -> dict[str, Any]:
    """CycloneDX: one component with nothing of others inside, and what it depends on, whose versions others choose.

    The bundles hold none of node_modules: js/build.mjs refuses them else. No time and no number of its own are named,
    so that two builds are the same.
    """
    itself = f"pkg:pypi/{name}@{version}"
    needed = {f"pkg:pypi/{Requirement(text).name}": text for text in dependencies}
    licenses = [{"license": {"id": license_}}]
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "library",
                "bom-ref": itself,
                "name": name,
                "version": version,
                "licenses": licenses,
                "purl": itself,
            }
        },
        "components": [
            {"type": "library", "bom-ref": purl, "name": Requirement(text).name, "description": text, "purl": purl}
            for purl, text in needed.items()
        ],
        "dependencies": [{"ref": itself, "dependsOn": list(needed)}],
        "compositions": [{"aggregate": "complete", "assemblies": [itself], "dependencies": [itself]}],
    }


def ensure_bundle(root: Path) -> None:
    """Build the bundles unless they are current."""
    if not is_current(root):
        npm = shutil.which("npm")
        if npm is None:
            raise RuntimeError(
                f"{BUNDLES[0]} is missing or stale and npm, which builds it, is not here: install Node 20+"
            )
        build(root, npm)
    for bundle in BUNDLES:
        print(f"{bundle}: {(root / bundle).stat().st_size:,} bytes")


def is_current(root: Path) -> bool:
    """Whether the stamp names the sources and the bundles as they are."""
    stamp = root / STAMP
    built = all((root / bundle).is_file() for bundle in BUNDLES)
    return built and stamp.is_file() and stamp.read_text(encoding="ascii") == digest(root)


def digest(root: Path) -> str:
    """SHA-256 over the names and contents of everything the bundles are made of, and of the bundles."""
    js = root / "js"
    inputs = [path for name in INPUTS if (path := js / name).is_file()]
    sources = sorted(path for path in (js / "src").rglob("*") if path.is_file())
    total = hashlib.sha256()
    for path in (*inputs, *sources, *(root / bundle for bundle in BUNDLES)):
        name = path.relative_to(root).as_posix()
        total.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()


def build(root: Path, npm: str) -> None:
    """Install the node modules that the lock file names, bundle, and stamp the result."""
    js = root / "js"
    environment = {**os.environ, "PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD": "1"}
    commands = [["run", "build"]] if modules_are_current(js) else [["ci"], ["run", "build"]]
    for command in commands:
        subprocess.run([npm, *command], cwd=js, env=environment, check=True)  # noqa: S603 (npm as found on PATH)
    for bundle in BUNDLES:
        if not (root / bundle).is_file():
            raise RuntimeError(f"`npm run build` in js/ ended well but wrote no {bundle}: see js/build.mjs")
    (root / STAMP).write_text(digest(root), encoding="ascii")


def modules_are_current(js: Path) -> bool:
    """Whether npm's own marker in node_modules is at least as new as the lock file."""
    marker, lock = js / "node_modules" / ".package-lock.json", js / "package-lock.json"
    return marker.is_file() and marker.stat().st_mtime >= lock.stat().st_mtime


if __name__ == "__main__":
    ensure_bundle(Path(__file__).resolve().parent.parent)
