# SPDX-License-Identifier: GPL-3.0-or-later
"""The scenario with everything that the backup flag could stand in the way of, as tests see it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ovirtsdk4
from ovirtsdk4 import types
from ovirtsdk4.services import SystemService, VmService

from ovirt_simulator import scenario

SCENARIO = Path(scenario.DEFAULT).parent / "restrictions.yml"


def only(kind: str, name: str) -> str:
    """Return the id of a thing of the scenario's only site."""
    return scenario.identifier("only", kind, name)


class North:
    """The scenario's data center through the SDK."""

    def __init__(self, api: SystemService) -> None:
        self.api = api

    def vm(self, name: str) -> VmService:
        return self.api.vms_service().vm_service(only("vm", name))

    def status(self, name: str) -> str:
        return str(self.vm(name).get().status)

    def mark(self, domain: str, backup: bool = True) -> None:
        service = self.api.storage_domains_service().storage_domain_service(only("domain", domain))
        service.update(types.StorageDomain(backup=backup))

    def snapshots(self, name: str) -> dict[str, tuple[str, str, bool]]:
        """Return type, status and whether there is memory, by description."""
        found = self.vm(name).snapshots_service().list()
        return {
            one.description: (str(one.snapshot_type), str(one.snapshot_status), one.persist_memorystate)
            for one in found
        }

    def disk(self, alias: str) -> types.Disk:
        found = [one for one in self.api.disks_service().list() if one.alias == alias]
        assert len(found) == 1, f"{len(found)} disks {alias}"
        return found[0]

    def places(self, alias: str) -> list[str]:
        names = {one.id: one.name for one in self.api.storage_domains_service().list()}
        return [names[one.id] for one in self.disk(alias).storage_domains]

    def plugged(self, name: str) -> dict[str, bool]:
        attachments = self.vm(name).disk_attachments_service().list(follow="disk")
        return {one.disk.alias: one.active for one in attachments}

    def plugged_of(self, name: str) -> dict[str, bool]:
        """Return the same of a VM that the scenario does not know."""
        service = self.api.vms_service().vm_service(self.named(name).id)
        return {one.disk.alias: one.active for one in service.disk_attachments_service().list(follow="disk")}

    def make(self, name: str, **parts: Any) -> types.Vm:
        query = parts.pop("query", None)
        body = types.Vm(name=name, cluster=types.Cluster(id=only("cluster", "north-cl1")), **parts)
        return self.api.vms_service().add(body, query=query)

    def named(self, name: str) -> types.Vm:
        found = self.api.vms_service().list(search=f"name={name}")
        assert len(found) == 1
        return found[0]


def refused(call: Any, *args: Any, **parts: Any) -> tuple[int, str]:
    """Return code and detail of the refusal that a call ends with."""
    try:
        call(*args, **parts)
    except ovirtsdk4.Error as exc:
        return exc.code, exc.fault.detail if exc.fault is not None else ""
    raise AssertionError("it was accepted")


ON_BACKUP = "A running VM may not have disks or leases on a backup storage domain."
