# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks for backup domains, and with them the role, as an operator runs them."""

from __future__ import annotations

from ovirt_simulator.engine import schema
from wire_client import east

DESIRED = {"backup_domains": ["east-nfs2"], "backup_domains_disabled": ["nfs-vault"]}


def give_mark(site, name):
    with site.engine.transaction() as context:
        context.db.get_one(schema.StorageDomainStatic, east("domain", name)).backup = True


def test_check_mode_predicts_and_sends_no_write(run, primary):
    give_mark(primary, "nfs-vault")
    code, shown = run("mark_backup_domains", "--check", **DESIRED)
    assert code == 0 and "changed=2" in shown and not primary.writes


def test_a_declared_list_comes_true_once_and_hands_its_result_on(run, primary):
    give_mark(primary, "nfs-vault")
    code, shown = run("mark_backup_domains", **DESIRED)
    assert code == 0 and "changed=2" in shown and "backup_domain_result" in shown
    written = len(primary.writes)
    code, shown = run("mark_backup_domains", **DESIRED)
    assert code == 0 and "changed=0" in shown and len(primary.writes) == written == 2


def test_the_audit_turns_red_on_a_blocking_violation_and_says_it_in_a_line(run, primary):
    give_mark(primary, "east-data")
    code, shown = run("audit_backup_domains")
    assert code != 0 and "block: backup.master: storage domain east-data is the master domain" in shown
    softened = [{"id": "backup.master", "severity": "warn", "reason": "handed over tonight"}]
    assert run("audit_backup_domains", audit_rules=softened)[0] == 0
    assert not primary.writes
