# SPDX-License-Identifier: GPL-3.0-or-later
"""Every kind of VM copied and moved to a backup domain, and registered from there at the other site."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import ovirtsdk4
import pytest
from ovirtsdk4 import types
from ovirtsdk4.services import SystemService

from ansible_collections.lifeboat.ovirt.plugins.module_utils.markers import BackupCopy, read
from ovirt_simulator.engine import schema
from ovirt_simulator.site import Sites, simulated_sites
from wire_client import east

KINDS = {"db": "direct LUN", "erp": "two domains", "app": "three snapshots", "thin1": "thin", "web": "running"}
TARGET = "nfs-vault"
QUICK = {"storage_domains": [TARGET], "poll_interval": 0.01}
PLACE = {"storage_type": "nfs", "address": "nfs.array-b.test", "path": "/vault", "backup": True}
TO_WEST = {
    "version": 1,
    "clusters": [{"source": "east-cl1", "target": "west-cl1"}],
    "vnic_profiles": [
        {
            "source": {"network": network, "profile": network},
            "target": {"network": network.replace("east", "west"), "profile": network.replace("east", "west")},
        }
        for network in ("east-lan", "ovirtmgmt")
    ],
}


@dataclass(frozen=True)
class Seen:
    """What an engine shows of a VM, as far as a transfer is about it."""

    status: str
    domains: frozenset[str]
    disks: int
    aliases: frozenset[str]
    snapshots: int
    macs: frozenset[str]
    available: bool
    lease: bool
    template: str
    description: str


def look(api: SystemService) -> dict[str, Seen]:
    """Return all VMs by name."""
    names = {one.id: one.name for one in api.storage_domains_service().list()}
    found = api.vms_service().list(follow="disk_attachments.disk,snapshots,nics,template")
    return {vm.name: _seen(vm, names) for vm in found}


def _seen(vm: types.Vm, names: dict[str, str]) -> Seen:
    disks = [one.disk for one in vm.disk_attachments]
    return Seen(
        status=str(vm.status),
        domains=frozenset(names[place.id] for disk in disks for place in disk.storage_domains or ()),
        disks=len(disks),
        aliases=frozenset(disk.alias for disk in disks),
        snapshots=len(vm.snapshots) - 1,
        macs=frozenset(nic.mac.address for nic in vm.nics),
        available=vm.high_availability.enabled,
        lease=vm.lease is not None,
        template=vm.template.name,
        description=vm.description or "",
    )


@pytest.fixture
def api(primary) -> Iterator[SystemService]:
    connection = ovirtsdk4.Connection(**primary.auth)
    yield connection.system_service()
    connection.close(logout=False)


@pytest.fixture
def mixed(play, primary, api) -> SystemService:
    """The primary site with one VM of every kind and a backup domain; `db` is highly available with a lease, too."""
    with primary.engine.transaction() as context:
        context.db.add(schema.Lun(id="lun-1", disk_id=east("disk", "direct"), size=10 << 30))
        # The engine attaches a shareable one to a clone.
        unit = {"storage_type": "lun", "lun_id": "lun-1", "shareable": True}
        context.db.add(schema.BaseDisk(id=east("disk", "direct"), alias="direct", **unit))
        context.db.flush()
        context.db.add(schema.DiskAttachment(vm_id=east("vm", "db"), disk_id=east("disk", "direct")))
        context.db.get_one(schema.VmStatic, east("vm", "db")).lease_domain_id = east("domain", "east-data")
        context.db.get_one(schema.VmStatic, east("vm", "db")).delete_protected = True
    for number in range(3):
        service = api.vms_service().vm_service(east("vm", "app")).snapshots_service()
        service.add(types.Snapshot(description=f"step {number}", persist_memorystate=False))
    play("backup_domain", auth=primary.auth, storage_domains=[TARGET])
    return api


def test_every_kind_is_copied_and_moved_and_both_are_registered_at_the_other_site(play, sites: Sites, mixed):
    primary, secondary = sites["primary"], sites["secondary"]
    before = look(mixed)
    copied = play("backup_transfer", auth=primary.auth, method="copy", vms=list(KINDS), templates=["base"], **QUICK)
    assert copied["counts"] == {"succeeded": 6, "failed": 0, "skipped": 0, "unknown": 0}, copied
    assert copied["warnings"] == ["direct LUN direct of VM db has no image and is not transferred"]
    after = look(mixed)
    assert {name: seen for name, seen in after.items() if name in before} == before, "the sources are as they were"
    assert any(one.method == "DELETE" and "/diskattachments/" in one.path for one in primary.writes)
    names = {one["name"]: one["copy"] for one in copied["transfers"] if one["kind"] == "vm"}
    _check_copies(before, after, names)

    options = {"templates": ["base"], "include_templates": True, "shutdown_vms": True}
    moved = play("backup_transfer", auth=primary.auth, method="move", vms=list(KINDS), **options, **QUICK)
    assert moved["counts"] == {"succeeded": 7, "failed": 0, "skipped": 0, "unknown": 0}, moved
    mixed.vms_service().vm_service(east("vm", "db")).update(types.Vm(delete_protected=False))
    later = look(mixed)
    for name in KINDS:
        assert later[name].domains == {TARGET} and later[name].status == "down"
        assert (later[name].snapshots, later[name].disks) == (before[name].snapshots, before[name].disks)
    places = {one.name: _places(mixed, one) for one in mixed.templates_service().list() if one.name != "Blank"}
    assert places == {"base": {TARGET}, "golden": {"east-data", TARGET}}

    released = play(
        "storage_domain_state", auth=primary.auth, storage_domains=[TARGET], state="unattached", poll_interval=0.01
    )
    assert not released.get("failed"), released
    sites.arrays.replicate()
    domain = {**PLACE, "id": east("domain", TARGET)}
    imported = play("storage_domain_import", auth=secondary.auth, data_center="west", storage_domains=[domain])
    assert not imported.get("failed"), imported
    registered = play(
        "entity_registration", auth=secondary.auth, storage_domains=[TARGET], allow_partial=True, mapping=TO_WEST
    )
    assert registered["counts"] == {"succeeded": 12, "failed": 0, "skipped": 0, "unknown": 0}, registered
    connection = ovirtsdk4.Connection(**secondary.auth)
    there = look(connection.system_service())
    connection.close(logout=False)
    for source, name in names.items():
        assert there[name].description == after[name].description
        assert (there[name].disks, there[source].status) == (after[name].disks, "down")


def _check_copies(before: dict[str, Seen], after: dict[str, Seen], names: dict[str, str]) -> None:
    assert set(names) == set(KINDS)
    macs = [mac for seen in after.values() for mac in seen.macs]
    assert len(macs) == len(set(macs)), "no address is in use twice"
    for source, name in names.items():
        copy, marker = after[name], read(after[name].description)
        assert isinstance(marker, BackupCopy) and marker.complete
        assert (marker.source_id, marker.source_name) == (east("vm", source), source)
        assert (copy.status, copy.domains, copy.template) == ("down", {TARGET}, "Blank")
        assert (copy.snapshots, copy.available, copy.lease) == (0, False, False)
        assert copy.disks == before[source].disks - (source == "db") and len(copy.macs) == len(before[source].macs)
        assert all(alias.startswith(f"{name}_") for alias in copy.aliases)


def _places(api: SystemService, template: types.Template) -> set[str]:
    names = {one.id: one.name for one in api.storage_domains_service().list()}
    attachments = api.templates_service().template_service(template.id).disk_attachments_service().list(follow="disk")
    return {names[place.id] for one in attachments for place in one.disk.storage_domains}


def test_an_engine_that_clones_to_no_domain_copies_through_a_snapshot(play):
    with simulated_sites(version="4.3") as sites:
        auth = sites["primary"].auth
        play("backup_domain", auth=auth, storage_domains=[TARGET])
        result = play("backup_transfer", auth=auth, method="copy", vms=["erp"], **QUICK)
        assert result["counts"]["succeeded"] == 1, result
        assert not any(entry.path.endswith("/clone") for entry in sites["primary"].requests)
        connection = ovirtsdk4.Connection(**auth)
        seen = look(connection.system_service())
        connection.close(logout=False)
    copy = seen[result["transfers"][0]["copy"]]
    assert (copy.domains, copy.disks, seen["erp"].snapshots) == ({TARGET}, 2, 0)
