"""One sdist, the wheel that is built of it, and an environment that holds the wheel, for all tests of a run."""

from __future__ import annotations

import os
import shutil
import tarfile
from pathlib import Path

import pytest

from tests.wheel.bill import install
from tests.wheel.building import ROOT, VERSION, built


@pytest.fixture(scope="session")
def without_node(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment whose PATH leads to nothing."""
    nothing = tmp_path_factory.mktemp("nothing")
    hidden = ("PYTHONPATH", "RNNWIDGETS_SKIP_JS", "VIRTUAL_ENV")
    environment = {key: value for key, value in os.environ.items() if key not in hidden} | {"PATH": str(nothing)}
    assert shutil.which("npm", path=environment["PATH"]) is None
    return environment


@pytest.fixture(scope="session")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built("sdist", ROOT, tmp_path_factory.mktemp("sdist"), dict(os.environ))


@pytest.fixture(scope="session")
def unpacked(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    return folder / f"rnnwidgets-{VERSION}"


@pytest.fixture(scope="session")
def wheel(unpacked: Path, tmp_path_factory: pytest.TempPathFactory, without_node: dict[str, str]) -> Path:
    return built("wheel", unpacked, tmp_path_factory.mktemp("wheel"), without_node)


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(wheel, tmp_path_factory.mktemp("clean") / "environment")


@pytest.fixture
def copy(unpacked: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(unpacked, tmp_path / "source"))
