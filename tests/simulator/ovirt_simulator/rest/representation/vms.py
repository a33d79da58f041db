# SPDX-License-Identifier: GPL-3.0-or-later
"""VMs, templates and what hangs on a VM."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from ovirtsdk4 import types

from ...engine import schema
from ...ovf.document import Document
from ...ovf.reader import read
from ...ovf.values import OvfError
from .values import choice, made, moment, reference


def vms(rows: Iterable[schema.VmStatic], configurations: dict[str, str] | None = None) -> list[types.Vm]:
    """Return VMs; configurations are their OVF documents by id, where they are asked for."""
    # Thousands of VMs share a few clusters and templates; what they refer to is only read.
    cluster = cache(lambda identifier: reference(types.Cluster, identifier))
    template = cache(lambda identifier: reference(types.Template, identifier))
    found = []
    for row in rows:
        vm = made(
            types.Vm,
            id=row.id,
            name=row.name,
            description=row.description,
            comment=row.comment,
            cluster=cluster(row.cluster_id),
            template=template(row.template_id),
            creation_time=moment(row.creation_date),
            status=choice(types.VmStatus, row.status),
            status_detail=row.status_detail,
            stop_reason=row.stop_reason,
            start_time=moment(row.start_time),
            stop_time=moment(row.stop_time),
            host=reference(types.Host, row.run_on_vds) if row.run_on_vds else None,
            run_once=row.run_once,
            next_run_configuration_exists=bool(row.next_run),
            vm_pool=types.VmPool(id=row.vm_pool_id) if row.vm_pool_id else None,
            **_machine(row),
        )
        if row.lease_domain_id:
            vm.lease = types.StorageDomainLease(storage_domain=reference(types.StorageDomain, row.lease_domain_id))
        if row.custom_properties:
            vm.custom_properties = [
                types.CustomProperty(name=name, value=str(value)) for name, value in row.custom_properties.items()
            ]
        if configurations is not None and row.id in configurations:
            configuration = types.Configuration(data=configurations[row.id], type=types.ConfigurationType.OVF)
            vm.initialization = types.Initialization(configuration=configuration)
        found.append(vm)
    return found


def next_run(row: schema.VmStatic) -> types.Vm:
    """Return a VM as it will be after its next cold start."""
    columns = {column.key: getattr(row, column.key) for column in schema.VmStatic.__table__.columns}
    return vms([schema.VmStatic(**{**columns, **row.next_run})])[0]


def templates(rows: Iterable[schema.VmStatic]) -> list[types.Template]:
    """Return templates."""
    return [
        types.Template(
            id=row.id,
            name=row.name,
            description=row.description,
            comment=row.comment,
            cluster=reference(types.Cluster, row.cluster_id) if row.cluster_id else None,
            creation_time=moment(row.creation_date),
            status=choice(types.TemplateStatus, row.status),
            version=_version(row),
            **_machine(row),
        )
        for row in rows
    ]


def _version(row: schema.VmStatic) -> types.TemplateVersion:
    """Return a template's place among the versions of one; only what is no base version names the base."""
    if row.template_id == row.id:
        return types.TemplateVersion(version_number=row.version_number, version_name=row.version_name or "base version")
    base = types.Template(id=row.template_id)
    name = row.version_name
    return types.TemplateVersion(version_number=row.version_number, version_name=name, base_template=base)


def unregistered_vms(rows: Iterable[schema.UnregisteredOvf]) -> list[types.Vm]:
    """Return VMs as the OVF store of a domain describes them, less those that it describes in no readable way."""
    return [
        made(
            types.Vm,
            id=row.entity_id,
            name=row.entity_name,
            status=choice(types.VmStatus, row.status or "down"),
            template=types.Template(id=document.template_id or schema.BLANK_TEMPLATE),
            storage_domain=reference(types.StorageDomain, row.storage_domain_id),
            **_described(document),
        )
        for row, document in _readable(rows)
    ]


def unregistered_templates(rows: Iterable[schema.UnregisteredOvf]) -> list[types.Template]:
    """Return templates as the OVF store of a domain describes them."""
    return [
        types.Template(
            id=row.entity_id,
            name=row.entity_name,
            status=types.TemplateStatus.OK,
            storage_domain=reference(types.StorageDomain, row.storage_domain_id),
            version=types.TemplateVersion(version_number=document.version_number, version_name=document.version_name),
            **_described(document),
        )
        for row, document in _readable(rows)
    ]


