# SPDX-License-Identifier: GPL-3.0-or-later
"""What is registered with a VM or before it: disks, templates, leases, memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ovirt_simulator.engine import domains, memory, schema
from ovirt_simulator.engine.command import ExecutionFailure, QueryFailure
from ovirt_simulator.engine.commands import (
    AddExistingBlockStorageDomain,
    AddExistingFileStorageDomain,
    AddStorageServerConnection,
    AddVm,
    AddVmTemplate,
    AttachStorageDomainToPool,
    ConnectStorageToVds,
    ImportVmFromConfiguration,
    ImportVmTemplateFromConfiguration,
    MoveDisk,
    MoveOrCopyDisk,
    RegisterDisk,
    UpdateVm,
)
from ovirt_simulator.engine.queries import storage_domains as queries
from ovirt_simulator.storage import arrays
from simulated_world import TO_WEST, World


@pytest.fixture
def arrived(world: World) -> World:
    """`vault` with the VM `web` at the secondary site."""
    world.fill_vault()
    world.import_vault()
    return world


def edit_ovf(world: World, vm: str, change: Callable[[str], str]) -> None:
    with world.secondary.look() as context:
        found = context.db.get_one(schema.UnregisteredOvf, (world.primary.id("vm", vm), world.vault))
        found.ovf = change(found.ovf)


def arrive_mixed(world: World, *, with_file: bool) -> None:
    """Bring the VM `erp` to the other site, with both of its domains or only the block one."""
    site = world.secondary
    world.replicate("a-mixed-block", "a-mixed-file")
    host = site.id("host", "west-h1")
    where = ("10.20.1.10", 3260, None, "iqn.2031-05.test.array-b:mixed")
    site.run(ConnectStorageToVds(host, *where, "mixed-user", "mixed-secret"))
    block, file = world.primary.id("domain", "mixed-block"), world.primary.id("domain", "mixed-file")
    site.run(AddExistingBlockStorageDomain(block, host, {"storage_type": "iscsi"}))
    site.run(AttachStorageDomainToPool(block, site.pool))
    if with_file:
        fields = {"address": "nfs.array-b.test", "path": "/mixed"}
        site.run(AddStorageServerConnection("c", "nfs", host, fields))
        site.run(AddExistingFileStorageDomain(file, host, {"storage_type": "nfs", "connection_id": "c"}))
        site.run(AttachStorageDomainToPool(file, site.pool))


def register_erp(world: World, **options: Any) -> ImportVmFromConfiguration:
    block = world.primary.id("domain", "mixed-block")
    return ImportVmFromConfiguration(block, world.primary.id("vm", "erp"), mappings=TO_WEST, **options)


def test_a_vm_on_two_domains_is_unregistered_on_both_and_leaves_both(world: World) -> None:
    arrive_mixed(world, with_file=True)
    with world.secondary.look() as context:
        assert context.db.query(schema.UnregisteredOvf).count() == 2
    world.secondary.run(register_erp(world))
    with world.secondary.look() as context:
        assert context.db.query(schema.UnregisteredOvf).count() == 0
        assert context.db.query(schema.DiskAttachment).count() == 2


def test_a_vm_with_a_disk_on_a_missing_domain_comes_only_partially(world: World) -> None:
    arrive_mixed(world, with_file=False)
    site = world.secondary
    assert site.refused(register_erp(world)) == (400, ("ACTION_TYPE_FAILED_STORAGE_DOMAIN_NOT_EXIST",))
    site.run(register_erp(world, allow_partial_import=True))
    with site.look() as context:
        [attachment] = context.db.query(schema.DiskAttachment)
        assert attachment.disk_id == world.primary.id("disk", "erp_Disk1")
    assert 1188 in site.events()


def test_a_vm_with_a_disk_on_an_inactive_domain_is_refused(world: World) -> None:
    arrive_mixed(world, with_file=True)
    with world.secondary.look() as context:
        context.db.get_one(schema.StoragePoolIsoMap, world.primary.id("domain", "mixed-file")).status = "maintenance"
    message = "ACTION_TYPE_FAILED_STORAGE_DOMAIN_STATUS_ILLEGAL2"
    assert world.secondary.refused(register_erp(world)) == (409, (message,))


@pytest.mark.parametrize("partial", [False, True])
def test_a_disk_that_is_not_on_storage(arrived: World, partial: bool) -> None:
    with arrived.arrays() as db:
        db.connection().exec_driver_sql("delete from stored_images where content_type = 'data'")
    command = arrived.register("web", allow_partial_import=partial)
    if not partial:
        message = "ACTION_TYPE_FAILED_VM_IMAGE_DOES_NOT_EXIST"
        assert arrived.secondary.refused(command) == (400, (message,))
        return
    arrived.secondary.run(command)
    with arrived.secondary.look() as context:
        assert context.db.query(schema.DiskAttachment).count() == 0


def test_a_disk_that_is_registered_already(arrived: World) -> None:
    site = arrived.secondary
    site.run(RegisterDisk(arrived.vault, arrived.primary.id("disk", "web_Disk1"), "mine"))
    message = "ACTION_TYPE_FAILED_IMPORT_DISKS_ALREADY_EXIST"
    assert site.refused(arrived.register("web")) == (409, (message,))
    site.run(arrived.register("web", allow_partial_import=True))


def test_a_floating_disk_is_registered_from_storage(world: World) -> None:
    world.primary.run(MoveOrCopyDisk(world.primary.id("disk", "db_Disk1"), world.vault, copy=True, alias="kept"))
    world.fill_vault()
    world.import_vault()
    site = world.secondary
    with site.look() as context:
        found = queries.unregistered_disks(context, world.vault)
        [kept] = [one.disk_id for one in found if "kept" in one.description]
    site.run(RegisterDisk(world.vault, kept, "back"))
    disk = site.get(schema.BaseDisk, kept)
    assert (disk.alias, disk.images[0].status) == ("back", "ok")
    assert site.refused(RegisterDisk(world.vault, kept)) == (409, ("ACTION_TYPE_FAILED_DISKS_LOCKED",))
    with site.look() as context:
        assert kept not in [one.disk_id for one in queries.unregistered_disks(context, world.vault)]


def test_registering_a_disk_that_is_not_there(arrived: World) -> None:
    with pytest.raises(QueryFailure) as caught:
        arrived.secondary.engine.execute(RegisterDisk(arrived.vault, "none"))
    assert caught.value.code == 400
    assert arrived.secondary.refused(RegisterDisk("none", "none"))[1] == (
        "ACTION_TYPE_FAILED_STORAGE_DOMAIN_NOT_EXIST",
        "ACTION_TYPE_FAILED_STORAGE_DOMAIN_UNAVAILABLE",
    )


def bring_golden(world: World) -> None:
    """Move the thin VM and a copy of its template to `vault`, and bring them to the other site."""
    site = world.primary
    site.run(MoveOrCopyDisk(site.id("disk", "golden_Disk1"), world.vault, copy=True))
    site.run(MoveDisk(site.id("disk", "thin1_Disk1"), world.vault))
    world.fill_vault()
    world.import_vault()


def test_a_template_comes_before_its_thin_vms(world: World) -> None:
    bring_golden(world)
    site = world.secondary
    message = "ACTION_TYPE_FAILED_TEMPLATE_DOES_NOT_EXIST"
    assert site.refused(world.register("thin1")) == (400, (message,))
    site.run(world.register_template("golden"))
    site.run(world.register("thin1"))
    golden, thin = (world.primary.id(kind, name) for kind, name in (("template", "golden"), ("vm", "thin1")))
    assert site.get(schema.VmStatic, golden).status == "ok"
    assert site.get(schema.VmStatic, thin).template_id == golden
    image = site.get(schema.Image, world.primary.id("image", "thin1_Disk1"))
    assert image.template_image_id == image.parent_id == world.primary.id("image", "golden_Disk1")
    with site.look() as context:
        copies = context.db.query(schema.ImagePlacement).filter_by(image_id=image.template_image_id)
        assert [one.storage_domain_id for one in copies] == [world.vault]


@pytest.mark.conforms("workloads B.10", "workloads 2.3")
def test_template_refusals(world: World) -> None:
    bring_golden(world)
    site = world.secondary
    assert site.refused(world.register_template("nobody")) == (400, ("ACTION_TYPE_FAILED_VM_NOT_FOUND",))
    unmapped = world.register_template("golden", mappings={})
    assert site.refused(unmapped) == (400, ("ACTION_TYPE_FAILED_CLUSTER_CAN_NOT_BE_EMPTY",))
    site.run(world.register_template("golden"))
    assert site.refused(world.register_template("golden")) == (400, ("ACTION_TYPE_FAILED_VM_NOT_FOUND",))


def test_a_template_whose_name_is_taken_is_refused(world: World) -> None:
    bring_golden(world)
    site = world.secondary
    with site.look() as context:
        cluster = site.id("cluster", "west-cl1")
        context.db.add(schema.VmStatic(id="other", name="golden", entity_type="template", cluster_id=cluster))
    assert site.refused(world.register_template("golden")) == (409, ("VM_CANNOT_IMPORT_TEMPLATE_NAME_EXISTS",))


def test_a_template_without_its_image_is_refused_or_comes_without(world: World) -> None:
    bring_golden(world)
    site = world.secondary
    with world.arrays() as db:
        image = world.primary.id("image", "golden_Disk1")
        db.connection().exec_driver_sql("delete from stored_images where image_id = ?", (image,))
    assert site.refused(world.register_template("golden")) == (400, ("TEMPLATE_IMAGE_NOT_EXIST",))
    site.run(world.register_template("golden", allow_partial_import=True))


@pytest.mark.parametrize(
    ("high_availability", "lease", "expected"),
    [(True, "vault", "vault"), (True, "east-nfs2", "west-data"), (False, "vault", None)],
)
def test_a_lease_goes_to_its_domain_or_another_and_only_with_high_availability(
    world: World, high_availability: bool, lease: str, expected: str | None
) -> None:
    source, site = world.primary, world.secondary
    changes = {"high_availability": True, "lease_domain_id": source.id("domain", lease)}
    source.run(UpdateVm(source.id("vm", "web"), changes))
    source.set(schema.VmStatic, "vm", "web", high_availability=high_availability)
    world.fill_vault()
    world.import_vault()
    with site.look() as context:
        context.db.get_one(schema.StorageDomainStatic, site.id("domain", "west-data")).name = "a-west-data"
    site.run(world.register("web"))
    wanted = {"vault": world.vault, "west-data": site.id("domain", "west-data"), None: None}[expected]
    assert site.get(schema.VmStatic, source.id("vm", "web")).lease_domain_id == wanted


def add_memory(world: World, domain: str) -> None:
    """Give `web` a snapshot with memory on some domain."""
    source = world.primary
    with source.look() as context:
        vm = context.db.get_one(schema.VmStatic, source.id("vm", "web"))
        snapshot = schema.Snapshot(
            id="22222222-2222-2222-2222-222222222222", vm_id=vm.id, type="regular", description="with memory"
        )
        context.db.add(snapshot)
        memory.create(context, vm, snapshot, domains.find(context, source.id("domain", domain)), "snapshot")
    source.run(UpdateVm(source.id("vm", "web"), {"comment": "touched"}))
    world.fill_vault()
    world.import_vault()


def test_memory_on_the_domain_of_the_registration_comes_along(world: World) -> None:
    add_memory(world, "vault")
    world.secondary.run(world.register("web"))
    with world.secondary.look() as context:
        snapshot = context.db.get_one(schema.Snapshot, "22222222-2222-2222-2222-222222222222")
        kinds = [
            context.db.get_one(schema.BaseDisk, disk_id).content_type
            for disk_id in (snapshot.memory_dump_disk_id, snapshot.memory_metadata_disk_id)
            if disk_id is not None
        ]
    assert kinds == ["memory_dump_volume", "memory_metadata_volume"]


@pytest.mark.parametrize("partial", [False, True])
def test_memory_that_stayed_elsewhere_fails_the_execution_and_leaves_all_as_it_was(world: World, partial: bool) -> None:
    add_memory(world, "east-nfs2")
    site = world.secondary
    with pytest.raises(ExecutionFailure):
        site.engine.execute(world.register("web", allow_partial_import=partial))
    assert site.get(schema.VmStatic, world.primary.id("vm", "web")) is None
    with site.look() as context:
        assert context.db.query(schema.UnregisteredOvf).count() == 1
        assert [job.status for job in context.db.query(schema.Job).order_by(schema.Job.start_time)][-1] == "failed"


def test_a_direct_lun_has_to_be_seen_or_is_left_out(arrived: World) -> None:
    disk_id = "33333333-3333-3333-3333-333333333333"
    reference = f'<File ovf:id="{disk_id}" ovf:href="{disk_id}" ovf:disk_storage_type="LUN"></File></References>'
    disk = (
        f'<Disk ovf:diskId="{disk_id}" ovf:fileRef="{disk_id}" ovf:disk-interface="VirtIO_SCSI" ovf:plugged="true" '
        'ovf:lun_id="there"></Disk></Section><Content'
    )
    edit_ovf(arrived, "web", lambda text: text.replace("</References>", reference).replace("</Section><Content", disk))
    site = arrived.secondary
    assert site.refused(arrived.register("web")) == (400, ("ACTION_TYPE_FAILED_DISK_LUN_INVALID",))
    with arrived.arrays() as db:
        arrays.add_unit(db, "array-b", "here", 1 << 30, None, zoned_sites=["secondary"])
    site.run(arrived.register("web", mappings={**TO_WEST, "luns": [["there", {"id": "here"}]]}))
    assert (site.get(schema.BaseDisk, disk_id).lun_id, site.get(schema.Lun, "here").disk_id) == ("here", disk_id)


def test_a_direct_lun_that_is_not_seen_is_left_out_of_a_partial_import(arrived: World) -> None:
    disk_id = "33333333-3333-3333-3333-333333333333"
    reference = f'<File ovf:id="{disk_id}" ovf:href="{disk_id}" ovf:disk_storage_type="LUN"></File></References>'
    disk = f'<Disk ovf:diskId="{disk_id}" ovf:disk-interface="VirtIO_SCSI" ovf:lun_id="there"></Disk></Section><Content'
    edit_ovf(arrived, "web", lambda text: text.replace("</References>", reference).replace("</Section><Content", disk))
    arrived.secondary.run(arrived.register("web", allow_partial_import=True))
    assert arrived.secondary.get(schema.BaseDisk, disk_id) is None


@pytest.mark.conforms("workloads 2.3")
def test_a_template_version_comes_after_its_base(world: World) -> None:
    source, site = world.primary, world.secondary
    first, second, thin = (source.id("template", name) for name in ("first", "second", "thin"))
    cluster = {"cluster_id": source.id("cluster", "east-cl1"), "domain_id": world.vault}
    source.run(AddVmTemplate(first, "image", source.id("vm", "db"), **cluster))
    source.run(AddVmTemplate(second, "image", source.id("vm", "db"), **cluster, base_id=first, version_name="hard"))
    source.run(AddVm(thin, "thin", cluster["cluster_id"], second))
    world.fill_vault()
    world.import_vault()

    def register(id_: str) -> ImportVmTemplateFromConfiguration:
        return ImportVmTemplateFromConfiguration(world.vault, id_, mappings=TO_WEST)

    def vm() -> ImportVmFromConfiguration:
        return ImportVmFromConfiguration(world.vault, thin, mappings=TO_WEST)

    missing = (400, ("VMT_CANNOT_IMPORT_TEMPLATE_VERSION_MISSING_BASE",))
    assert site.refused(register(second)) == missing
    site.run(register(first))
    assert site.refused(vm()) == (400, ("ACTION_TYPE_FAILED_TEMPLATE_DOES_NOT_EXIST",))
    site.run(register(second))
    site.run(vm())
    row = site.get(schema.VmStatic, second)
    assert (row.name, row.template_id, row.version_number, row.version_name) == ("image", first, 2, "hard")
    assert site.get(schema.VmStatic, thin).template_id == second
