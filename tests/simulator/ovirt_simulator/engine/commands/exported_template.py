# SPDX-License-Identifier: GPL-3.0-or-later
"""Templates on an export domain: bringing one into a data domain, and deleting one there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ...ovf.document import Document
from .. import domains, exports, registration, schema
from ..command import Command, Refusal
from ..machines import name_taken
from .exported import Importing

if TYPE_CHECKING:
    from ..runtime import Context


@dataclass
class ImportVmTemplate(Importing):
    """Copy a template of an export domain; takes no lock. A clone is always a base template."""

    domain_id: str
    template_id: str
    entity_name: str
    new_id: str
    target_id: str
    cluster_id: str | None = None
    clone: bool = False
    name: str | None = None
    targets: dict[str, str] = field(default_factory=dict)

    description = "Importing template {entity_name} to {target_id}"

    def validate(self, context: Context) -> None:
        cluster, pool_id = self._cluster(context), self._pool_id(context)
        domains.find_up_pool(context, pool_id)
        document = exports.document_of(context, self.domain_id, self.template_id)
        if document is None:
            raise Refusal("ACTION_TYPE_FAILED_TEMPLATE_DOES_NOT_EXIST")
        registration.check_architecture(document, cluster)
        self._check_source(context, pool_id)
        copies = self._copies(context, document)
        if context.db.get(schema.VmStatic, self.new_id) is not None:
            raise Refusal("VMT_CANNOT_IMPORT_TEMPLATE_EXISTS")
        base_id = self._base_id(document)
        if base_id is None and name_taken(context, self._name(), pool_id, "template"):
            raise Refusal("VM_CANNOT_IMPORT_TEMPLATE_NAME_EXISTS", name=self._name())
        self._known_disks(context, document)
        exports.require_room(copies)
        if base_id is not None and context.db.get(schema.VmStatic, base_id) is None:
            raise Refusal("VMT_CANNOT_IMPORT_TEMPLATE_VERSION_MISSING_BASE")

    def _check_source(self, context: Context, pool_id: str | None) -> None:
        source = domains.find(context, self.domain_id)
        if domains.pool_id_of(source) != pool_id:
            raise Refusal(domains.DOMAIN_MISSING)
        domains.require_status(source, "active")

    def _base_id(self, document: Document) -> str | None:
        """Return the base template of a version."""
        return None if self.clone or document.template_id == self.template_id else document.template_id

    def _copies(self, context: Context, document: Document) -> list[exports.DiskCopy]:
        if any(volume.snapshot_id is None for volume in document.volumes):
            raise Refusal("ACTION_TYPE_FAILED_CORRUPTED_VM_SNAPSHOT_ID")
        places = self._places(context, document)
        return exports.copies_of(document, self.new_id, places, self._renamed(), {}, flat=False)

    def execute(self, context: Context) -> None:
        document = exports.document_of(context, self.domain_id, self.template_id)
        assert document is not None
        cluster = self._cluster(context)
        row = registration.static_of(document, self.new_id, self._name(), cluster)
        row.template_id = self._base_id(document) or self.new_id
        context.db.add(row)
        context.db.flush()
        seconds = exports.begin(context, self._copies(context, document), self.domain_id)
        renamed = self._renamed()
        for nic in document.nics:
            found = registration.nic_of(context, nic, row.id, "", cluster, {})
            found.id, found.mac = renamed(nic.id), None
            context.db.add(found)
            if nic.profile and found.vnic_profile_id is None:
                text = f"The NIC {nic.name} of the template {row.name} has no profile here."
                context.event(1170, text, "warning", template=row.id)
        context.event(1163, f"The template {row.name} is being imported.", **self._subjects())
        context.later(seconds, self.finish)

    def _subjects(self) -> dict[str, str]:
        return {"template": self.new_id, "storage_domain": self.target_id, "cluster": self.cluster_id or ""}

    def finish(self, context: Context) -> None:
        super().finish(context)
        context.event(1158, f"The template {self._name()} was imported.", **self._subjects())

    def failed(self, context: Context) -> None:
        text = f"The template {self._name()} could not be imported."
        context.event(1159, text, "error", storage_domain=self.target_id)


@dataclass
class RemoveVmTemplateFromImportExport(Command):
    """Delete a template from an export domain, whatever VMs there stand on it; takes no lock."""

    domain_id: str
    template_id: str

    description = "Removing a template from export domain {domain_id}"

    def validate(self, context: Context) -> None:
        domain = domains.find(context, self.domain_id)
        if domains.status_of(domain) != "active":
            raise Refusal("ACTION_TYPE_FAILED_STORAGE_DOMAIN_STATUS_ILLEGAL")
        row = context.db.get(schema.VmStatic, self.template_id)
        if row is not None and row.status == "locked":
            raise Refusal("VM_TEMPLATE_IMAGE_IS_LOCKED", name=row.name)

    def execute(self, context: Context) -> None:
        exports.remove(context, self.domain_id, self.template_id)
        context.event(1154, "A template was removed from the export domain.", storage_domain=self.domain_id)

    def failed(self, context: Context) -> None:
        text = "A template could not be removed from the export domain."
        context.event(1155, text, "error", storage_domain=self.domain_id)
