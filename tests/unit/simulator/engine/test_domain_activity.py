# SPDX-License-Identifier: GPL-3.0-or-later
"""Activating and deactivating storage domains, and who is the master then."""

from __future__ import annotations

import pytest

from ovirt_simulator.engine import schema
from ovirt_simulator.engine.command import ExecutionFailure
from ovirt_simulator.engine.commands import (
    ActivateStorageDomain,
    ForceRemoveStorageDomain,
    MoveDisk,
    RunVm,
    ShutdownVm,
)
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


@pytest.mark.conforms("storage 5.3", "storage 7.1")
def test_deactivation_passes_through_locked_and_preparing_and_takes_its_time(slow_world: World) -> None:
    site = slow_world.primary
    site.engine.execute(site.deactivate("east-nfs2"))
    assert site.status("east-nfs2") == "locked"
    assert site.refused(site.deactivate("east-nfs2")) == LOCKED
    slow_world.clock.sleep(2.1)
    assert site.status("east-nfs2") == "preparing_for_maintenance"
    slow_world.clock.sleep(5)
    assert site.status("east-nfs2") == "maintenance"


@pytest.mark.conforms("storage 5.3")
def test_deactivation_is_refused_while_a_vm_uses_a_disk_there(primary: Site) -> None:
    assert primary.refused(primary.deactivate("vault")) == (409, ("ACTION_TYPE_FAILED_DETECTED_ACTIVE_VMS",))
    primary.set(schema.VmStatic, "vm", "web", status="suspended")
    primary.run(primary.deactivate("vault"))


@pytest.mark.parametrize(("status", "refused"), [("suspended", True), ("down", False)])
def test_deactivation_minds_leases_of_vms_that_are_not_down(primary: Site, status: str, refused: bool) -> None:
    lease = primary.id("domain", "east-nfs2")
    primary.set(schema.VmStatic, "vm", "db", status=status, lease_domain_id=lease)
    if refused:
        message = "ERROR_CANNOT_DEACTIVATE_DOMAIN_WITH_RUNNING_VMS_WITH_LEASES"
        assert primary.refused(primary.deactivate("east-nfs2")) == (409, (message,))
    else:
        primary.run(primary.deactivate("east-nfs2"))


def test_deactivation_is_refused_while_a_disk_there_is_locked(slow_world: World) -> None:
    site = slow_world.primary
    site.engine.execute(MoveDisk(site.id("disk", "db_Disk1"), site.id("domain", "east-nfs2")))
    message = "ERROR_CANNOT_DEACTIVATE_MASTER_DOMAIN_WITH_TASKS_ON_POOL"
    assert site.refused(site.deactivate("east-data")) == (409, (message,))


def test_deactivation_of_the_hosted_engines_domain_is_refused(primary: Site) -> None:
    primary.set(schema.VmStatic, "vm", "web", origin="managed_hosted_engine")
    assert primary.refused(primary.deactivate("vault")) == (409, ("ACTION_TYPE_FAILED_HOSTED_ENGINE_STORAGE",))


@pytest.mark.parametrize("status", ["maintenance", "unknown"])
def test_deactivation_of_what_is_not_active_is_refused(primary: Site, status: str) -> None:
    set_status(primary, "east-nfs2", status)
    assert primary.refused(primary.deactivate("east-nfs2")) == ILLEGAL


def test_deactivation_fails_to_unknown_if_the_ovf_store_cannot_be_written_and_goes_on_by_force(world: World) -> None:
    site = world.primary
    site.run(ShutdownVm(site.id("vm", "web")))
    site.run(RunVm(site.id("vm", "db")))
    with site.look() as context:
        context.db.query(schema.OvfStore).update({"outdated": True})
    with world.arrays() as db:
        arrays.set_read_only(db, "a-vault", read_only=True)
    site.run(site.deactivate("vault"))
    assert site.status("vault") == "unknown"
    assert 969 in site.events()
    set_status(site, "vault", "active")
    site.run(site.deactivate("vault", force=True))
    assert site.status("vault") == "maintenance"
    assert 1009 in site.events()


