# SPDX-License-Identifier: GPL-3.0-or-later
"""The hardware section of a document, read."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from xml.etree import ElementTree

from .codes import NIC_MODELS
from .document import Device, Hardware, Nic
from .hardware import CDROM, GRAPHICS, OTHER, VIDEO
from .values import OvfError, identifier, number, rasd, truth

Element = ElementTree.Element
_DRIVE, _NIC, _PROCESSOR, _MEMORY = 17, 10, 3, 4


@dataclass
class Items:
    """What the items say; drives are left as elements, a disk needs more than its item."""

    sockets: int = 1
    cores: int = 1
    threads: int = 1
    memory: int = 0  # MiB
    drives: dict[str, Element] = field(default_factory=dict)
    nics: tuple[Nic, ...] = ()
    hardware: tuple[Hardware, ...] = ()


def read_items(section: Element | None) -> Items:
    """Return what the hardware section says; without one there is nothing."""
    found = Items()
    for item in section.findall("Item") if section is not None else []:
        kind = number(rasd(item, "ResourceType"), -1)
        if kind == -1:
            raise OvfError("an item without resource type")
        if kind == _PROCESSOR:
            _processor(item, found)
        elif kind == _MEMORY:
            found.memory = _required_number(item, "VirtualQuantity")
        elif kind == _DRIVE:
            for name in ("HostResource", "Parent"):
                _required(item, name)
            found.drives[_instance(item)] = item
        elif kind == _NIC:
            found.nics += (_nic(item),)
        elif kind in (VIDEO, GRAPHICS, CDROM, OTHER):
            found.hardware += (_hardware(item, kind),)
    return found


def read_device(item: Element) -> Device | None:
    """Return the device part of an item, None where it was not written."""
    type_, device = item.findtext("Type"), item.findtext("Device")
    if type_ is None:
        return None
    parameters = item.find("SpecParams")
    properties = item.findtext("CustomProperties") or ""
    if any("=" not in part for part in properties.split(";") if part):
        raise OvfError("a device property without value")
    return Device(
        type=type_,
        device=device or "",
        address=rasd(item, "Address") or "",
        boot_order=number(item.findtext("BootOrder"), 0),
        plugged=truth(item.findtext("IsPlugged"), True),
        read_only=truth(item.findtext("IsReadOnly")),
        alias=item.findtext("Alias") or "",
        spec_params={one.tag: one.text or "" for one in parameters} if parameters is not None else {},
        custom_properties=properties,
    )


def _required(item: Element, name: str) -> str:
    text = rasd(item, name)
    if text is None:
        raise OvfError(f"an item without {name}")
    return text


def _instance(item: Element) -> str:
    return _required(item, "InstanceId" if rasd(item, "InstanceId") is not None else "InstanceID")


def _required_number(item: Element, name: str) -> int:
    text = rasd(item, name)
    if not text:
        raise OvfError(f"an item without {name}")
    return number(text, 0)


def _processor(item: Element, found: Items) -> None:
    sockets = rasd(item, "num_of_sockets") or rasd(item, "VirtualQuantity")
    if not sockets:
        raise OvfError("a processor without number of sockets")
    found.sockets = number(sockets, 1)
    found.cores = number(rasd(item, "cpu_per_socket"), 1)
    found.threads = number(rasd(item, "threads_per_cpu"), 1)


def _nic(item: Element) -> Nic:
    speed = rasd(item, "speed")
    if speed == "":
        raise OvfError("a NIC with empty speed")
    models = {str(code): name for name, code in NIC_MODELS.items()}
    return Nic(
        id=identifier(_instance(item), "NIC"),
        name=rasd(item, "Name") or "",
        network=_required(item, "Connection"),
        profile=rasd(item, "OtherResourceType") or "",
        mac=rasd(item, "MACAddress") or None,
        model=models.get(rasd(item, "ResourceSubType") or "", "virtio"),
        linked=truth(rasd(item, "Linked"), True),
        speed=number(speed, 0) if speed is not None else None,
        device=read_device(item),
    )


def _hardware(item: Element, kind: int) -> Hardware:
    device = read_device(item)
    if device is None or (kind == OTHER and not device.device):
        raise OvfError("a device without type")
    monitors = _required_number(item, "VirtualQuantity") if kind == VIDEO else 1
    id_ = rasd(item, "InstanceId")
    return Hardware(kind, identifier(id_, "device") if id_ else str(uuid.uuid4()), device, monitors)
