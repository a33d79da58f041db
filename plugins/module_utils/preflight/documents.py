# SPDX-License-Identifier: GPL-3.0-or-later
"""What a site's lists tell of its VMs and templates, in the form of OVF documents. Pure.

That is less than the documents themselves say (nothing of users, affinity, host devices), and a thousand times cheaper.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..engine.parts import Part
from ..model.site import Attachment, Disk, Site, Snapshot, Template, Vm
from ..needs.place import Place
from ..ovf import document as ovf
from ..registration.plan import BLANK_TEMPLATE
from ..rules.memory import MEMORY_CONTENT, owner_id

_SNAPSHOT_TYPES = {"regular": "REGULAR", "preview": "PREVIEW", "stateless": "STATELESS"}


@dataclass(frozen=True)
class Described:
    """A site whose workloads are described; nics: those of each VM by its id."""

    place: Place
    nics: Mapping[str, tuple[ovf.Nic, ...]]

    def documents(self) -> dict[str, ovf.Document]:
        """Return what is known of every VM and template, by id."""
        memories = _memories(self.place.site)
        templates = {one.id: one.name for one in self.place.site.templates}
        found = {vm.id: self._vm(vm, templates, memories.get(vm.id, [])) for vm in self.place.site.vms}
        for template in self.place.site.templates:
            if template.id != BLANK_TEMPLATE:
                found[template.id] = self._template(template)
        return found

    def _vm(self, vm: Vm, templates: Mapping[str, str], memory_disks: list[Disk]) -> ovf.Document:
        template_id = None if vm.template_id == BLANK_TEMPLATE else vm.template_id
        disks, luns = self._disks(vm.attachments, template_id)
        return ovf.Document(
            kind="vm",
            id=vm.id,
            name=vm.name,
            description=vm.description,
            cluster_name=self._cluster(vm.cluster_id),
            template_id=template_id,
            template_name=templates.get(template_id or "", ""),
            origin=vm.origin,
            os_type=vm.os_type,
            memory=vm.memory,
            memory_max=vm.memory,
            processors=vm.processors,
            high_availability=vm.lease_domain_id is not None,
            lease_domain_id=vm.lease_domain_id,
            disks=disks,
            lun_disks=luns,
            nics=self.nics.get(vm.id, ()),
            snapshots=tuple(_snapshot(one, memory_disks) for one in vm.snapshots),
        )

    def _template(self, template: Template) -> ovf.Document:
        disks, _luns = self._disks(template.attachments, None)
        return ovf.Document(
            kind="template",
            id=template.id,
            name=template.name,
            description=template.description,
            cluster_name=self._cluster(template.cluster_id),
            os_type=template.os_type,
            disks=disks,
        )

    def _cluster(self, id_: str | None) -> str:
        cluster = self.place.site.cluster_by_id.get(id_ or "")
        return cluster.name if cluster else ""

    def _disks(
        self, attachments: Iterable[Attachment], template_id: str | None
    ) -> tuple[tuple[ovf.Disk, ...], tuple[ovf.LunDisk, ...]]:
        disks, luns = [], []
        for attachment in attachments:
            disk = self.place.site.disk_by_id.get(attachment.disk_id)
            if disk is None:
                continue
            if disk.storage_type == "lun":
                luns.append(_lun(disk, attachment))
            else:
                disks.append(_disk(disk, attachment, template_id))
        return tuple(disks), tuple(luns)


def nics_of(machines: Iterable[Part], place: Place) -> dict[str, tuple[ovf.Nic, ...]]:
    """Return the NICs of each VM in the answer to a request for all VMs with their NICs."""
    return {vm.id: tuple(_nic(nic, place) for nic in vm.parts("nics")) for vm in machines}


def _nic(nic: Part, place: Place) -> ovf.Nic:
    network, profile = place.profile_names.get(nic.reference("vnic_profile") or "", (None, None))
    return ovf.Nic(
        id=nic.id,
        name=nic.text("name") or nic.id,
        network=network,
        profile=profile,
        mac=nic.text("mac/address"),
        model=nic.text("interface") or "virtio",
        linked=nic.flag("linked"),
        plugged=nic.flag("plugged"),
    )


def _disk(disk: Disk, attachment: Attachment, template_id: str | None) -> ovf.Disk:
    volume = ovf.Volume(
        id=disk.id,
        parent_id=None,
        template_volume_id=template_id,
        # The lists name no volumes; only an engine's database could lack the snapshot of one.
        snapshot_id=disk.id,
        format=disk.format,
        sparse=disk.sparse,
        size=disk.provisioned_size,
        actual_size=disk.actual_size,
        domain_ids=disk.domain_ids,
    )
    return ovf.Disk(
        id=disk.id,
        alias=disk.name,
        interface="",
        bootable=False,
        plugged=attachment.plugged,
        shareable=disk.shareable,
        storage_type=disk.storage_type,
        volumes=(volume,),
    )


def _lun(disk: Disk, attachment: Attachment) -> ovf.LunDisk:
    return ovf.LunDisk(
        id=disk.id,
        lun_id=disk.lun_id or disk.id,
        alias=disk.name,
        interface="",
        bootable=False,
        plugged=attachment.plugged,
        shareable=disk.shareable,
        connections=(),
    )


def _memories(site: Site) -> dict[str, list[Disk]]:
    """Return the disks that hold memory, by the VM that it is of."""
    found: dict[str, list[Disk]] = {}
    for disk in site.disks:
        if disk.content_type in MEMORY_CONTENT and (owner := owner_id(site, disk)) is not None:
            found.setdefault(owner, []).append(disk)
    return found


def _snapshot(snapshot: Snapshot, memory_disks: Iterable[Disk]) -> ovf.Snapshot:
    memory = None
    if snapshot.with_memory:
        own = [disk for disk in memory_disks if snapshot.description and snapshot.description in disk.description]
        if own:
            place = next(iter(own[0].domain_ids), None)
            memory = ovf.Memory(place, (own[0].id, own[-1].id))
    kind = _SNAPSHOT_TYPES.get(snapshot.type, snapshot.type.upper())
    return ovf.Snapshot(snapshot.id, kind, snapshot.description, memory)
