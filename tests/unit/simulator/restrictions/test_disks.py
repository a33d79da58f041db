# SPDX-License-Identifier: GPL-3.0-or-later
"""What an engine does with disks on backup domains, and on their way there."""

from __future__ import annotations

import pytest
from ovirtsdk4 import types

from backup_marks import Marked, refused
from wire_client import east


@pytest.mark.restriction("enforce_d")
@pytest.mark.conforms("storage 6.1 R6", "workloads 3.1", "workloads B.5")
def test_a_disk_moves_there_cold_but_not_live(marked: Marked) -> None:
    marked.give_mark("nfs-vault")
    with refused(400):
        marked.move("web_Disk1", "nfs-vault")
    marked.move("db_Disk1", "nfs-vault")
    marked.disk("golden_Disk1").copy(storage_domain=types.StorageDomain(id=east("domain", "nfs-vault")))
    assert marked.places("db_Disk1") == [east("domain", "nfs-vault")]


@pytest.mark.restriction("enforce_j")
@pytest.mark.conforms("storage 6.1 R4", "storage 6.1 R5", "workloads B.5")
def test_a_disk_there_is_not_attached_nor_plugged_or_unplugged_in_a_running_vm(marked: Marked) -> None:
    disk = floating_disk(marked, "nfs-vault")
    marked.give_mark("nfs-vault")
    for active in (True, False):
        with refused(400):
            attach(marked, "db", disk, active)
    marked.give_mark("vault")
    with refused(400):
        plug(marked, "web", "web_Disk1", False)


@pytest.mark.restriction("enforce_j_down")
def test_a_disk_there_is_plugged_and_unplugged_in_a_vm_that_is_down_and_detached(marked: Marked) -> None:
    marked.give_mark("east-data")
    for active in (False, True):
        plug(marked, "app", "app_Disk2", active)
        assert marked.attachment("app", "app_Disk2").get().active is active
    marked.attachment("app", "app_Disk2").remove(detach_only=True)
    assert len(marked.vm("app").disk_attachments_service().list()) == 1


@pytest.mark.restriction("enforce_h")
def test_a_disk_there_can_be_made_shareable(marked: Marked) -> None:
    disk = marked.api.disks_service().disk_service(floating_disk(marked, "nfs-vault"))
    marked.give_mark("nfs-vault")
    disk.update(types.Disk(shareable=True))
    assert disk.get().shareable


@pytest.mark.restriction("enforce_m")
@pytest.mark.conforms("workloads 5.3")
def test_whatever_is_new_can_be_put_there(marked: Marked) -> None:
    marked.give_mark("nfs-vault")
    place = types.StorageDomain(id=east("domain", "nfs-vault"))
    floating = marked.api.disks_service().add(new_disk("nfs-vault"))
    devices = marked.vm("app").disk_attachments_service()
    device = types.DiskAttachment(disk=new_disk("nfs-vault"), interface=types.DiskInterface.VIRTIO, bootable=False)
    attached = devices.add(device)
    copied = types.DiskAttachment(disk=types.Disk(id=east("disk", "db_Disk1"), storage_domains=[place]))
    template = marked.api.templates_service().add(
        types.Template(name="made", vm=types.Vm(id=east("vm", "db"), disk_attachments=[copied]))
    )
    vm = marked.api.vms_service().add(
        types.Vm(name="new", cluster=types.Cluster(name="east-cl1"), template=types.Template(id=template.id))
    )
    assert [one.id for one in marked.api.vms_service().vm_service(vm.id).disk_attachments_service().list()]
    made = marked.domain("nfs-vault").disks_service().list()
    assert {floating.id, attached.disk.id} < {disk.id for disk in made}


@pytest.mark.restriction("enforce_j", "enforce_m")
def test_a_disk_added_to_a_running_vm_is_there_but_unplugged(marked: Marked) -> None:
    marked.give_mark("nfs-vault")
    devices = marked.vm("web").disk_attachments_service()
    virtio = types.DiskInterface.VIRTIO
    added = devices.add(types.DiskAttachment(disk=new_disk("nfs-vault"), interface=virtio, bootable=False, active=True))
    assert not devices.attachment_service(added.id).get().active
    assert 2001 in {event.code for event in marked.api.events_service().list()}


@pytest.mark.restriction("enforce_o")
def test_a_disk_there_grows_and_is_snapshot_and_merged_under_a_running_vm(marked: Marked) -> None:
    marked.give_mark("vault")
    snapshots = marked.vm("web").snapshots_service()
    taken = snapshots.add(types.Snapshot(description="live", persist_memorystate=False))
    snapshots.snapshot_service(taken.id).remove()
    assert [one.snapshot_type.value for one in snapshots.list()] == ["active"]
    size = 30 << 30
    marked.attachment("web", "web_Disk1").update(types.DiskAttachment(disk=types.Disk(provisioned_size=size)))
    assert marked.disk("web_Disk1").get().provisioned_size == size


@pytest.mark.restriction("enforce_o")
def test_a_vm_there_is_backed_up_while_it_runs_all_of_it_and_then_what_changed(marked: Marked) -> None:
    disk = types.Disk(id=east("disk", "web_Disk1"))
    marked.disk("web_Disk1").update(types.Disk(backup=types.DiskBackup.INCREMENTAL))
    marked.give_mark("vault")
    backups = marked.vm("web").backups_service()
    full = backups.add(types.Backup(disks=[disk]))
    backups.backup_service(full.id).finalize()
    more = backups.add(types.Backup(disks=[disk], from_checkpoint_id=full.to_checkpoint_id))
    assert more.to_checkpoint_id not in (full.to_checkpoint_id, None)


def new_disk(domain: str) -> types.Disk:
    return types.Disk(
        name="new",
        provisioned_size=1 << 30,
        format=types.DiskFormat.RAW,
        storage_domains=[types.StorageDomain(id=east("domain", domain))],
    )


def floating_disk(marked: Marked, domain: str) -> str:
    return str(marked.api.disks_service().add(new_disk(domain)).id)


def attach(marked: Marked, vm: str, disk: str, active: bool) -> None:
    attachment = types.DiskAttachment(
        disk=types.Disk(id=disk), interface=types.DiskInterface.VIRTIO, bootable=False, active=active
    )
    marked.vm(vm).disk_attachments_service().add(attachment)


def plug(marked: Marked, vm: str, disk: str, active: bool) -> None:
    marked.attachment(vm, disk).update(types.DiskAttachment(active=active))
