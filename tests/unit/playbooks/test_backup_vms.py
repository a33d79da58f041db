# SPDX-License-Identifier: GPL-3.0-or-later
"""A night's backup, as an operator runs it."""

from __future__ import annotations

import pytest
import yaml

from ovirt_simulator.engine import schema
from wire_client import east

WANTED = {"backup_vms_names": ["db", "app"], "backup_vms_storage_domains": ["vault"]}


@pytest.fixture(autouse=True)
def vault(primary):
    with primary.engine.transaction() as context:
        context.db.get_one(schema.StorageDomainStatic, east("domain", "vault")).backup = True


def test_check_mode_predicts_and_sends_no_write(run, primary):
    code, shown = run("backup_vms", "--check", **WANTED)
    assert code == 0 and "changed=1" in shown, shown
    assert not primary.writes


def test_what_fails_keeps_nothing_else_from_its_backup_and_stands_in_the_report(run, primary, tmp_path):
    primary.mishaps.add("POST", "/vms/{id}/clone", "status", status=400, detail="[no room]")
    report = tmp_path / "report.yml"
    code, shown = run("backup_vms", **WANTED, backup_vms_report=str(report))
    assert code != 0 and "no room" in shown
    result = yaml.safe_load(report.read_text(encoding="utf-8"))
    assert sorted(one["outcome"] for one in result["copied"]) == ["failed", "succeeded"]
    assert [one["outcome"] for one in result["pruned"]] == ["skipped"]
    assert [one["complete"] for one in result["copies"]] == [True]


def test_move_reports_what_moved_and_fails_for_what_did_not(run, primary, tmp_path):
    primary.mishaps.add("POST", "/disks/{id}/move", "status", status=400, detail="[no room]")
    report = tmp_path / "report.yml"
    variables = {"move_vms": ["erp"], "move_search": "name=db", "move_target": ["vault"], "move_report": str(report)}
    code, shown = run("move_to_backup_domain", **variables)
    assert code != 0 and "no room" in shown
    assert len(yaml.safe_load(report.read_text(encoding="utf-8"))["moved"]) == 1
    code, shown = run("move_to_backup_domain", **variables)
    assert code == 0, shown
    assert sorted(yaml.safe_load(report.read_text(encoding="utf-8"))["moved"]) == ["db", "erp"]
