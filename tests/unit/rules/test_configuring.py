# SPDX-License-Identifier: GPL-3.0-or-later
"""Each rule for configuring a backup domain: it holds, it is violated, and where its edge is."""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError
from ansible_collections.lifeboat.ovirt.plugins.module_utils.rules.catalogue import CATALOGUE, judge
from ansible_collections.lifeboat.ovirt.plugins.module_utils.rules.rule import enforce
from site_builder import MASTER, OTHER, VAULT, disk, domain, site, vm

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


def test_the_last_active_regular_domain_blocks():
    lonely = site(domain("data", master=True, backup=True), domain("other", status="maintenance"))
    assert "backup.last_regular" in violated(lonely)


def test_a_domain_of_no_data_center_is_not_its_last():
    assert violated(site(), domain("vault", data_center_id=None, status="unattached")) == set()


@pytest.mark.parametrize("origin", ["hosted_engine", "managed_hosted_engine"])
def test_the_hosted_engines_domain_blocks_whatever_it_is_called(origin):
    assert violated(site(ON_VAULT, vm("HostedEngine", ON_VAULT, origin=origin))) == {"backup.hosted_engine"}


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


def test_every_rule_has_an_id_of_its_own_and_a_sentence():
    ids = [rule.id for rule in CATALOGUE]
    assert len(ids) == len(set(ids))
    assert all(rule.sentence.endswith(".") for rule in CATALOGUE)
