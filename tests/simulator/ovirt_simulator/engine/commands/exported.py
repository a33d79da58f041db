# SPDX-License-Identifier: GPL-3.0-or-later
"""What the commands on VMs and on templates of an export domain have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...ovf.document import Document
from .. import domains, entities, exports, ovf_store, registration, schema
from ..command import Command, Refusal
from ..restrictions import forbid

if TYPE_CHECKING:
    from ..runtime import Context


class Importing(Command):
    """Copies something from an export domain. The target may be a backup domain.

    targets: domains by disk; as soon as there is one, the default target no longer counts.
    """

    domain_id: str
    target_id: str
    entity_name: str
    new_id: str
    cluster_id: str | None
    clone: bool
    name: str | None
    targets: dict[str, str]

    def _renamed(self) -> exports.Renaming:
        return exports.Renaming(self.new_id if self.clone else None)

    def _name(self) -> str:
        return self.name or self.entity_name

    def _pool_id(self, context: Context) -> str | None:
        target = domains.find(context, self.target_id)
        return domains.pool_id_of(target)

    def _cluster(self, context: Context) -> schema.Cluster:
        found = context.db.get(schema.Cluster, self.cluster_id) if self.cluster_id is not None else None
        return registration.check_cluster(context, found, self._pool_id(context))

    def _places(self, context: Context, document: Document) -> dict[str, schema.StorageDomainStatic]:
        """Return the target of each disk, or refuse one that cannot take it."""
        pool_id, found = self._pool_id(context), {}
        for disk_id in document.disk_ids:
            target = domains.find(context, self.targets.get(disk_id, "") if self.targets else self.target_id)
            if domains.pool_id_of(target) != pool_id:
                raise Refusal(domains.DOMAIN_MISSING)
            domains.require_active_data(target)
            found[disk_id] = target
        forbid(context, context.engine.restrictions.enforce_m, *(target.id for target in found.values()))
        return found

    def _known_disks(self, context: Context, document: Document) -> None:
        """Refuse disks that the engine has already."""
        known = [one.alias for one in document.volumes if context.db.get(schema.BaseDisk, one.disk_id) is not None]
        if known and not self.clone:
            raise Refusal("ACTION_TYPE_FAILED_IMPORT_DISKS_ALREADY_EXIST", disks=", ".join(sorted(set(known))))

    def finish(self, context: Context) -> None:
        """Have everything usable here; what lies on the export domain stays."""
        exports.copy(context, self.domain_id)
        row = context.db.get_one(schema.VmStatic, self.new_id)
        row.status = "down" if row.entity_type == "vm" else "ok"
        ovf_store.touch(context, row)

    def undo(self, context: Context) -> None:
        entities.delete_disks(context, context.memory["disks"])
        row = context.db.get(schema.VmStatic, self.new_id)
        if row is not None:
            context.db.delete(row)
