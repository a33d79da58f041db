# SPDX-License-Identifier: GPL-3.0-or-later
"""The hardware section of a document, written."""

from __future__ import annotations

from xml.etree import ElementTree

from .codes import NIC_MODELS, NIC_SPEEDS, RASD, VSSD, ZERO, date_text
from .document import Device, Document, Nic, Volume

USB_CONTROLLER, VIDEO, GRAPHICS, CDROM, OTHER = 23, 20, 26, 15, 0
CAPTIONS = {VIDEO: "Graphical Controller", GRAPHICS: "Graphical Framebuffer", CDROM: "CDROM"}
_MAX_SOCKETS = 16


def write_hardware(section: ElementTree.Element, document: Document, version: str) -> None:
    """Fill the section: processors, memory, drives, NICs, USB, and the other devices."""
    processors, memory = document.sockets * document.cores * document.threads, document.memory >> 20
    _add(section, "Info", f"{processors} CPU, {memory} Memory")
    system = _add(section, "System")
    _add(system, f"{{{VSSD}}}VirtualSystemType", f"ENGINE {version}")
    limit = _MAX_SOCKETS * document.cores * document.threads
    values: dict[str, object] = {
        "Caption": f"{processors} virtual cpu",
        "Description": "Number of virtual CPU",
        "InstanceId": 1,
        "ResourceType": 3,
        "num_of_sockets": document.sockets,
        "cpu_per_socket": document.cores,
        "threads_per_cpu": document.threads,
        "max_num_of_vcpus": limit,
        "VirtualQuantity": processors,
    }
    _item(section, values)
    values = {"Caption": f"{memory} MB of memory", "Description": "Memory Size", "InstanceId": 2, "ResourceType": 4}
    _item(section, {**values, "AllocationUnits": "MegaBytes", "VirtualQuantity": memory})
    for volume in document.volumes:
        _drive(section, volume)
    for nic in document.nics:
        _nic(section, nic, with_mac=document.kind == "vm")
    values = {"Caption": "USB Controller", "InstanceId": 3, "ResourceType": USB_CONTROLLER, "UsbPolicy": "DISABLED"}
    _item(section, values)
    for hardware in document.hardware:
        kind = hardware.resource_type
        if kind == OTHER:
            item = _item(section, {"ResourceType": kind, "InstanceId": hardware.id})
        else:
            item = _item(section, {"Caption": CAPTIONS[kind], "InstanceId": hardware.id, "ResourceType": kind})
        if kind == VIDEO:
            _add(item, f"{{{RASD}}}VirtualQuantity", str(hardware.monitors))
            _add(item, f"{{{RASD}}}SinglePciQxl", "false")
        _device(item, hardware.device)


def _add(parent: ElementTree.Element, name: str, text: str = "") -> ElementTree.Element:
    element = ElementTree.SubElement(parent, name)
    element.text = text
    return element


def _item(section: ElementTree.Element, values: dict[str, object]) -> ElementTree.Element:
    item = _add(section, "Item")
    for name, value in values.items():
        text = str(value).lower() if isinstance(value, bool) else str(value)
        _add(item, f"{{{RASD}}}{name}", text)
    return item


def _drive(section: ElementTree.Element, volume: Volume) -> None:
    values: dict[str, object] = {
        "Caption": volume.alias,
        "InstanceId": volume.id,
        "ResourceType": 17,
        "HostResource": f"{volume.disk_id}/{volume.id}",
        "Parent": volume.parent_id or ZERO,
        "Template": volume.template_image_id or ZERO,
        "ApplicationList": "",
    }
    item = _item(section, values)
    for domain_id in volume.domain_ids:
        _add(item, f"{{{RASD}}}StorageId", domain_id)
    if volume.pool_id is not None:
        _add(item, f"{{{RASD}}}StoragePoolId", volume.pool_id)
    created = date_text(volume.created) if volume.created is not None else ""
    modified = date_text(volume.modified) if volume.modified is not None else ""
    for name, text in {"CreationDate": created, "LastModified": modified, "last_modified_date": modified}.items():
        _add(item, f"{{{RASD}}}{name}", text)
    if volume.device is not None:
        _device(item, volume.device)


def _nic(section: ElementTree.Element, nic: Nic, with_mac: bool) -> None:
    values: dict[str, object] = {
        "Caption": f"Ethernet adapter on {nic.network or '[No Network]'}",
        "InstanceId": nic.id,
        "ResourceType": 10,
        "OtherResourceType": nic.profile,
        "ResourceSubType": NIC_MODELS[nic.model],
        "Connection": nic.network,
        "Linked": nic.linked,
        "Name": nic.name,
        "ElementName": nic.name,
    }
    if with_mac:
        values["MACAddress"] = nic.mac or ""
    values["speed"] = nic.speed if nic.speed is not None else NIC_SPEEDS.get(nic.model, 1000)
    item = _item(section, values)
    if nic.device is not None:
        _device(item, nic.device)


def _device(item: ElementTree.Element, device: Device) -> None:
    values = {
        "Type": device.type,
        "Device": device.device,
        f"{{{RASD}}}Address": device.address,
        "BootOrder": str(device.boot_order),
        "IsPlugged": str(device.plugged).lower(),
        "IsReadOnly": str(device.read_only).lower(),
        "Alias": device.alias,
    }
    for name, text in values.items():
        _add(item, name, text)
    if device.spec_params:
        parameters = _add(item, "SpecParams")
        for name, text in device.spec_params.items():
            _add(parameters, name, text)
    if device.custom_properties:
        _add(item, "CustomProperties", device.custom_properties)
