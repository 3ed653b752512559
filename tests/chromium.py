"""Finds the Chromium that the browser tests drive: RNNWIDGETS_CHROMIUM, else one on PATH, else Playwright's own.

Run as a script it prints the path, or ends with the sentence that says there is none.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ASK_PLAYWRIGHT = """
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)
"""


@functools.cache
def executable() -> str:
    """The path of a Chromium or Chrome that exists; FileNotFoundError without one."""
    wanted = os.environ.get("RNNWIDGETS_CHROMIUM")
    if wanted:
        if not Path(wanted).is_file():
            raise FileNotFoundError(f"RNNWIDGETS_CHROMIUM must name a Chromium, but there is no file {wanted}")
        return wanted
    found = next(filter(None, map(shutil.which, NAMES)), None) or _playwrights_own()
    if not Path(found).is_file():
        raise FileNotFoundError("the browser tests need Chromium or Chrome, and neither was found: `make chromium`")
    return found


def _playwrights_own() -> str:
    # A process of its own: inside a test Playwright may be running already, and it runs once in a process.
    command = [sys.executable, "-c", ASK_PLAYWRIGHT]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    try:
        print(executable())
    except FileNotFoundError as error:
        sys.exit(str(error))
