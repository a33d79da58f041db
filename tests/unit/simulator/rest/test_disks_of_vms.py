# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks as devices of VMs: attaching, plugging, moving while the VM runs, changing, making and deleting them."""

from __future__ import annotations

import pytest
from ovirtsdk4 import types
from ovirtsdk4.services import DiskAttachmentService

from ovirt_simulator.site import SimulatedSite
from restricted import ON_BACKUP, North, only, refused
from wire_client import Client

REFUSED = (400, f"[{ON_BACKUP}]")
GIB = 1 << 30


def attachment(north: North, vm: str, alias: str) -> DiskAttachmentService:
    return north.vm(vm).disk_attachments_service().attachment_service(only("disk", alias))


def attach(north: North, vm: str, disk_id: str, active: bool = True) -> types.DiskAttachment:
    wanted = types.DiskAttachment(
        disk=types.Disk(id=disk_id), active=active, bootable=False, interface=types.DiskInterface.VIRTIO
    )
    return north.vm(vm).disk_attachments_service().add(wanted)


def plug(north: North, vm: str, alias: str, active: bool) -> None:
    attachment(north, vm, alias).update(types.DiskAttachment(active=active))


def new_disk(domain: str, name: str, size: int = GIB, raw: bool = False) -> types.Disk:
    return types.Disk(
        name=name,
        provisioned_size=size,
        format=types.DiskFormat.RAW if raw else types.DiskFormat.COW,
        storage_domains=[types.StorageDomain(id=only("domain", domain))],
    )


def move(north: North, alias: str, domain: str) -> None:
    service = north.api.disks_service().disk_service(only("disk", alias))
    service.move(storage_domain=types.StorageDomain(id=only("domain", domain)))


@pytest.mark.conforms("workloads 3.3", "storage 6.2 j")
@pytest.mark.parametrize("active", [True, False])
@pytest.mark.parametrize("vm", ["plain", "kept"])
def test_a_disk_on_a_backup_domain_is_attached_to_nobody(north: North, vm: str, active: bool) -> None:
    disk = north.api.disks_service().add(new_disk("vault", "floating"))
    north.mark("vault")
    assert refused(attach, north, vm, disk.id, active) == REFUSED


@pytest.mark.conforms("workloads 3.3")
def test_a_disk_goes_from_one_vm_to_another(north: North) -> None:
    assert refused(attach, north, "kept", only("disk", "plain_Disk2"))[0] == 409
    attachment(north, "plain", "plain_Disk2").remove(detach_only=True)
    assert north.plugged("plain") == {"plain_Disk1": True}
    attach(north, "kept", only("disk", "plain_Disk2"), active=False)
    assert north.plugged("kept") == {"kept_Disk1": True, "plain_Disk2": False}
    assert refused(attach, north, "kept", only("disk", "plain_Disk2"))[0] == 409


@pytest.mark.conforms("workloads 3.3", "storage 6.2 h")
def test_a_shareable_disk_goes_to_many(north: North) -> None:
    attach(north, "leased", only("disk", "quorum"))
    for vm in ("quorum1", "quorum2", "leased"):
        north.vm(vm).start()
        assert north.plugged(vm)["quorum"]
    assert refused(move, north, "quorum", "vault")[0] == 409


@pytest.mark.conforms("workloads 3.3", "storage 6.1 R5", "storage 6.2 j")
def test_under_a_running_vm_the_flag_forbids_to_plug_and_to_unplug(north: North) -> None:
    plug(north, "plain", "plain_Disk2", False)
    north.api.disks_service().disk_service(only("disk", "plain_Disk2")).move(
        storage_domain=types.StorageDomain(id=only("domain", "vault"))
    )
    north.mark("vault")
    assert refused(plug, north, "plain", "plain_Disk2", True) == REFUSED
    north.mark("vault", backup=False)
    plug(north, "plain", "plain_Disk2", True)
    assert north.plugged("plain")["plain_Disk2"]


@pytest.mark.conforms("storage 6.2 j")
def test_a_disk_there_can_be_plugged_unplugged_and_detached_while_the_vm_is_down(north: North) -> None:
    north.api.disks_service()
    north.mark("vault")
    plug(north, "leased", "leased_Disk1", False)
    move(north, "leased_Disk1", "vault")
    plug(north, "leased", "leased_Disk1", True)
    plug(north, "leased", "leased_Disk1", False)
    attachment(north, "leased", "leased_Disk1").remove()
    assert north.plugged("leased") == {}


@pytest.mark.conforms("storage 6.2 j")
def test_a_paused_vm_counts_as_running(north: North) -> None:
    north.vm("leased").start(pause=True)
    assert north.status("leased") == "paused"
    plug(north, "leased", "leased_Disk1", False)
    move(north, "leased_Disk1", "vault")
    north.mark("vault")
    assert refused(plug, north, "leased", "leased_Disk1", True) == REFUSED


@pytest.mark.conforms("storage 6.2 m")
def test_a_new_disk_there_is_made_but_stays_unplugged_under_a_running_vm(north: North) -> None:
    north.mark("vault")
    service = north.vm("plain").disk_attachments_service()
    wanted = types.DiskAttachment(
        disk=new_disk("vault", "extra"), active=True, bootable=False, interface=types.DiskInterface.VIRTIO
    )
    service.add(wanted)
    assert north.plugged("plain")["extra"] is False
    codes = [event.code for event in north.api.events_service().list()]
    assert 2001 in codes
    north.vm("leased").disk_attachments_service().add(
        types.DiskAttachment(disk=new_disk("vault", "other"), active=True, interface=types.DiskInterface.VIRTIO)
    )
    assert north.plugged("leased")["other"] is True


