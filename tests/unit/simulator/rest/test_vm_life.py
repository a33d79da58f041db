# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of VMs over the wire: power, suspend, leases, next run, stateless VMs, pools, the hosted engine."""

from __future__ import annotations

import pytest
from ovirtsdk4 import types

from ovirt_simulator.site import SimulatedSite
from restricted import ON_BACKUP, North, only, refused
from wire_client import API, Client

REFUSED = (400, f"[{ON_BACKUP}]")


def lease(domain: str | None) -> types.Vm:
    holder = types.StorageDomain(id=only("domain", domain)) if domain is not None else types.StorageDomain()
    return types.Vm(lease=types.StorageDomainLease(storage_domain=holder))


@pytest.mark.conforms("workloads 5.1")
def test_what_a_running_vm_goes_through(north: North) -> None:
    vm = north.vm("plain")
    vm.reboot()
    vm.reset()
    assert north.status("plain") == "up"
    host = vm.get().host.id
    vm.migrate()
    assert vm.get().host.id != host
    vm.migrate(host=types.Host(id=host))
    assert vm.get().host.id == host
    vm.suspend()
    assert (north.status("plain"), vm.get().host) == ("suspended", None)
    for action in (vm.reboot, vm.reset, vm.migrate, vm.suspend):
        assert refused(action)[0] == 409
    vm.start()
    vm.stop()
    assert north.status("plain") == "down"


@pytest.mark.conforms("workloads 5.1")
def test_a_migration_can_be_called_back(slow_north: North) -> None:
    vm = slow_north.vm("plain")
    host = vm.get().host.id
    vm.migrate()
    assert slow_north.status("plain") == "migrating"
    assert refused(vm.migrate)[0] == 409
    vm.cancel_migration()
    assert (slow_north.status("plain"), vm.get().host.id) == ("up", host)


@pytest.mark.conforms("workloads 5.1")
def test_statuses_on_the_way(slow_north: North) -> None:
    slow_north.vm("plain").reboot()
    assert slow_north.status("plain") == "reboot_in_progress"
    slow_north.vm("leased").start()
    assert slow_north.status("leased") == "powering_up"
    slow_north.vm("asleep").start()
    assert slow_north.status("asleep") == "up"
    slow_north.vm("asleep").suspend()
    assert slow_north.status("asleep") == "saving_state"
    assert refused(slow_north.vm("asleep").stop) == (409, "[The VM asleep is saving or restoring its memory.]")


@pytest.mark.conforms("workloads 5.2", "storage 6.2 b")
def test_run_once_shows_and_can_begin_paused(north: North) -> None:
    north.vm("leased").start(pause=True, vm=types.Vm(comment="once"))
    assert (north.status("leased"), north.vm("leased").get().run_once) == ("paused", True)
    north.vm("leased").start()
    assert north.status("leased") == "up"
    north.vm("leased").stop()
    assert north.vm("leased").get().run_once is False
    north.mark("vault")
    assert refused(north.vm("kept").start, vm=types.Vm(), pause=True) == REFUSED


@pytest.mark.conforms("workloads 4.1", "storage 6.2 g")
def test_a_suspended_vm_has_its_memory_on_any_data_domain(north: North) -> None:
    assert north.places("asleep_hibernation_memory") == ["vault"]
    north.mark("vault")
    north.vm("asleep").start()
    assert north.status("asleep") == "up"
    assert [one for one in north.api.disks_service().list() if "hibernation" in one.alias] == []
    north.vm("asleep").suspend()
    assert north.places("asleep_hibernation_memory") == ["data"]
    north.vm("asleep").stop()
    assert (north.status("asleep"), north.snapshots("asleep")["Active VM"][2]) == ("down", False)


@pytest.mark.conforms("workloads 5.4", "storage 6.2 l")
def test_leases_come_and_go_and_may_lie_on_a_backup_domain(north: North) -> None:
    vm = north.vm("leased")
    vm.start()
    assert refused(vm.update, lease("vault"))[0] == 409
    vm.update(lease(None))
    assert vm.get().lease is None
    north.mark("vault")
    vm.update(lease("vault"))
    assert vm.get().lease.storage_domain.id == only("domain", "vault")
    vm.stop()
    assert refused(vm.start) == REFUSED
    assert refused(north.vm("kept").update, lease("data"))[0] == 409


@pytest.mark.conforms("workloads 5.7")
def test_what_cannot_change_now_waits_for_the_next_run(north: North, only_site: SimulatedSite) -> None:
    vm, client = north.vm("plain"), Client(only_site)
    cpu = types.Cpu(topology=types.CpuTopology(sockets=2, cores=2, threads=1))
    vm.update(types.Vm(cpu=cpu, comment="now"))
    shown = vm.get()
    assert (shown.next_run_configuration_exists, shown.cpu.topology.cores, shown.comment) == (True, 1, "now")
    assert vm.get(next_run=True).cpu.topology.cores == 2
    assert len(client.get("/vms?search=next_run_config_exists%3Dtrue").xml) == 1
    vm.update(types.Vm(comment="later"), next_run=True)
    assert (vm.get().comment, vm.get(next_run=True).comment) == ("now", "later")
    vm.stop()
    shown = vm.get()
    assert (shown.next_run_configuration_exists, shown.cpu.topology.cores, shown.comment) == (False, 2, "later")


