# SPDX-License-Identifier: GPL-3.0-or-later
"""Each rule for acting on a backup domain: it holds, it is violated, and where its edge is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.rules.acting import Move
from ansible_collections.lifeboat.ovirt.plugins.module_utils.rules.catalogue import judge
from site_builder import EAST, MASTER, OTHER, disk, domain, site, template, vm

BACKUP = domain("vault", backup=True)
ON_BACKUP = disk("one", BACKUP)
ELSEWHERE = disk("two", OTHER)
LUN = disk("lun", storage_type="lun")


def violated(state, action, subject):
    return [(violation.rule, violation.severity) for violation in judge(state, action, subject, "it")]


def blocked(action):
    return [(f"backup.{action}", "block")]


def starting(state, one):
    return violated(state, "start_vm", one)


def test_a_vm_with_a_plugged_disk_on_a_backup_domain_is_not_started():
    web = vm("web", ON_BACKUP)
    found = judge(site(BACKUP, ON_BACKUP, web), "start_vm", web, "VM web")
    assert [one.rule for one in found] == ["backup.start_vm"]
    assert "web" in found[0].message and "vault" in found[0].message and "vault" in found[0].remedy


def test_an_unplugged_disk_on_a_backup_domain_does_not_matter():
    web = vm("web", ON_BACKUP, plugged=False)
    assert starting(site(BACKUP, ON_BACKUP, web), web) == []


def test_a_lease_on_a_backup_domain_forbids_the_start():
    web = vm("web", lease_domain_id=BACKUP.id)
    assert starting(site(BACKUP, web), web) == blocked("start_vm")


def test_a_vm_elsewhere_starts_although_its_template_is_on_a_backup_domain():
    own, base = disk("own", OTHER), disk("base", OTHER, BACKUP)
    golden = template("golden", base)
    thin = vm("thin", own, template_id=golden.id)
    assert starting(site(BACKUP, own, base, golden, thin), thin) == []


@pytest.mark.parametrize("plugged", [True, False])
def test_no_snapshot_of_a_vm_on_a_backup_domain_is_previewed(plugged):
    web = vm("web", ON_BACKUP, plugged=plugged)
    assert violated(site(BACKUP, ON_BACKUP, web), "preview_snapshot", web) == blocked("preview_snapshot")


def test_a_snapshot_of_a_vm_elsewhere_is_previewed():
    web = vm("web", ELSEWHERE, LUN, lease_domain_id=BACKUP.id)
    assert violated(site(BACKUP, ELSEWHERE, LUN, web), "preview_snapshot", web) == []


@pytest.mark.parametrize(
    ("status", "plugged", "expected"),
    [
        ("up", True, blocked("live_move_disk")),
        ("suspended", True, blocked("live_move_disk")),
        ("up", False, []),
        ("down", True, []),
    ],
)
def test_only_a_live_move_to_a_backup_domain_is_forbidden(status, plugged, expected):
    state = site(BACKUP, ELSEWHERE, vm("web", ELSEWHERE, plugged=plugged, status=status))
    assert violated(state, "live_move_disk", Move(ELSEWHERE, BACKUP)) == expected


def test_a_live_move_from_a_backup_domain_or_of_nobodys_disk_is_allowed():
    state = site(BACKUP, ELSEWHERE, ON_BACKUP, vm("web", ON_BACKUP, status="up"))
    assert violated(state, "live_move_disk", Move(ON_BACKUP, OTHER)) == []
    assert violated(state, "live_move_disk", Move(ELSEWHERE, BACKUP)) == []


def test_a_backup_domain_does_not_become_the_master_and_the_remedy_names_who_can():
    [found] = judge(site(BACKUP), "switch_master", BACKUP, "vault")
    assert found.rule == "backup.switch_master" and "data, other" in found.remedy
    assert violated(site(BACKUP), "switch_master", OTHER) == []


def test_where_no_other_domain_can_be_the_master_the_remedy_asks_for_one():
    alone = site(BACKUP, replace(MASTER, status="inactive"), replace(OTHER, backup=True))
    [found] = judge(alone, "switch_master", BACKUP, "vault")
    assert "attach and activate another" in found.remedy


@pytest.mark.parametrize("action", ["memory_snapshot", "suspend_vm"])
def test_memory_does_not_go_to_a_backup_domain(action):
    web = vm("web", ON_BACKUP, status="up")
    [found] = judge(site(BACKUP, ON_BACKUP, web), action, web, "VM web")
    assert (found.rule, found.severity) == (f"backup.{action}", "block")
    assert "would be written to backup domain vault" in found.message


@pytest.mark.parametrize("action", ["memory_snapshot", "suspend_vm"])
def test_memory_that_goes_elsewhere_or_is_none_is_allowed(action):
    running, resting = vm("web", ELSEWHERE, status="up"), vm("db", ON_BACKUP)
    state = site(BACKUP, ELSEWHERE, ON_BACKUP, running, resting)
    assert violated(state, action, running) == violated(state, action, resting) == []


def test_memory_that_could_go_to_a_backup_domain_is_told_as_a_chance():
    tight = replace(OTHER, available=8 << 30)
    web = vm("web", ELSEWHERE, status="up", memory=8 << 30)
    [found] = judge(site(BACKUP, tight, ELSEWHERE, web, replace(MASTER, status="inactive")), "suspend_vm", web, "web")
    assert "could be written to backup domain vault" in found.message


@pytest.mark.parametrize("action", ["attach_disk", "hot_plug_disk", "change_data"])
def test_a_disk_on_a_backup_domain_is_left_alone(action):
    state = site(BACKUP, ON_BACKUP, ELSEWHERE, LUN)
    assert violated(state, action, ON_BACKUP) == blocked(action)
    assert violated(state, action, ELSEWHERE) == violated(state, action, LUN) == []


def test_a_disk_copy_of_a_template_on_a_backup_domain_is_a_backup_too():
    base = disk("base", OTHER, BACKUP)
    assert violated(site(BACKUP, base), "change_data", base) == blocked("change_data")


@pytest.mark.parametrize("action", ["create_lease", "move_lease"])
def test_no_lease_gets_to_a_backup_domain(action):
    assert violated(site(BACKUP), action, BACKUP) == blocked(action)
    assert violated(site(BACKUP), action, OTHER) == []


@pytest.mark.parametrize("action", ["create_vm", "create_disk", "create_vm_pool"])
def test_what_is_created_on_a_backup_domain_warns(action):
    assert violated(site(BACKUP), action, BACKUP) == [(f"backup.{action}", "warn")]
    assert violated(site(BACKUP), action, OTHER) == []


def test_a_backup_domain_is_never_the_first_of_a_data_center():
    fresh = site(BACKUP, data_centers=(replace(EAST, status="uninitialized"),))
    assert violated(fresh, "attach_domain", BACKUP) == blocked("attach_domain")
    assert violated(fresh, "attach_domain", OTHER) == []


@pytest.mark.parametrize("version", [(4, 2), (4, 7)])
def test_a_backup_domain_may_join_a_data_center_of_any_version_that_has_a_master(version):
    assert violated(site(BACKUP, data_centers=(replace(EAST, version=version),)), "attach_domain", BACKUP) == []
