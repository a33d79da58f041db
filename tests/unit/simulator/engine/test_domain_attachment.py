# SPDX-License-Identifier: GPL-3.0-or-later
"""Attaching, detaching and removing storage domains."""

from __future__ import annotations

import pytest

from ovirt_simulator.engine import schema
from ovirt_simulator.engine.command import ExecutionFailure
from ovirt_simulator.engine.commands import (
    AttachStorageDomainToPool,
    DeactivateStorageDomainWithOvfUpdate,
    DetachStorageDomainFromPool,
    FailHosts,
    ForceRemoveStorageDomain,
    HibernateVm,
    RemoveStorageDomain,
    ShutdownVm,
)
from ovirt_simulator.engine.queries import storage_domains as queries
from ovirt_simulator.storage import arrays
from simulated_world import Site, World

LOCKED = (409, ("ACTION_TYPE_FAILED_OBJECT_LOCKED",))
ILLEGAL = (409, ("ACTION_TYPE_FAILED_STORAGE_DOMAIN_STATUS_ILLEGAL2",))
NO_MASTER = (409, ("ACTION_TYPE_FAILED_MASTER_STORAGE_DOMAIN_NOT_ACTIVE",))
OTHERS = ("vault", "east-nfs2", "nfs-vault", "mixed-block", "mixed-file")


def release(site: Site, *names: str) -> None:
    """Bring domains to maintenance and detach them."""
    for name in names:
        site.run(site.deactivate(name))
        site.run(site.detach(name))


def vms(site: Site) -> set[str]:
    with site.look() as context:
        return {row.name for row in context.db.query(schema.VmStatic).filter_by(entity_type="vm")}


def set_status(site: Site, domain: str, status: str) -> None:
    with site.look() as context:
        context.db.get_one(schema.StoragePoolIsoMap, site.id("domain", domain)).status = status


@pytest.mark.conforms("storage 5.1")
def test_attaching_ends_active_and_takes_the_domain_from_any_other_data_center(world: World) -> None:
    world.fill_vault()
    world.import_vault()
    assert world.secondary.status_of(world.vault) == "active"
    with world.arrays() as db:
        assert arrays.volume_named(db, "b-vault").pool_id == world.secondary.pool
        assert arrays.volume_named(db, "a-vault").pool_id == world.primary.pool


def test_attaching_asks_nobody_but_isattached_can_be_asked_before(world: World) -> None:
    site = world.secondary
    world.fill_vault()
    world.import_vault()
    release(world.primary, "vault")
    with site.look() as context:
        assert queries.is_attached(context, world.vault, site.id("host", "west-h1"))
    with world.primary.look() as context:
        assert not queries.is_attached(context, world.vault, world.primary.id("host", "east-h1"))


@pytest.mark.parametrize("reason", ["no pool", "no host", "no domain", "attached", "no master", "format"])
@pytest.mark.conforms("storage 5.1")
def test_attaching_is_refused(world: World, reason: str) -> None:
    site = world.primary
    release(site, "nfs-vault")
    expected = {
        "no pool": (400, ("ACTION_TYPE_FAILED_STORAGE_POOL_NOT_EXIST",)),
        "no host": (409, ("ACTION_TYPE_FAILED_NO_VDS_IN_POOL",)),
        "no domain": (400, ("ACTION_TYPE_FAILED_STORAGE_DOMAIN_NOT_EXIST",)),
        "attached": (409, ("ACTION_TYPE_FAILED_STORAGE_DOMAIN_STATUS_ILLEGAL",)),
        "no master": NO_MASTER,
        "format": (409, ("ACTION_TYPE_FAILED_STORAGE_DOMAIN_FORMAT_ILLEGAL",)),
    }
    if reason == "no host":
        site.run(FailHosts([site.id("host", "east-h1"), site.id("host", "east-h2")]))
    if reason == "no master":
        set_status(site, "east-data", "maintenance")
    if reason == "format":
        site.set(schema.StoragePool, "data_center", "east", compatibility_version="4.2")
    commands = {
        "no pool": AttachStorageDomainToPool(site.id("domain", "nfs-vault"), "none"),
        "no domain": AttachStorageDomainToPool("none", site.pool),
        "attached": site.attach("vault"),
    }
    assert site.refused(commands.get(reason, site.attach("nfs-vault"))) == expected[reason]


def test_a_second_iso_domain_is_refused(primary: Site) -> None:
    release(primary, "nfs-vault", "east-nfs2")
    for name in ("nfs-vault", "east-nfs2"):
        primary.set(schema.StorageDomainStatic, "domain", name, function="iso")
    primary.run(primary.attach("nfs-vault"))
    message = "ERROR_CANNOT_ATTACH_MORE_THAN_ONE_ISO_DOMAIN"
    assert primary.refused(primary.attach("east-nfs2")) == (409, (message,))


