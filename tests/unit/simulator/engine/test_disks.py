# SPDX-License-Identifier: GPL-3.0-or-later
"""Moving, copying and deleting disks."""

from __future__ import annotations

import pytest

from ovirt_simulator.engine import disks, domains, memory, schema
from ovirt_simulator.engine.commands import (
    CloneVm,
    MoveDisk,
    MoveOrCopyDisk,
    RemoveDisk,
    RunVm,
    ShutdownVm,
    UpdateStorageDomain,
)
from ovirt_simulator.engine.queries import storage_domains as queries
from ovirt_simulator.storage import arrays
from ovirt_simulator.storage.contents import Contents
from simulated_world import Site, World

GIB = 1 << 30


def move(site: Site, disk: str, target: str) -> MoveDisk:
    return MoveDisk(site.id("disk", disk), site.id("domain", target))


def copy(site: Site, disk: str, target: str, alias: str | None = None) -> MoveOrCopyDisk:
    return MoveOrCopyDisk(site.id("disk", disk), site.id("domain", target), copy=True, alias=alias)


def disk_status(site: Site, disk: str) -> str:
    with site.look() as context:
        row = context.db.get_one(schema.BaseDisk, site.id("disk", disk))
        assert row.active_image is not None
        return row.active_image.status


def on_storage(world: World, volume: str, disk: str) -> int:
    with world.arrays() as db:
        contents = Contents(db, arrays.volume_named(db, volume), 0.0)
        return len(contents.images(world.primary.id("disk", disk)))


def add_snapshot(world: World, disk: str) -> None:
    """Give a disk a second volume, on storage too."""
    site = world.primary
    with site.look() as context:
        row = context.db.get_one(schema.BaseDisk, site.id("disk", disk))
        base = row.images[0]
        base.active = False
        leaf = schema.Image(id="leaf", ordinal=1, parent_id=base.id, provisioned_size=base.provisioned_size)
        leaf.snapshot_id, leaf.sparse, leaf.format, leaf.actual_size = base.snapshot_id, True, "cow", GIB
        leaf.placements = [schema.ImagePlacement(storage_domain_id=base.placements[0].storage_domain_id)]
        row.images.append(leaf)
        domain = domains.find(context, base.placements[0].storage_domain_id)
        domains.contents_of(context, domain).add_image(
            image_id="leaf",
            disk_id=row.id,
            parent_id=base.id,
            format="cow",
            sparse=True,
            provisioned_size=base.provisioned_size,
            actual_size=GIB,
        )


def test_a_cold_move_takes_the_whole_chain_and_leaves_nothing(world: World) -> None:
    add_snapshot(world, "db_Disk1")
    world.primary.run(move(world.primary, "db_Disk1", "vault"))
    assert world.primary.places("db_Disk1") == ["vault"]
    assert on_storage(world, "a-vault", "db_Disk1") == 2
    assert on_storage(world, "a-east-data", "db_Disk1") == 0
    assert {2008, 2010} <= set(world.primary.events())


@pytest.mark.conforms("storage 6.2 d")
def test_a_backup_domain_takes_a_cold_move(primary: Site) -> None:
    primary.run(primary.set_backup("nfs-vault"))
    primary.run(move(primary, "db_Disk1", "nfs-vault"))
    assert primary.places("db_Disk1") == ["nfs-vault"]


@pytest.mark.parametrize("domain", ["vault", "east-nfs2"])
def test_a_move_brings_both_ovf_stores_out_of_step(primary: Site, domain: str) -> None:
    generation = primary.vm("db").generation
    primary.run(move(primary, "db_Disk1", domain))
    assert primary.vm("db").generation == generation + 1
    with primary.look() as context:
        behind = {one.storage_domain_id for one in context.db.query(schema.OvfStore).filter_by(outdated=True)}
    assert behind == {primary.id("domain", domain), primary.id("domain", "east-data")}


@pytest.mark.conforms("workloads B.4", "workloads 3.1")
def test_a_move_shows_locked_disks_and_a_job_of_the_inner_command_only(slow_world: World) -> None:
    site = slow_world.primary
    assert site.engine.execute(move(site, "db_Disk1", "vault"), "abc") is None
    assert disk_status(site, "db_Disk1") == "locked"
    assert site.refused(RunVm(site.id("vm", "db"))) == (409, ("ACTION_TYPE_FAILED_DISKS_LOCKED",))
    message = "ACTION_TYPE_FAILED_DISK_IS_BEING_MIGRATED"
    assert site.refused(move(site, "db_Disk1", "nfs-vault")) == (409, (message,))
    with site.look() as context:
        [job] = context.db.query(schema.Job)
        assert (job.correlation_id, job.status) == ("abc", "started")
    slow_world.clock.sleep(42)  # 8 GiB at 200 MB/s
    assert disk_status(site, "db_Disk1") == "locked"
    slow_world.clock.sleep(1)
    assert disk_status(site, "db_Disk1") == "ok"


