# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing a document: elements, attributes and their order are those of the engine."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree

from .codes import (
    BIOS_TYPES,
    FORMAT_URLS,
    FORMATS,
    INTERFACES,
    ORIGINS,
    OVF,
    RASD,
    VM_TYPES,
    VOLUME_TYPES,
    VSSD,
    XSI,
    ZERO,
    date_text,
)
from .document import Document, LunDisk, Volume
from .hardware import write_hardware

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
_General = tuple[str, str | None]
_Attribute = tuple[str, str | bool | int | None]

for _prefix, _uri in {"ovf": OVF, "rasd": RASD, "vssd": VSSD, "xsi": XSI}.items():
    ElementTree.register_namespace(_prefix, _uri)


def write(document: Document) -> str:
    """Return a document as text on one line."""
    root = ElementTree.Element(f"{{{OVF}}}Envelope", {f"{{{OVF}}}version": document.dialect})
    _references(root, document)
    _networks(root, document)
    _disks(root, document)
    _content(root, document)
    return _DECLARATION + ElementTree.tostring(root, encoding="unicode", short_empty_elements=False)


def _attributes(pairs: Iterable[_Attribute], namespace: str = OVF) -> dict[str, str]:
    return {f"{{{namespace}}}{name}": _text(value) for name, value in pairs if value is not None}


def _text(value: str | bool | int) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _add(parent: ElementTree.Element, name: str, text: str = "") -> ElementTree.Element:
    element = ElementTree.SubElement(parent, name)
    element.text = text
    return element


def _section(parent: ElementTree.Element, kind: str, attributes: dict[str, str] | None = None) -> ElementTree.Element:
    named = {f"{{{XSI}}}type": f"ovf:{kind}_Type"}
    return ElementTree.SubElement(parent, "Section", {**(attributes or {}), **named})


def _href(volume: Volume) -> str:
    return f"{volume.disk_id}/{volume.id}"


