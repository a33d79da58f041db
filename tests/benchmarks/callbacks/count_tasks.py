# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts the tasks of a run, whoever's they are, and how long those of each name take together."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: count_tasks
type: aggregate
short_description: Write a JSON file with the number of tasks, and the seconds of each name
description: The file is the one that the environment variable BENCHMARK_TASKS names.
"""


class CallbackModule(CallbackBase):  # type: ignore[misc]
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "count_tasks"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *options: Any, **more: Any) -> None:
        super().__init__(*options, **more)
        self._tasks = 0
        self._seconds: dict[str, float] = {}
        self._current = "start"
        self._since = time.monotonic()

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        """Count a task."""
        self._tasks += 1
        self._turn(task.get_name())

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """Write the file."""
        self._turn("end")
        Path(os.environ["BENCHMARK_TASKS"]).write_text(json.dumps({"tasks": self._tasks, "seconds": self._seconds}))

    def _turn(self, name: str) -> None:
        now = time.monotonic()
        self._seconds[self._current] = self._seconds.get(self._current, 0.0) + now - self._since
        self._current, self._since = name, now
