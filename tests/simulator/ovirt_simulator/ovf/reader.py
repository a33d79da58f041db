# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a document, as strictly and as leniently as the engine does."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from .codes import (
    BIOS_TYPES,
    ORIGINS,
    OVF,
    RESUME_BEHAVIORS,
    SNAPSHOT_TYPES,
    VM_TYPES,
    XSI,
    date_of,
)
from .codes import word as word_of
from .disks import read_lun_disks, read_volumes
from .document import Document, Snapshot, User
from .items import Items, read_items
from .values import OvfError, identifier, number, optional_id, truth

Element = ElementTree.Element


def read(text: str) -> Document:
    """Return what a document says; raise OvfError for one that the engine could not read."""
    try:
        root = ElementTree.fromstring(text.encode())
    except ElementTree.ParseError as exc:
        raise OvfError(f"not XML: {exc}") from exc
    content, references = root.find("Content"), root.find("References")
    if content is None or references is None:
        raise OvfError("no References or no Content")
    sections = _sections(content)
    system, hardware = sections.get("ovf:OperatingSystemSection_Type"), sections.get("ovf:VirtualHardwareSection_Type")
    id_ = identifier(system.get(f"{{{OVF}}}id") if system is not None else None, "operating system section")
    assert system is not None
    items = read_items(hardware)
    disks = next((part for part in root.findall("Section") if _kind(part) == "ovf:DiskSection_Type"), None)
    is_template = content.findtext("TemplateId") == id_
    document = Document(
        kind="template" if is_template else "vm",
        id=id_,
        os_type=system.findtext("Description") or "",
        volumes=read_volumes(references, disks, items.drives),
        lun_disks=read_lun_disks(references, disks),
        snapshots=tuple(_snapshot(part) for part in _children(sections, "ovf:SnapshotsSection_Type", "Snapshot")),
        users=tuple(_user(part) for part in _children(sections, "ovf:UserDomainsSection_Type", "User")),
        affinity_groups=_names(_children(sections, "ovf:AffinityGroupsSection_Type", "AffinityGroup")),
        affinity_labels=_names(_children(sections, "ovf:AffinityLabelsSection_Type", "AffinityLabel")),
        **_general(content),
        **_machine(content, items),
    )
    return document


def _kind(section: Element) -> str | None:
    return section.get(f"{{{XSI}}}type")


def _sections(content: Element) -> dict[str, Element]:
    found: dict[str, Element] = {}
    for section in content.findall("Section"):
        kind = _kind(section)
        if kind is None:
            raise OvfError("a section without type")
        found.setdefault(kind, section)
    return found


def _children(sections: dict[str, Element], kind: str, name: str) -> list[Element]:
    section = sections.get(kind)
    return section.findall(name) if section is not None else []


def _names(elements: list[Element]) -> tuple[str, ...]:
    names = [element.get(f"{{{OVF}}}name") for element in elements]
    if None in names:
        raise OvfError("an affinity group or label without name")
    return tuple(name for name in names if name is not None)


def _general(content: Element) -> dict[str, Any]:
    text = content.findtext
    resume = text("ResumeBehavior") or None
    if resume is not None and resume not in RESUME_BEHAVIORS:
        raise OvfError(f"unknown ResumeBehavior {resume}")
    return {
        "name": text("Name") or "",
        "description": text("Description"),
        "comment": text("Comment"),
        "created": date_of(text("CreationDate")),
        "exported": date_of(text("ExportDate")),
        "generation": number(text("Generation"), 1),
        "delete_protected": truth(text("DeleteProtected")),
        "io_threads": number(text("NumOfIoThreads"), 0),
        "time_zone": text("TimeZone") or "",
        "boot_sequence": number(text("default_boot_sequence"), 0),
        "compatibility_version": text("ClusterCompatibilityVersion") or "",
        "vm_type": word_of(VM_TYPES, text("VmType"), "desktop"),
        "resume_behavior": resume,
        "stateless": truth(text("IsStateless")),
        "high_availability": truth(text("AutoStartup")),
        "priority": number(text("Priority"), 1),
        "created_by": text("CreatedByUserId") or None,
        "migration_support": number(text("MigrationSupport"), 0),
        "dedicated_hosts": tuple(element.text or "" for element in content.findall("DedicatedVmForVds")),
        "console_reconnect": truth(text("AllowConsoleReconnect")),
        "cluster_name": text("ClusterName") or "",
        "origin": word_of(ORIGINS, text("Origin"), "ovirt"),
        "quota_id": text("quota_id") or None,
        "applications": text("app_list") or None,
        "stopped": date_of(text("StopTime")),
        "booted": date_of(text("BootTime")),
        **_template(content),
    }


def _template(content: Element) -> dict[str, Any]:
    text = content.findtext
    is_template = text("TemplateType") is not None
    base = text("BaseTemplateId") if is_template else text("TemplateId")
    return {
        "template_id": optional_id(base, "template"),
        "template_name": text("TemplateName") or "Blank",
        "original_template_id": text("OriginalTemplateId") or None,
        "original_template_name": text("OriginalTemplateName") or None,
        "version_number": number(text("TemplateVersionNumber"), 1),
        "version_name": text("TemplateVersionName") or "",
        "sealed": truth(text("TemplateSealed")),
    }


def _machine(content: Element, items: Items) -> dict[str, Any]:
    text = content.findtext
    if number(text("DefaultDisplayType"), 0) > 4:
        raise OvfError("unknown display type")
    memory = items.memory << 20
    predefined = text("PredefinedProperties") or ""
    if any("=" not in part for part in predefined.split(";") if part):
        raise OvfError("a predefined property without value")
    return {
        "memory": memory,
        "memory_guaranteed": number(text("MinAllocatedMem"), items.memory) << 20,
        "memory_max": number(text("MaxMemorySizeMb"), items.memory) << 20,
        "bios_type": word_of(BIOS_TYPES, text("BiosType"), "i440fx_sea_bios"),
        "predefined_properties": predefined,
        "user_properties": text("UserDefinedProperties") or "",
        "lease_domain_id": optional_id(text("LeaseDomainId"), "lease"),
        "balloon": truth(text("BalloonEnabled"), any(one.device.type == "balloon" for one in items.hardware)),
        "cpu_pinning_policy": number(text("CpuPinningPolicy"), 0),
        "cpu_pinning": text("CpuPinning") or None,
        "sockets": items.sockets,
        "cores": items.cores,
        "threads": items.threads,
        "nics": items.nics,
        "hardware": items.hardware,
    }


def _snapshot(element: Element) -> Snapshot:
    kind, description, created = (element.find(name) for name in ("Type", "Description", "CreationDate"))
    if kind is None or kind.text not in SNAPSHOT_TYPES or description is None or created is None:
        raise OvfError("an incomplete snapshot")
    memory = element.findtext("Memory")
    ids = tuple(memory.split(",")) if memory is not None else ()
    if memory is not None and len(ids) < 5:
        raise OvfError("incomplete memory of a snapshot")
    return Snapshot(
        identifier(element.get(f"{{{OVF}}}id"), "snapshot"),
        kind.text or "",
        description.text or "",
        date_of(created.text),
        ids,
        element.findtext("ApplicationList"),
        element.findtext("VmConfiguration"),
    )


def _user(element: Element) -> User:
    name, roles = element.findtext("UserDomain"), element.find("UserRoles")
    if name is None or "@" not in name or roles is None:
        raise OvfError("an incomplete user")
    return User(name, tuple(role.text or "" for role in roles.findall("RoleName")))
