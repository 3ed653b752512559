"""A kernel without a page: cells are run over its own sockets, and everything that it says is kept."""

from __future__ import annotations

import contextlib
import os
import queue
import time
from typing import TYPE_CHECKING, Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from tests.e2e.lab import KERNELS, LAUNCH, environment
from tests.e2e.view import PATIENCE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.e2e.lab import Lab

POLL_SECONDS = 0.05
GREETING_SECONDS = 0.5


class Kernel:
    """A kernel and all its `messages` so far."""

    def __init__(self, client: BlockingKernelClient) -> None:
        self.client = client
        self.messages: list[dict[str, Any]] = []

    @classmethod
    @contextlib.contextmanager
    def of(cls, version: str, folder: Path) -> Iterator[Kernel]:
        """A kernel that runs in a folder, of an ipykernel in `.cache`, or of the one installed if that is none.

        What its process writes is in the folder's `kernel.log`.
        """
        manager = KernelManager()
        assert manager.kernel_spec
        manager.kernel_spec.argv = [*LAUNCH]
        paths = (str(KERNELS / version), os.environ.get("PYTHONPATH", ""))
        variables = {**environment(folder), "PYTHONPATH": os.pathsep.join(paths)}
        with (folder / "kernel.log").open("wb") as output:
            manager.start_kernel(cwd=str(folder), env=variables, stdout=output, stderr=output)
            try:
                with cls._heard(manager.client()) as kernel:
                    yield kernel
            finally:
                manager.shutdown_kernel(now=True)

    @classmethod
    @contextlib.contextmanager
    def served(cls, lab: Lab) -> Iterator[tuple[str, Kernel]]:
        """A kernel that a server has started, by its name there, heard beside the server."""
        name = lab.request("POST", "kernels")["id"]
        try:
            client = BlockingKernelClient()
            client.load_connection_file(str(lab.root.parent / "jupyter_runtime_dir" / f"kernel-{name}.json"))
            with cls._heard(client) as kernel:
                yield name, kernel
        finally:
            lab.request("DELETE", f"kernels/{name}")

    @classmethod
    @contextlib.contextmanager
    def _heard(cls, client: BlockingKernelClient) -> Iterator[Kernel]:
        client.start_channels()
        try:
            kernel = cls(client)
            while not kernel.messages:  # what it says before it is heard is lost
                client.kernel_info()
                kernel.hear(GREETING_SECONDS)
            yield kernel
        finally:
            client.stop_channels()

    def listen(self, condition: Callable[[], bool]) -> None:
        """Keep what the kernel says until something is true."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            assert time.monotonic() < deadline, f"not so within {PATIENCE_SECONDS:.0f} s"
            self.hear(POLL_SECONDS)

    def hear(self, seconds: float) -> None:
        """Keep the next thing that the kernel says, if it comes in time."""
        with contextlib.suppress(queue.Empty):
            self.messages.append(self.client.get_iopub_msg(timeout=seconds))

    def pass_by(self, seconds: float) -> float:
        """Keep what the kernel says for so long; when that began, in seconds since 1970."""
        began = time.time()
        self.listen(lambda: time.time() >= began + seconds)
        return began

    def read(self, source: str) -> str:
        """Run a cell to its end; what it prints."""
        cell = self.client.execute(source)
        self.listen(lambda: self.is_over(cell))
        mine = [one for one in self.messages if one["parent_header"].get("msg_id") == cell]
        assert [one["content"] for one in mine if one["msg_type"] == "error"] == []
        return "".join(one["content"]["text"] for one in mine if one["msg_type"] == "stream").strip()

    def is_over(self, *requests: str) -> bool:
        """Whether the kernel has handled all these messages."""
        idle = {
            one["parent_header"].get("msg_id")
            for one in self.messages
            if one["msg_type"] == "status" and one["content"]["execution_state"] == "idle"
        }
        return idle.issuperset(requests)

    def widgets(self, kind: str) -> list[dict[str, Any]]:
        """What widgets sent so far by a method: "custom" or "update"."""
        data = [one["content"]["data"] for one in self.messages if one["msg_type"] == "comm_msg"]
        return [one for one in data if one["method"] == kind]

    def subshell(self) -> str | None:
        """A new subshell's name; None where the kernel knows none."""
        if "kernel subshells" not in self._ask("kernel_info_request").get("supported_features", []):
            return None
        name: str = self._ask("create_subshell_request")["subshell_id"]
        return name

    def _ask(self, request: str) -> dict[str, Any]:
        self.client.control_channel.send(self.client.session.msg(request, {}))
        answer: dict[str, Any] = self.client.get_control_msg(timeout=PATIENCE_SECONDS)["content"]
        return answer
