# Copyright: (c) 2026, lifeboat.ovirt contributors
# GNU General Public License v3.0+ (see LICENSES or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows how far the modules of this collection have got while they run."""

from __future__ import annotations

DOCUMENTATION = r"""
name: progress
type: notification
short_description: Show how far long work has got while it runs
version_added: 0.1.0
description:
  - Shows one live line with a bar for each VM or template that a module of this collection works on, while it does.
  - In a terminal that takes the Python library C(rich), where that is installed. Elsewhere, and in AWX, it writes a
    plain line when the state of an entity changes, and for every tenth of its work.
  - The modules send what they have done through a socket in a folder that only the user of this run can enter. It
    reaches modules that run on the controller (connection V(local), no C(become)). The others work as ever and show
    nothing.
author:
  - lifeboat.ovirt contributors (@lifeboat-ovirt)
requirements:
  - enabled by C(callbacks_enabled = lifeboat.ovirt.progress) in C(ansible.cfg), or by the environment variable
    E(ANSIBLE_CALLBACKS_ENABLED)
options:
  style:
    description: V(bars) and V(lines) show just that; V(auto) finds out what the terminal can do.
    type: str
    choices: [auto, bars, lines]
    default: auto
    env:
      - name: LIFEBOAT_PROGRESS_STYLE
    ini:
      - section: callback_lifeboat_progress
        key: style
"""

import os
import select
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ansible.plugins.callback import CallbackBase

from ..module_utils.progress import ENVIRONMENT, LONGEST_REPORT, Report

try:
    import rich.console
    import rich.progress

    HAS_RICH = True
except ImportError:
    HAS_RICH = False

# AWX, and whatever else runs playbooks with ansible-runner, gives a terminal that nobody looks at.
_RUNNER = "AWX_ISOLATED_DATA_DIR"


class View(Protocol):
    """Shows reports."""

    def show(self, report: Report) -> None:
        """Show one report."""

    def clear(self) -> None:
        """Take away what is still shown, and forget it."""


class Lines:
    """Writes a line when the state of an entity changes, and for every tenth of its work."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write
        self._shown: dict[str, tuple[str, int | None]] = {}

    def show(self, report: Report) -> None:
        """Write the line if something has changed that deserves one."""
        tenth = None if report.percent is None else report.percent // 10
        if self._shown.get(report.entity) != (report.state, tenth):
            self._shown[report.entity] = (report.state, tenth)
            self._write(_line(report))

    def clear(self) -> None:
        """Forget what was shown."""
        self._shown.clear()


class Bars:
    """Shows a bar for each entity that is at work, below everything else in the terminal."""

    def __init__(self) -> None:
        self._bars: rich.progress.Progress | None = None
        self._tasks: dict[str, rich.progress.TaskID] = {}

    def show(self, report: Report) -> None:
        """Draw the bar of the entity, or take it away when it has come to its end."""
        if self._bars is None:
            self._bars = self._begun()
        if report.entity not in self._tasks:
            self._tasks[report.entity] = self._bars.add_task(report.entity, total=None, visible=False, state="")
        self._bars.update(
            self._tasks[report.entity],
            completed=report.done or 0,
            total=report.total,
            state=report.state,
            visible=not report.finished,
        )

    def clear(self) -> None:
        """Take all bars away."""
        if self._bars is not None:
            self._bars.stop()
            self._bars.console.file.close()
        self._bars = None
        self._tasks.clear()

    @staticmethod
    def _begun() -> rich.progress.Progress:
        sys.stdout.flush()
        # Past sys.stdout, whose lock Ansible holds while it prints: rich, which carries these lines over, has one, too.
        terminal = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding=sys.stdout.encoding)
        bars = rich.progress.Progress(
            rich.progress.TextColumn("{task.description}", markup=False),
            rich.progress.BarColumn(),
            rich.progress.TaskProgressColumn(),
            rich.progress.TextColumn("{task.fields[state]}", markup=False),
            console=rich.console.Console(file=terminal),
            transient=True,
        )
        bars.start()
        return bars


class Receiver:
    """The socket, and the thread that shows what arrives there; raises OSError where none can be opened."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._lock = threading.Lock()
        # The folder can be entered by its owner only, so nobody else can write to the socket.
        self._folder = tempfile.TemporaryDirectory(prefix="lifeboat-", ignore_cleanup_errors=True)
        self.path = os.path.join(self._folder.name, "progress")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(self.path)
        self._open = True
        self._thread = threading.Thread(target=self._receive, name="lifeboat-progress", daemon=True)
        self._thread.start()

    def clear(self) -> None:
        """Show what has arrived, then take everything away."""
        with self._lock:
            self._show_arrived()
            self._view.clear()

    def close(self) -> None:
        """Clear, and close the socket."""
        self.clear()
        self._open = False
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()
        self._folder.cleanup()

    def _receive(self) -> None:
        while self._open:
            select.select([self._socket], [], [])
            with self._lock:
                self._show_arrived()

    def _show_arrived(self) -> None:
        while self._open:
            try:
                datagram = self._socket.recv(LONGEST_REPORT)
            except BlockingIOError:
                return
            report = Report.decode(datagram)
            if report is not None:
                self._view.show(report)


def wants_bars(style: str, environment: Mapping[str, str], terminal: bool) -> bool:
    """Return whether bars are to be shown; terminal: whether the output goes to one."""
    if not HAS_RICH or style == "lines":
        return False
    return style == "bars" or (terminal and _RUNNER not in environment and environment.get("TERM") != "dumb")


def _line(report: Report) -> str:
    part = "" if report.percent is None or report.finished else f" {report.percent}%"
    return f"{report.entity}: {report.state}{part}"


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """Opens the socket for the time of the playbook."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "lifeboat.ovirt.progress"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._receiver: Receiver | None = None

    def v2_playbook_on_start(self, playbook: object) -> None:
        """Open the socket; the processes that run modules inherit its path."""
        bars = wants_bars(self.get_option("style"), os.environ, sys.stdout.isatty())
        try:
            self._receiver = Receiver(Bars() if bars else Lines(self._write))
        except OSError as exc:
            self._display.warning(f"no progress is shown: {exc}")
        else:
            os.environ[ENVIRONMENT] = self._receiver.path

    def v2_playbook_on_stats(self, stats: object) -> None:
        """Close it."""
        if self._receiver is not None:
            os.environ.pop(ENVIRONMENT, None)
            self._receiver.close()
            self._receiver = None

    def _write(self, line: str) -> None:
        self._display.display(line)
        # A pipe would get it at the end of the run only.
        sys.stdout.flush()

    def _task_is_over(self, result: object, **options: object) -> None:
        if self._receiver is not None:
            self._receiver.clear()

    v2_runner_on_ok = v2_runner_on_failed = v2_runner_on_unreachable = v2_runner_on_skipped = _task_is_over