def test_disks_of_one_domain_share_its_rate(slow_world: World) -> None:
    site = slow_world.primary
    site.engine.execute(move(site, "db_Disk1", "nfs-vault"))
    site.engine.execute(move(site, "app_Disk1", "nfs-vault"))
    site.engine.execute(copy(site, "golden_Disk1", "nfs-vault"))
    with site.look() as context:
        steps = context.db.query(schema.PendingStep).order_by(schema.PendingStep.id)
        seconds = [step.due - slow_world.clock.now for step in steps]
    alone, second, third = 8 * GIB / 200e6, (8 + 3) * GIB / 400e6, (8 + 3 + 2) * GIB / 400e6
    assert seconds == pytest.approx([alone, second, third], abs=0.001)


@pytest.mark.parametrize("discard", [True, False])
def test_a_clone_takes_as_long_as_the_copies_of_its_disks(slow_world: World, discard: bool) -> None:
    site = slow_world.primary
    cluster, target = site.id("cluster", "east-cl1"), site.id("domain", "nfs-vault")
    for name in ("app", "db"):
        site.engine.execute(CloneVm(site.id("vm", name), f"new-{name}", f"{name}2", cluster, target, discard))
    with site.look() as context:
        steps = context.db.query(schema.PendingStep).order_by(schema.PendingStep.id)
        seconds = [step.due - slow_world.clock.now for step in steps]
    making, app = 3.0, max(3 * GIB / 200e6, (3 + 2) * GIB / 400e6)
    both = (3 + 2 + 8) * GIB / 400e6
    assert seconds == pytest.approx([making + app, making + max(both, 8 * GIB / 200e6)], abs=0.001)


def test_a_restarted_engine_finishes_a_move(slow_world: World) -> None:
    site = slow_world.primary
    site.engine.execute(move(site, "db_Disk1", "vault"))
    site.start()
    slow_world.clock.sleep(60)
    assert site.places("db_Disk1") == ["vault"]
    assert disk_status(site, "db_Disk1") == "ok"


def test_a_move_that_fails_leaves_the_disk_where_it_was(slow_world: World) -> None:
    site = slow_world.primary
    site.engine.execute(move(site, "db_Disk1", "nfs-vault"))
    with slow_world.arrays() as db:
        arrays.set_read_only(db, "a-nfs-vault", read_only=True)
    slow_world.clock.sleep(60)
    assert site.places("db_Disk1") == ["east-data"]
    assert disk_status(site, "db_Disk1") == "ok"
    assert 2011 in site.events()
    assert on_storage(slow_world, "a-nfs-vault", "db_Disk1") == 0
    with site.look() as context:
        assert [job.status for job in context.db.query(schema.Job)] == ["failed"]
        assert context.db.query(schema.EntityLock).count() == 0


def test_raw_disks_are_preallocated_on_block_storage(primary: Site) -> None:
    primary.run(move(primary, "app_Disk2", "vault"))
    with primary.look() as context:
        image = context.db.get_one(schema.BaseDisk, primary.id("disk", "app_Disk2")).active_image
        assert image is not None
        assert (image.sparse, image.actual_size) == (False, 30 * GIB)


def test_sizes_of_both_domains_follow(primary: Site) -> None:
    def used(domain: str) -> int:
        return int(primary.row(schema.StorageDomainStatic, "domain", domain).used) // GIB

    before = used("east-data"), used("nfs-vault")
    primary.run(move(primary, "db_Disk1", "nfs-vault"))
    assert (used("east-data"), used("nfs-vault")) == (before[0] - 8, before[1] + 8)


