# SPDX-License-Identifier: GPL-3.0-or-later
"""What the judge over the official collection makes of what Ansible reports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from verdicts import Verdict, judge

PLAYBOOK = "---\n- name: ovirt_disk\n- name: ovirt_disk_info\n"


@pytest.fixture
def playbook(tmp_path: Path) -> Path:
    path = tmp_path / "disk.yml"
    path.write_text(PLAYBOOK)
    return path


def report(**plays: list[dict[str, Any]]) -> str:
    shown = [
        {
            "play": {"name": name},
            "tasks": [{"task": {"name": "A task"}, "hosts": {"localhost": result}} for result in results],
        }
        for name, results in plays.items()
    ]
    return json.dumps({"plays": shown})


def ok(module: str) -> dict[str, Any]:
    return {"action": f"ovirt.ovirt.{module}"}


def outcomes(verdicts: list[Verdict]) -> list[bool]:
    return [verdict.passed for verdict in verdicts]


def test_plays_that_went_well_pass_and_count_their_calls(playbook: Path) -> None:
    text = report(ovirt_disk=[ok("ovirt_disk"), ok("ovirt_disk")], ovirt_disk_info=[ok("ovirt_disk_info")])
    verdicts = judge(playbook, text, "")
    assert outcomes(verdicts) == [True, True] and [verdict.calls for verdict in verdicts] == [2, 1]


@pytest.mark.parametrize("bad", [{"failed": True, "msg": "no"}, {"unreachable": True}])
def test_a_failure_counts_even_if_it_was_ignored(playbook: Path, bad: dict[str, Any]) -> None:
    text = report(ovirt_disk=[{**ok("ovirt_disk"), **bad}], ovirt_disk_info=[ok("ovirt_disk_info")])
    verdicts = judge(playbook, text, "")
    assert outcomes(verdicts) == [False, True] and "A task" in str(verdicts[0])


def test_a_play_that_was_not_reached_fails(playbook: Path) -> None:
    assert outcomes(judge(playbook, report(ovirt_disk=[ok("ovirt_disk")]), "")) == [True, False]


@pytest.mark.parametrize("other", [{"action": "ansible.builtin.assert"}, {**ok("ovirt_disk_info"), "skipped": True}])
def test_a_module_that_was_not_called_fails(playbook: Path, other: dict[str, Any]) -> None:
    assert outcomes(judge(playbook, report(ovirt_disk=[ok("ovirt_disk")], ovirt_disk_info=[other]), "")) == [
        True,
        False,
    ]


def test_without_a_report_everything_fails_and_says_why(playbook: Path) -> None:
    verdicts = judge(playbook, "", "no end after 600 s")
    assert outcomes(verdicts) == [False, False] and "no end" in verdicts[0].problem
