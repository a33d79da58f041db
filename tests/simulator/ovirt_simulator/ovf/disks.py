# SPDX-License-Identifier: GPL-3.0-or-later
"""The disks of a document, put together from its references, its disk section and its drive items."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar
from xml.etree import ElementTree

from .codes import FORMATS, INTERFACES, OVF, RASD, STORAGE_TYPES, VOLUME_TYPES, XSI, date_of
from .document import LunConnection, LunDisk, Volume
from .items import read_device
from .values import OvfError, identifier, number, optional_id, rasd, truth

Element = ElementTree.Element
_Word = TypeVar("_Word")


def read_volumes(references: Element, section: Element | None, drives: Mapping[str, Element]) -> tuple[Volume, ...]:
    """Return the volumes of image disks; one that lacks its File, Disk or drive is none."""
    disks = {_required(disk, "diskId"): disk for disk in _disks(section)}
    volumes = []
    for file in references.findall("File"):
        if file.get(f"{{{OVF}}}disk_storage_type", "IMAGE") == "LUN":
            continue
        id_, href, description = (_required(file, name) for name in ("id", "href", "description"))
        if len(href) < 36:
            raise OvfError("a reference without disk id")
        if id_ in disks and id_ in drives:
            volumes.append(_volume(file, disks[id_], drives[id_], href.partition("/")[0], description))
    return tuple(volumes)


def read_lun_disks(references: Element, section: Element | None) -> tuple[LunDisk, ...]:
    """Return the direct LUN disks."""
    ids = {
        file.get(f"{{{OVF}}}href")
        for file in references.findall("File")
        if file.get(f"{{{OVF}}}disk_storage_type") == "LUN"
    }
    return tuple(_lun_disk(disk) for disk in _disks(section) if disk.get(f"{{{OVF}}}diskId") in ids)


def _disks(section: Element | None) -> list[Element]:
    return section.findall("Disk") if section is not None else []


def _required(element: Element, name: str) -> str:
    value = element.get(f"{{{OVF}}}{name}")
    if value is None:
        raise OvfError(f"{element.tag} without {name}")
    return value


def _known(table: Mapping[_Word, str], text: str | None, default: _Word) -> _Word:
    """Return the key of a name; names are case-sensitive, and an unknown one is an error."""
    if not text:
        return default
    for key, value in table.items():
        if value == text:
            return key
    raise OvfError(f"unknown name {text}")


def _attachment(disk: Element) -> dict[str, Any]:
    get = disk.get
    return {
        "description": get(f"{{{OVF}}}disk-description"),
        "pass_discard": truth(get(f"{{{OVF}}}pass-discard")),
        "shareable": truth(get(f"{{{OVF}}}shareable")),
        "bootable": truth(get(f"{{{OVF}}}boot")),
        "interface": _known(INTERFACES, get(f"{{{OVF}}}disk-interface"), "ide"),
        "read_only": truth(get(f"{{{OVF}}}read-only")),
    }


def _volume(file: Element, disk: Element, drive: Element, disk_id: str, description: str) -> Volume:
    get = disk.get
    modified = rasd(drive, "LastModified")
    used = number(get(f"{{{OVF}}}actual_size"), 0) << 30
    return Volume(
        id=identifier(file.get(f"{{{OVF}}}id"), "volume"),
        disk_id=identifier(disk_id, "disk"),
        alias=get(f"{{{OVF}}}disk-alias", ""),
        size=number(get(f"{{{OVF}}}size"), 0) << 30,
        used=number(file.get(f"{{{OVF}}}size"), used),
        snapshot_id=optional_id(get(f"{{{OVF}}}vm_snapshot_id"), "snapshot of a volume"),
        file_description=description,
        format=_known(FORMATS, get(f"{{{OVF}}}volume-format"), ""),
        sparse=_known(VOLUME_TYPES, get(f"{{{OVF}}}volume-type"), None),
        incremental_backup=truth(get(f"{{{OVF}}}incremental-backup")),
        wipe_after_delete=truth(get(f"{{{OVF}}}wipe-after-delete")),
        parent_id=optional_id(rasd(drive, "Parent"), "parent"),
        template_image_id=optional_id(rasd(drive, "Template"), "template of a volume"),
        domain_ids=tuple(identifier(one.text or "", "storage domain") for one in drive.findall(f"{{{RASD}}}StorageId")),
        pool_id=optional_id(rasd(drive, "StoragePoolId"), "data center"),
        created=date_of(rasd(drive, "CreationDate")),
        modified=date_of(modified),
        device=read_device(drive),
        **_attachment(disk),
    )


def _lun_disk(disk: Element) -> LunDisk:
    return LunDisk(
        id=identifier(_required(disk, "diskId"), "LUN disk"),
        lun_id=disk.get(f"{{{OVF}}}lun_id", ""),
        alias=disk.get(f"{{{OVF}}}disk-alias"),
        scsi_reservation=truth(disk.get(f"{{{OVF}}}scsi_reservation")),
        plugged=truth(disk.get(f"{{{OVF}}}plugged")),
        connections=tuple(_connection(path) for path in disk.findall("Connection")),
        **_attachment(disk),
    )


def _connection(path: Element) -> LunConnection:
    storage_type = path.get(f"{{{XSI}}}storage_type", "UNKNOWN")
    if storage_type not in STORAGE_TYPES:
        raise OvfError(f"unknown storage type {storage_type}")
    named = [path.get(f"{{{OVF}}}{name}", "") for name in ("connection", "iqn", "port")]
    return LunConnection(named[0], named[1], named[2], storage_type, path.get(f"{{{XSI}}}portal", ""))
