# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking the rules before acting, over HTTPS."""

from __future__ import annotations

import pytest

from ovirt_simulator.engine import schema
from wire_client import east


@pytest.fixture(autouse=True)
def vault_is_a_backup(primary):
    with primary.engine.transaction() as context:
        context.db.get_one(schema.StorageDomainStatic, east("domain", "vault")).backup = True


def ask(play, site, *actions, **params):
    return play("backup_guard", auth=site.auth, actions=list(actions), **params)


START = {"action": "start_vm", "vms": ["db", "web"]}
LEASE = {"action": "create_lease", "storage_domains": ["east-nfs2"]}
DISK = {"action": "create_disk", "storage_domains": ["vault"]}


def test_a_forbidden_action_fails_and_says_which_and_why(play, primary):
    result = ask(play, primary, START, LEASE)
    assert result["error_kind"] == "rule" and "web" in result["msg"] and "vault" in result["remedy"]
    assert not result["allowed"]
    assert [(one["subject"], one["allowed"]) for one in result["actions"]] == [
        ("VM db", True),
        ("VM web", False),
        ("storage domain east-nfs2", True),
    ]
    assert [one["rule"] for one in result["violations"]] == ["backup.start_vm"]


def test_report_only_returns_the_same_without_failing(play, primary):
    failed, reported = ask(play, primary, START), ask(play, primary, START, report_only=True)
    assert not reported.get("failed") and not reported["allowed"] and not reported["changed"]
    keys = ("allowed", "actions", "violations", "lines")
    assert [failed[key] for key in keys] == [reported[key] for key in keys]


def test_what_only_warns_is_allowed_and_told(play, primary):
    result = ask(play, primary, DISK)
    assert result["allowed"] and result["lines"] == [
        "warn: backup.create_disk: no running VM could use a disk on backup domain vault"
    ]


def test_one_reading_of_the_site_does_for_all_actions(play, primary):
    ask(play, primary, START, LEASE, DISK, report_only=True)
    assert len([request for request in primary.requests if request.method == "GET"]) == 8 + 1
    assert not primary.writes


def test_a_softened_rule_allows(play, primary):
    softened = [{"id": "backup.memory_snapshot", "severity": "warn", "reason": "moved away right after"}]
    intended = {"action": "memory_snapshot", "vms": ["web"]}
    assert ask(play, primary, intended)["error_kind"] == "rule"
    assert ask(play, primary, intended, rules=softened)["allowed"]


@pytest.mark.parametrize(
    ("intended", "kind"),
    [
        ({"action": "start_vm", "vms": ["nobody"]}, "not_found"),
        ({"action": "start_vm", "disks": ["web_Disk1"]}, "invalid"),
    ],
)
def test_subjects_that_are_not_there_or_do_not_fit_are_told(play, primary, intended, kind):
    result = ask(play, primary, intended)
    assert result["error_kind"] == kind and result["remedy"]
