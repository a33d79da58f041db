# SPDX-License-Identifier: GPL-3.0-or-later
"""VMs on an export domain: bringing one into a data domain, and deleting one there."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from ...ovf.document import Document
from ...storage.failures import StorageFailure
from .. import domains, exports, macs, memory, registration, schema
from ..command import Command, ExecutionFailure, Lock, Refusal
from ..machines import check_macs, name_taken
from .exported import Importing
from .register_luns import check_luns, register_luns

if TYPE_CHECKING:
    from ..runtime import Context

_NOT_THERE = "ACTION_TYPE_FAILED_VM_NOT_FOUND_ON_EXPORT_DOMAIN"


@dataclass
class _Plan:
    document: Document
    cluster: schema.Cluster
    copies: list[exports.DiskCopy]


@dataclass
class ImportVm(Importing):
    """Copy a VM of an export domain, under its own identifiers or as a clone, with its snapshots or collapsed.

    formats: what the request says of the disks' format and allocation.
    """

    domain_id: str
    vm_id: str
    entity_name: str
    new_id: str
    target_id: str
    cluster_id: str | None = None
    clone: bool = False
    name: str | None = None
    collapse: bool = False
    targets: dict[str, str] = field(default_factory=dict)
    formats: dict[str, dict[str, Any]] = field(default_factory=dict)

    description = "Importing VM {entity_name} to {target_id}"

    def locks(self, context: Context) -> list[Lock]:
        return [
            Lock("VM_NAME", self._name(), "ACTION_TYPE_FAILED_NAME_ALREADY_USED"),
            Lock("VM", self.new_id, "ACTION_TYPE_FAILED_VM_IS_BEING_IMPORTED"),
            Lock("REMOTE_VM", self.vm_id, "ACTION_TYPE_FAILED_VM_IS_BEING_IMPORTED", exclusive=False),
        ]

    def validate(self, context: Context) -> None:
        self._ready = self._plan(context)

    def _plan(self, context: Context) -> _Plan:
        """Make all checks in the engine's order and return what is to be done."""
        document = exports.document_of(context, self.domain_id, self.vm_id)
        if document is None:
            raise Refusal(_NOT_THERE)
        cluster, pool_id = self._cluster(context), self._pool_id(context)
        if not self.clone:
            self._check_addresses(context, document)
        domains.find_up_pool(context, pool_id)
        places = self._places(context, document)
        self._check_clone(context, document)
        if domains.pool_id_of(domains.find(context, self.domain_id)) != pool_id:
            raise Refusal(_NOT_THERE)
        self._check_parts(context, document)
        self._check_twins(context, document)
        self._check_images(context, document, places)
        if name_taken(context, self._name(), pool_id, "vm"):
            raise Refusal("VM_CANNOT_IMPORT_VM_NAME_EXISTS", name=self._name())
        self._check_template_ready(context, document)
        check_luns(context, document, {}, False)
        self._check_collapse(context, document)
        registration.check_architecture(document, cluster)
        copies = self._copies(context, document, places, pool_id)
        exports.require_room(copies)
        if not self.clone:
            macs.assign(context, document.nics, reassign_bad=False)
        return _Plan(document, cluster, copies)

    @staticmethod
    def _check_addresses(context: Context, document: Document) -> None:
        used = macs.taken(context, document.nics)
        if used:
            message = "ACTION_TYPE_FAILED_CANNOT_ADD_IFACE_DUE_TO_MAC_DUPLICATES"
            raise Refusal(message, macs=", ".join(used))

    def _check_clone(self, context: Context, document: Document) -> None:
        """Refuse a clone that would have to keep snapshots or a template."""
        if not self.clone or self.collapse:
            return
        template = context.db.get(schema.VmStatic, document.template_id) if document.template_id else None
        if template is not None or any(one.type != "ACTIVE" for one in document.snapshots):
            raise Refusal("ACTION_TYPE_FAILED_IMPORT_CLONE_NOT_COLLAPSED")

    def _check_parts(self, context: Context, document: Document) -> None:
        if any(volume.snapshot_id is None for volume in document.volumes):
            raise Refusal("ACTION_TYPE_FAILED_CORRUPTED_VM_SNAPSHOT_ID")
        if self.clone:
            check_macs(context, len(document.nics))
        if document.memory_max < document.memory:
            raise Refusal("ACTION_TYPE_FAILED_MAX_MEMORY_CANNOT_BE_SMALLER_THAN_MEMORY_SIZE")

    def _check_twins(self, context: Context, document: Document) -> None:
        """Refuse what the engine has already; the flag `exclusive` would make no difference."""
        if context.db.get(schema.VmStatic, self.new_id) is not None:
            raise Refusal("VM_CANNOT_IMPORT_VM_EXISTS")
        self._known_disks(context, document)

    def _check_images(
        self, context: Context, document: Document, places: dict[str, schema.StorageDomainStatic]
    ) -> None:
        """Refuse a template that is missing, images that are on a target already, or not on the export domain."""
        thin = document.template_id is not None and not self.collapse
        template = context.db.get(schema.VmStatic, document.template_id) if document.template_id else None
        if thin and template is None:
            raise Refusal("ACTION_TYPE_FAILED_TEMPLATE_DOES_NOT_EXIST")
        for disk_id, target in places.items():
            if not self.clone and self._is_on(context, target, disk_id):
                raise Refusal("ACTION_TYPE_FAILED_STORAGE_DOMAIN_ALREADY_CONTAINS_DISK", name=target.name)
        needed = {volume.template_image_id for volume in document.volumes if volume.template_image_id}
        held = select(schema.ImagePlacement.image_id).where(
            schema.ImagePlacement.image_id.in_(needed),
            schema.ImagePlacement.storage_domain_id.in_([target.id for target in places.values()]),
        )
        if thin and needed and not set(context.db.scalars(held)):
            raise Refusal("ACTION_TYPE_FAILED_TEMPLATE_NOT_FOUND_ON_DESTINATION_DOMAIN")
        missing = exports.missing(context, self.domain_id, document.volumes)
        if missing:
            raise Refusal("ACTION_TYPE_FAILED_VM_IMAGE_DOES_NOT_EXIST", disks=", ".join(missing))

    @staticmethod
    def _is_on(context: Context, target: schema.StorageDomainStatic, disk_id: str) -> bool:
        try:
            return bool(domains.contents_of(context, target).images(disk_id))
        except (StorageFailure, ExecutionFailure) as exc:
            raise Refusal("ERROR_GET_IMAGE_LIST") from exc

    def _check_template_ready(self, context: Context, document: Document) -> None:
        template = context.db.get(schema.VmStatic, document.template_id) if document.template_id else None
        if template is not None and template.status == "locked" and not self.collapse:
            raise Refusal("VM_TEMPLATE_IMAGE_IS_LOCKED", name=template.name)

    def _check_collapse(self, context: Context, document: Document) -> None:
        if not self.collapse or document.template_id is None:
            return
        if exports.document_of(context, self.domain_id, document.template_id) is None:
            raise Refusal("ACTION_TYPE_FAILED_IMPORTED_TEMPLATE_IS_MISSING")

    def _copies(
        self,
        context: Context,
        document: Document,
        places: dict[str, schema.StorageDomainStatic],
        pool_id: str | None,
    ) -> list[exports.DiskCopy]:
        """Return the disks as they become; the memory of snapshots goes where the engine likes, not to the targets."""
        copies = exports.copies_of(document, self.new_id, places, self._renamed(), self.formats, self.collapse)
        if self.clone or self.collapse or not document.memory_disk_ids:
            return copies
        owner = schema.VmStatic(id=self.new_id, memory=document.memory)
        chosen = memory.choose_domain(context, owner, pool_id or "")
        return copies + exports.memory_copies(context, document, self.domain_id, chosen)

    def execute(self, context: Context) -> None:
        plan = self._ready
        document = plan.document
        row = registration.static_of(document, self.new_id, self._name(), plan.cluster)
        if self.collapse:
            row.template_id = schema.BLANK_TEMPLATE
        context.db.add(row)
        context.db.flush()
        seconds = exports.begin(context, plan.copies, self.domain_id)
        self._add_snapshots(context, document)
        register_luns(context, row.id, document, {}, set())
        self._add_nics(context, plan)
        row.lease_domain_id = registration.lease_of(context, document, plan.cluster, row.id)
        context.event(1165, f"The VM {row.name} is being imported.", **self._subjects())
        context.later(seconds, self.finish)

    def _add_snapshots(self, context: Context, document: Document) -> None:
        renamed = self._renamed()
        for snapshot in registration.snapshots_of(document, self.new_id):
            if snapshot.type == "active" or not self.collapse:
                snapshot.id = renamed(snapshot.id)
                if self.clone or self.collapse:
                    snapshot.memory_dump_disk_id = snapshot.memory_metadata_disk_id = None
                context.db.add(snapshot)
        context.db.flush()

    def _add_nics(self, context: Context, plan: _Plan) -> None:
        """Add the NICs, those of a clone with addresses of the pool; a profile that is not here is left out."""
        renamed = self._renamed()
        sources = plan.document.nics
        wanted = [replace(nic, mac=None) for nic in sources] if self.clone else list(sources)
        for nic, mac in zip(sources, macs.assign(context, wanted, reassign_bad=False), strict=True):
            row = registration.nic_of(context, nic, self.new_id, mac, plan.cluster, {})
            row.id = renamed(row.id)
            context.db.add(row)
            if nic.profile and row.vnic_profile_id is None:
                text = f"The NIC {nic.name} of the VM {self._name()} has no profile here."
                context.event(9600, text, "warning", **self._subjects())
        context.db.flush()

    def _subjects(self) -> dict[str, str]:
        return {"vm": self.new_id, "storage_domain": self.target_id, "cluster": self.cluster_id or ""}

    def finish(self, context: Context) -> None:
        super().finish(context)
        context.event(1152, f"The VM {self._name()} was imported.", **self._subjects())

    def failed(self, context: Context) -> None:
        text = f"The VM {self._name()} could not be imported."
        context.event(1153, text, "error", storage_domain=self.target_id)


@dataclass
class RemoveVmFromImportExport(Command):
    """Delete a VM from an export domain; one of the same id in the engine is not touched."""

    domain_id: str
    vm_id: str

    description = "Removing a VM from export domain {domain_id}"

    def locks(self, context: Context) -> list[Lock]:
        return [Lock("REMOTE_VM", self.vm_id, "ACTION_TYPE_FAILED_VM_IS_BEING_REMOVED_FROM_EXPORT_DOMAIN")]

    def validate(self, context: Context) -> None:
        domain = domains.find(context, self.domain_id)
        if domains.status_of(domain) != "active":
            raise Refusal("ACTION_TYPE_FAILED_STORAGE_DOMAIN_STATUS_ILLEGAL")

    def execute(self, context: Context) -> None:
        exports.remove(context, self.domain_id, self.vm_id)
        context.event(1160, "A VM was removed from the export domain.", storage_domain=self.domain_id)

    def failed(self, context: Context) -> None:
        text = "A VM could not be removed from the export domain."
        context.event(1161, text, "error", storage_domain=self.domain_id)
