# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of a playbook's plays, by what Ansible reports as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_MODULE = "ovirt_"
_LONGEST = 2000


@dataclass(frozen=True)
class Verdict:
    """A line of the report: a module, or a phase of the role."""

    name: str
    calls: int = 0
    problem: str = ""

    @property
    def passed(self) -> bool:
        """Tell whether nothing went wrong."""
        return not self.problem

    def __str__(self) -> str:
        if self.passed:
            return f"passed  {self.name:<65} {self.calls:>3} calls"
        return f"FAILED  {self.name}\n{self.problem[:_LONGEST]}"


def judge(playbook: Path, output: str, errors: str) -> list[Verdict]:
    """Return a verdict for each play of a playbook, also for those that Ansible did not come to.

    A failure counts although a role ignores it, and a play that is named after a module has to have called it.
    """
    names = [str(play["name"]) for play in yaml.safe_load(playbook.read_text(encoding="utf-8"))]
    try:
        report = json.loads(output)
    except json.JSONDecodeError:
        return [Verdict(name, problem=f"{playbook.name}: {errors or output}") for name in names]
    plays = {play["play"]["name"]: list(_results(play)) for play in report["plays"]}
    return [_verdict(name, plays.get(name)) for name in names]


def _results(play: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for task in play["tasks"]:
        for result in task["hosts"].values():
            yield task["task"]["name"], result


def _verdict(name: str, results: list[tuple[str, dict[str, Any]]] | None) -> Verdict:
    if not results:
        return Verdict(name, problem="    it was not reached")
    failed = [(task, result) for task, result in results if result.get("failed") or result.get("unreachable")]
    if failed:
        return Verdict(name, problem="\n".join(f"    {task}: {_reason(result)}" for task, result in failed))
    calls = [result["action"] for _unused, result in results if not result.get("skipped")]
    official = [action for action in calls if action.startswith(f"ovirt.ovirt.{_MODULE}")]
    if name.startswith(_MODULE) and f"ovirt.ovirt.{name}" not in official:
        return Verdict(name, problem="    the module was not called")
    return Verdict(name, calls=len(official))


def _reason(result: dict[str, Any]) -> str:
    items = [item for item in result.get("results", ()) if item.get("failed")]
    shown = items[0] if items else result
    return str(shown.get("assertion") or shown.get("msg") or shown)
