# SPDX-License-Identifier: GPL-3.0-or-later
"""A site for tests of what a backup domain may and may not do: short names for what they do again and again."""

from __future__ import annotations

import ovirtsdk4
import pytest
from ovirtsdk4 import services, types

from ovirt_simulator.engine import schema
from ovirt_simulator.site import SimulatedSite
from wire_client import east


def refused(code: int) -> pytest.RaisesExc[ovirtsdk4.Error]:
    """Return what expects a fault with an HTTP status."""
    return pytest.raises(ovirtsdk4.Error, check=lambda error: error.code == code)


class Marked:
    """The primary site of the default scenario over HTTPS, where `nfs-vault` is empty and east-data is the master."""

    def __init__(self, site: SimulatedSite, api: services.SystemService) -> None:
        self.site = site
        self.api = api
        self.pool = api.data_centers_service().data_center_service(east("data_center", "east"))

    def domain(self, name: str) -> services.StorageDomainService:
        """Return the service of a storage domain."""
        return self.api.storage_domains_service().storage_domain_service(east("domain", name))

    def attached(self, name: str) -> services.AttachedStorageDomainService:
        """Return the service of a storage domain in its data center."""
        return self.pool.storage_domains_service().storage_domain_service(east("domain", name))

    def mark(self, name: str, backup: bool = True) -> types.StorageDomain:
        """Change a domain's mark by the API; the answer tells it."""
        changed = self.domain(name).update(types.StorageDomain(backup=backup))
        assert changed.backup is backup
        return changed

    def give_mark(self, name: str) -> None:
        """Mark a domain behind the engine's back, so that no check on the way matters."""
        with self.site.engine.transaction() as context:
            context.db.get_one(schema.StorageDomainStatic, east("domain", name)).backup = True

    def vm(self, name: str) -> services.VmService:
        """Return the service of a VM."""
        return self.api.vms_service().vm_service(east("vm", name))

    def status(self, name: str) -> str:
        """Return the status of a VM."""
        return str(self.vm(name).get().status.value)

    def disk(self, alias: str) -> services.DiskService:
        """Return the service of a disk."""
        return self.api.disks_service().disk_service(east("disk", alias))

    def move(self, alias: str, target: str) -> None:
        """Move a disk, live or cold as the engine chooses."""
        self.disk(alias).move(storage_domain=types.StorageDomain(id=east("domain", target)))

    def places(self, alias: str) -> list[str]:
        """Return the ids of the domains where a disk lies."""
        return [place.id for place in self.disk(alias).get().storage_domains]

    def attachment(self, vm: str, alias: str) -> services.DiskAttachmentService:
        """Return the service of a disk as a VM's device."""
        return self.vm(vm).disk_attachments_service().attachment_service(east("disk", alias))
