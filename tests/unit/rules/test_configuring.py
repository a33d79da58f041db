# SPDX-License-Identifier: GPL-3.0-or-later
"""Each rule for configuring a backup domain: it holds, it is violated, and where its edge is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError
from ansible_collections.lifeboat.ovirt.plugins.module_utils.model.site import VmPool
from ansible_collections.lifeboat.ovirt.plugins.module_utils.rules.catalogue import judge
from ansible_collections.lifeboat.ovirt.plugins.module_utils.rules.rule import enforce
from site_builder import EAST, MASTER, OTHER, PREVIEW, VAULT, disk, domain, site, snapshot, vm

ON_VAULT = disk("one", VAULT)


def violated(state, subject=VAULT):
    return {violation.rule for violation in judge(state, "configure_backup", subject, subject.name)}


def test_an_ordinary_domain_violates_nothing():
    assert violated(site(ON_VAULT, vm("web", ON_VAULT))) == set()


@pytest.mark.parametrize("status", ["up", "paused", "powering_down", "image_locked", "unknown", "suspended"])
def test_a_vm_that_is_not_down_blocks_and_is_named_with_a_remedy(status):
    state = site(ON_VAULT, vm("web", ON_VAULT, status=status))
    with pytest.raises(EngineError) as caught:
        enforce(judge(state, "configure_backup", VAULT, "storage domain vault"))
    assert caught.value.kind == "rule"
    assert f"web ({status})" in str(caught.value)
    assert "shut these VMs down" in caught.value.remedy and "web" in caught.value.remedy


def test_a_running_vm_whose_disk_there_is_unplugged_does_not_block():
    assert violated(site(ON_VAULT, vm("web", ON_VAULT, plugged=False, status="up"))) == set()


def test_a_running_vm_with_its_disk_elsewhere_does_not_block():
    elsewhere = disk("two", OTHER)
    assert violated(site(elsewhere, vm("web", elsewhere, status="up"))) == set()


def test_a_running_vm_with_a_direct_lun_only_does_not_block():
    lun = disk("lun", storage_type="lun")
    assert violated(site(lun, vm("web", lun, status="up"))) == set()


@pytest.mark.parametrize(("status", "blocks"), [("up", True), ("suspended", True), ("down", False)])
def test_a_lease_blocks_unless_its_vm_is_down(status, blocks):
    state = site(vm("web", status=status, lease_domain_id=VAULT.id))
    assert ("backup.leases" in violated(state)) is blocks


def test_the_master_domain_blocks_and_the_remedy_names_who_can_take_over():
    found = [one for one in judge(site(), "configure_backup", MASTER, "data") if one.rule == "backup.master"]
    assert len(found) == 1 and "other" in found[0].remedy


def master_remedy(state):
    [found] = [one for one in judge(state, "configure_backup", MASTER, "data") if one.rule == "backup.master"]
    return found.remedy


def test_a_new_data_center_lets_another_domain_take_over():
    assert "switch_master: true" in master_remedy(site())


def test_an_old_data_center_goes_through_maintenance_and_the_remedy_names_who_is_elected():
    old = replace(EAST, version=(4, 4))
    two, one = site(data_centers=(old,)), site(domain("vault", backup=True), data_centers=(old,))
    assert "one of other, vault" in master_remedy(two) and "maintenance" in master_remedy(two)
    assert "makes other the master" in master_remedy(one)


def test_a_master_that_nobody_can_follow_needs_another_domain_first():
    alone = site(domain("other", status="maintenance"), domain("vault", backup=True))
    assert "attach and activate another" in master_remedy(alone)


@pytest.mark.parametrize(("status", "blocks"), [("uninitialized", True), ("up", False), ("maintenance", False)])
def test_a_domain_that_begins_a_data_center_blocks(status, blocks):
    state = site(data_centers=(replace(EAST, status=status),))
    assert ("backup.first_domain" in violated(state)) is blocks


def test_an_unattached_domain_begins_no_data_center():
    state = site(data_centers=(replace(EAST, status="uninitialized"),))
    assert violated(state, domain("vault", data_center_id=None)) == set()


def test_the_last_active_regular_domain_blocks():
    lonely = site(domain("data", master=True, backup=True), domain("other", status="maintenance"))
    assert "backup.last_regular" in violated(lonely)


def test_a_domain_of_no_data_center_is_not_its_last():
    assert violated(site(), domain("vault", data_center_id=None, status="unattached")) == set()


@pytest.mark.parametrize("origin", ["hosted_engine", "managed_hosted_engine"])
def test_the_hosted_engines_domain_blocks_whatever_it_is_called(origin):
    assert violated(site(ON_VAULT, vm("HostedEngine", ON_VAULT, origin=origin))) == {"backup.hosted_engine"}


def test_the_hosted_engines_own_disks_tell_its_domain_too():
    sanlock = disk("sanlock", VAULT, content_type="hosted_engine_sanlock")
    assert violated(site(sanlock)) == {"backup.hosted_engine"}


def test_a_domain_that_is_merely_called_like_the_hosted_engines_does_not_block():
    named = domain("hosted_storage")
    on_it = disk("one", named)
    assert violated(site(named, on_it, vm("HostedEngine", on_it)), named) == set()


def test_a_vm_in_preview_blocks_and_is_named():
    state = site(ON_VAULT, vm("web", ON_VAULT, snapshots=(PREVIEW,)))
    [found] = judge(state, "configure_backup", VAULT, "vault")
    assert found.rule == "backup.preview" and "web" in found.message and "commit or undo" in found.remedy


def test_the_layer_below_a_preview_tells_it_too():
    state = site(ON_VAULT, vm("web", ON_VAULT, plugged=False, snapshots=(snapshot("before", type="preview"),)))
    assert violated(state) == {"backup.preview"}


def test_an_ordinary_snapshot_or_a_preview_elsewhere_does_not_block():
    elsewhere = disk("two", OTHER)
    quiet = vm("web", ON_VAULT, snapshots=(snapshot("weekly"),))
    assert violated(site(ON_VAULT, elsewhere, quiet, vm("db", elsewhere, snapshots=(PREVIEW,)))) == set()


WEB_ID = "7f0c0a35-3a8c-4c0c-8f6c-2f6f3f1a0001"


def memory_warning(**vm_changes):
    described = f"Memory snapshot disk for snapshot 'weekly' of VM 'old-name' (VM ID: '{WEB_ID}')"
    memory = disk("dump", VAULT, content_type="memory_dump_volume", description=described)
    [found] = judge(site(memory, vm("web", id=WEB_ID, **vm_changes)), "configure_backup", VAULT, "vault")
    assert (found.rule, found.severity) == ("backup.memory_volumes", "warn")
    return found.message


def test_memory_of_a_snapshot_warns_with_the_snapshot_and_the_vms_present_name():
    weekly = snapshot("weekly", with_memory=True)
    assert "snapshot weekly of VM web" in memory_warning(snapshots=(snapshot("other"), weekly))


def test_memory_of_a_suspended_vm_warns():
    assert "suspended VM web" in memory_warning(status="suspended")


def test_memory_that_belongs_to_nobody_known_is_called_by_its_disk():
    memory = disk("dump", VAULT, content_type="memory_metadata_volume")
    [found] = judge(site(memory), "configure_backup", VAULT, "vault")
    assert "disk dump" in found.message


def test_memory_elsewhere_does_not_warn():
    assert violated(site(disk("dump", OTHER, content_type="memory_dump_volume"))) == set()


def test_a_pool_with_a_disk_there_warns_and_is_named():
    state = site(ON_VAULT, vm("desk-1", ON_VAULT, pool_id="p1"), VmPool("p1", "desks"), VmPool("p2", "labs"))
    [found] = judge(state, "configure_backup", VAULT, "vault")
    assert (found.rule, found.severity) == ("backup.vm_pools", "warn")
    assert "desks" in found.message and "labs" not in found.message


def test_a_pool_elsewhere_does_not_warn():
    elsewhere = disk("two", OTHER)
    assert violated(site(elsewhere, vm("desk-1", elsewhere, pool_id="p1"), VmPool("p1", "desks"))) == set()


@pytest.mark.parametrize("kind", ["iso", "export", "image", "managed_block_storage"])
def test_only_a_data_domain_can_be_backup(kind):
    assert "backup.data_domain" in violated(site(), domain("vault", type=kind))


def test_a_shareable_disk_blocks_and_is_named_with_its_vms():
    shared = disk("quorum", VAULT, shareable=True)
    found = judge(site(shared, vm("a", shared), vm("b", shared)), "configure_backup", VAULT, "vault")
    assert [one.rule for one in found] == ["backup.shareable_disks"]
    assert "quorum of a, b" in found[0].message


def test_the_shareable_ovf_stores_do_not_block():
    assert violated(site(disk("OVF_STORE", VAULT, shareable=True, content_type="ovf_store"))) == set()


@pytest.mark.parametrize("status", ["locked", "preparing_for_maintenance", "detaching", "activating"])
def test_a_domain_that_the_engine_is_at_work_on_blocks(status):
    assert "backup.in_process" in violated(site(), domain("vault", status=status))


def test_a_locked_disk_blocks_and_is_named():
    found = judge(site(disk("moving", VAULT, status="locked")), "configure_backup", VAULT, "vault")
    assert [one.rule for one in found] == ["backup.in_process"] and "moving" in found[0].message