def test_attaching_that_no_host_can_do_leaves_the_domain_unattached(world: World) -> None:
    site = world.primary
    release(site, "nfs-vault")
    with world.arrays() as db:
        arrays.set_export(db, "nfs.array-a.test", "/vault", reachable=False)
    with pytest.raises(ExecutionFailure) as caught:
        site.engine.execute(site.attach("nfs-vault"))
    assert caught.value.detail == ""
    assert site.status("nfs-vault") == "unattached"
    assert 963 in site.events()


@pytest.mark.conforms("storage 7.1")
def test_one_bad_host_among_good_ones_becomes_non_operational(world: World) -> None:
    site = world.primary
    release(site, "mixed-block")
    with site.look() as context:
        context.storage.disconnect(site.id("host", "east-h2"))
        for row in context.db.query(schema.StorageServerConnection).filter_by(username="mixed-user"):
            row.password = "changed"
    site.run(site.attach("mixed-block"))
    assert site.status("mixed-block") == "active"
    assert site.row(schema.Vds, "host", "east-h2").status == "non_operational"


@pytest.mark.conforms("storage 6.2 e4")
def test_the_first_domain_of_a_data_center_becomes_its_master_even_a_backup_domain(primary: Site) -> None:
    primary.run(ShutdownVm(primary.id("vm", "web")))
    release(primary, *OTHERS)
    primary.run(primary.deactivate("east-data"))
    primary.run(primary.detach("east-data"))
    assert primary.pool_status() == "uninitialized"
    primary.run(primary.set_backup("vault"))
    primary.run(primary.attach("vault"))
    row = primary.row(schema.StorageDomainStatic, "domain", "vault")
    assert (row.master, row.backup, primary.status("vault"), primary.pool_status()) == (True, True, "active", "up")
    assert 1002 in primary.events()


def test_an_uninitialized_data_center_takes_only_data_first(primary: Site) -> None:
    release(primary, "nfs-vault")
    primary.set(schema.StorageDomainStatic, "domain", "nfs-vault", function="iso")
    primary.set(schema.StoragePool, "data_center", "east", status="uninitialized")
    message = "ERROR_CANNOT_ADD_STORAGE_POOL_WITHOUT_DATA_DOMAIN"
    assert primary.refused(primary.attach("nfs-vault")) == (409, (message,))


@pytest.mark.conforms("storage 5.4")
def test_detaching_deletes_what_lives_only_there_and_attaching_finds_it_unregistered(world: World) -> None:
    site = world.primary
    world.fill_vault()
    release(site, "vault")
    assert vms(site) == {"db", "app", "thin1", "erp"}
    with site.look() as context:
        assert context.db.query(schema.UnregisteredOvf).count() == 0
        assert context.db.get(schema.BaseDisk, site.id("disk", "web_Disk1")) is None
    site.run(site.attach("vault"))
    with site.look() as context:
        [found] = context.db.query(schema.UnregisteredOvf)
        assert (found.entity_id, found.entity_name) == (site.id("vm", "web"), "web")
        [disk] = context.db.query(schema.UnregisteredDisk)
        assert (disk.disk_id, disk.alias) == (site.id("disk", "web_Disk1"), "web_Disk1")
        stores = list(queries.disks(context, site.id("domain", "vault")))
        assert [one.content_type for one in stores] == ["ovf_store", "ovf_store"]


def test_detaching_keeps_vms_with_disks_elsewhere_without_the_disks_here(primary: Site) -> None:
    release(primary, "mixed-block")
    assert "erp" in vms(primary)
    with primary.look() as context:
        attached = context.db.query(schema.DiskAttachment).filter_by(vm_id=primary.id("vm", "erp"))
        assert [one.disk_id for one in attached] == [primary.id("disk", "erp_Disk2")]


def test_detaching_takes_a_template_with_the_vms_that_refer_to_it(primary: Site) -> None:
    primary.run(primary.deactivate("east-data"))
    primary.run(primary.detach("east-data"))
    assert vms(primary) == {"web", "erp"}


@pytest.mark.conforms("storage 5.4")
def test_detaching_reports_all_its_reasons_together(primary: Site) -> None:
    primary.run(ShutdownVm(primary.id("vm", "web")))
    primary.run(primary.deactivate("vault"))
    primary.set(schema.VmStatic, "vm", "web", delete_protected=True)
    with primary.look() as context:
        context.db.add(schema.Snapshot(id="s", vm_id=primary.id("vm", "web"), type="preview", status="in_preview"))
    assert primary.refused(primary.detach("vault")) == (
        409,
        ("ACTION_TYPE_FAILED_STORAGE_DELETE_PROTECTED", "ACTION_TYPE_FAILED_STORAGE_DELETE_VMS_IN_PREVIEW"),
    )


