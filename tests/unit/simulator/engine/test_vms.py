# SPDX-License-Identifier: GPL-3.0-or-later
"""Starting, stopping, suspending and changing VMs."""

from __future__ import annotations

from typing import Any

import pytest

from ovirt_simulator.engine import schema
from ovirt_simulator.engine.commands import (
    FailHosts,
    HibernateVm,
    RecoverHosts,
    RunVm,
    ShutdownVm,
    StopVm,
    UpdateVm,
)
from ovirt_simulator.engine.queries import storage_domains as queries
from ovirt_simulator.storage import arrays
from simulated_world import Site, World

ON_BACKUP = (400, ("ACTION_TYPE_FAILED_VM_DISKS_ON_BACKUP_STORAGE",))


def run(site: Site, name: str) -> RunVm:
    return RunVm(site.id("vm", name))


def attachment(site: Site, vm: str, disk: str, **values: Any) -> None:
    with site.look() as context:
        row = context.db.get_one(schema.DiskAttachment, (site.id("vm", vm), site.id("disk", disk)))
        for field, value in values.items():
            setattr(row, field, value)


@pytest.mark.conforms("workloads 5.1")
def test_start_passes_through_its_statuses_in_their_times(slow_world: World) -> None:
    site = slow_world.primary
    site.engine.execute(run(site, "db"))
    assert slow_world.clock.now == 1_900_000_000.3  # the request itself
    assert (site.vm("db").status, site.vm("db").guest_address) == ("powering_up", None)
    slow_world.clock.sleep(20)
    assert (site.vm("db").status, site.vm("db").guest_address) == ("up", None)
    slow_world.clock.sleep(10)
    assert site.vm("db").guest_address == "192.0.2.12"
    assert {32, 153} <= set(site.events())


def test_start_before_it_is_launched_is_wait_for_launch(slow_world: World) -> None:
    site = slow_world.primary
    site.engine.sleep = lambda seconds: None
    site.engine.execute(run(site, "db"))
    assert site.vm("db").status == "wait_for_launch"
    assert site.refused(run(site, "db")) == (409, ("ACTION_TYPE_FAILED_VM_IS_RUNNING",))


def test_start_does_not_raise_the_ovf_generation(primary: Site) -> None:
    generation = primary.vm("db").generation
    primary.run(run(primary, "db"))
    assert primary.vm("db").generation == generation


def test_vms_go_where_most_memory_is_free(primary: Site) -> None:
    assert primary.vm("web").run_on_vds == primary.id("host", "east-h1")
    primary.run(run(primary, "db"))
    primary.run(run(primary, "app"))
    assert primary.vm("db").run_on_vds == primary.id("host", "east-h2")
    assert primary.vm("app").run_on_vds == primary.id("host", "east-h1")


@pytest.mark.conforms("workloads B.5", "storage 6.1 R3")
def test_a_plugged_disk_on_a_backup_domain_forbids_the_start_and_an_unplugged_one_does_not(primary: Site) -> None:
    primary.run(primary.set_backup("mixed-file"))
    assert primary.refused(run(primary, "erp")) == ON_BACKUP
    attachment(primary, "erp", "erp_Disk2", plugged=False)
    primary.run(run(primary, "erp"))
    assert primary.vm("erp").status == "up"


@pytest.mark.conforms("storage 6.1 R3")
def test_a_lease_on_a_backup_domain_forbids_the_start(primary: Site) -> None:
    lease = {"lease_domain_id": primary.id("domain", "nfs-vault")}
    primary.run(UpdateVm(primary.id("vm", "db"), lease))
    primary.run(primary.set_backup("nfs-vault"))
    assert primary.refused(run(primary, "db")) == ON_BACKUP


@pytest.mark.parametrize("status", ["suspended", "paused"])
@pytest.mark.conforms("storage 6.2 b")
def test_the_flag_also_forbids_to_go_on(primary: Site, status: str) -> None:
    primary.set(schema.VmStatic, "vm", "web", status=status)
    primary.set(schema.StorageDomainStatic, "domain", "vault", backup=True)
    assert primary.refused(run(primary, "web")) == ON_BACKUP


def test_the_flag_does_not_touch_a_vm_that_runs(primary: Site) -> None:
    primary.set(schema.StorageDomainStatic, "domain", "vault", backup=True)
    assert primary.vm("web").status == "up"


