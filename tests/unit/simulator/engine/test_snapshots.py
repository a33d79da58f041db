# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots and live moves below the wire: volumes, locks that wait, failures on the way."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from ovirt_simulator.engine import domains, schema, snapshots
from ovirt_simulator.engine.commands import (
    CreateSnapshotForVm,
    MoveDisk,
    RemoveSnapshot,
    RemoveVmInterface,
    RestoreAllSnapshots,
    RestoreSnapshot,
    RunVm,
    TryBackToAllSnapshotsOfVm,
    UpdateVm,
)
from ovirt_simulator.ovf import store
from ovirt_simulator.storage import arrays
from simulated_world import Site, World


def chain(site: Site, alias: str) -> list[tuple[bool, bool]]:
    """Return the volumes of a disk, the base first: whether active, and whether on storage with its parent."""
    with site.look() as context:
        disk = context.db.get_one(schema.BaseDisk, site.id("disk", alias))
        found = []
        for image in disk.images:
            domain = domains.find(context, image.placements[0].storage_domain_id)
            stored = domains.contents_of(context, domain).image(image.id)
            found.append((image.active, stored.parent_id == image.parent_id))
        return found


def of_vm(site: Site, vm: str) -> list[schema.Snapshot]:
    with site.look() as context:
        return snapshots.of_vm(context, site.id("vm", vm))


def take(site: Site, vm: str, text: str, memory: bool = False) -> str:
    known = {one.id for one in of_vm(site, vm) if one.type == "regular"}
    site.run(CreateSnapshotForVm(site.id("vm", vm), text, memory))
    return next(one.id for one in of_vm(site, vm) if one.type == "regular" and one.id not in known)


def test_each_snapshot_freezes_a_layer_and_each_deletion_takes_one(primary: Site) -> None:
    first, second = take(primary, "db", "one"), take(primary, "db", "two")
    assert chain(primary, "db_Disk1") == [(False, True), (False, True), (True, True)]
    primary.run(RemoveSnapshot(primary.id("vm", "db"), second))
    assert chain(primary, "db_Disk1") == [(False, True), (True, True)]
    primary.run(RemoveSnapshot(primary.id("vm", "db"), first))
    assert chain(primary, "db_Disk1") == [(True, True)]


def test_the_whole_chain_moves_with_the_disk(primary: Site) -> None:
    take(primary, "db", "one")
    primary.run(MoveDisk(primary.id("disk", "db_Disk1"), primary.id("domain", "vault")))
    assert chain(primary, "db_Disk1") == [(False, True), (True, True)]
    assert primary.places("db_Disk1") == ["vault"]


def test_a_thin_disk_keeps_its_template_below_a_snapshot(primary: Site) -> None:
    snapshot = take(primary, "thin1", "one")
    primary.run(TryBackToAllSnapshotsOfVm(primary.id("vm", "thin1"), snapshot))
    primary.run(RestoreAllSnapshots(primary.id("vm", "thin1"), commit=True))
    assert chain(primary, "thin1_Disk1") == [(False, True), (True, True)]


def test_a_snapshot_that_fails_leaves_nothing(slow_world: World) -> None:
    site = slow_world.primary
    site.run(CreateSnapshotForVm(site.id("vm", "web"), "doomed", True))
    assert [one.status for one in of_vm(site, "web") if one.type == "regular"] == ["locked"]
    with site.look() as context:
        for domain in domains.of_pool(context, site.pool):
            domain.available = 0
    slow_world.clock.sleep(10)
    site.engine.settle()
    assert [one.type for one in of_vm(site, "web")] == ["active"]
    assert 69 in site.events()
    assert chain(site, "web_Disk1") == [(True, True)]


def test_a_snapshot_stays_where_storage_does_not_let_it_go(slow_world: World) -> None:
    site = slow_world.primary
    site.run(CreateSnapshotForVm(site.id("vm", "web"), "doomed", True))
    with slow_world.arrays() as db:
        for name in ("a-vault", "a-east-data", "a-east-nfs2", "a-nfs-vault", "a-mixed-block", "a-mixed-file"):
            arrays.volume_named(db, name).read_only = True
    slow_world.clock.sleep(10)
    site.engine.settle()
    assert [one.status for one in of_vm(site, "web") if one.type == "regular"] == ["ok"]
    assert {69, 357} <= set(site.events())


