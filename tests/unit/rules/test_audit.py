# SPDX-License-Identifier: GPL-3.0-or-later
"""Which rules the present state of a backup domain violates."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.lifeboat.ovirt.plugins.module_utils.rules.catalogue import audit
from site_builder import MASTER, OTHER, PREVIEW, disk, domain, site, snapshot, vm

BACKUP = domain("vault", backup=True)
ON_BACKUP = disk("one", BACKUP)
SHARED = site(BACKUP, disk("quorum", BACKUP, shareable=True))


def found(state, subject=BACKUP, rules=None):
    return [(one.rule, one.severity) for one in audit(state, subject, rules)]


def test_a_good_backup_domain_violates_nothing():
    assert found(site(BACKUP, ON_BACKUP, vm("web", ON_BACKUP, snapshots=(snapshot("weekly"),)))) == []


def test_a_preview_begun_meanwhile_is_found():
    state = site(BACKUP, ON_BACKUP, vm("web", ON_BACKUP, snapshots=(PREVIEW,)))
    assert found(state) == [("backup.preview", "block")]


def test_a_backup_domain_that_is_the_master_is_found():
    master = replace(BACKUP, master=True)
    assert found(site(master, replace(MASTER, master=False)), master) == [("backup.master", "block")]


def test_a_data_center_of_backup_domains_alone_is_found():
    state = site(BACKUP, replace(OTHER, backup=True), replace(MASTER, backup=True))
    assert ("backup.last_regular", "block") in found(state)


def test_what_changes_or_settles_warns_only():
    busy = replace(BACKUP, status="locked")
    locked = disk("moving", BACKUP, status="locked")
    merging = vm("web", ON_BACKUP, snapshots=(snapshot("weekly", status="locked"),))
    state = site(busy, locked, ON_BACKUP, merging)
    assert found(state, busy) == [("backup.in_process", "warn"), *[("backup.change_data", "warn")] * 2]


def test_softening_reaches_the_audit():
    softened = {"id": "backup.shareable_disks", "severity": "warn", "reason": "moves next week"}
    assert found(SHARED) == [("backup.shareable_disks", "block")]
    assert found(SHARED, rules=[softened]) == [("backup.shareable_disks", "warn")]
    assert found(SHARED, rules=[{**softened, "severity": "ignore"}]) == []


def test_a_violation_is_one_line():
    [violation] = audit(SHARED, BACKUP)
    assert violation.line == "block: backup.shareable_disks: storage domain vault holds the shareable disk quorum"