@pytest.mark.conforms("workloads 5.1")
def test_a_stateless_vm_forgets_what_it_wrote(north: North) -> None:
    image = north.disk("fleeting_Disk1").image_id
    north.vm("fleeting").start()
    assert ("stateless", "ok", False) in north.snapshots("fleeting").values()
    assert north.disk("fleeting_Disk1").image_id != image
    assert refused(north.vm("fleeting").suspend)[0] == 409
    north.vm("fleeting").shutdown()
    assert set(north.snapshots("fleeting")) == {"Active VM"}
    assert north.disk("fleeting_Disk1").image_id == image


@pytest.mark.conforms("workloads 5.8", "storage 6.2 i")
def test_pools_are_made_grow_and_go_also_on_a_backup_domain(north: North, only_site: SimulatedSite) -> None:
    pools = north.api.vm_pools_service()
    assert [(pool.name, pool.size) for pool in pools.list()] == [("desk", 2)]
    north.mark("vault")
    wanted = types.VmPool(
        name="lab",
        cluster=types.Cluster(name="north-cl1"),
        template=types.Template(id=only("template", "golden")),
        size=2,
        prestarted_vms=1,
    )
    pool = pools.add(wanted)
    assert (pool.size, [str(vm.status) for vm in members(north, "lab")]) == (2, ["up", "down"])
    service = pools.pool_service(pool.id)
    service.update(types.VmPool(size=3))
    assert [vm.name for vm in members(north, "lab")] == ["lab-1", "lab-2", "lab-3"]
    assert refused(service.remove)[0] == 409
    north.api.vms_service().vm_service(north.named("lab-1").id).stop()
    service.remove()
    assert members(north, "lab") == [] and Client(only_site).get(f"/vmpools/{pool.id}").status == 404


def members(north: North, pool: str) -> list[types.Vm]:
    found: list[types.Vm] = north.api.vms_service().list(search=f"pool={pool}")
    return found


@pytest.mark.conforms("workloads 5.8", "storage 6.2 i")
def test_a_vm_of_a_pool_is_neither_suspended_nor_deleted_before_it_leaves(
    north: North, only_site: SimulatedSite
) -> None:
    vm = north.vm("desk-1")
    shown = Client(only_site).get(f"/vms/{only('vm', 'desk-1')}").xml.find("vm_pool")
    assert shown is not None and shown.get("href") == f"{API}/vmpools/{only('pool', 'desk')}"
    vm.start()
    assert ("stateless", "ok", False) in north.snapshots("desk-1").values()
    assert refused(vm.suspend) == (409, "[A VM of a pool cannot be suspended.]")
    assert refused(vm.detach)[0] == 409
    vm.stop()
    assert refused(vm.remove) == (409, "[The VM desk-1 belongs to a pool.]")
    vm.detach()
    vm.remove()
    assert refused(north.vm("plain").detach)[0] == 409


@pytest.mark.conforms("workloads 5.8", "storage 6.2 i")
def test_a_vm_of_a_pool_on_a_backup_domain_does_not_start(north: North) -> None:
    disk = north.api.disks_service().disk_service(only("disk", "desk-1_Disk1"))
    disk.move(storage_domain=types.StorageDomain(id=only("domain", "vault")))
    north.mark("vault")
    assert refused(north.vm("desk-1").start) == REFUSED


@pytest.mark.conforms("workloads 5.8")
def test_a_pool_gives_its_free_vms_out(north: North) -> None:
    service = north.api.vm_pools_service().pool_service(only("pool", "desk"))
    service.allocate_vm()
    service.allocate_vm()
    assert [str(vm.status) for vm in members(north, "desk")] == ["up", "up"]
    assert refused(service.allocate_vm)[0] == 409


@pytest.mark.conforms("storage 5.4")
def test_pool_vms_hold_their_domain(north: North) -> None:
    for alias in ("desk-1_Disk1", "desk-2_Disk1"):
        disk = north.api.disks_service().disk_service(only("disk", alias))
        disk.move(storage_domain=types.StorageDomain(id=only("domain", "vault")))
    north.vm("looking").undo_snapshot()
    center = north.api.data_centers_service().data_center_service(only("data_center", "north"))
    attached = center.storage_domains_service().storage_domain_service(only("domain", "vault"))
    attached.deactivate()
    assert refused(attached.remove) == (409, "[VMs of a pool lie on the domain: desk-1, desk-2.]")


@pytest.mark.conforms("workloads 5.5")
def test_the_hosted_engine_allows_little(north: North) -> None:
    vm = north.vm("HostedEngine")
    assert vm.get().origin == "managed_hosted_engine"
    text = (400, "[The VM HostedEngine does not allow this action.]")
    for action in (vm.start, vm.stop, vm.shutdown, vm.suspend, vm.reboot):
        assert refused(action) == text
    assert refused(vm.clone, vm=types.Vm(name="x")) == text
    disk = north.api.disks_service().disk_service(only("disk", "he_virtio_disk"))
    assert refused(disk.move, storage_domain=types.StorageDomain(id=only("domain", "data"))) == text
    attachment = types.DiskAttachment(disk=types.Disk(id=only("disk", "plain_Disk2")))
    assert refused(vm.disk_attachments_service().add, attachment) == text
    vm.migrate()
    vm.update(types.Vm(comment="allowed"))
    nic = vm.nics_service().add(types.Nic(name="nic9"))
    vm.nics_service().nic_service(nic.id).update(types.Nic(linked=False))
    assert refused(vm.nics_service().nic_service(nic.id).remove)[0] == 409
    vm.nics_service().nic_service(nic.id).deactivate()
    vm.nics_service().nic_service(nic.id).remove()


@pytest.mark.conforms("storage 6.2 f")
def test_the_hosted_engine_s_domain_is_marked_only_while_nothing_runs_there(north: North) -> None:
    assert refused(north.mark, "hosted_storage")[0] == 409