@pytest.mark.conforms("workloads 3.1", "storage 6.1 R6", "storage 6.2 d")
def test_a_disk_moves_under_a_running_vm_and_leaves_no_snapshot(north: North) -> None:
    move(north, "plain_Disk1", "block")
    assert north.places("plain_Disk1") == ["block"]
    assert set(north.snapshots("plain")) == {"Active VM"}
    assert str(north.disk("plain_Disk1").status) == "ok"
    north.mark("vault")
    assert refused(move, north, "plain_Disk1", "vault") == REFUSED
    assert refused(move, north, "plain_Disk1", "block")[0] == 400
    plug(north, "plain", "plain_Disk2", False)
    move(north, "plain_Disk2", "vault")
    assert north.places("plain_Disk2") == ["vault"]


@pytest.mark.conforms("workloads 3.1")
def test_a_live_move_takes_a_snapshot_for_a_while(slow_north: North) -> None:
    move(slow_north, "plain_Disk1", "vault")
    found = {text: state for text, state in slow_north.snapshots("plain").items() if "Auto-generated" in text}
    assert list(found.values()) == [("regular", "locked", False)]
    assert str(slow_north.disk("plain_Disk1").status) == "locked"
    assert refused(move, slow_north, "plain_Disk1", "vault")[0] == 409


@pytest.mark.conforms("workloads 3.1")
def test_a_suspended_vm_s_disk_does_not_move(north: North) -> None:
    text = "[The VM asleep is neither up nor paused.]"
    assert refused(move, north, "asleep_Disk1", "vault") == (409, text)


@pytest.mark.conforms("workloads 3.3", "storage 6.2 o")
def test_a_disk_grows_and_never_shrinks(north: North) -> None:
    north.mark("vault")
    grown = types.DiskAttachment(disk=types.Disk(provisioned_size=30 * GIB, name="renamed"))
    attachment(north, "kept", "kept_Disk1").update(grown)
    assert north.disk("renamed").provisioned_size == 30 * GIB
    smaller = types.DiskAttachment(disk=types.Disk(provisioned_size=GIB))
    assert refused(attachment(north, "kept", "kept_Disk1").update, smaller)[0] == 409


@pytest.mark.conforms("workloads 3.3", "storage 6.2 h")
def test_how_a_disk_is_attached_changes_while_the_vm_stands_still(north: North) -> None:
    changed = types.DiskAttachment(interface=types.DiskInterface.SATA, bootable=True)
    assert refused(attachment(north, "plain", "plain_Disk1").update, changed)[0] == 409
    attachment(north, "leased", "leased_Disk1").update(changed)
    shown = attachment(north, "leased", "leased_Disk1").get()
    assert (shown.interface, shown.bootable) == (types.DiskInterface.SATA, True)
    shareable = types.DiskAttachment(disk=types.Disk(shareable=True))
    assert refused(attachment(north, "leased", "leased_Disk1").update, shareable)[0] == 400
    north.mark("vault")
    raw = north.api.disks_service().add(new_disk("vault", "raw", raw=True))
    north.api.disks_service().disk_service(raw.id).update(types.Disk(shareable=True))
    assert north.disk("raw").shareable


@pytest.mark.conforms("workloads 3.3")
def test_disks_are_made_anywhere_and_deleted(north: North, only_site: SimulatedSite) -> None:
    north.mark("vault")
    made = north.api.disks_service().add(new_disk("vault", "floating", raw=True))
    assert (str(made.status), north.places("floating")) == ("ok", ["vault"])
    north.api.disks_service().disk_service(made.id).remove()
    assert Client(only_site).get(f"/disks/{made.id}").status == 404
    body = "<disk><name>x</name><format>cow</format><provisioned_size>1</provisioned_size></disk>"
    assert Client(only_site).post("/disks", body).status == 400


@pytest.mark.conforms("workloads 3.3")
def test_which_disks_cannot_be_deleted(north: North) -> None:
    disks = north.api.disks_service()
    assert refused(disks.disk_service(only("disk", "plain_Disk1")).remove)[0] == 409
    assert refused(disks.disk_service(only("disk", "golden_Disk1")).remove)[0] == 400
    engine = disks.disk_service(only("disk", "he_virtio_disk"))
    assert refused(engine.remove)[0] == 409


@pytest.mark.conforms("workloads 3.3")
def test_tidying_a_disk_locks_it_for_a_while(north: North, only_site: SimulatedSite) -> None:
    service = north.api.disks_service().disk_service(only("disk", "leased_Disk1"))
    service.sparsify()
    service.reduce()
    client = Client(only_site)
    body = "<action><disk><sparse>false</sparse><format>raw</format></disk></action>"
    assert client.post(f"/disks/{only('disk', 'leased_Disk1')}/convert", body).status == 200
    disk = north.disk("leased_Disk1")
    assert (disk.format, disk.sparse, disk.actual_size) == (types.DiskFormat.RAW, False, disk.provisioned_size)
    running = client.post(f"/disks/{only('disk', 'plain_Disk1')}/sparsify")
    assert running.status == 409


@pytest.mark.conforms("workloads 3.3")
def test_a_logical_unit_becomes_a_disk(north: North) -> None:
    unit = types.LogicalUnit(id="3600a0980000000000000000000000c21")
    storage = types.HostStorage(
        type=types.StorageType.ISCSI, logical_units=[unit], host=types.Host(id=only("host", "north-h1"))
    )
    made = north.api.disks_service().add(types.Disk(name="direct", lun_storage=storage))
    assert made.storage_type == types.DiskStorageType.LUN
    north.mark("vault")
    attach(north, "kept", made.id)
    assert north.plugged("kept")["direct"]
    again = types.Disk(name="twice", lun_storage=storage)
    assert refused(north.api.disks_service().add, again)[0] == 400