@pytest.mark.conforms("workloads 3.1")
def test_cold_refusals(world: World) -> None:
    site = world.primary
    assert site.refused(MoveDisk("none", site.id("domain", "vault"))) == (400, ("ACTION_TYPE_FAILED_DISK_NOT_EXIST",))
    assert site.refused(move(site, "base_Disk1", "vault")) == (400, ("ACTION_TYPE_FAILED_DISK_IS_NOT_VM_DISK",))
    assert site.refused(move(site, "db_Disk1", "east-data")) == (400, ("ACTION_TYPE_FAILED_SOURCE_AND_TARGET_SAME",))
    assert site.refused(MoveDisk(site.id("disk", "db_Disk1"), "none")) == (
        400,
        ("ACTION_TYPE_FAILED_STORAGE_DOMAIN_NOT_EXIST",),
    )
    assert site.refused(move(site, "thin1_Disk1", "vault")) == (
        400,
        ("ACTION_TYPE_FAILED_TEMPLATE_NOT_FOUND_ON_DESTINATION_DOMAIN",),
    )
    with site.look() as context:
        store = context.db.query(schema.OvfStore).filter_by(storage_domain_id=site.id("domain", "vault")).first()
        assert store is not None
    assert site.refused(MoveDisk(store.disk_id, site.id("domain", "nfs-vault"))) == (
        409,
        ("ACTION_TYPE_FAILED_DISK_CONTENT_TYPE_NOT_SUPPORTED_FOR_OPERATION",),
    )
    site.run(site.deactivate("nfs-vault"))
    message = "ACTION_TYPE_FAILED_STORAGE_DOMAIN_STATUS_ILLEGAL2"
    assert site.refused(move(site, "db_Disk1", "nfs-vault")) == (409, (message,))


def test_a_thin_disk_follows_a_copy_of_its_template(primary: Site) -> None:
    primary.run(copy(primary, "golden_Disk1", "vault"))
    primary.run(move(primary, "thin1_Disk1", "vault"))
    assert primary.places("thin1_Disk1") == ["vault"]


def test_space_is_checked_before_the_move(primary: Site) -> None:
    limit = {"critical_space_action_blocker": 490}
    primary.run(UpdateStorageDomain(primary.id("domain", "nfs-vault"), limit))
    primary.run(move(primary, "db_Disk1", "nfs-vault"))
    message = "ACTION_TYPE_FAILED_DISK_SPACE_LOW_ON_STORAGE_DOMAIN"
    primary.run(UpdateStorageDomain(primary.id("domain", "nfs-vault"), {"critical_space_action_blocker": 495}))
    assert primary.refused(move(primary, "app_Disk1", "nfs-vault")) == (409, (message,))


def test_a_vm_in_preview_keeps_its_disks(primary: Site) -> None:
    with primary.look() as context:
        context.db.add(schema.Snapshot(id="s", vm_id=primary.id("vm", "db"), type="preview", status="in_preview"))
    assert primary.refused(move(primary, "db_Disk1", "vault")) == (409, ("ACTION_TYPE_FAILED_VM_IN_PREVIEW",))


@pytest.mark.parametrize(
    ("status", "target", "expected"),
    [
        ("up", "nfs-vault", "ACTION_TYPE_FAILED_VM_DISKS_ON_BACKUP_STORAGE"),
        ("suspended", "nfs-vault", "CANNOT_LIVE_MIGRATE_VM_SHOULD_BE_IN_PAUSED_OR_UP_STATUS"),
        ("up", "vault", "ACTION_TYPE_FAILED_SOURCE_AND_TARGET_SAME"),
    ],
)
@pytest.mark.conforms("storage 6.1 R6")
def test_a_live_move_is_refused(primary: Site, status: str, target: str, expected: str) -> None:
    primary.set(schema.VmStatic, "vm", "web", status=status)
    primary.run(primary.set_backup("nfs-vault"))
    assert primary.refused(move(primary, "web_Disk1", target))[1] == (expected,)


def test_a_live_move_to_an_ordinary_domain_works(primary: Site) -> None:
    primary.run(move(primary, "web_Disk1", "nfs-vault"))
    assert primary.places("web_Disk1") == ["nfs-vault"]
    assert primary.vm("web").status == "up"


@pytest.mark.conforms("storage 6.2 d")
def test_an_unplugged_disk_of_a_running_vm_moves_cold_to_a_backup_domain(primary: Site) -> None:
    with primary.look() as context:
        key = (primary.id("vm", "web"), primary.id("disk", "web_Disk1"))
        context.db.get_one(schema.DiskAttachment, key).plugged = False
    primary.run(primary.set_backup("nfs-vault"))
    primary.run(move(primary, "web_Disk1", "nfs-vault"))
    assert primary.places("web_Disk1") == ["nfs-vault"]


