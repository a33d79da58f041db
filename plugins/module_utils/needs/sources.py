# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the documents of VMs and templates are to be had: on the storage, at the site they come from, in a manifest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from ..engine.bulk import each
from ..engine.errors import EngineError, Entity, LibraryMissing
from ..engine.images import downloading
from ..ovf.document import Disk, Document, Nic, Volume
from ..ovf.reader import OvfError, read
from ..ovf.store import Store, read_store
from ..registration.plan import BLANK_TEMPLATE
from .candidate import Origin
from .manifest import Manifest

if TYPE_CHECKING:
    from ..engine.parts import Part
    from ..engine.session import Session
    from ..model.site import Domain

Documents = Mapping[str, Document | OvfError]

_TOGETHER = 4


class Source(Protocol):
    """Something that has documents; warnings are filled while they are read."""

    name: Origin
    warnings: list[str]

    def documents(self) -> Documents:
        """Return the documents by the ids of their entities; an OvfError stands for one that cannot be read."""


@dataclass
class OvfStores:
    """The OVF stores of storage domains, which the engine itself registers from. They are read by image transfers."""

    engine: Session
    domains: Sequence[Domain]
    timeout: float
    name: Origin = "ovf_store"
    warnings: list[str] = field(default_factory=list)

    def documents(self) -> Documents:
        """Return what the newest store of each domain holds."""
        found: dict[str, Document | OvfError] = {}
        for domain, store in zip(
            self.domains, each(self.engine, self.domains, self._read, concurrency=_TOGETHER), strict=True
        ):
            if isinstance(store, LibraryMissing):
                raise store
            if isinstance(store, EngineError):
                self.warnings.append(f"the OVF store of {domain.name} cannot be read: {store}")
            else:
                found |= store.documents
        return found

    def _read(self, domain: Domain) -> Store:
        disks = [
            one for one in self.engine.list(f"storagedomains/{domain.id}/disks") if one.content_type == "ovf_store"
        ]
        if not disks:
            raise EngineError(
                "not_found", "the domain has none", entity=Entity("storage domain", domain.id, domain.name)
            )
        # A domain has two: while one is written, the other is whole.
        stores = [self._download(Entity("disk", one.id, f"{one.alias} of {domain.name}")) for one in disks]
        whole = [one for one in stores if isinstance(one, Store)]
        if not whole:
            raise next(one for one in stores if isinstance(one, EngineError))
        return max(whole, key=lambda one: one.updated.timestamp() if one.updated else 0.0)

    def _download(self, disk: Entity) -> Store | EngineError:
        try:
            with downloading(self.engine, disk, self.timeout) as stream:
                return read_store(stream)
        except OvfError as exc:
            return EngineError("invalid", f"{disk.name}: {exc}", entity=disk)
        except EngineError as exc:
            return exc


@dataclass
class LivingSite:
    """The site that they come from: it tells the documents of its VMs, and the facts of its templates."""

    engine: Session
    name: Origin = "site"
    warnings: list[str] = field(default_factory=list)

    def documents(self) -> Documents:
        """Return the documents of everything that is registered there."""
        found: dict[str, Document | OvfError] = {}
        for part in self.engine.parts("vms", all_content=True):
            text = _configuration(part)
            if text is None:
                self.warnings.append(f"the engine does not tell the OVF document of VM {part.text('name')} now")
                continue
            try:
                found[part.id] = read(text)
            except OvfError as exc:
                found[part.id] = exc
        return found | self._templates()

    def _templates(self) -> dict[str, Document]:
        """The engine tells no documents of templates: put together what they say of cluster, disks and NICs."""
        clusters = {one.id: one.name for one in self.engine.list("clusters")}
        networks = {one.id: one.name for one in self.engine.list("networks")}
        profiles = {
            one.id: (networks.get(one.network.id), one.name) for one in self.engine.list("vnicprofiles") if one.network
        }
        parts = self.engine.parts("templates", follow="disk_attachments.disk,nics")
        return {part.id: _template(part, clusters, profiles) for part in parts if part.id != BLANK_TEMPLATE}


@dataclass
class Kept:
    """A manifest."""

    manifest: Manifest
    name: Origin = "manifest"
    warnings: list[str] = field(default_factory=list)

    def documents(self) -> Documents:
        """Return what it holds."""
        return self.manifest.documents


def best_documents(sources: Iterable[Source]) -> dict[str, tuple[Origin, Document | OvfError]]:
    """Return the best document of each entity, and where it is from: the earlier source wins, a readable one always."""
    best: dict[str, tuple[Origin, Document | OvfError]] = {}
    for source in sources:
        for id_, document in source.documents().items():
            known = best.get(id_)
            if known is None or (isinstance(known[1], OvfError) and isinstance(document, Document)):
                best[id_] = (source.name, document)
    return best


def _configuration(part: Part) -> str | None:
    initialization = part.part("initialization")
    configuration = initialization.part("configuration") if initialization else None
    return configuration.text("data") if configuration else None


def _template(part: Part, clusters: Mapping[str, str], profiles: Mapping[str, tuple[str | None, str]]) -> Document:
    version, system = part.part("version"), part.part("os")
    base = version.reference("base_template") if version else None
    memory = part.number("memory") or 0
    return Document(
        kind="template",
        id=part.id,
        name=part.text("name") or part.id,
        description=part.text("description") or "",
        cluster_name=clusters.get(part.reference("cluster") or "", ""),
        template_id=None if base == part.id else base,
        version_number=(version.number("version_number") if version else None) or 1,
        os_type=(system.text("type") if system else None) or "",
        memory=memory,
        memory_max=memory,
        disks=tuple(_disk(one, disk) for one in part.parts("disk_attachments") if (disk := one.part("disk"))),
        nics=tuple(_nic(nic, profiles) for nic in part.parts("nics")),
    )


def _disk(attachment: Part, disk: Part) -> Disk:
    volume = Volume(
        id=disk.text("image_id") or disk.id,
        parent_id=None,
        template_volume_id=None,
        snapshot_id=None,
        format=disk.text("format"),
        sparse=disk.flag("sparse"),
        size=disk.number("provisioned_size") or 0,
        actual_size=disk.number("actual_size") or 0,
        domain_ids=tuple(one.id for one in disk.parts("storage_domains")),
    )
    return Disk(
        id=disk.id,
        alias=disk.text("alias") or disk.id,
        interface=attachment.text("interface") or "ide",
        bootable=attachment.flag("bootable"),
        plugged=attachment.flag("active"),
        shareable=disk.flag("shareable"),
        storage_type="image",
        volumes=(volume,),
    )


def _nic(nic: Part, profiles: Mapping[str, tuple[str | None, str]]) -> Nic:
    network, profile = profiles.get(nic.reference("vnic_profile") or "", (None, None))
    return Nic(
        id=nic.id,
        name=nic.text("name") or nic.id,
        network=network,
        profile=profile,
        mac=None,
        model=nic.text("interface") or "virtio",
        linked=nic.flag("linked"),
        plugged=nic.flag("plugged"),
    )
