# SPDX-License-Identifier: GPL-3.0-or-later
"""Killing a process with all that it has started, at the moment when a chosen request arrives at simulated sites."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ovirt_simulator.site import Sites

_BETWEEN_LOOKS = 0.002


def arrived(sites: Sites) -> int:
    """Return how many requests have arrived at all sites."""
    return sum(len(site.requests) for site in sites.values())


def kill_at(process: subprocess.Popen[str], sites: Sites, request: int) -> bool:
    """Kill a process when so many requests have arrived since now; return False if it ended by itself before that."""
    last = arrived(sites) + request
    while arrived(sites) < last:
        with suppress(subprocess.TimeoutExpired):
            process.wait(_BETWEEN_LOOKS)
            return False
    _kill(process.pid)
    process.wait()
    return True


def _kill(process: int) -> None:
    """Kill a process and what came of it; each is stopped before one looks for its children, so it makes no more.

    The workers of ansible-playbook have sessions of their own, so that killing its process group would leave them.
    """
    with suppress(ProcessLookupError, FileNotFoundError):
        os.kill(process, signal.SIGSTOP)
        for child in list(_children(process)):
            _kill(child)
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


def _children(process: int) -> Iterator[int]:
    for thread in Path(f"/proc/{process}/task").iterdir():
        yield from map(int, (thread / "children").read_text().split())
