# SPDX-License-Identifier: GPL-3.0-or-later
"""The disks of a document, put together from its references, its disk section and its drive items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .document import Disk, LunConnection, LunDisk, Volume
from .parsing import OVF, XSI, OvfError, identifier, known, number, optional_id, truth

_FORMATS = {"RAW": "raw", "COW": "cow", "Unassigned": None}
_SPARSE = {"Sparse": True, "Preallocated": False, "Unassigned": None}
_INTERFACES = {
    "IDE": "ide",
    "VirtIO_SCSI": "virtio_scsi",
    "VirtIO": "virtio",
    "SPAPR_VSCSI": "spapr_vscsi",
    "SATA": "sata",
}
_STORAGE_TYPES = {"IMAGE": "image", "LUN": "lun", "CINDER": "cinder", "MANAGED_BLOCK_STORAGE": "managed_block_storage"}
_CONNECTION_TYPES = {
    "UNKNOWN": "unknown",
    "NFS": "nfs",
    "FCP": "fcp",
    "ISCSI": "iscsi",
    "LOCALFS": "localfs",
    "POSIXFS": "posixfs",
    "GLUSTERFS": "glusterfs",
    "GLANCE": "glance",
    "CINDER": "cinder",
    "MANAGED_BLOCK_STORAGE": "managed_block_storage",
    "UNMANAGED": "unmanaged",
}


_IN_NAMESPACE = (
    *("id", "href", "description", "disk_storage_type", "diskId", "size", "actual_size", "vm_snapshot_id"),
    *("volume-format", "volume-type", "disk-interface", "shareable", "boot", "disk-alias", "plugged", "lun_id"),
    *("connection", "iqn", "port"),
)
# What is read of an element's attributes, and how it is called here.
_READ = {
    **{OVF + name: name for name in _IN_NAMESPACE},
    **{XSI + name: name for name in ("portal", "storage_type")},
}
_UUID_LENGTH = 36

# The texts of an item, or the attributes of an element, by their names.
Texts = Mapping[str, str]


def read_disks(
    references: Any, section: Any, drives: Mapping[str, Texts]
) -> tuple[tuple[Disk, ...], tuple[LunDisk, ...]]:
    """Return the image disks and the direct LUNs. A volume that lacks its File, Disk or drive item is left out."""
    rows = {} if section is None else _rows(section)
    first: dict[str, tuple[Texts, Texts, str]] = {}
    volumes: dict[str, list[Volume]] = {}
    luns = []
    for element in references.iterchildren("File"):
        file = _attributes(element)
        href = _required(file, "href")
        storage_type = _STORAGE_TYPES.get(file.get("disk_storage_type", ""), "image")
        if storage_type == "lun":
            if href in rows:
                luns.append(_lun_disk(*rows[href]))
            continue
        volume_id = _required(file, "id")
        _required(file, "description")
        disk_id = identifier(href[:_UUID_LENGTH] or None, "a disk")
        if volume_id in rows and volume_id in drives:
            row, drive = rows[volume_id][1], drives[volume_id]
            first.setdefault(disk_id, (row, drive, storage_type))
            volumes.setdefault(disk_id, []).append(_volume(volume_id, row, drive))
    disks = tuple([_disk(id_, *facts, _chain(volumes[id_])) for id_, facts in first.items()])
    return disks, tuple(luns)


def _attributes(element: Any) -> Texts:
    # All at once: one alone would be looked for from the first on, with a comparison of namespaces at each.
    return {_READ[name]: value for name, value in element.items() if name in _READ}


def _rows(section: Any) -> dict[str, tuple[Any, Texts]]:
    found = [(element, _attributes(element)) for element in section.iterchildren("Disk")]
    return {_required(row, "diskId"): (element, row) for element, row in found}


def _required(attributes: Texts, name: str) -> str:
    value = attributes.get(name)
    if value is None:
        raise OvfError(f"a disk or a reference to one has no {name}")
    return value


def _volume(volume_id: str, row: Texts, drive: Texts) -> Volume:
    get = row.get
    return Volume(
        id=identifier(volume_id, "a volume"),
        parent_id=optional_id(drive["Parent"], "the parent of a volume"),
        template_volume_id=optional_id(drive.get("Template"), "the template of a volume"),
        snapshot_id=optional_id(get("vm_snapshot_id"), "the snapshot of a volume"),
        format=known(_FORMATS, get("volume-format"), None, "the format of a volume"),
        sparse=known(_SPARSE, get("volume-type"), None, "the allocation of a volume"),
        size=number(get("size"), 0, "the size of a volume") << 30,
        actual_size=number(get("actual_size"), 0, "the used size of a volume") << 30,
        domain_ids=tuple([identifier(one, "a storage domain") for one in drive.get("StorageId", "").split()]),
    )


def _disk(id_: str, row: Texts, drive: Texts, storage_type: str, chain: tuple[Volume, ...]) -> Disk:
    get = row.get
    return Disk(
        id=id_,
        alias=get("disk-alias", ""),
        interface=known(_INTERFACES, get("disk-interface"), "ide", "the interface of a disk"),
        bootable=truth(get("boot")),
        plugged=truth(drive.get("IsPlugged"), True),
        shareable=truth(get("shareable")),
        storage_type=storage_type,
        volumes=chain,
    )


def _lun_disk(element: Any, row: Texts) -> LunDisk:
    get = row.get
    return LunDisk(
        id=identifier(row["diskId"], "a direct LUN"),
        lun_id=get("lun_id", ""),
        alias=get("disk-alias", ""),
        interface=known(_INTERFACES, get("disk-interface"), "ide", "the interface of a direct LUN"),
        bootable=truth(get("boot")),
        plugged=truth(get("plugged")),
        shareable=truth(get("shareable")),
        connections=tuple(_connection(_attributes(path)) for path in element.iterchildren("Connection")),
    )


def _connection(path: Texts) -> LunConnection:
    get = path.get
    return LunConnection(
        address=get("connection", ""),
        port=get("port", ""),
        target=get("iqn", ""),
        portal=get("portal", ""),
        storage_type=known(_CONNECTION_TYPES, get("storage_type"), "unknown", "the storage type of a connection"),
    )


def _chain(volumes: Sequence[Volume]) -> tuple[Volume, ...]:
    """Return the volumes from the one that is nobody's parent downwards; what no chain leads to comes last."""
    if len(volumes) == 1:
        return tuple(volumes)
    waiting = {volume.id: volume for volume in volumes}
    parents = {volume.parent_id for volume in volumes}
    ordered: list[Volume] = []
    for leaf in volumes:
        following = waiting.pop(leaf.id, None) if leaf.id not in parents else None
        while following is not None:
            ordered.append(following)
            following = waiting.pop(following.parent_id or "", None)
    return tuple([*ordered, *waiting.values()])