@pytest.mark.conforms("storage 5.3")
def test_the_master_hands_its_role_over_and_the_data_center_stays_up(world: World) -> None:
    site = world.primary
    site.run(site.deactivate("east-data"))
    assert (site.status("east-data"), site.pool_status()) == ("maintenance", "up")
    with site.look() as context:
        [master] = context.db.query(schema.StorageDomainStatic).filter_by(master=True)
    assert master.name != "east-data"
    assert site.status(master.name) == "active"


@pytest.mark.conforms("storage 5.7", "storage 5.3")
def test_the_last_master_takes_the_data_center_with_it_though_backup_domains_are_active(primary: Site) -> None:
    primary.run(ShutdownVm(primary.id("vm", "web")))
    for name in OTHERS:
        primary.run(primary.set_backup(name))
    primary.run(primary.deactivate("east-data"))
    assert (primary.status("east-data"), primary.pool_status()) == ("maintenance", "maintenance")
    assert [primary.status(name) for name in OTHERS] == ["active"] * 5
    assert primary.row(schema.StorageDomainStatic, "domain", "east-data").available is None
    assert 1030 in primary.events()
    assert primary.refused(primary.detach("east-data")) == (409, ("ERROR_CANNOT_DETACH_LAST_STORAGE_DOMAIN",))
    assert primary.refused(ForceRemoveStorageDomain(primary.id("domain", "east-data"))) == (
        409,
        ("ERROR_CANNOT_DESTROY_LAST_STORAGE_DOMAIN",),
    )
    set_status(primary, "vault", "maintenance")
    assert primary.refused(primary.activate("vault")) == NO_MASTER
    assert primary.refused(primary.detach("vault")) == NO_MASTER
    primary.run(primary.activate("east-data"))
    assert primary.pool_status() == "up"


@pytest.mark.conforms("storage 5.2")
def test_activation_passes_through_activating(slow_world: World) -> None:
    site = slow_world.primary
    site.engine.execute(site.deactivate("east-nfs2"))
    slow_world.clock.sleep(10)
    seen: list[str] = []

    def look(seconds: float) -> None:
        seen.append(site.status("east-nfs2"))
        slow_world.clock.sleep(seconds)

    site.engine.sleep = look
    site.engine.execute(site.activate("east-nfs2"))
    assert set(seen) == {"activating"}
    assert site.status("east-nfs2") == "active"


@pytest.mark.conforms("storage 5.2")
def test_activation_is_not_idempotent(primary: Site) -> None:
    assert primary.refused(primary.activate("vault")) == ILLEGAL


def test_activation_needs_a_host_and_an_initialized_data_center(primary: Site) -> None:
    primary.run(primary.deactivate("east-nfs2"))
    primary.set(schema.Vds, "host", "east-h1", status="maintenance")
    primary.set(schema.Vds, "host", "east-h2", status="maintenance")
    assert primary.refused(primary.activate("east-nfs2")) == (409, ("ACTION_TYPE_FAILED_NO_VDS_IN_POOL",))
    primary.set(schema.StoragePool, "data_center", "east", status="uninitialized")
    message = "ACTION_TYPE_FAILED_STORAGE_POOL_STATUS_ILLEGAL"
    assert primary.refused(primary.activate("east-nfs2")) == (409, (message,))


def test_activation_of_what_does_not_exist(primary: Site) -> None:
    assert primary.refused(ActivateStorageDomain("none", primary.pool)) == (
        400,
        ("ACTION_TYPE_FAILED_STORAGE_DOMAIN_NOT_EXIST",),
    )
    assert primary.refused(ActivateStorageDomain(primary.id("domain", "vault"), "none")) == (
        400,
        ("ACTION_TYPE_FAILED_STORAGE_POOL_NOT_EXIST",),
    )


def test_activation_that_no_host_can_do_fails_without_words_and_restores_the_status(world: World) -> None:
    site = world.primary
    site.run(site.deactivate("east-nfs2"))
    with world.arrays() as db:
        arrays.set_export(db, "nfs.array-a.test", "/east-nfs2", reachable=False)
    with pytest.raises(ExecutionFailure) as caught:
        site.engine.execute(site.activate("east-nfs2"))
    assert caught.value.detail == ""
    assert site.status("east-nfs2") == "maintenance"
    assert 967 in site.events()
