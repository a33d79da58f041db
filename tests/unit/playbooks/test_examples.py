# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples are playbooks that Ansible understands, and short enough to be read."""

from __future__ import annotations

from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[3] / "examples"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yml")), ids=lambda path: path.stem)
def test_example_is_understood(ansible_playbook, path):
    code, shown = ansible_playbook("--syntax-check", str(path))
    assert code == 0, shown


def test_nightly_backup_has_twenty_lines():
    assert len((FOLDER / "nightly_backup.yml").read_text(encoding="utf-8").splitlines()) <= 20
