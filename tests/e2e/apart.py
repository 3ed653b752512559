"""A Chromium that Playwright may leave and come back to, and what it says over its own protocol meanwhile.

Playwright keeps every page of its own in sight. A page that it has left is hidden for real when another tab is opened
before it.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
import urllib.request
from typing import TYPE_CHECKING, Any

import websocket

from tests.chromium import executable
from tests.e2e.conftest import FLAGS
from tests.e2e.lab import free_port, stop_process, wait_for_answer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextlib.contextmanager
def chromium(folder: Path) -> Iterator[str]:
    """The address of the protocol of a browser of its own, with its profile below a folder."""
    port, log = free_port(), folder / "chromium.log"
    place = (f"--remote-debugging-port={port}", f"--user-data-dir={folder / 'profile'}", "--window-size=1400,2600")
    with log.open("wb") as output:
        process = subprocess.Popen(
            (executable(), *FLAGS, *place, "--remote-allow-origins=*", "about:blank"),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            address = f"http://127.0.0.1:{port}"
            wait_for_answer(f"{address}/json/version", process, log)
            yield address
        finally:
            stop_process(process)


class Tab:
    """The only page of a browser, without Playwright."""

    def __init__(self, address: str) -> None:
        self.address = address
        with urllib.request.urlopen(f"{address}/json/list") as answer:  # noqa: S310 (http to the browser started here)
            (page,) = [target for target in json.load(answer) if target["type"] == "page"]
        self._socket = websocket.create_connection(page["webSocketDebuggerUrl"])
        self.ask("Performance.enable")

    def ask(self, method: str, **parameters: Any) -> Any:
        """The result of a command."""
        self._socket.send(json.dumps({"id": 1, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._socket.recv())
            if answer.get("id") == 1:
                return answer["result"]

    def read(self, expression: str) -> Any:
        """The value of an expression on the page."""
        return self.ask("Runtime.evaluate", expression=expression, returnByValue=True)["result"]["value"]

    def megabytes(self) -> tuple[float, float]:
        """What is used after a collection: the heap of scripts, and the buffers beside it."""
        self.ask("HeapProfiler.collectGarbage")
        metrics = {metric["name"]: metric["value"] for metric in self.ask("Performance.getMetrics")["metrics"]}
        buffers = self.ask("Runtime.getHeapUsage").get("backingStorageSize", 0)
        return metrics["JSHeapUsedSize"] / 1e6, buffers / 1e6

    def hide(self) -> None:
        """Open another tab before this one."""
        request = urllib.request.Request(f"{self.address}/json/new?about:blank", method="PUT")  # noqa: S310 (as above)
        urllib.request.urlopen(request).close()  # noqa: S310 (as above)
        deadline = time.monotonic() + 10
        while self.read("document.visibilityState") != "hidden":
            assert time.monotonic() < deadline, "the page is still visible"
