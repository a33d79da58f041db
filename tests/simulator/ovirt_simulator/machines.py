# SPDX-License-Identifier: GPL-3.0-or-later
"""VMs and templates of a scenario, with their disks and NICs: thousands of them in a few statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert

from . import scenario as spec
from .engine import disks, schema
from .engine.runtime import Context
from .scenario import identifier
from .storage.contents import Contents
from .storage.schema import StoredImage

_GIB = 1 << 30


class Machines:
    """Collects rows, and writes them all at once."""

    def __init__(self, context: Context, site: spec.Site, contents: Mapping[str, Contents]) -> None:
        self._context = context
        self._site = site
        self._contents = contents
        self._domains = {
            name: context.db.get_one(schema.StorageDomainStatic, self._id("domain", name)) for name in contents
        }
        clusters = [cluster for center in site.data_centers for cluster in center.clusters]
        self._hosts = {cluster.name: [self._id("host", name) for name in cluster.hosts] for cluster in clusters}
        self._rows: dict[type[Any], list[dict[str, Any]]] = defaultdict(list)

    def _id(self, kind: str, name: str) -> str:
        return identifier(self._site.name, kind, name)

    def add(self, machine: spec.Machine, kind: str, index: int) -> None:
        """Add a VM or a template; the index is its place among those of its kind."""
        id_, now = self._id(kind, machine.name), self._context.now
        template_id = self._id("template", machine.template) if machine.template else None
        row = {
            "id": id_,
            "entity_type": kind,
            "name": machine.name,
            "description": machine.description,
            "cluster_id": self._id("cluster", machine.cluster),
            "template_id": template_id or (id_ if kind == "template" else schema.BLANK_TEMPLATE),
            "version_number": machine.version,
            "creation_date": now,
            "memory": machine.memory * _GIB,
            "memory_guaranteed": machine.memory * _GIB,
            "memory_max": 4 * machine.memory * _GIB,
            "os_type": machine.os_type,
            "high_availability": machine.high_availability,
            "priority": machine.priority,
            "lease_domain_id": self._id("domain", machine.lease) if machine.lease else None,
            "delete_protected": machine.delete_protected,
            "status": "ok" if kind == "template" else machine.status,
            "guest_ignores_shutdown": machine.guest_ignores_shutdown,
        }
        if kind == "vm" and machine.status != "down":
            row |= {"run_on_vds": self._hosts[machine.cluster][0], "start_time": now}
            row["guest_address"] = machine.guest_address if machine.status == "up" else None
        self._rows[schema.VmStatic].append(row)
        snapshot_id = self._id("snapshot", f"{machine.name}/active")
        if kind == "vm":
            self._rows[schema.Snapshot].append({"id": snapshot_id, "vm_id": id_, "creation_date": now})
        for number, disk in enumerate(machine.disks, 1):
            self._disk(machine, id_, snapshot_id, disk, number)
        for number, nic in enumerate(machine.nics):
            self._nic(machine, id_, nic, None if kind == "template" else index * 16 + number)

    def write(self) -> None:
        """Have everything in the databases."""
        fabric = self._context.storage
        self._context.db.flush()
        fabric.db.flush()
        for table, rows in self._rows.items():
            db = fabric.db if table is StoredImage else self._context.db
            db.execute(insert(table), rows)
        self._rows.clear()

    def _disk(self, machine: spec.Machine, vm_id: str, snapshot_id: str, disk: spec.Disk, number: int) -> None:
        alias = disk.alias or f"{machine.name}_Disk{number}"
        base = self._id("image", f"{machine.template}_Disk{number}") if disk.thin else None
        disk_id, image_id = self._id("disk", alias), self._id("image", alias)
        image = schema.Image(
            format=disk.format, sparse=True, provisioned_size=disk.size * _GIB, actual_size=disk.used * _GIB
        )
        image.sparse, image.actual_size = disks.size_on(self._domains[disk.domain], image)
        volume = {
            "parent_id": base,
            "format": image.format,
            "sparse": image.sparse,
            "provisioned_size": image.provisioned_size,
            "actual_size": image.actual_size,
        }
        places = [disk.domain, *disk.copies]
        self._place(places, disk_id, image_id, volume, alias, machine.guest_address if number == 1 else None)
        self._rows[schema.BaseDisk].append({"id": disk_id, "alias": alias})
        own = {"id": image_id, "disk_id": disk_id, "template_image_id": base, "snapshot_id": snapshot_id}
        self._rows[schema.Image].append({**volume, **own, "creation_date": self._context.now})
        plug = {"plugged": disk.plugged, "bootable": number == 1, "interface": disk.interface}
        self._rows[schema.DiskAttachment].append({"vm_id": vm_id, "disk_id": disk_id, **plug})

    def _place(
        self,
        names: list[str],
        disk_id: str,
        image_id: str,
        volume: Mapping[str, Any],
        alias: str,
        guest_address: str | None,
    ) -> None:
        text = disks.description_of(schema.BaseDisk(alias=alias, description=""))
        for ordinal, name in enumerate(names):
            place = {"image_id": image_id, "storage_domain_id": self._domains[name].id, "ordinal": ordinal}
            self._rows[schema.ImagePlacement].append(place)
            stored: dict[str, Any] = {"volume_id": self._contents[name].volume.id, "created": self._context.now}
            stored |= {"image_id": image_id, "disk_id": disk_id, "description": text, "guest_address": guest_address}
            self._rows[StoredImage].append({**volume, **stored})

    def _nic(self, machine: spec.Machine, vm_id: str, nic: spec.Nic, place: int | None) -> None:
        profile = f"{nic.network}/{nic.profile or nic.network}" if nic.network is not None else None
        row: dict[str, Any] = {
            "id": self._id("nic", f"{machine.name}/{nic.name}"),
            "vm_id": vm_id,
            "name": nic.name,
            "mac": nic.mac or (self._mac(place) if place is not None else None),
            "vnic_profile_id": self._id("profile", profile) if profile is not None else None,
        }
        self._rows[schema.VmInterface].append(row)

    def _mac(self, place: int) -> str:
        text = f"{int(self._site.mac_range[0].replace(':', ''), 16) + place:012x}"
        return ":".join(text[start : start + 2] for start in range(0, 12, 2))
