# SPDX-License-Identifier: GPL-3.0-or-later
"""Each rule for acting on a backup domain."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.lifeboat.ovirt.plugins.module_utils.rules.catalogue import judge
from site_builder import EAST, OTHER, disk, domain, site, template, vm

BACKUP = domain("vault", backup=True)
ON_BACKUP = disk("one", BACKUP)


def starting(state, one):
    return [violation.rule for violation in judge(state, "start_vm", one, one.name)]


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
    assert starting(site(BACKUP, web), web) == ["backup.start_vm"]


def test_a_vm_elsewhere_starts_although_its_template_is_on_a_backup_domain():
    own, base = disk("own", OTHER), disk("base", OTHER, BACKUP)
    golden = template("golden", base)
    thin = vm("thin", own, template_id=golden.id)
    assert starting(site(BACKUP, own, base, golden, thin), thin) == []


def test_a_backup_domain_is_never_the_first_of_a_data_center():
    fresh = site(BACKUP, data_centers=(replace(EAST, status="uninitialized"),))
    assert [one.rule for one in judge(fresh, "attach_domain", BACKUP, "vault")] == ["backup.attach_domain"]


def test_a_backup_domain_may_join_a_data_center_that_has_a_master():
    assert judge(site(BACKUP), "attach_domain", BACKUP, "vault") == []
