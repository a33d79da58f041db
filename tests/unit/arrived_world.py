# SPDX-License-Identifier: GPL-3.0-or-later
"""A site that took over another's storage: two data centers each, everything attached and nothing registered yet."""

from __future__ import annotations

import uuid
from functools import cache
from typing import Any

import ovirtsdk4
from ovirtsdk4 import types

from ovirt_simulator import scenario
from ovirt_simulator.engine.commands import (
    AddExistingFileStorageDomain,
    AddStorageServerConnection,
    AttachStorageDomainToPool,
    UpdateOvfStoreForStorageDomain,
)
from ovirt_simulator.scenario import identifier
from ovirt_simulator.site import SimulatedSite, Snapshot, simulated_sites

LEDGER, LEDGER_COPY = "3600a0980000000000000000000000d01", "3600a0980000000000000000000000d11"
SPARE, SPARE_COPY = "3600a0980000000000000000000000d02", "3600a0980000000000000000000000d12"
# Which domain goes to which data center.
DOMAINS = {"shop": "west", "office": "west", "plant": "south"}
MAPPING: dict[str, Any] = {
    "version": 1,
    "clusters": [{"source": "east-cl1", "target": "west-cl1"}, {"source": "north-cl1", "target": "south-cl1"}],
    "vnic_profiles": [
        {
            "source": {"network": f"{a}-lan", "profile": f"{a}-lan"},
            "target": {"network": f"{b}-lan", "profile": f"{b}-lan"},
        }
        for a, b in (("east", "west"), ("north", "south"))
    ],
    "affinity_groups": [{"source": "apart", "target": "apart-here"}],
    "affinity_labels": [{"source": "licensed", "target": "licensed-here"}],
    "user_domains": [{"source": "corp-authz", "target": "rescue-authz"}],
    "roles": [{"source": "UserVmManager", "target": "PowerUserRole"}],
    "luns": [{"source": {"id": LEDGER}, "target": {"id": LEDGER_COPY, "type": "fcp"}}],
}


def source(name: str, kind: str = "vm") -> str:
    """Return the id of something of the site that was lost."""
    return identifier("primary", kind, name)


@cache
def arrive() -> Snapshot:
    """Return the world in which the domains of the lost site are attached at the other."""
    with simulated_sites(scenario.decode(_world())) as sites:
        _add_disks(sites["primary"])
        for name in DOMAINS:
            sites["primary"].engine.execute(UpdateOvfStoreForStorageDomain(source(name, "domain")))
        sites["primary"].engine.settle()
        sites["primary"].hosts.fence()
        sites.arrays.replicate()
        for name, center in DOMAINS.items():
            _bring_in(sites["secondary"], name, center)
        return sites.snapshot()


def _add_disks(site: SimulatedSite) -> None:
    """Give the VM ledger a direct LUN, and the domain plant a disk that belongs to nobody."""
    storage = types.HostStorage(type=types.StorageType.FCP, logical_units=[types.LogicalUnit(id=LEDGER)])
    disk = types.Disk(alias="ledger_lun", lun_storage=storage)
    with ovirtsdk4.Connection(**site.auth) as connection:
        api = connection.system_service()
        attachments = api.vms_service().vm_service(source("ledger")).disk_attachments_service()
        attachments.add(types.DiskAttachment(disk=disk, interface=types.DiskInterface.VIRTIO_SCSI, active=True))
        plant = types.StorageDomain(id=source("plant", "domain"))
        size = {"provisioned_size": 1 << 30, "format": types.DiskFormat.COW, "sparse": True}
        api.disks_service().add(types.Disk(alias="loose", storage_domains=[plant], **size))


def _bring_in(site: SimulatedSite, name: str, center: str) -> None:
    host = identifier("secondary", "host", f"{center}-h1")
    connection, domain = str(uuid.uuid4()), source(name, "domain")
    where = {"address": "nfs.array-b.test", "path": f"/{name}"}
    site.engine.execute(AddStorageServerConnection(connection, "nfs", host, where))
    site.engine.execute(
        AddExistingFileStorageDomain(domain, host, {"storage_type": "nfs", "connection_id": connection})
    )
    site.engine.execute(AttachStorageDomainToPool(domain, identifier("secondary", "data_center", center)))
    site.engine.settle()


