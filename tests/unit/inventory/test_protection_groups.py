# SPDX-License-Identifier: GPL-3.0-or-later
"""The protection groups of a plan are hosts to Ansible."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from recovery_plans import PLAN, changed


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "plan.yml").write_text(yaml.safe_dump(PLAN, sort_keys=False), encoding="utf-8")
    path = tmp_path / "erp.protection_groups.yml"
    settings = {"plugin": "lifeboat.ovirt.protection_groups", "plan": "plan.yml"}
    path.write_text(yaml.safe_dump(settings), encoding="utf-8")
    return path


def listed(source: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["ansible-inventory", "-i", str(source), "--list"], capture_output=True, text=True, check=False
    )


def untagged(value: dict[str, Any]) -> Any:
    """Return what ansible-core from 2.19 on marks as text that is no template."""
    return value.get("__ansible_unsafe", value)


def test_each_protection_group_is_a_host_that_names_its_plan_and_itself(source: Path) -> None:
    inventory: dict[str, Any] = json.loads(listed(source).stdout, object_hook=untagged)
    assert inventory["protection_groups"]["hosts"] == ["shop", "files"]
    assert inventory["_meta"]["hostvars"]["shop"] == {
        "ansible_connection": "local",
        "ansible_python_interpreter": sys.executable,
        "recovery_groups": ["shop"],
        "recovery_plan": str(source.parent / "plan.yml"),
    }


def test_a_mistake_in_the_plan_is_told_with_its_place(source: Path) -> None:
    source.with_name("plan.yml").write_text(yaml.safe_dump(changed("sites", "primary", to=[])), encoding="utf-8")
    told = " ".join(listed(source).stderr.split())
    assert "plan.yml: sites.primary has to be a mapping, not a list" in told
