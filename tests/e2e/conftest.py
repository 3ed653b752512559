"""One JupyterLab and one Chromium for all tests of a process; for each test a notebook with its own folder and kernel.

Notebooks are opened one after the other on one page, as a user does. A test that loads its page anew, measures it, or
changes how the host looks is marked `own_page`, and has one in a browser context of its own.

A test fails on any error on the page's console. A failed test leaves a screenshot, the console and the attributes of
the views in a folder that is printed with the failure.
"""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

from tests.chromium import executable
from tests.e2e.lab import Lab, serve
from tests.e2e.notebook import Notebook, new_page

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from playwright.sync_api import Browser, Page

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep what the page of a failed test shows, while it shows it."""
    report = yield
    if report.when == "call" and report.failed:
        for value in getattr(item, "funcargs", {}).values():
            if isinstance(value, Notebook):
                folder = Path(tempfile.mkdtemp(prefix="rnnwidgets-e2e-"))
                value.keep(folder)
                report.sections.append(("artifacts", f"screenshot, console and attributes of the views: {folder}"))
    return report


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with serve(tmp_path_factory.mktemp("lab")) as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable(), args=list(FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A folder for screenshots: the one that is named, to be looked at, or one of the test."""
    folder = Path(os.environ.get("RNNWIDGETS_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def desk(browser: Browser) -> Iterator[Page]:
    """The page on which the tests' notebooks lie, one at a time."""
    with new_page(browser) as opened:
        yield opened


@pytest.fixture
def notebook(lab: Lab, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Notebook]:
    name = re.sub(r"\W+", "-", request.node.name)
    if request.node.get_closest_marker("own_page"):
        place = Notebook.on_a_new_page(lab, browser, name)
    else:
        place = Notebook.on(request.getfixturevalue("desk"), lab, name)
    with place as opened:
        yield opened
    assert opened.traffic.errors == [], "the page's console has errors"