def _gib(size: int) -> int:
    return -(-size // (1 << 30))


def _references(root: ElementTree.Element, document: Document) -> None:
    references = _add(root, "References")
    for volume in document.volumes:
        pairs: list[_Attribute] = [
            ("href", _href(volume)),
            ("id", volume.id),
            ("size", volume.used),
            ("description", volume.file_description),
            ("disk_storage_type", "IMAGE"),
            ("cinder_volume_type", ""),
        ]
        ElementTree.SubElement(references, "File", _attributes(pairs))
    for disk in document.lun_disks:
        named = [("id", disk.id), ("href", disk.id), ("disk_storage_type", "LUN")]
        ElementTree.SubElement(references, "File", _attributes(named))


def _networks(root: ElementTree.Element, document: Document) -> None:
    section = _add(root, "NetworkSection")
    _add(section, "Info", "List of networks")
    for network in dict.fromkeys(nic.network for nic in document.nics if nic.network):
        ElementTree.SubElement(section, "Network", _attributes([("name", network)]))


def _disks(root: ElementTree.Element, document: Document) -> None:
    section = _section(root, "DiskSection")
    _add(section, "Info", "List of Virtual Disks")
    for volume in document.volumes:
        pairs: list[_Attribute] = [
            ("diskId", volume.id),
            ("size", _gib(volume.size)),
            ("actual_size", _gib(volume.used)),
            ("vm_snapshot_id", volume.snapshot_id or ""),
            ("parentRef", _parent_reference(volume, document.volumes)),
            ("fileRef", _href(volume)),
            ("format", FORMAT_URLS[volume.format]),
            ("volume-format", FORMATS[volume.format]),
            ("volume-type", VOLUME_TYPES[volume.sparse]),
            ("disk-interface", INTERFACES[volume.interface]),
            ("read-only", volume.read_only),
            ("shareable", volume.shareable),
            ("boot", volume.bootable),
            ("pass-discard", volume.pass_discard),
            ("incremental-backup", volume.incremental_backup),
            ("disk-alias", volume.alias),
            ("disk-description", volume.description),
            ("wipe-after-delete", volume.wipe_after_delete),
        ]
        ElementTree.SubElement(section, "Disk", _attributes(pairs))
    for disk in document.lun_disks:
        _lun_disk(section, disk)


def _parent_reference(volume: Volume, volumes: tuple[Volume, ...]) -> str:
    """Return what the engine writes here, which is not the parent: readers ignore it."""
    if volume.parent_id is None:
        return ""
    first = next((index for index, other in enumerate(volumes) if other.id != volume.parent_id), len(volumes))
    return _href(volumes[first]) if first < len(volumes) - 1 else ""


def _lun_disk(section: ElementTree.Element, disk: LunDisk) -> None:
    pairs: list[_Attribute] = [
        ("diskId", disk.id),
        ("disk-alias", disk.alias),
        ("disk-description", disk.description),
        ("pass-discard", disk.pass_discard),
        ("fileRef", disk.id),
        ("shareable", disk.shareable),
        ("boot", disk.bootable),
        ("disk-interface", INTERFACES[disk.interface]),
        ("read-only", disk.read_only),
        ("scsi_reservation", disk.scsi_reservation),
        ("plugged", disk.plugged),
        ("lun_id", disk.lun_id),
    ]
    element = ElementTree.SubElement(section, "Disk", _attributes(pairs))
    for path in disk.connections:
        where = _attributes([("connection", path.address), ("iqn", path.iqn), ("port", path.port)])
        how = _attributes([("storage_type", path.storage_type), ("portal", path.portal)], XSI)
        ElementTree.SubElement(element, "Connection", {**where, **how})


def _content(root: ElementTree.Element, document: Document) -> None:
    kinds = {f"{{{OVF}}}id": "out", f"{{{XSI}}}type": "ovf:VirtualSystem_Type"}
    content = ElementTree.SubElement(root, "Content", kinds)
    _write_all(content, _identity(document))
    _write_all(content, _behaviour(document))
    _write_all(content, _machine(document))
    _users(content, document)
    _write_all(content, _template_part(document) if document.kind == "template" else _vm_part(document))
    if document.kind == "vm":
        _affinity(content, document)
    identity = _attributes([("id", document.id), ("required", False)])
    system = _section(content, "OperatingSystemSection", identity)
    _add(system, "Info", "Guest Operating System")
    _add(system, "Description", document.os_type)
    write_hardware(_section(content, "VirtualHardwareSection"), document, document.dialect)
    if document.snapshots:
        _snapshots(content, document)


def _write_all(content: ElementTree.Element, values: list[_General]) -> None:
    for name, value in values:
        if value is not None:
            _add(content, name, value)


def _date(moment: float | None) -> str | None:
    return date_text(moment) if moment is not None else None


def _mib(size: int) -> str:
    return str(size >> 20)


def _identity(document: Document) -> list[_General]:
    return [
        ("Name", document.name),
        ("Description", document.description),
        ("Comment", document.comment),
        ("CreationDate", _date(document.created) or ""),
        ("ExportDate", _date(document.exported) or ""),
        ("DeleteProtected", _text(document.delete_protected)),
        ("SsoMethod", "guest_agent"),
        ("IsSmartcardEnabled", "false"),
        ("NumOfIoThreads", str(document.io_threads)),
        ("TimeZone", document.time_zone),
        ("default_boot_sequence", str(document.boot_sequence)),
        ("Generation", str(document.generation)),
        ("ClusterCompatibilityVersion", document.compatibility_version),
    ]


def _behaviour(document: Document) -> list[_General]:
    return [
        ("VmType", str(VM_TYPES[document.vm_type])),
        ("ResumeBehavior", document.resume_behavior),
        ("MinAllocatedMem", _mib(document.memory_guaranteed)),
        ("IsStateless", _text(document.stateless)),
        ("IsRunAndPause", "false"),
        ("AutoStartup", _text(document.high_availability)),
        ("Priority", str(document.priority)),
        ("CreatedByUserId", document.created_by),
        ("MigrationSupport", str(document.migration_support)),
        *(("DedicatedVmForVds", host) for host in document.dedicated_hosts),
        ("IsBootMenuEnabled", "false"),
        ("IsSpiceFileTransferEnabled", "true"),
        ("IsSpiceCopyPasteEnabled", "true"),
        ("AllowConsoleReconnect", _text(document.console_reconnect)),
        ("ConsoleDisconnectAction", "LOCK_SCREEN"),
        ("ConsoleDisconnectActionDelay", "0"),
    ]


def _machine(document: Document) -> list[_General]:
    return [
        ("CustomEmulatedMachine", ""),
        ("BiosType", str(BIOS_TYPES[document.bios_type])),
        ("CustomCpuName", ""),
        ("PredefinedProperties", document.predefined_properties),
        ("UserDefinedProperties", document.user_properties),
        ("MaxMemorySizeMb", _mib(document.memory_max)),
        ("LeaseDomainId", document.lease_domain_id),
        ("MultiQueuesEnabled", "true"),
        ("VirtioScsiMultiQueuesEnabled", "false"),
        ("UseHostCpu", "false"),
        ("BalloonEnabled", _text(document.balloon)),
        ("CpuPinningPolicy", str(document.cpu_pinning_policy)),
        ("ClusterName", document.cluster_name),
    ]


def _users(content: ElementTree.Element, document: Document) -> None:
    if not document.users:
        return
    section = _section(content, "UserDomainsSection")
    for user in document.users:
        element = _add(section, "User")
        _add(element, "UserDomain", user.name)
        roles = _add(element, "UserRoles")
        for role in user.roles:
            _add(roles, "RoleName", role)


def _vm_part(document: Document) -> list[_General]:
    return [
        ("TemplateId", document.template_id or ZERO),
        ("TemplateName", document.template_name),
        ("IsInitilized", "true"),
        ("Origin", str(ORIGINS[document.origin])),
        ("app_list", document.applications),
        ("quota_id", document.quota_id),
        ("DefaultDisplayType", "2"),
        ("TrustedService", "false"),
        ("OriginalTemplateId", document.original_template_id),
        ("OriginalTemplateName", document.original_template_name),
        ("CpuPinning", document.cpu_pinning),
        ("UseLatestVersion", "false"),
        ("StopTime", _date(document.stopped)),
        ("BootTime", _date(document.booted)),
        ("Downtime", "0" if document.booted is not None else None),
    ]


def _template_part(document: Document) -> list[_General]:
    return [
        ("TemplateId", document.id),
        ("Origin", str(ORIGINS[document.origin])),
        ("default_display_type", "2"),
        ("IsDisabled", "false"),
        ("TrustedService", "false"),
        ("TemplateType", "TEMPLATE"),
        ("BaseTemplateId", document.template_id or document.id),
        ("TemplateVersionNumber", str(document.version_number)),
        ("TemplateVersionName", document.version_name),
        ("TemplateSealed", _text(document.sealed)),
    ]


def _affinity(content: ElementTree.Element, document: Document) -> None:
    for kind, names in (("AffinityGroup", document.affinity_groups), ("AffinityLabel", document.affinity_labels)):
        if names:
            section = _section(content, f"{kind}sSection")
            for name in names:
                ElementTree.SubElement(section, kind, _attributes([("name", name)]))


def _snapshots(content: ElementTree.Element, document: Document) -> None:
    section = _section(content, "SnapshotsSection")
    for snapshot in document.snapshots:
        element = ElementTree.SubElement(section, "Snapshot", _attributes([("id", snapshot.id)]))
        _add(element, "Type", snapshot.type)
        _add(element, "Description", snapshot.description)
        _add(element, "CreationDate", _date(snapshot.created) or "")
        if snapshot.memory:
            _add(element, "Memory", ",".join(snapshot.memory))
        if snapshot.applications is not None:
            _add(element, "ApplicationList", snapshot.applications)
        if snapshot.configuration is not None:
            _add(element, "VmConfiguration", snapshot.configuration)