def test_the_second_live_move_of_a_vm_waits_for_the_snapshot_of_the_first(slow_world: World) -> None:
    site = slow_world.primary
    site.run(RunVm(site.id("vm", "app")))
    slow_world.clock.sleep(60)
    target = site.id("domain", "east-nfs2")
    begun = slow_world.clock()
    site.run(MoveDisk(site.id("disk", "app_Disk1"), target))
    assert slow_world.clock() == begun
    site.run(MoveDisk(site.id("disk", "app_Disk2"), target))
    assert slow_world.clock() >= begun + site.engine.profile.seconds("snapshot")
    slow_world.clock.sleep(3600)
    site.engine.settle()
    assert site.places("app_Disk1") == site.places("app_Disk2") == ["east-nfs2"]
    assert chain(site, "app_Disk1") == chain(site, "app_Disk2") == [(True, True)]
    with site.look() as context:
        assert context.db.scalars(select(schema.EntityLock)).all() == []


def test_a_live_move_that_fails_leaves_the_disk_where_it_was(slow_world: World) -> None:
    site = slow_world.primary
    site.run(MoveDisk(site.id("disk", "web_Disk1"), site.id("domain", "east-nfs2")))
    with slow_world.arrays() as db:
        arrays.volume_named(db, "a-east-nfs2").read_only = True
    slow_world.clock.sleep(3600)
    site.engine.settle()
    assert site.places("web_Disk1") == ["vault"]
    assert chain(site, "web_Disk1") == [(True, True)]
    assert 2011 in site.events()


def test_the_store_keeps_a_vm_in_preview_as_it_was_before(primary: Site) -> None:
    snapshot = take(primary, "db", "one")
    primary.run(TryBackToAllSnapshotsOfVm(primary.id("vm", "db"), snapshot))
    primary.run(primary.update_ovf("east-data"))
    assert "PREVIEW" not in stored_configuration(primary, "db")
    primary.run(RestoreAllSnapshots(primary.id("vm", "db"), commit=False))
    primary.run(primary.update_ovf("east-data"))
    assert "one" in stored_configuration(primary, "db")


def stored_configuration(site: Site, vm: str) -> str:
    with site.look() as context:
        domain = domains.find(context, site.id("domain", "east-data"))
        row = context.db.scalars(select(schema.OvfStore).filter_by(storage_domain_id=domain.id)).first()
        assert row is not None
        image = domains.contents_of(context, domain).images(row.disk_id)[0]
        return store.unpack(image.payload or b"").documents[site.id("vm", vm)]


def configuration(site: Site) -> tuple[str, int, int, dict[str, str], list[tuple[str, str | None, str | None]]]:
    row = site.vm("app")
    with site.look() as context:
        nics = context.db.query(schema.VmInterface).filter_by(vm_id=row.id).order_by(schema.VmInterface.name)
        return (
            row.description,
            row.memory,
            row.cores,
            row.custom_properties,
            [(nic.name, nic.mac, nic.vnic_profile_id) for nic in nics],
        )


@pytest.mark.parametrize("ending", [None, True, False], ids=["restore", "commit", "undo"])
def test_a_preview_brings_the_configuration_of_its_time_back(primary: Site, ending: bool | None) -> None:
    vm, nic = primary.id("vm", "app"), primary.id("nic", "app/nic1")
    primary.run(UpdateVm(vm, {"description": "then", "custom_properties": {"hook": "a=b"}}))
    then, taken = configuration(primary), take(primary, "app", "then")
    primary.run(UpdateVm(vm, {"description": "now", "memory": 8 << 30, "cores": 8, "custom_properties": {}}))
    primary.run(RemoveVmInterface(nic, vm))
    now = configuration(primary)
    assert now != then
    if ending is None:
        primary.run(RestoreSnapshot(vm, taken))
        assert configuration(primary) == then
        return
    primary.run(TryBackToAllSnapshotsOfVm(vm, taken))
    assert configuration(primary) == then
    primary.run(RestoreAllSnapshots(vm, commit=ending))
    assert configuration(primary) == (then if ending else now)


def test_an_address_that_is_taken_meanwhile_is_replaced_by_a_preview(primary: Site) -> None:
    vm, nic = primary.id("vm", "app"), primary.id("nic", "app/nic1")
    taken, mac = take(primary, "app", "then"), primary.get(schema.VmInterface, nic).mac
    primary.run(RemoveVmInterface(nic, vm))
    with primary.look() as context:
        context.db.add(schema.VmInterface(id="other", vm_id=primary.id("vm", "db"), name="nic2", mac=mac))
    primary.run(TryBackToAllSnapshotsOfVm(vm, taken))
    assert primary.get(schema.VmInterface, nic).mac not in (mac, None)
