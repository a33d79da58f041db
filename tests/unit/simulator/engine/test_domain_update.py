# SPDX-License-Identifier: GPL-3.0-or-later
"""Changing a storage domain, above all its backup flag."""

from __future__ import annotations

from typing import Any

import pytest

from ovirt_simulator.engine import schema
from ovirt_simulator.engine.commands import ShutdownVm, UpdateStorageDomain
from ovirt_simulator.storage import arrays
from simulated_world import Site, World

REFUSED = (409, ("ACTION_TYPE_FAILED_RUNNING_VM_OR_VM_LEASES_PRESENT_ON_STORAGE_DOMAIN",))


def backup(site: Site, domain: str) -> bool:
    return bool(site.row(schema.StorageDomainStatic, "domain", domain).backup)


@pytest.mark.parametrize(
    "status",
    ["up", "paused", "powering_up", "image_locked", "unknown", "not_responding", "saving_state", "migrating"],
)
@pytest.mark.conforms("storage 4.1 D")
def test_flag_is_refused_while_a_vm_with_a_plugged_disk_there_is_neither_down_nor_suspended(
    primary: Site, status: str
) -> None:
    primary.set(schema.VmStatic, "vm", "web", status=status)
    assert primary.refused(primary.set_backup("vault")) == REFUSED
    assert not backup(primary, "vault")


@pytest.mark.parametrize("status", ["down", "suspended"])
def test_flag_is_set_beside_vms_that_are_down_or_suspended(primary: Site, status: str) -> None:
    primary.set(schema.VmStatic, "vm", "web", status=status)
    primary.run(primary.set_backup("vault"))
    assert backup(primary, "vault")


@pytest.mark.parametrize(("status", "refused"), [("up", True), ("suspended", True), ("down", False)])
@pytest.mark.conforms("storage 4.1 L")
def test_a_lease_blocks_unless_its_vm_is_down(primary: Site, status: str, refused: bool) -> None:
    lease = primary.id("domain", "east-nfs2")
    primary.set(schema.VmStatic, "vm", "db", status=status, lease_domain_id=lease)
    if refused:
        assert primary.refused(primary.set_backup("east-nfs2")) == REFUSED
    else:
        primary.run(primary.set_backup("east-nfs2"))


@pytest.mark.conforms("storage 4.1 D")
def test_unplugged_disks_do_not_count(primary: Site) -> None:
    with primary.look() as context:
        key = (primary.id("vm", "web"), primary.id("disk", "web_Disk1"))
        context.db.get_one(schema.DiskAttachment, key).plugged = False
    primary.run(primary.set_backup("vault"))


def test_an_old_snapshots_volume_there_does_not_count(primary: Site) -> None:
    with primary.look() as context:
        disk = context.db.get_one(schema.BaseDisk, primary.id("disk", "web_Disk1"))
        image = schema.Image(id="leaf", disk_id=disk.id, ordinal=1, provisioned_size=1)
        image.placements = [schema.ImagePlacement(storage_domain_id=primary.id("domain", "east-nfs2"))]
        disk.images[0].active = False
        disk.images.append(image)
    primary.run(primary.set_backup("vault"))
    assert primary.refused(primary.set_backup("east-nfs2")) == REFUSED


@pytest.mark.conforms("storage 6.2 e3")
def test_the_master_can_be_marked(primary: Site) -> None:
    primary.run(primary.set_backup("east-data"))
    assert backup(primary, "east-data")


@pytest.mark.parametrize("function", ["iso", "export"])
@pytest.mark.conforms("storage 6.2 n")
def test_iso_and_export_domains_can_be_marked_by_an_update(primary: Site, function: str) -> None:
    primary.set(schema.StorageDomainStatic, "domain", "nfs-vault", function=function)
    primary.run(primary.set_backup("nfs-vault"))
    assert backup(primary, "nfs-vault")


@pytest.mark.parametrize("status", ["maintenance", "inactive", "unknown", "preparing_for_maintenance", "activating"])
@pytest.mark.conforms("storage 4.1")
def test_flag_is_set_in_any_status_but_locked(primary: Site, status: str) -> None:
    with primary.look() as context:
        context.db.get_one(schema.StoragePoolIsoMap, primary.id("domain", "nfs-vault")).status = status
    primary.run(primary.set_backup("nfs-vault"))


def test_nothing_is_changed_on_a_locked_domain(primary: Site) -> None:
    with primary.look() as context:
        context.db.get_one(schema.StoragePoolIsoMap, primary.id("domain", "nfs-vault")).status = "locked"
    assert primary.refused(primary.set_backup("nfs-vault")) == (
        409,
        ("ACTION_TYPE_FAILED_STORAGE_DOMAIN_STATUS_ILLEGAL2",),
    )


@pytest.mark.conforms("storage 6.2 q")
def test_flag_is_cleared_and_set_again_without_check_while_it_is_set(primary: Site) -> None:
    primary.set(schema.StorageDomainStatic, "domain", "vault", backup=True)
    primary.run(primary.set_backup("vault"))
    primary.run(primary.set_backup("vault", value=False))
    assert not backup(primary, "vault")
    assert primary.refused(primary.set_backup("vault")) == REFUSED


def test_flag_lies_in_the_engine_and_not_on_storage(world: World) -> None:
    world.fill_vault()
    world.primary.run(world.primary.set_backup("vault"))
    world.import_vault(backup=False)
    with world.secondary.look() as context:
        assert not context.db.get_one(schema.StorageDomainStatic, world.vault).backup


def test_rename_goes_to_storage_and_needs_an_active_domain(world: World) -> None:
    site = world.primary
    rename = UpdateStorageDomain(site.id("domain", "vault"), {"name": "safe"})
    site.run(rename)
    with world.arrays() as db:
        assert arrays.volume_named(db, "a-vault").domain_name == "safe"
    site.run(ShutdownVm(site.id("vm", "web")))
    site.run(site.deactivate("vault"))
    again = UpdateStorageDomain(site.id("domain", "vault"), {"name": "vault"})
    assert site.refused(again) == (409, ("ACTION_TYPE_FAILED_STORAGE_DOMAIN_STATUS_ILLEGAL2",))


OTHER: dict[str, tuple[int, dict[str, Any]]] = {
    "ACTION_TYPE_FAILED_STORAGE_DOMAIN_NAME_ALREADY_EXIST": (409, {"name": "vault"}),
    "ACTION_TYPE_FAILED_NAME_LENGTH_IS_TOO_LONG": (400, {"name": "n" * 51}),
    "VALIDATION_STORAGE_DOMAIN_NAME_INVALID": (400, {"name": "n n"}),
    "ERROR_CANNOT_CHANGE_STORAGE_DOMAIN_FIELDS": (400, {"storage_format": "v4"}),
    "ACTION_TYPE_FAILED_DISCARD_AFTER_DELETE_SUPPORTED_ONLY_BY_BLOCK_DOMAINS": (400, {"discard_after_delete": True}),
}


@pytest.mark.parametrize("message", OTHER)
@pytest.mark.conforms("storage 4")
def test_change_is_refused(primary: Site, message: str) -> None:
    code, changes = OTHER[message]
    command = UpdateStorageDomain(primary.id("domain", "east-nfs2"), changes)
    assert primary.refused(command) == (code, (message,))


def test_what_is_already_so_is_no_change(primary: Site) -> None:
    same = {"function": "data", "storage_type": "nfs", "storage_format": "v5", "name": "east-data"}
    primary.run(UpdateStorageDomain(primary.id("domain", "east-data"), same))