def test_a_copy_of_a_templates_disk_is_one_more_place(world: World) -> None:
    site = world.primary
    site.run(copy(site, "base_Disk1", "vault"))
    assert site.places("base_Disk1") == ["east-data", "vault"]
    assert on_storage(world, "a-vault", "base_Disk1") == on_storage(world, "a-east-data", "base_Disk1") == 1
    assert site.refused(copy(site, "base_Disk1", "vault")) == (409, ("ACTION_TYPE_FAILED_IMAGE_ALREADY_EXISTS",))


def test_a_copy_of_a_vms_disk_is_a_new_floating_disk_without_snapshots(world: World) -> None:
    add_snapshot(world, "db_Disk1")
    site = world.primary
    site.run(copy(site, "db_Disk1", "vault", "kept"))
    assert site.places("db_Disk1") == ["east-data"]
    with site.look() as context:
        [found] = [disk for disk in queries.disks(context, site.id("domain", "vault")) if disk.alias == "kept"]
        assert [image.actual_size for image in found.images] == [9 * GIB]
        assert disks.users(context, found.id) == []
    site.run(copy(site, "db_Disk1", "vault"))
    with site.look() as context:
        assert "db_Disk1" in [disk.alias for disk in queries.disks(context, site.id("domain", "vault"))]


def test_a_copy_needs_the_disk_unplugged_or_its_vm_down(primary: Site) -> None:
    message = "ACTION_TYPE_FAILED_DISK_PLUGGED_TO_NON_DOWN_VMS"
    assert primary.refused(copy(primary, "web_Disk1", "nfs-vault")) == (409, (message,))


def test_one_copy_of_a_templates_disk_is_deleted_by_its_domain_but_not_the_last(world: World) -> None:
    site = world.primary
    disk, data, vault = site.id("disk", "base_Disk1"), site.id("domain", "east-data"), site.id("domain", "vault")
    site.run(copy(site, "base_Disk1", "vault"))
    assert site.refused(RemoveDisk(disk))[0] == 400
    site.run(RemoveDisk(disk, data))
    assert site.places("base_Disk1") == ["vault"]
    assert on_storage(world, "a-east-data", "base_Disk1") == 0
    assert site.refused(RemoveDisk(disk, vault)) == (409, ("VM_TEMPLATE_IMAGE_LAST_DOMAIN",))


def test_a_copy_that_thin_disks_on_its_domain_need_stays(primary: Site) -> None:
    primary.run(copy(primary, "golden_Disk1", "vault"))
    command = RemoveDisk(primary.id("disk", "golden_Disk1"), primary.id("domain", "east-data"))
    assert primary.refused(command) == (409, ("ACTION_TYPE_FAILED_DETECTED_DERIVED_DISKS",))


def test_a_vms_disk_is_deleted_while_the_vm_is_down(world: World) -> None:
    site = world.primary
    web = RemoveDisk(site.id("disk", "web_Disk1"))
    assert site.refused(web) == (409, ("ACTION_TYPE_FAILED_VM_IS_NOT_DOWN",))
    site.run(ShutdownVm(site.id("vm", "web")))
    site.run(web)
    assert on_storage(world, "a-vault", "web_Disk1") == 0
    with site.look() as context:
        assert context.db.get(schema.BaseDisk, site.id("disk", "web_Disk1")) is None
        assert context.db.query(schema.DiskAttachment).filter_by(disk_id=web.disk_id).count() == 0


def test_a_move_to_a_domain_that_does_not_answer_is_an_internal_error(world: World) -> None:
    with world.arrays() as db:
        arrays.set_export(db, "nfs.array-a.test", "/vault", reachable=False)
    command = move(world.primary, "db_Disk1", "nfs-vault")
    assert world.primary.refused(command) == (500, ("CAN_DO_ACTION_GENERAL_FAILURE",))


def test_deleting_one_memory_disk_deletes_both(primary: Site) -> None:
    with primary.look() as context:
        row = context.db.get_one(schema.VmStatic, primary.id("vm", "db"))
        snapshot = schema.Snapshot(id="s", vm_id=row.id, type="regular", description="with memory")
        context.db.add(snapshot)
        memory.create(context, row, snapshot, domains.find(context, primary.id("domain", "east-nfs2")), "snapshot")
        dump = snapshot.memory_dump_disk_id
    assert dump is not None
    primary.run(RemoveDisk(dump))
    with primary.look() as context:
        kept = context.db.get_one(schema.Snapshot, "s")
        assert (kept.memory_dump_disk_id, kept.memory_metadata_disk_id) == (None, None)
        found = queries.disks(context, primary.id("domain", "east-nfs2"))
        assert [disk.content_type for disk in found] == ["ovf_store", "ovf_store"]
