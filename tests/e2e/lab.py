"""A real JupyterLab server in folders of its own: nothing of the user's settings, sessions or kernels is read or moved.

One server serves all tests. Each test has a notebook in its own folder, which is also its kernel's working directory.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor, Future

KERNELS = Path(__file__).parents[2] / ".cache" / "ipykernel"
LAUNCH = (sys.executable, str(Path(__file__).with_name("launch.py")), "-f", "{connection_file}")
START_SECONDS = 120.0
STOP_SECONDS = 30.0
POLL_SECONDS = 0.1

SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
    "@jupyterlab/docmanager-extension/plugin": {"autosave": False},
}


@dataclass(frozen=True)
class Lab:
    """A running server: `url` without a trailing slash, `token` to enter with, `root` the folder that it serves.

    `sweeper` shuts its kernels down, and `endings` tells how that went.
    """

    url: str
    token: str
    root: Path
    sweeper: Executor = field(default_factory=partial(ThreadPoolExecutor, 1))
    endings: list[Future[None]] = field(default_factory=list)

    def request(self, method: str, path: str) -> Any:
        """What the server's REST interface answers, as JSON; None where the body is empty."""
        headers = {"Authorization": f"token {self.token}"}
        request = urllib.request.Request(f"{self.url}/api/{path}", method=method, headers=headers)  # noqa: S310 (http to the server started here)
        with urllib.request.urlopen(request, timeout=STOP_SECONDS) as response:  # noqa: S310 (as above)
            body = response.read()
        return json.loads(body) if body else None

    def sessions(self, folder: str) -> list[dict[str, Any]]:
        """The sessions (notebook with kernel) of the notebooks in a folder below the root."""
        return [session for session in self.request("GET", "sessions") if session["path"].startswith(f"{folder}/")]

    def end_sessions(self, folder: str) -> None:
        """Have the kernels of the notebooks in a folder shut down, busy or not, while something else is done."""
        for session in self.sessions(folder):
            self.endings.append(self.sweeper.submit(self.request, "DELETE", f"sessions/{session['id']}"))

    def sweep(self) -> None:
        """Wait until they are shut down."""
        for ending in self.endings:
            ending.result()


@contextlib.contextmanager
def serve(folder: Path) -> Iterator[Lab]:
    """A server that answers, with everything that it writes below `folder`; stopped at the end."""
    root = folder / "notebooks"
    root.mkdir()
    for version in KERNELS.glob("*"):
        _add_kernel(folder, version)
    log = folder / "jupyter.log"
    lab = Lab(f"http://127.0.0.1:{free_port()}", secrets.token_hex(16), root)
    with log.open("wb") as output:
        process = subprocess.Popen(
            _command(lab, folder), env=environment(folder), cwd=root, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            wait_for_answer(f"{lab.url}/api/status?token={lab.token}", process, log)
            yield lab
            lab.sweep()
        finally:
            stop_process(process)


def _add_kernel(folder: Path, place: Path) -> None:
    """Add a kernel of another ipykernel, under its version."""
    spec = folder / "jupyter_data_dir" / "kernels" / place.name
    spec.mkdir(parents=True)
    facts = {
        "argv": LAUNCH,
        "display_name": place.name,
        "language": "python",
        "env": {"PYTHONPATH": f"{place}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"},
    }
    (spec / "kernel.json").write_text(json.dumps(facts))


def _command(lab: Lab, folder: Path) -> list[str]:
    settings = folder / "settings"
    for plugin, values in SETTINGS.items():
        file = settings / f"{plugin}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))
    port = lab.url.rpartition(":")[2]
    return [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
        *("--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
        *(f"--ServerApp.root_dir={lab.root}", f"--IdentityProvider.token={lab.token}"),
        *(f"--LabApp.user_settings_dir={settings}", f"--LabApp.workspaces_dir={folder / 'workspaces'}"),
        *("--LabApp.extension_manager=readonly", "--LabApp.news_url=", "--LabApp.expose_app_in_browser=True"),
    ]


def environment(folder: Path) -> dict[str, str]:
    """An environment in which Jupyter keeps all that it writes below a folder."""
    own = {
        name: str(folder / name.lower())
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    return {**kept, **own, "PYTHONWARNINGS": "default"}


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def wait_for_answer(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until a server answers at an address; its log is in the error if it does not."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if _answers(url):
            return
        time.sleep(POLL_SECONDS)
    raise RuntimeError(f"no answer at {url} within {START_SECONDS:.0f} s:\n{log.read_text()}")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=STOP_SECONDS):  # noqa: S310 (http to the server started here)
            return True
    except urllib.error.HTTPError:
        return True
    except (urllib.error.URLError, TimeoutError):
        return False


def stop_process(process: subprocess.Popen[bytes]) -> None:
    """End a server, by force if it will not."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
