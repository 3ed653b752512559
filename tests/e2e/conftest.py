"""One JupyterLab and one Chromium for all tests; for each test a browser context, a folder, a notebook and its kernel.

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
from tests.e2e.notebook import Notebook

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from playwright.sync_api import Browser

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


@pytest.fixture
def notebook(lab: Lab, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Notebook]:
    with Notebook.on_a_new_page(lab, browser, re.sub(r"\W+", "-", request.node.name)) as opened:
        yield opened
    assert opened.traffic.errors == [], "the page's console has errors"