def _world() -> dict[str, Any]:
    return {
        "arrays": [
            _array("a", ["east", "north"], [LEDGER, SPARE]),
            _array("b", ["west", "south"], [LEDGER_COPY, SPARE_COPY]),
        ],
        "replications": [{"source": f"a-{name}", "target": f"b-{name}"} for name in DOMAINS],
        "sites": [_primary(), _secondary()],
    }


def _array(letter: str, centers: list[str], luns: list[str]) -> dict[str, Any]:
    address, site = f"nfs.array-{letter}.test", {"a": "primary", "b": "secondary"}[letter]
    return {
        "name": f"array-{letter}",
        "volumes": [
            {"name": f"{letter}-{name}", "export": {"address": address, "path": f"/{name}", "size": 500}}
            for name in [*DOMAINS, *centers]
        ],
        "free_units": [{"id": lun, "size": 50, "zoned_sites": [site]} for lun in luns],
    }


def _center(name: str) -> dict[str, Any]:
    cluster = {"name": f"{name}-cl1", "hosts": [f"{name}-h1"], "networks": [f"{name}-lan", f"{name}-drill"]}
    return {
        "name": name,
        "networks": [{"name": f"{name}-lan"}, {"name": f"{name}-drill"}, {"name": f"{name}-unused"}],
        "clusters": [cluster],
    }


def _primary() -> dict[str, Any]:
    def vm(name: str, domain: str, center: str = "east", network: str | None = None, **more: Any) -> dict[str, Any]:
        nics = [{"network": network or f"{center}-lan"}]
        return {"name": name, "cluster": f"{center}-cl1", "disks": [{"domain": domain}], "nics": nics, **more}

    web = {"permissions": [{"user": "ann@corp", "role": "UserVmManager"}, {"user": "bob@corp", "role": "UserRole"}]}
    return {
        "name": "primary",
        "mac_range": ["56:6f:0a:00:00:00", "56:6f:0a:00:ff:ff"],
        "users": ["ann@corp", "bob@corp"],
        "data_centers": [_center("east"), _center("north")],
        "domains": [
            {"name": "east-own", "volume": "a-east", "data_center": "east", "master": True},
            {"name": "north-own", "volume": "a-north", "data_center": "north", "master": True},
            {"name": "shop", "volume": "a-shop", "data_center": "east"},
            {"name": "office", "volume": "a-office", "data_center": "east"},
            {"name": "plant", "volume": "a-plant", "data_center": "north"},
        ],
        "templates": [vm("golden", "shop"), vm("golden-2", "office", template="golden", version=2)],
        "vms": [
            vm("web", "shop", **web),
            {**vm("thin", "shop", template="golden"), "disks": [{"domain": "shop", "thin": True}]},
            vm("ledger", "office"),
            vm("guest", "office", network="east-drill"),
            vm("press", "plant", center="north"),
        ],
        "affinity_groups": [{"name": "apart", "cluster": "east-cl1", "vms": ["web"], "positive": False}],
        "affinity_labels": [{"name": "licensed", "vms": ["web"]}],
    }


def _secondary() -> dict[str, Any]:
    return {
        "name": "secondary",
        "mac_range": ["56:6f:0b:00:00:00", "56:6f:0b:00:ff:ff"],
        "users": ["ann@rescue"],
        "data_centers": [_center("west"), _center("south")],
        "domains": [
            {"name": "west-own", "volume": "b-west", "data_center": "west", "master": True},
            {"name": "south-own", "volume": "b-south", "data_center": "south", "master": True},
        ],
        "affinity_groups": [{"name": "apart-here", "cluster": "west-cl1", "positive": False}],
        "affinity_labels": [{"name": "licensed-here"}],
    }
