# SPDX-License-Identifier: GPL-3.0-or-later
"""The hardware section of a document, one item a device."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .disks import Texts
from .document import Nic
from .parsing import RASD, OvfError, identifier, number, properties, truth

_ITEM = "Item"
_IN_NAMESPACE = (
    *("ResourceType", "InstanceId", "InstanceID", "VirtualQuantity", "num_of_sockets", "cpu_per_socket"),
    *("threads_per_cpu", "HostResource", "Parent", "Template", "StorageId", "Name", "MACAddress", "ResourceSubType"),
    *("Connection", "OtherResourceType", "Linked", "speed"),
)
# What is read of an item, and how it is called here.
_READ = {
    **{RASD + name: name for name in _IN_NAMESPACE},
    **{name: name for name in (_ITEM, "Type", "Device", "IsPlugged", "CustomProperties")},
}
_HOST_DEVICES = frozenset({"hostdev", "mdev"})
_MODELS = {
    "0": "rtl8139_virtio",
    "1": "rtl8139",
    "2": "e1000",
    "3": "virtio",
    "4": "spapr_vlan",
    "5": "pci_passthrough",
    "6": "e1000e",
}


@dataclass
class Hardware:
    """What the items say. drives: the items of volumes, by their ids: a disk is more than its item."""

    processors: int = 1
    memory: int = 0
    drives: dict[str, Texts] = field(default_factory=dict)
    nics: list[Nic] = field(default_factory=list)
    host_devices: list[str] = field(default_factory=list)


def read_hardware(section: Any) -> Hardware:
    """Return what the hardware section says; without one there is nothing."""
    found = Hardware()
    for item in () if section is None else _items(section):
        kind = _required(item, "ResourceType", "an item")
        if kind in _READERS:
            _READERS[kind](item, found)
        else:
            number(kind or "-", 0, "the resource type of an item")
    return found


def _items(section: Any) -> list[dict[str, str]]:
    """Return the texts of each item, walking once over what somebody reads: that is half of what is there.

    The domains of a drive are joined by a blank; of all else that is there twice the first counts.
    """
    items: list[dict[str, str]] = []
    item: dict[str, str] = {}
    for element in section.iter(*_READ):
        name = _READ[element.tag]
        if name is _ITEM:
            item = {}
            items.append(item)
        elif name not in item:
            item[name] = element.text or ""
        elif name == "StorageId":
            item[name] += f" {element.text or ''}"
    return items


def _required(item: Texts, name: str, where: str) -> str:
    text = item.get(name)
    if text is None:
        raise OvfError(f"{where} has no {name}")
    return text


def _quantity(item: Texts, where: str) -> int:
    return number(item.get("VirtualQuantity") or "none", 0, where)


def _instance(item: Texts, where: str) -> str:
    # The spelling in capitals is that of other producers; the engine reads it, too.
    return item["InstanceID"] if "InstanceID" in item else _required(item, "InstanceId", where)


def _drive(item: Texts, found: Hardware) -> None:
    _required(item, "HostResource", "a drive")
    _required(item, "Parent", "a drive")
    _check_properties(item)
    found.drives[_instance(item, "a drive")] = item


def _nic(item: Texts, found: Hardware) -> None:
    _check_properties(item)
    number(item.get("speed", "0") or "none", 0, "the speed of a NIC")
    nic = Nic(
        id=identifier(_instance(item, "a NIC"), "a NIC"),
        name=item.get("Name", ""),
        network=_required(item, "Connection", "a NIC") or None,
        profile=item.get("OtherResourceType") or None,
        mac=item.get("MACAddress") or None,
        model=_MODELS.get(item.get("ResourceSubType", ""), "virtio"),
        linked=truth(item.get("Linked"), True),
        plugged=truth(item.get("IsPlugged"), True),
    )
    found.nics.append(nic)


def _processors(item: Texts, found: Hardware) -> None:
    sockets = number(item.get("num_of_sockets") or item.get("VirtualQuantity") or "none", 1, "the number of sockets")
    cores = number(item.get("cpu_per_socket"), 1, "the number of cores")
    found.processors = sockets * cores * number(item.get("threads_per_cpu"), 1, "the number of threads")


def _memory(item: Texts, found: Hardware) -> None:
    found.memory = _quantity(item, "the memory") << 20


def _video(item: Texts, found: Hardware) -> None:
    _quantity(item, "the number of monitors")
    _device(item, found)


def _other(item: Texts, found: Hardware) -> None:
    if not item.get("Device"):
        raise OvfError("a device has no name")
    _device(item, found)


def _device(item: Texts, found: Hardware) -> None:
    type_ = item.get("Type")
    if type_ is None:
        raise OvfError("a device has no type")
    _check_properties(item)
    if type_ in _HOST_DEVICES:
        found.host_devices.append(item.get("Device", ""))


def _check_properties(item: Texts) -> None:
    if "CustomProperties" in item:
        properties(item["CustomProperties"], "the custom properties of a device")


_READERS: Mapping[str, Callable[[Texts, Hardware], None]] = {
    "0": _other,
    "3": _processors,
    "4": _memory,
    "10": _nic,
    "15": _device,
    "17": _drive,
    "20": _video,
    "26": _device,
}