@pytest.mark.conforms("workloads 5.2")
def test_other_refusals_come_before_the_flag(primary: Site) -> None:
    primary.run(ShutdownVm(primary.id("vm", "web")))
    primary.run(primary.set_backup("vault"))
    primary.run(primary.deactivate("vault"))
    message = "ACTION_TYPE_FAILED_STORAGE_DOMAIN_STATUS_ILLEGAL2"
    assert primary.refused(run(primary, "web")) == (409, (message,))


def test_start_is_refused(primary: Site) -> None:
    assert primary.refused(RunVm("none"))[1] == ("ACTION_TYPE_FAILED_VM_NOT_FOUND",)
    assert primary.refused(run(primary, "web")) == (409, ("ACTION_TYPE_FAILED_VM_IS_RUNNING",))
    primary.set(schema.VmStatic, "vm", "app", status="image_locked")
    assert primary.refused(run(primary, "app")) == (409, ("ACTION_TYPE_FAILED_VM_IS_LOCKED",))
    primary.set(schema.VmStatic, "vm", "app", status="unknown")
    assert primary.refused(run(primary, "app")) == (409, ("ACTION_TYPE_FAILED_VM_STATUS_ILLEGAL",))
    with primary.look() as context:
        context.db.add(schema.Snapshot(id="s", vm_id=primary.id("vm", "erp"), type="regular", status="locked"))
        lan = (primary.id("network", "east-lan"), primary.id("cluster", "east-cl1"))
        context.db.delete(context.db.get_one(schema.NetworkCluster, lan))
    assert primary.refused(run(primary, "erp")) == (409, ("ACTION_TYPE_FAILED_VM_IS_DURING_SNAPSHOT",))
    assert primary.refused(run(primary, "db")) == (409, ("ACTION_TYPE_FAILED_NETWORK_NOT_IN_CLUSTER",))
    for host in ("east-h1", "east-h2"):
        primary.set(schema.Vds, "host", host, memory=1)
    assert primary.refused(run(primary, "db")) == (409, ("SCHEDULING_ALL_HOSTS_FILTERED_OUT",))
    primary.set(schema.StoragePool, "data_center", "east", status="problematic")
    assert primary.refused(run(primary, "db")) == (409, ("ACTION_TYPE_FAILED_STORAGE_POOL_STATUS_ILLEGAL",))


def test_the_hosted_engines_vm_is_not_to_be_run_or_stopped(primary: Site) -> None:
    primary.set(schema.VmStatic, "vm", "web", origin="managed_hosted_engine")
    web = primary.id("vm", "web")
    for command in (RunVm(web), StopVm(web), ShutdownVm(web), HibernateVm(web)):
        message = "ACTION_TYPE_FAILED_CANNOT_RUN_ACTION_ON_NON_MANAGED_VM"
        assert primary.refused(command) == (400, (message,))


@pytest.mark.parametrize("trouble", ["read only", "lost image"])
def test_a_start_whose_disks_cannot_be_opened_ends_down_with_events_and_a_failed_job(
    world: World, trouble: str
) -> None:
    site = world.primary
    with world.arrays() as db:
        if trouble == "read only":
            arrays.set_read_only(db, "a-east-data", read_only=True)
        else:
            db.connection().exec_driver_sql("update stored_images set image_id = 'x' || image_id")
    job = site.run(run(site, "db"))
    assert site.vm("db").status == "down"
    assert {54, 61} <= set(site.events())
    with site.look() as context:
        assert context.db.get_one(schema.Job, job).status == "failed"


def test_a_vm_that_was_stopped_while_it_booted_stays_down(slow_world: World) -> None:
    site = slow_world.primary
    site.engine.execute(run(site, "db"))
    site.engine.execute(StopVm(site.id("vm", "db")))
    slow_world.clock.sleep(5)
    site.engine.execute(run(site, "db"))
    slow_world.clock.sleep(16)  # the first start would be up by now
    assert site.vm("db").status == "powering_up"
    slow_world.clock.sleep(20)
    assert site.vm("db").status == "up"


