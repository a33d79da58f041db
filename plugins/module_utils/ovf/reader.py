# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading an OVF document of oVirt's dialect; what makes the engine refuse one is an error here, too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .disks import read_disks
from .document import Document, Memory, Snapshot, User
from .hardware import Hardware, read_hardware
from .parsing import OVF, XSI, OvfError, identifier, moment, number, optional_id, parse, properties, texts, truth

__all__ = ["OvfError", "read"]

_BIOS_TYPES = {"0": "i440fx_sea_bios", "1": "q35_sea_bios", "2": "q35_ovmf", "3": "q35_secure_boot"}
_ORIGINS = {
    "0": "rhev",
    "1": "vmware",
    "2": "xen",
    "3": "ovirt",
    "4": "external",
    "5": "hosted_engine",
    "6": "managed_hosted_engine",
    "7": "kvm",
    "8": "physical_machine",
    "9": "hyperv",
    "10": "kubevirt",
}
_SNAPSHOT_TYPES = frozenset({"REGULAR", "ACTIVE", "STATELESS", "PREVIEW", "NEXT_RUN"})
# What else the engine chokes on: the words that it knows.
_WORDS = {
    "ResumeBehavior": frozenset({"AUTO_RESUME", "LEAVE_PAUSED", "KILL", ""}),
    "ConsoleDisconnectAction": frozenset({"NONE", "LOCK_SCREEN", "LOGOUT", "SHUTDOWN", "REBOOT", ""}),
    "DefaultDisplayType": frozenset({"0", "1", "2", "3", "4", ""}),
    "default_display_type": frozenset({"0", "1", "2", "3", "4", ""}),
}
_LEAST_MEMORY_IDS = 5

# The texts of the elements of Content by their names.
Texts = Mapping[str, str]


def read(document: bytes | str) -> Document:
    """Return what a document says; OvfError for one that is damaged, or of somebody else's dialect."""
    root = parse(document)
    parts = {
        child.tag: child for child in reversed(root) if child.tag != "Section" or _type(child) == "ovf:DiskSection_Type"
    }
    content, references = parts.get("Content"), parts.get("References")
    if root.tag != OVF + "Envelope" or content is None or references is None:
        raise OvfError("it is no OVF document of oVirt: it has no Envelope, References and Content of that dialect")
    sections = _sections(content)
    system = sections.get("ovf:OperatingSystemSection_Type")
    id_ = identifier(None if system is None else system.get(OVF + "id"), "the operating system section")
    hardware = read_hardware(sections.get("ovf:VirtualHardwareSection_Type"))
    disks, lun_disks = read_disks(references, parts.get("Section"), hardware.drives)
    general = texts(content)
    _check(general)
    return Document(
        id=id_,
        os_type=texts(system).get("Description", ""),
        disks=disks,
        lun_disks=lun_disks,
        snapshots=tuple(_snapshot(one) for one in _children(sections, "Snapshots", "Snapshot")),
        users=tuple(_user(one) for one in _children(sections, "UserDomains", "User")),
        affinity_groups=_names(_children(sections, "AffinityGroups", "AffinityGroup")),
        affinity_labels=_names(_children(sections, "AffinityLabels", "AffinityLabel")),
        dedicated_hosts=_dedicated_hosts(content) if "DedicatedVmForVds" in general else (),
        **_identity(general, id_),
        **_machine(general, hardware),
    )


def _type(section: Any) -> str | None:
    text: str | None = section.get(XSI + "type")
    return text


def _sections(content: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for section in content.iterchildren("Section"):
        type_ = _type(section)
        if type_ is None:
            raise OvfError("a section of its content has no type")
        found.setdefault(type_, section)
    return found


def _children(sections: Mapping[str, Any], kind: str, name: str) -> list[Any]:
    section = sections.get(f"ovf:{kind}Section_Type")
    return [] if section is None else list(section.iterchildren(name))


def _names(elements: list[Any]) -> tuple[str, ...]:
    names = tuple(element.get(OVF + "name") for element in elements)
    if None in names:
        raise OvfError("an affinity group or label has no name")
    return names


def _dedicated_hosts(content: Any) -> tuple[str, ...]:
    return tuple(identifier(one.text or "", "a dedicated host") for one in content.iterchildren("DedicatedVmForVds"))


def _check(general: Texts) -> None:
    """Refuse what the engine chokes on although nothing here needs it."""
    for name, words in _WORDS.items():
        if name in general and general[name] not in words:
            raise OvfError(f"{name} is unknown")


def _identity(general: Texts, id_: str) -> dict[str, Any]:
    get = general.get
    template_id = optional_id(get("TemplateId"), "the template")
    is_template = template_id == id_
    if is_template:
        template_id = optional_id(get("BaseTemplateId"), "the base template")
        if template_id == id_:
            template_id = None
    return {
        "kind": "template" if is_template else "vm",
        "name": get("Name", ""),
        "description": get("Description", ""),
        "exported": moment(get("ExportDate")),
        "compatibility_version": get("ClusterCompatibilityVersion", ""),
        "cluster_name": get("ClusterName", ""),
        "template_id": template_id,
        "template_name": get("TemplateName", ""),
        "version_number": number(get("TemplateVersionNumber"), 1, "TemplateVersionNumber"),
        "origin": _ORIGINS.get(get("Origin", "")),
    }


def _machine(general: Texts, hardware: Hardware) -> dict[str, Any]:
    get = general.get
    memory = hardware.memory
    return {
        "bios_type": _BIOS_TYPES.get(get("BiosType") or "0"),
        "memory": memory,
        "memory_max": number(get("MaxMemorySizeMb"), memory >> 20, "MaxMemorySizeMb") << 20,
        "processors": hardware.processors,
        "stateless": truth(get("IsStateless")),
        "high_availability": truth(get("AutoStartup")),
        "priority": number(get("Priority"), 0, "Priority"),
        "lease_domain_id": optional_id(get("LeaseDomainId"), "the domain of the lease"),
        "host_devices": tuple(hardware.host_devices),
        "predefined_properties": properties(get("PredefinedProperties"), "the predefined properties"),
        "user_properties": properties(get("UserDefinedProperties"), None),
        "nics": tuple(hardware.nics),
    }


def _snapshot(element: Any) -> Snapshot:
    child = texts(element)
    if child.get("Type") not in _SNAPSHOT_TYPES or "Description" not in child or "CreationDate" not in child:
        raise OvfError("a snapshot has no type, description or creation date")
    return Snapshot(
        id=identifier(element.get(OVF + "id"), "a snapshot"),
        type=child["Type"],
        description=child["Description"],
        memory=_memory(child["Memory"]) if "Memory" in child else None,
    )


def _memory(text: str) -> Memory:
    """Read `domain,data center,dump disk,dump volume,configuration disk,configuration volume`."""
    ids = text.split(",")
    if len(ids) < _LEAST_MEMORY_IDS:
        raise OvfError("the memory of a snapshot names too few ids")
    dump, configuration = (identifier(one, "a memory disk") for one in (ids[2], ids[4]))
    return Memory(optional_id(ids[0], "the domain of a memory"), (dump, configuration))


def _user(element: Any) -> User:
    principal, roles = element.findtext("UserDomain"), element.find("UserRoles")
    if principal is None or "@" not in principal or roles is None:
        raise OvfError("a user has no `login@domain` or no roles")
    return User(principal, tuple(role.text or "" for role in roles.iterchildren("RoleName")))
