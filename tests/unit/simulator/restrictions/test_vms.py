# SPDX-License-Identifier: GPL-3.0-or-later
"""What an engine does with VMs on backup domains."""

from __future__ import annotations

import pytest
from ovirtsdk4 import types

from backup_marks import Marked, refused
from ovirt_simulator.engine import schema
from wire_client import east


@pytest.mark.restriction("enforce_a")
@pytest.mark.conforms("storage 4.1 D")
def test_a_domain_that_a_vm_runs_from_cannot_be_marked(marked: Marked) -> None:
    with refused(409):
        marked.mark("vault")
    marked.vm("web").stop()
    marked.mark("vault")


@pytest.mark.restriction("enforce_b")
@pytest.mark.conforms("storage 6.1 R3", "workloads 5.2", "workloads B.5")
def test_a_vm_with_a_disk_on_it_does_not_start(marked: Marked) -> None:
    marked.give_mark("east-data")
    with refused(400):
        marked.vm("app").start()
    with refused(400):
        marked.vm("app").start(vm=types.Vm(description="run once"))
    assert marked.status("app") == "down"


@pytest.mark.restriction("enforce_k")
def test_a_copy_of_its_templates_disk_on_it_does_not_keep_a_vm_from_running(marked: Marked) -> None:
    marked.disk("golden_Disk1").copy(storage_domain=types.StorageDomain(id=east("domain", "nfs-vault")))
    marked.give_mark("nfs-vault")
    assert set(marked.places("golden_Disk1")) == {east("domain", "east-data"), east("domain", "nfs-vault")}
    marked.vm("thin1").start()
    assert marked.status("thin1") == "up"


@pytest.mark.restriction("enforce_l")
@pytest.mark.conforms("storage 4.1 L")
def test_a_lease_on_it_keeps_a_vm_from_running(marked: Marked) -> None:
    give_lease(marked, "db", "nfs-vault")
    marked.vm("db").start()
    with refused(409):
        marked.mark("nfs-vault")
    marked.vm("db").stop()
    marked.give_mark("nfs-vault")
    with refused(400):
        marked.vm("db").start()


@pytest.mark.restriction("enforce_l_placement")
@pytest.mark.conforms("workloads 5.4")
def test_a_lease_can_be_put_on_it_even_of_a_running_vm(marked: Marked) -> None:
    marked.give_mark("nfs-vault")
    marked.vm("db").start()
    give_lease(marked, "db", "nfs-vault")
    assert marked.vm("db").get().lease.storage_domain.id == east("domain", "nfs-vault")


@pytest.mark.restriction("enforce_f")
def test_the_hosted_engines_domain_can_be_marked_unless_its_vm_runs_there(marked: Marked) -> None:
    with marked.site.engine.transaction() as context:
        context.db.get_one(schema.BaseDisk, east("disk", "erp_Disk2")).content_type = "hosted_engine"
        context.db.get_one(schema.VmStatic, east("vm", "erp")).origin = "managed_hosted_engine"
    marked.mark("mixed-file")


@pytest.mark.restriction("enforce_g")
def test_the_memory_of_a_suspended_vm_can_go_there(marked: Marked) -> None:
    marked.give_mark("vault")
    marked.vm("web").suspend()
    assert marked.status("web") == "suspended"
    kinds = {disk.content_type.value: disk for disk in marked.api.disks_service().list()}
    assert [place.id for place in kinds["memory_dump_volume"].storage_domains] == [east("domain", "vault")]


@pytest.mark.restriction("enforce_c")
def test_a_snapshot_of_a_vm_there_is_previewed_undone_and_committed(marked: Marked) -> None:
    snapshots = marked.vm("app").snapshots_service()
    taken = snapshots.add(types.Snapshot(description="before", persist_memorystate=False))
    marked.give_mark("east-data")
    for end in (marked.vm("app").undo_snapshot, marked.vm("app").commit_snapshot):
        marked.vm("app").preview_snapshot(snapshot=types.Snapshot(id=taken.id))
        assert snapshots.snapshot_service(taken.id).get().snapshot_status == types.SnapshotStatus.IN_PREVIEW
        end()
    assert snapshots.snapshot_service(taken.id).get().snapshot_status == types.SnapshotStatus.OK


@pytest.mark.restriction("enforce_i")
def test_a_pool_can_be_made_and_grow_there(marked: Marked) -> None:
    marked.give_mark("east-data")
    pools = marked.api.vm_pools_service()
    cluster, template = types.Cluster(name="east-cl1"), types.Template(name="golden")
    pool = pools.add(types.VmPool(name="desks", size=1, cluster=cluster, template=template))
    pools.pool_service(pool.id).update(types.VmPool(size=2))
    members = marked.api.vms_service().list(search="pool=desks")
    assert len(members) == 2


def give_lease(marked: Marked, vm: str, domain: str) -> None:
    place = types.StorageDomainLease(storage_domain=types.StorageDomain(id=east("domain", domain)))
    marked.vm(vm).update(types.Vm(lease=place))
