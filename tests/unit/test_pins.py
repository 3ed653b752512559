"""Every package that development and its tests bring along is at the version that tests/constraints.txt names."""

from __future__ import annotations

import json
import re
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
EXTRAS = {"all", "dev"}


def needed(name: str, extras: set[str], seen: dict[str, set[str]]) -> None:
    """Fill `seen` with each installed package that another one of them needs here, and the extras it is needed with."""
    name = canonicalize_name(name)
    if name in seen and extras <= seen[name]:
        return
    seen[name] = seen.get(name, set()) | extras
    for line in distribution(name).requires or []:
        wanted = Requirement(line)
        if wanted.marker is None or any(wanted.marker.evaluate({"extra": extra}) for extra in extras | {""}):
            needed(wanted.name, wanted.extras, seen)


def pins() -> dict[str, Version]:
    lines = (ROOT / "tests" / "constraints.txt").read_text(encoding="utf-8").splitlines()
    found = [Requirement(line) for line in lines if not line.startswith("#")]
    here = [pin for pin in found if pin.marker is None or pin.marker.evaluate()]
    assert len({pin.name for pin in here}) == len(here)
    return {canonicalize_name(pin.name): Version(str(pin.specifier).removeprefix("==")) for pin in here}


def test_every_package_that_development_needs_is_pinned_to_the_version_that_is_here():
    seen: dict[str, set[str]] = {}
    needed("rnnwidgets", EXTRAS, seen)
    del seen["rnnwidgets"]
    held = {name: Version(Version(distribution(name).version).public) for name in seen}
    assert len(held) > 100
    assert {name: version for name, version in held.items() if pins().get(name) != version} == {}


def test_every_node_module_is_locked_to_a_version_and_a_digest():
    lock = json.loads((ROOT / "js" / "package-lock.json").read_text(encoding="utf-8"))
    modules = {path: module for path, module in lock["packages"].items() if path}
    assert len(modules) > 50
    assert [path for path, module in modules.items() if not module["integrity"].startswith("sha512-")] == []
    wanted = json.loads((ROOT / "js" / "package.json").read_text(encoding="utf-8"))["devDependencies"]
    assert {name: modules[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    assert [version for version in wanted.values() if not re.fullmatch(r"\d+\.\d+\.\d+", version)] == []
