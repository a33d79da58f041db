# SPDX-License-Identifier: GPL-3.0-or-later
"""Deleting VMs and templates that lie on a domain and are not registered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete

from ...ovf.reader import read
from ...ovf.values import OvfError
from .. import domains, ovf_store, schema
from ..command import Command, Lock, Refusal

if TYPE_CHECKING:
    from ..runtime import Context


@dataclass
class RemoveUnregisteredEntity(Command):
    """Delete an unregistered VM or template, its images on storage included."""

    domain_id: str
    entity_id: str
    kind: str

    description = "Removing unregistered {entity_id}"
    lock_scope = "execution"

    def locks(self, context: Context) -> list[Lock]:
        return [Lock("VM" if self.kind == "vm" else "TEMPLATE", self.entity_id)]

    def validate(self, context: Context) -> None:
        domain = domains.find(context, self.domain_id)
        domains.find_up_pool(context, domains.pool_id_of(domain))
        domains.require_active_data(domain)
        if context.db.get(schema.UnregisteredOvf, (self.entity_id, self.domain_id)) is None:
            raise Refusal("ACTION_TYPE_FAILED_UNSUPPORTED_OVF")

    def execute(self, context: Context) -> None:
        domain = domains.find(context, self.domain_id)
        row = context.db.get_one(schema.UnregisteredOvf, (self.entity_id, self.domain_id))
        contents = domains.contents_of(context, domain)
        for disk_id in self._disks(row.ovf):
            if context.db.get(schema.BaseDisk, disk_id) is None:
                contents.remove_disk(disk_id)
            here = (schema.UnregisteredDisk.disk_id == disk_id, schema.UnregisteredDisk.storage_domain_id == domain.id)
            context.db.execute(delete(schema.UnregisteredDisk).where(*here))
        context.db.delete(row)
        ovf_store.outdate(context, domain.id)
        domains.refresh_sizes(domain, contents)

    @staticmethod
    def _disks(text: str) -> set[str]:
        try:
            return {volume.disk_id for volume in read(text).volumes}
        except OvfError:
            return set()