def test_detaching_needs_maintenance(primary: Site) -> None:
    assert primary.refused(primary.detach("east-nfs2")) == ILLEGAL


def test_detaching_warns_of_leases_and_keeps_them(primary: Site) -> None:
    lease = primary.id("domain", "east-nfs2")
    primary.set(schema.VmStatic, "vm", "db", lease_domain_id=lease)
    release(primary, "east-nfs2")
    assert primary.vm("db").lease_domain_id == lease
    assert 1222 in primary.events()


def test_a_removed_domain_can_be_imported_again_and_its_flag_is_gone(world: World) -> None:
    site = world.secondary
    world.fill_vault()
    world.import_vault(backup=True)
    site.run(DeactivateStorageDomainWithOvfUpdate(world.vault, site.pool))
    site.run(DetachStorageDomainFromPool(world.vault, site.pool))
    site.run(RemoveStorageDomain(world.vault, site.id("host", "west-h1")))
    with site.look() as context:
        assert context.db.get(schema.StorageDomainStatic, world.vault) is None
        assert context.db.query(schema.Lun).count() == 0
        assert context.db.query(schema.StorageServerConnection).filter_by(type="iscsi").count() == 0
    world.import_vault(backup=False)
    assert site.status_of(world.vault) == "active"


def test_formatting_destroys_what_lies_there(world: World) -> None:
    site = world.primary
    release(site, "nfs-vault")
    site.run(RemoveStorageDomain(site.id("domain", "nfs-vault"), site.id("host", "east-h1"), format=True))
    with world.arrays() as db:
        volume = arrays.volume_named(db, "a-nfs-vault")
        assert (volume.domain_id, volume.domain_name) == (None, None)


def test_formatting_is_refused_while_the_metadata_names_a_data_center(world: World) -> None:
    site = world.primary
    release(site, "nfs-vault")
    with world.arrays() as db:
        arrays.volume_named(db, "a-nfs-vault").pool_id = "another"
    command = RemoveStorageDomain(site.id("domain", "nfs-vault"), site.id("host", "east-h1"), format=True)
    message = "ACTION_TYPE_FAILED_FORMAT_STORAGE_DOMAIN_WITH_ATTACHED_DATA_DOMAIN"
    assert site.refused(command) == (409, (message,))


@pytest.mark.conforms("storage 5.5")
def test_removal_needs_a_host_that_is_up_and_an_unattached_domain(primary: Site) -> None:
    vault, host = primary.id("domain", "vault"), primary.id("host", "east-h1")
    assert primary.refused(RemoveStorageDomain(vault, "none")) == (
        400,
        ("CANNOT_REMOVE_STORAGE_DOMAIN_INVALID_HOST_ID",),
    )
    assert primary.refused(RemoveStorageDomain(vault, host)) == (
        409,
        ("ACTION_TYPE_FAILED_STORAGE_DOMAIN_STATUS_ILLEGAL",),
    )
    primary.set(schema.Vds, "host", "east-h1", status="maintenance")
    assert primary.refused(RemoveStorageDomain(vault, host)) == (409, ("CANNOT_REMOVE_STORAGE_DOMAIN_HOST_NOT_UP",))


def test_destroying_forgets_an_attached_domain_with_its_vms(world: World) -> None:
    site = world.primary
    vault = site.id("domain", "vault")
    assert site.refused(ForceRemoveStorageDomain(vault)) == ILLEGAL
    set_status(site, "vault", "inactive")
    site.run(ForceRemoveStorageDomain(vault))
    assert "web" not in vms(site)
    with site.look() as context:
        assert context.db.get(schema.StorageDomainStatic, vault) is None
    with world.arrays() as db:
        assert arrays.volume_named(db, "a-vault").pool_id is None


@pytest.mark.conforms("storage 5.5", "storage 5.6")
def test_destroying_the_master_gives_its_role_to_an_ordinary_data_domain(primary: Site) -> None:
    primary.run(ShutdownVm(primary.id("vm", "web")))
    for name in OTHERS:
        if name != "east-nfs2":
            primary.run(primary.set_backup(name))
    set_status(primary, "east-data", "inactive")
    primary.run(ForceRemoveStorageDomain(primary.id("domain", "east-data")))
    assert primary.row(schema.StorageDomainStatic, "domain", "east-nfs2").master
    assert primary.pool_status() == "up"


def test_memory_of_a_suspended_vm_goes_with_the_domain_it_lies_on(primary: Site) -> None:
    web = primary.id("vm", "web")
    primary.run(HibernateVm(web))
    assert primary.vm("web").status == "suspended"
    with primary.look() as context:
        memory = [one for one in queries.disks(context, primary.id("domain", "vault")) if "hibernation" in one.alias]
    assert len(memory) == 2
    release(primary, "vault")
    assert "web" not in vms(primary)
