# SPDX-License-Identifier: GPL-3.0-or-later
"""Registering a template that lies on an attached domain."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...ovf.document import Document, Volume
from ...ovf.reader import read
from ...ovf.values import OvfError
from .. import belongings, disks, domains, mapping, ovf_store, registration, schema
from ..command import Command, Refusal
from ..machines import name_taken
from ..restrictions import forbid

if TYPE_CHECKING:
    from ..runtime import Context


@dataclass
class ImportVmTemplateFromConfiguration(Command):
    """Register a template under its own id; takes no lock."""

    domain_id: str
    template_id: str
    cluster: str | None = None
    allow_partial_import: bool = False
    name: str | None = None
    mappings: dict[str, Any] = field(default_factory=dict)

    description = "Registering template {template_id}"
    blocking = True

    def parameters(self) -> dict[str, Any]:
        """Return the fields without the mappings, which no later step needs."""
        return {**super().parameters(), "mappings": {}}

    def _document(self, context: Context) -> Document:
        row = context.db.get(schema.UnregisteredOvf, (self.template_id, self.domain_id))
        if row is None or row.entity_type != "template":
            raise Refusal("ACTION_TYPE_FAILED_VM_NOT_FOUND")
        try:
            return read(row.ovf)
        except OvfError as exc:
            raise Refusal("ACTION_TYPE_FAILED_VM_NOT_FOUND") from exc

    def validate(self, context: Context) -> None:
        document = self._document(context)
        domain = domains.find(context, self.domain_id)
        pool_id = domains.pool_id_of(domain)
        found = mapping.cluster_of(context, document, self.cluster, self.mappings)
        cluster = registration.check_cluster(context, found, pool_id)
        domains.find_up_pool(context, pool_id)
        registration.check_architecture(document, cluster)
        if domains.status_of(domain) != "active":
            domains.require_active_data(domain)
        if context.db.get(schema.VmStatic, self.template_id) is not None:
            raise Refusal("VMT_CANNOT_IMPORT_TEMPLATE_EXISTS")
        self._check_base(context, document, cluster)
        known = registration.known_images(context, document.volumes)
        if known:
            aliases = sorted({volume.alias for volume in document.volumes if volume.id in known})
            raise Refusal("ACTION_TYPE_FAILED_IMPORT_DISKS_ALREADY_EXIST", disks=", ".join(aliases))
        self._kept(context, document)
        if not domains.is_data(domain):
            raise Refusal("ACTION_TYPE_FAILED_STORAGE_DOMAIN_TYPE_UNSUPPORTED")
        forbid(context, context.engine.restrictions.enforce_m, domain.id)

    def _check_base(self, context: Context, document: Document, cluster: schema.Cluster) -> None:
        if document.template_id in (None, self.template_id):
            name = self.name or document.name
            if name_taken(context, name, cluster.storage_pool_id or "", "template"):
                raise Refusal("VM_CANNOT_IMPORT_TEMPLATE_NAME_EXISTS", name=name)
        elif context.db.get(schema.VmStatic, document.template_id) is None:
            raise Refusal("VMT_CANNOT_IMPORT_TEMPLATE_VERSION_MISSING_BASE")

    def _kept(self, context: Context, document: Document) -> list[tuple[Volume, list[str]]]:
        """Return the volumes with the active domains that hold them; what a partial import leaves out is missing."""
        kept = []
        for volume in document.volumes:
            places = [context.db.get(schema.StorageDomainStatic, id_) for id_ in volume.domain_ids]
            active = [one.id for one in places if one is not None and domains.status_of(one) == "active"]
            holding = [id_ for id_ in active if registration.stored_image(context, volume, id_) is not None]
            if holding:
                kept.append((volume, holding))
            elif not self.allow_partial_import:
                missing = "TEMPLATE_IMAGE_NOT_EXIST" if active else _NOWHERE
                raise Refusal(missing, disks=volume.alias)
        return kept

    def execute(self, context: Context) -> None:
        document = self._document(context)
        cluster = mapping.cluster_of(context, document, self.cluster, self.mappings)
        assert cluster is not None
        row = registration.static_of(document, self.template_id, self.name or document.name, cluster)
        context.db.add(row)
        context.db.flush()
        for volume, places in self._kept(context, document):
            stored = registration.stored_image(context, volume, places[0])
            assert stored is not None
            image = registration.image_of(document, volume, [volume], stored.provisioned_size)
            image.active = True
            image.placements = [
                schema.ImagePlacement(storage_domain_id=id_, ordinal=ordinal) for ordinal, id_ in enumerate(places)
            ]
            context.db.add(registration.disk_of(volume, [image]))
            context.db.add(registration.attachment_of(row.id, volume))
        for nic in document.nics:
            profile = mapping.profile_of(context, nic, cluster, self.mappings)
            columns = {"name": nic.name, "vnic_profile_id": profile, "model": nic.model, "linked": nic.linked}
            context.db.add(schema.VmInterface(id=nic.id, vm_id=row.id, **columns))
        registration.forget_unregistered(context, row.id, document.disk_ids)
        context.db.flush()
        ovf_store.touch(context, row)
        missing = belongings.restore_permissions(context, row, document, self.mappings)
        self._tell(context, document, missing)
        context.later("register_template", self.finish)

    def _tell(self, context: Context, document: Document, missing: list[str]) -> None:
        if missing:
            text = f"The template {document.name} came without: {', '.join(dict.fromkeys(missing))}."
            context.event(1197, text, "warning", template=self.template_id)
        text = f"The template {document.name} was registered."
        context.event(180, text, template=self.template_id, storage_domain=self.domain_id)

    def finish(self, context: Context) -> None:
        """Release the template and its disks."""
        context.db.get_one(schema.VmStatic, self.template_id).status = "ok"
        for _unused, disk in disks.of_vm(context, self.template_id):
            disks.set_status(disk, "ok")

    def failed(self, context: Context) -> None:
        context.event(181, "A template could not be registered.", "error", storage_domain=self.domain_id)


_NOWHERE = "ACTION_TYPE_FAILED_CANNOT_FIND_DISK_IMAGE_IN_ACTIVE_DOMAINS"