def snapshots(rows: Iterable[schema.Snapshot]) -> list[types.Snapshot]:
    """Return the snapshots of a VM."""
    return [
        made(
            types.Snapshot,
            id=row.id,
            description=row.description,
            date=moment(row.creation_date),
            snapshot_status=choice(types.SnapshotStatus, row.status),
            snapshot_type=choice(types.SnapshotType, row.type),
            persist_memorystate=bool(row.memory_dump_disk_id or row.memory_metadata_disk_id),
            vm=reference(types.Vm, row.vm_id),
        )
        for row in rows
    ]


def reported_devices(row: schema.VmStatic, mac: str | None) -> list[types.ReportedDevice]:
    """Return what the guest agent of a running VM tells about its NIC."""
    if row.status != "up" or not row.guest_address:
        return []
    device = types.ReportedDevice(
        id=row.id,
        name="eth0",
        type=types.ReportedDeviceType.NETWORK,
        ips=[types.Ip(address=row.guest_address, version=types.IpVersion.V4)],
        mac=types.Mac(address=mac) if mac else None,
        vm=reference(types.Vm, row.id),
    )
    return [device]


def _readable(rows: Iterable[schema.UnregisteredOvf]) -> list[tuple[schema.UnregisteredOvf, Document]]:
    found = []
    for row in rows:
        try:
            found.append((row, read(row.ovf)))
        except OvfError:
            continue
    return found


def _described(document: Document) -> dict[str, Any]:
    return {
        "description": document.description,
        "comment": document.comment,
        "creation_time": moment(document.created),
        **_machine(document),
    }


def _machine(source: schema.VmStatic | Document) -> dict[str, Any]:
    """Return what a VM, a template and a document have in common. Equal parts are shared: they are only read."""
    return {
        "bios": _bios(source.bios_type),
        "cpu": _cpu(source.sockets, source.cores, source.threads),
        "delete_protected": source.delete_protected,
        "display": _display(),
        "high_availability": _high_availability(source.high_availability, source.priority),
        "io": _io(),
        "memory": source.memory,
        "memory_policy": _memory_policy(source.memory_guaranteed, source.memory_max),
        "migration": _migration(),
        "origin": source.origin,
        "os": _os(source.os_type),
        "sso": _sso(),
        "stateless": source.stateless,
        "time_zone": _time_zone(),
        "type": choice(types.VmType, source.vm_type),
        "usb": _usb(),
    }


@cache
def _bios(kind: str) -> types.Bios:
    return types.Bios(boot_menu=types.BootMenu(enabled=False), type=choice(types.BiosType, kind))


@cache
def _cpu(sockets: int, cores: int, threads: int) -> types.Cpu:
    topology = types.CpuTopology(sockets=sockets, cores=cores, threads=threads)
    return types.Cpu(architecture=types.Architecture.X86_64, topology=topology)


@cache
def _high_availability(enabled: bool, priority: int) -> types.HighAvailability:
    return types.HighAvailability(enabled=enabled, priority=priority)


@cache
def _memory_policy(guaranteed: int, maximum: int) -> types.MemoryPolicy:
    return types.MemoryPolicy(guaranteed=guaranteed, max=maximum, ballooning=True)


@cache
def _os(kind: str) -> types.OperatingSystem:
    return types.OperatingSystem(type=kind, boot=types.Boot(devices=[types.BootDevice.HD]))


@cache
def _display() -> types.Display:
    return types.Display(monitors=1, type=types.DisplayType.VNC)


@cache
def _io() -> types.Io:
    return types.Io(threads=0)


@cache
def _migration() -> types.MigrationOptions:
    inherit = types.InheritableBoolean.INHERIT
    return types.MigrationOptions(auto_converge=inherit, compressed=inherit)


@cache
def _sso() -> types.Sso:
    return types.Sso(methods=[types.Method(id=types.SsoMethod.GUEST_AGENT)])


@cache
def _time_zone() -> types.TimeZone:
    return types.TimeZone(name="Etc/GMT")


@cache
def _usb() -> types.Usb:
    return types.Usb(enabled=False)
