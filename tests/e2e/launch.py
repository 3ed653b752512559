"""Starts a kernel as ipykernel's own launcher does, one of ipykernel 7.0 to 7.3 without a fault that 7.4 has not.

Those reply past the stream that reads the same socket, and a request that comes at that moment is left unread until
another client connects: a cell that never begins (https://github.com/ipython/ipykernel/issues/1554).
"""

from __future__ import annotations

import sys
from typing import Any

from ipykernel import kernelapp
from ipykernel._version import version_info
from ipykernel.ipkernel import IPythonKernel

REPLY = "_send_on_shell_channel"

if (7, 0) <= version_info < (7, 4):
    from ipykernel.subshell_manager import SubshellManager

    def reply(_: SubshellManager, message: list[Any]) -> None:
        """Send a reply through the stream that reads the requests."""
        stream = IPythonKernel.instance().shell_stream
        assert stream
        stream.send_multipart(message)

    setattr(SubshellManager, REPLY, reply)

del sys.path[0]  # this file's folder: a notebook's imports are not to find its modules
kernelapp.launch_new_instance()
