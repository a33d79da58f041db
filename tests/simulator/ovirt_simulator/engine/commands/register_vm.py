# SPDX-License-Identifier: GPL-3.0-or-later
"""Registering a VM that lies on an attached domain. That the domain is a backup domain never matters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from ...ovf.document import Document, Volume
from ...ovf.reader import read
from ...ovf.values import OvfError
from .. import belongings, disks, domains, macs, mapping, ovf_store, registration, schema
from ..command import Command, ExecutionFailure, Lock, Refusal
from ..faults import STORAGE_ERRORS
from ..machines import name_taken
from ..restrictions import forbid
from .register_luns import check_luns, register_luns

if TYPE_CHECKING:
    from ..runtime import Context


@dataclass
class _Plan:
    """What a registration comes down to."""

    document: Document
    cluster: schema.Cluster
    dropped: set[str]  # disks that a partial import leaves out
    sizes: dict[str, int] = field(default_factory=dict)  # of volumes, as they lie on storage
    macs: list[str] = field(default_factory=list)  # of the NICs

    @property
    def volumes(self) -> list[Volume]:
        return [volume for volume in self.document.volumes if volume.disk_id not in self.dropped]


@dataclass
class ImportVmFromConfiguration(Command):
    """Register a VM under its own id, from its document in the OVF store of a domain."""

    domain_id: str
    vm_id: str
    cluster: str | None = None
    allow_partial_import: bool = False
    reassign_bad_macs: bool = False
    name: str | None = None
    mappings: dict[str, Any] = field(default_factory=dict)

    description = "Registering VM {vm_id}"
    blocking = True

    def __post_init__(self) -> None:
        self._checked: _Plan | None = None  # what validate found, for execute

    def parameters(self) -> dict[str, Any]:
        """Return the fields without the mappings, which may hold credentials and which no later step needs."""
        return {**super().parameters(), "mappings": {}}

    def locks(self, context: Context) -> list[Lock]:
        locks = [Lock("VM", self.vm_id, "ACTION_TYPE_FAILED_VM_IS_BEING_IMPORTED")]
        row = self._row(context)
        if row is not None:
            name = self.name or row.entity_name
            locks.insert(0, Lock("VM_NAME", name, "ACTION_TYPE_FAILED_NAME_ALREADY_USED"))
        return locks

    def validate(self, context: Context) -> None:
        self._checked = self._plan(context)
        forbid(context, context.engine.restrictions.enforce_m, self.domain_id)

    def _row(self, context: Context) -> schema.UnregisteredOvf | None:
        row = context.db.get(schema.UnregisteredOvf, (self.vm_id, self.domain_id))
        return row if row is not None and row.entity_type == "vm" else None

    def _document(self, context: Context) -> Document:
        row = self._row(context)
        if row is None:
            self._refuse_without_row(context)
            raise Refusal("CAN_DO_ACTION_GENERAL_FAILURE")
        try:
            return read(row.ovf)
        except OvfError as exc:
            if context.engine.version == "4.3":
                raise Refusal("ACTION_TYPE_FAILED_UNSUPPORTED_OVF") from exc
            raise Refusal("ACTION_TYPE_FAILED_OVF_CONFIGURATION_NOT_SUPPORTED") from exc

    def _refuse_without_row(self, context: Context) -> None:
        """Refuse a VM that is registered already: its own addresses are in the way first."""
        if context.db.get(schema.VmStatic, self.vm_id) is None:
            return
        used = context.db.scalars(select(schema.VmInterface.mac).filter_by(vm_id=self.vm_id)).all()
        pool = context.db.scalar(select(schema.MacPool).limit(1))
        if any(used) and not self.reassign_bad_macs and pool is not None and not pool.allow_duplicates:
            message = "ACTION_TYPE_FAILED_CANNOT_ADD_IFACE_DUE_TO_MAC_DUPLICATES"
            raise Refusal(message, macs=", ".join(sorted(mac for mac in used if mac)))
        raise Refusal("VM_CANNOT_IMPORT_VM_EXISTS")

    def _plan(self, context: Context) -> _Plan:
        """Make all checks in the engine's order and return what is to be done."""
        document = self._document(context)
        domain = context.db.get(schema.StorageDomainStatic, self.domain_id)
        pool_id = domains.pool_id_of(domain) if domain is not None else None
        found = mapping.cluster_of(context, document, self.cluster, self.mappings)
        dropped = self._drop(self._known(context, document), "ACTION_TYPE_FAILED_IMPORT_DISKS_ALREADY_EXIST")
        if found is not None:
            dropped |= self._misplaced(context, document, pool_id, dropped)
        self._check_memory(context, document)
        cluster = registration.check_cluster(context, found, pool_id)
        plan = _Plan(document, cluster, dropped)
        self._check_network(context, document)
        domains.find_up_pool(context, pool_id)
        assert domain is not None
        domains.require_active_data(domain)
        self._check_consistency(plan)
        if context.db.get(schema.VmStatic, self.vm_id) is not None:
            raise Refusal("VM_CANNOT_IMPORT_VM_EXISTS")
        template = self._template(context, plan)
        for one in plan.volumes:
            stored = registration.stored_image(context, one, one.domain_ids[0])
            if stored is not None:
                plan.sizes[one.id] = stored.provisioned_size
        missing = {one.disk_id: one.alias for one in plan.volumes if one.id not in plan.sizes}
        dropped |= self._drop(missing, "ACTION_TYPE_FAILED_VM_IMAGE_DOES_NOT_EXIST")
        name = self.name or document.name
        if name_taken(context, name, cluster.storage_pool_id or "", "vm"):
            raise Refusal("VM_CANNOT_IMPORT_VM_NAME_EXISTS", name=name)
        if template is not None and template.status == "locked":
            raise Refusal("VM_TEMPLATE_IMAGE_IS_LOCKED", name=template.name)
        dropped |= check_luns(context, document, self.mappings, self.allow_partial_import)
        registration.check_architecture(document, cluster)
        plan.macs = macs.assign(context, document.nics, self.reassign_bad_macs)
        return plan

    def _drop(self, disks: dict[str, str], message: str) -> set[str]:
        """Return disks to leave out of a partial import; refuse a full one because of them."""
        if disks and not self.allow_partial_import:
            raise Refusal(message, disks=", ".join(sorted(disks.values())))
        return set(disks)

    def _known(self, context: Context, document: Document) -> dict[str, str]:
        known = registration.known_images(context, document.volumes)
        sharing = context.engine.version >= "4.5"
        return {
            volume.disk_id: volume.alias
            for volume in document.volumes
            if volume.id in known and not (sharing and volume.shareable and known[volume.id])
        }

    def _misplaced(self, context: Context, document: Document, pool_id: str | None, dropped: set[str]) -> set[str]:
        """Return disks whose domain, the first that their document names, is not there or not active."""
        found: set[str] = set()
        for volume in document.volumes:
            if volume.disk_id in dropped | found:
                continue
            place = context.db.get(schema.StorageDomainStatic, volume.domain_ids[0]) if volume.domain_ids else None
            if place is None or domains.pool_id_of(place) != pool_id:
                found |= self._drop({volume.disk_id: volume.alias}, domains.DOMAIN_MISSING)
            elif domains.status_of(place) != "active":
                if not self.allow_partial_import:
                    domains.require_active_data(place)
                found.add(volume.disk_id)
        return found

    def _check_memory(self, context: Context, document: Document) -> None:
        """Refuse memory on an inactive domain; at the first disk that is not known here, all is taken for good."""
        if self.allow_partial_import:
            return
        for pair in document.memory_disk_ids:
            for disk_id in pair:
                disk = context.db.get(schema.BaseDisk, disk_id)
                if disk is None or disk.active_image is None:
                    return
                for place in disk.active_image.placements:
                    domains.require_active_data(domains.find(context, place.storage_domain_id))

    def _check_network(self, context: Context, document: Document) -> None:
        used = macs.taken(context, document.nics)
        if used and not self.reassign_bad_macs:
            message = "ACTION_TYPE_FAILED_CANNOT_ADD_IFACE_DUE_TO_MAC_DUPLICATES"
            raise Refusal(message, macs=", ".join(used))

    @staticmethod
    def _check_consistency(plan: _Plan) -> None:
        if any(volume.snapshot_id is None and not volume.shareable for volume in plan.volumes):
            raise Refusal("ACTION_TYPE_FAILED_CORRUPTED_VM_SNAPSHOT_ID")
        if plan.document.memory_max < plan.document.memory:
            raise Refusal("ACTION_TYPE_FAILED_MAX_MEMORY_CANNOT_BE_SMALLER_THAN_MEMORY_SIZE")

    @staticmethod
    def _template(context: Context, plan: _Plan) -> schema.VmStatic | None:
        """Return the template of a thin VM, or refuse where it or its disk copy is missing."""
        template_id = plan.document.template_id
        if template_id is None:
            return None
        template = context.db.get(schema.VmStatic, template_id)
        if template is None:
            raise Refusal("ACTION_TYPE_FAILED_TEMPLATE_DOES_NOT_EXIST")
        places = {volume.domain_ids[0] for volume in plan.volumes if volume.domain_ids}
        needed = {volume.template_image_id for volume in plan.volumes if volume.template_image_id}
        query = select(schema.ImagePlacement.image_id).where(
            schema.ImagePlacement.image_id.in_(needed), schema.ImagePlacement.storage_domain_id.in_(places)
        )
        if needed and not set(context.db.scalars(query)):
            raise Refusal("ACTION_TYPE_FAILED_TEMPLATE_NOT_FOUND_ON_DESTINATION_DOMAIN")
        return template

    def execute(self, context: Context) -> None:
        plan = self._checked
        assert plan is not None
        document = plan.document
        nics = [
            registration.nic_of(context, nic, self.vm_id, mac, plan.cluster, self.mappings)
            for nic, mac in zip(document.nics, plan.macs, strict=True)
        ]
        row = registration.static_of(document, self.vm_id, self.name or document.name, plan.cluster)
        row.lease_domain_id = registration.lease_of(context, document, plan.cluster, self.vm_id)
        context.db.add_all([row, *registration.snapshots_of(document, row.id), *nics])
        self._add_disks(context, plan)
        self._add_memory_disks(context, document)
        register_luns(context, row.id, document, self.mappings, plan.dropped)
        ovf_store.touch(context, row)
        disk_ids = [*document.disk_ids, *(disk_id for pair in document.memory_disk_ids for disk_id in pair)]
        registration.forget_unregistered(context, row.id, disk_ids)
        missing = belongings.restore_affinity(context, row, document, self.mappings)
        missing += belongings.restore_permissions(context, row, document, self.mappings)
        self._tell(context, plan, missing)
        context.later("register_vm", self.finish)

    def _add_disks(self, context: Context, plan: _Plan) -> None:
        for disk_id, chain in registration.chains_of(plan.volumes).items():
            if context.db.get(schema.BaseDisk, disk_id) is None:  # a shareable one can be here already
                images = []
                for volume in chain:
                    image = registration.image_of(plan.document, volume, chain, plan.sizes[volume.id])
                    image.placements = [schema.ImagePlacement(storage_domain_id=volume.domain_ids[0])]
                    images.append(image)
                context.db.add(registration.disk_of(chain[0], sorted(images, key=lambda one: one.ordinal)))
            context.db.add(registration.attachment_of(self.vm_id, chain[0]))

    def _add_memory_disks(self, context: Context, document: Document) -> None:
        """Take in the memory of snapshots: unknown disks have to lie on the very domain of the registration."""
        if not document.memory_disk_ids:
            return
        domain = domains.find(context, self.domain_id)
        contents = domains.contents_of(context, domain)
        kinds = ("memory_dump_volume", "memory_metadata_volume")
        for pair in document.memory_disk_ids:
            for disk_id, kind in zip(pair, kinds, strict=True):
                if context.db.get(schema.BaseDisk, disk_id) is not None:
                    continue
                stored = contents.images(disk_id)
                if not stored:
                    raise ExecutionFailure(STORAGE_ERRORS["VolumeDoesNotExist"])
                volume = schema.Image(
                    id=stored[0].image_id,
                    format=stored[0].format,
                    sparse=stored[0].sparse,
                    provisioned_size=stored[0].provisioned_size,
                    actual_size=stored[0].actual_size,
                )
                volume.placements = [schema.ImagePlacement(storage_domain_id=domain.id)]
                alias = ovf_store.alias_of(stored[0])
                context.db.add(schema.BaseDisk(id=disk_id, alias=alias, content_type=kind, images=[volume]))
        context.db.flush()

    def _tell(self, context: Context, plan: _Plan, missing: list[str]) -> None:
        document = plan.document
        dropped = plan.dropped
        left_out = [volume.alias for volume in document.volumes if volume.disk_id in dropped]
        left_out += [disk.alias or disk.id for disk in document.lun_disks if disk.id in dropped]
        left_out += missing
        if left_out:
            text = f"The VM {document.name} came without: {', '.join(dict.fromkeys(left_out))}."
            context.event(1188, text, "warning", vm=self.vm_id)
        subjects = {"vm": self.vm_id, "storage_domain": self.domain_id, "cluster": plan.cluster.id}
        context.event(174, f"The VM {document.name} was registered.", **subjects)

    def finish(self, context: Context) -> None:
        """Release the VM and its disks."""
        context.db.get_one(schema.VmStatic, self.vm_id).status = "down"
        for _unused, disk in disks.of_vm(context, self.vm_id):
            disks.set_status(disk, "ok")

    def failed(self, context: Context) -> None:
        context.event(1153, "A VM could not be registered.", "error", storage_domain=self.domain_id)