def test_shutdown_takes_its_time_and_stop_does_not(slow_world: World) -> None:
    site = slow_world.primary
    site.engine.execute(ShutdownVm(site.id("vm", "web"), "exercise"))
    assert site.vm("web").status == "powering_down"
    slow_world.clock.sleep(15)
    row = site.vm("web")
    assert (row.status, row.stop_reason, row.run_on_vds, row.guest_address) == ("down", "exercise", None, None)
    site.engine.execute(run(site, "db"))
    site.engine.execute(StopVm(site.id("vm", "db")))
    assert site.vm("db").status == "down"


def test_a_guest_may_ignore_the_shutdown(primary: Site) -> None:
    primary.set(schema.VmStatic, "vm", "web", guest_ignores_shutdown=True)
    primary.run(ShutdownVm(primary.id("vm", "web")))
    assert primary.vm("web").status == "up"


@pytest.mark.parametrize(
    ("status", "message"), [("down", "VM_IS_NOT_RUNNING"), ("saving_state", "VM_IS_SAVING_RESTORING")]
)
def test_what_does_not_run_is_not_stopped(primary: Site, status: str, message: str) -> None:
    primary.set(schema.VmStatic, "vm", "db", status=status)
    for command in (ShutdownVm(primary.id("vm", "db")), StopVm(primary.id("vm", "db"))):
        assert primary.refused(command) == (409, (f"ACTION_TYPE_FAILED_{message}",))


def test_suspend_puts_the_memory_where_most_disks_are_and_resume_takes_it_away(primary: Site) -> None:
    web = primary.id("vm", "web")
    primary.run(HibernateVm(web))
    assert (primary.vm("web").status, primary.vm("web").run_on_vds) == ("suspended", None)
    vault = primary.id("domain", "vault")
    with primary.look() as context:
        kinds = [disk.content_type for disk in queries.disks(context, vault) if disk.alias.startswith("web_hib")]
    assert sorted(kinds) == ["memory_dump_volume", "memory_metadata_volume"]
    primary.run(run(primary, "web"))
    assert primary.vm("web").status == "up"
    with primary.look() as context:
        assert not [disk for disk in queries.disks(context, vault) if disk.alias.startswith("web_hib")]


@pytest.mark.conforms("storage 6.2 g")
def test_memory_may_go_to_a_backup_domain(primary: Site) -> None:
    for name in ("east-data", "east-nfs2", "mixed-file", "mixed-block"):
        primary.set(schema.StorageDomainStatic, "domain", name, critical_space_action_blocker=10_000)
    primary.set(schema.StorageDomainStatic, "domain", "vault", critical_space_action_blocker=10_000)
    primary.run(primary.set_backup("nfs-vault"))
    primary.run(HibernateVm(primary.id("vm", "web")))
    with primary.look() as context:
        found = [disk.alias for disk in queries.disks(context, primary.id("domain", "nfs-vault"))]
    assert "web_hibernation_memory" in found


def test_suspend_needs_a_running_vm_and_room(primary: Site) -> None:
    assert primary.refused(HibernateVm(primary.id("vm", "db")))[1] == ("ACTION_TYPE_FAILED_VM_IS_NOT_UP",)
    with primary.look() as context:
        context.db.query(schema.StorageDomainStatic).update({"critical_space_action_blocker": 10_000})
    message = "ACTION_TYPE_FAILED_NO_SUITABLE_DOMAIN_FOUND"
    assert primary.refused(HibernateVm(primary.id("vm", "web"))) == (409, (message,))


# changes


def test_any_change_raises_the_generation_and_outdates_the_ovf_store(primary: Site) -> None:
    generation = primary.vm("web").generation
    primary.run(UpdateVm(primary.id("vm", "web"), {"description": "new"}))
    assert (primary.vm("web").generation, primary.vm("web").description) == (generation + 1, "new")
    with primary.look() as context:
        behind = {one.storage_domain_id for one in context.db.query(schema.OvfStore).filter_by(outdated=True)}
    assert behind == {primary.id("domain", "vault")}


@pytest.mark.conforms("workloads 5.4")
def test_a_lease_may_lie_on_a_backup_domain_but_needs_high_availability(primary: Site) -> None:
    primary.run(primary.set_backup("nfs-vault"))
    lease = {"lease_domain_id": primary.id("domain", "nfs-vault")}
    message = "ACTION_TYPE_FAILED_VM_LEASES_ARE_NOT_SUPPORTED_WITH_HA_OFF"
    assert primary.refused(UpdateVm(primary.id("vm", "app"), lease)) == (409, (message,))
    primary.run(UpdateVm(primary.id("vm", "app"), {**lease, "high_availability": True}))
    assert primary.vm("app").lease_domain_id == lease["lease_domain_id"]
    assert primary.refused(UpdateVm(primary.id("vm", "app"), {"high_availability": False})) == (409, (message,))
    primary.run(UpdateVm(primary.id("vm", "app"), {"high_availability": False, "lease_domain_id": None}))


