# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole way of a workload from one site to the other, command by command."""

from __future__ import annotations

from ovirt_simulator.engine import schema
from ovirt_simulator.engine.commands import (
    AddExistingBlockStorageDomain,
    AttachStorageDomainToPool,
    ConnectStorageToVds,
    FailHosts,
    ImportVmFromConfiguration,
    ImportVmTemplateFromConfiguration,
    MoveDisk,
    MoveOrCopyDisk,
    RemoveDisk,
    RunVm,
    ShutdownVm,
    UpdateStorageDomain,
)
from ovirt_simulator.engine.queries import hosts as host_queries
from simulated_world import World

PORTAL = ("10.20.1.10", 3260)
TARGET = "iqn.2031-05.test.array-b:vault"
MAPPINGS = {
    "clusters": [["east-cl1", "west-cl1"]],
    "vnic_profiles": [["east-lan", "east-lan", {"network": "west-lan", "profile": "west-lan"}]],
}


def prepare(world: World) -> None:
    primary = world.primary
    vault, data = primary.id("domain", "vault"), primary.id("domain", "east-data")
    web, base_disk = primary.id("vm", "web"), primary.id("disk", "base_Disk1")
    assert primary.refused(primary.set_backup("vault")) == (
        409,
        ("ACTION_TYPE_FAILED_RUNNING_VM_OR_VM_LEASES_PRESENT_ON_STORAGE_DOMAIN",),
    )
    primary.run(ShutdownVm(web))
    primary.run(primary.set_backup("vault"))
    assert primary.refused(RunVm(web)) == (400, ("ACTION_TYPE_FAILED_VM_DISKS_ON_BACKUP_STORAGE",))
    primary.run(MoveDisk(primary.id("disk", "db_Disk1"), vault))
    assert primary.refused(MoveDisk(base_disk, vault))[0] == 400
    primary.run(MoveOrCopyDisk(base_disk, vault, copy=True))
    primary.run(RemoveDisk(base_disk, data))
    assert primary.places("db_Disk1") == primary.places("base_Disk1") == ["vault"]
    primary.run(primary.update_ovf("vault"))


def recover(world: World) -> None:
    secondary = world.secondary
    host = secondary.id("host", "west-h1")
    with secondary.look() as context:
        found = host_queries.discover_targets(context, host, *PORTAL, None, None)
    assert TARGET in [one.target for one in found]
    secondary.run(ConnectStorageToVds(host, *PORTAL, found[0].portal, TARGET))
    with secondary.look() as context:
        candidates = host_queries.unregistered_block_domains(context, host, "iscsi", *PORTAL, [TARGET], None, None)
        seen = {one.storage_domain_id for one in host_queries.devices(context, host, True)}
    assert [(one.id, one.name) for one in candidates] == [(world.vault, "vault")]
    assert world.vault in seen
    secondary.run(AddExistingBlockStorageDomain(world.vault, host, {"storage_type": "iscsi", "backup": True}))
    secondary.run(AttachStorageDomainToPool(world.vault, secondary.pool))
    assert secondary.status_of(world.vault) == "active"


def test_vms_and_a_template_come_up_at_the_other_site(world: World) -> None:
    prepare(world)
    primary, secondary = world.primary, world.secondary
    world.replicate("a-vault")
    primary.run(FailHosts([primary.id("host", "east-h1"), primary.id("host", "east-h2")]))
    recover(world)
    with secondary.look() as context:
        listed = {row.entity_name: row.entity_type for row in context.db.query(schema.UnregisteredOvf)}
    assert listed == {"web": "vm", "db": "vm", "base": "template"}
    base = primary.id("template", "base")
    secondary.run(ImportVmTemplateFromConfiguration(world.vault, base, mappings=MAPPINGS))
    for name in ("db", "web"):
        vm_id = primary.id("vm", name)
        secondary.run(ImportVmFromConfiguration(world.vault, vm_id, mappings=MAPPINGS))
        assert secondary.refused(RunVm(vm_id))[0] == 400
    secondary.run(UpdateStorageDomain(world.vault, {"backup": False}))
    with secondary.look() as context:
        assert context.db.query(schema.UnregisteredOvf).count() == 0
        nics = context.db.query(schema.VmInterface).filter(schema.VmInterface.vm_id != base)
        assert {nic.vnic_profile_id for nic in nics} == {secondary.id("profile", "west-lan/west-lan")}
        assert context.db.get_one(schema.VmStatic, base).status == "ok"
    for name in ("db", "web"):
        secondary.run(RunVm(primary.id("vm", name)))
    with secondary.look() as context:
        rows = {row.name: row for row in context.db.query(schema.VmStatic).filter_by(entity_type="vm")}
        assert {name: row.status for name, row in rows.items()} == {"db": "up", "web": "up"}
        assert rows["db"].high_availability
        assert {row.guest_address for row in rows.values()} == {"192.0.2.11", "192.0.2.12"}
        assert context.db.query(schema.EntityLock).count() == context.db.query(schema.CommandRun).count() == 0