def test_a_description_holds_255_characters_that_are_ascii_or_letters(primary: Site) -> None:
    web = primary.id("vm", "web")
    primary.run(UpdateVm(web, {"description": "\N{LATIN SMALL LETTER O WITH DIAERESIS}<&>\n" + "x" * 250}))
    assert primary.refused(UpdateVm(web, {"description": "x" * 256})) == (400, ("VALIDATION_VM_DESCRIPTION_SIZE",))
    special = (400, ("ACTION_TYPE_FAILED_DESCRIPTION_MAY_NOT_CONTAIN_SPECIAL_CHARS",))
    assert primary.refused(UpdateVm(web, {"description": "\N{EN DASH}"})) == special


def test_the_lease_of_a_running_vm_can_be_taken_or_dropped_but_not_moved(primary: Site) -> None:
    web = primary.id("vm", "web")
    first, second = primary.id("domain", "nfs-vault"), primary.id("domain", "east-nfs2")
    primary.run(UpdateVm(web, {"high_availability": True, "lease_domain_id": first}))
    message = "ACTION_TYPE_FAILED_HOT_SWAPPING_VM_LEASES_NOT_SUPPORTED"
    assert primary.refused(UpdateVm(web, {"lease_domain_id": second})) == (409, (message,))
    primary.run(UpdateVm(web, {"lease_domain_id": None}))


def test_names_are_unique_in_a_data_center(primary: Site) -> None:
    command = UpdateVm(primary.id("vm", "web"), {"name": "db"})
    assert primary.refused(command) == (409, ("ACTION_TYPE_FAILED_NAME_ALREADY_USED",))
    primary.run(UpdateVm(primary.id("vm", "web"), {"name": "web"}))


# hosts


def test_fenced_hosts_leave_their_vms_down_and_their_storage_untouched(world: World) -> None:
    site = world.primary
    hosts = [site.id("host", "east-h1"), site.id("host", "east-h2")]
    site.run(FailHosts(hosts))
    assert site.row(schema.Vds, "host", "east-h1").status == "non_responsive"
    assert site.vm("web").status == "down"
    assert (site.status("vault"), site.pool_status()) == ("unknown", "problematic")
    fabric = world.storage.open("primary", 0.0)
    assert [fabric.devices(host) for host in hosts] == [[], []]
    fabric.close(commit=False)
    site.run(RecoverHosts(hosts))
    assert (site.status("vault"), site.pool_status()) == ("active", "up")
    site.run(run(site, "web"))


def test_hosts_that_are_only_silent_leave_their_vms_unknown(primary: Site) -> None:
    hosts = [primary.id("host", "east-h1")]
    primary.run(FailHosts(hosts, fenced=False))
    assert primary.vm("web").status == "unknown"
    assert primary.refused(run(primary, "web"))[0] == 409
    primary.run(RecoverHosts(hosts))
    assert primary.vm("web").status == "up"


def test_another_host_manages_the_storage_and_restarts_highly_available_vms(primary: Site) -> None:
    primary.run(UpdateVm(primary.id("vm", "web"), {"high_availability": True}))
    primary.run(FailHosts([primary.id("host", "east-h1")]))
    assert primary.row(schema.Vds, "host", "east-h2").spm_status == "spm"
    assert primary.pool_status() == "up"
    assert (primary.vm("web").status, primary.vm("web").run_on_vds) == ("up", primary.id("host", "east-h2"))


@pytest.mark.conforms("storage 6.2 b")
def test_the_flag_forbids_the_restart_too(primary: Site) -> None:
    primary.run(UpdateVm(primary.id("vm", "web"), {"high_availability": True}))
    primary.set(schema.StorageDomainStatic, "domain", "vault", backup=True)
    primary.run(FailHosts([primary.id("host", "east-h1")]))
    assert primary.vm("web").status == "down"
    assert 9602 in primary.events()
