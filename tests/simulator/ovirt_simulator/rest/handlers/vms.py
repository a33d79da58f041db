# SPDX-License-Identifier: GPL-3.0-or-later
"""VMs: looking at them, changing them, and their power."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ovirtsdk4 import types
from sqlalchemy import select

from ...engine import schema
from ...engine.command import Command
from ...engine.commands import HibernateVm, RunVm, ShutdownVm, StopVm, UpdateVm
from ...engine.ovf_documents import documents_of
from ...engine.runtime import Context
from ...ovf.writer import write
from ..call import Call, done, find, identified, one
from ..errors import Fault, Gone, entity_not_found, immutable_id, incomplete
from ..representation import disks as shown_disks
from ..representation import networks as shown_networks
from ..representation import vms as shown
from ..search.query import search
from ..wire import Answer


def list_all(call: Call) -> Answer:
    """List VMs."""
    rows = search(call.context, "vms", call.request)
    return Answer(shown.vms(rows, _configurations(call, rows)), root="vms")


def read(call: Call) -> Answer:
    """Show a VM."""
    row = vm(call.context, call.ids["vm"])
    found = shown.vms([row], _configurations(call, [row]))[0]
    if call.request.flag("next_run") and row.next_run:
        found = shown.next_run(row)
    return Answer(found)


def _configurations(call: Call, rows: list[schema.VmStatic]) -> dict[str, str] | None:
    """Return what is asked for as everything: the documents without shareable disks, of VMs that nothing works on."""
    if not call.request.flag("all_content"):
        return None
    attachment, found = schema.DiskAttachment, {}
    worked_on = select(attachment.vm_id).join(schema.Image, schema.Image.disk_id == attachment.disk_id)
    worked_on = worked_on.where(attachment.vm_id.in_([row.id for row in rows]), schema.Image.status == "locked")
    locked = set(call.context.db.scalars(worked_on))
    for document in documents_of(call.context, [row for row in rows if row.id not in locked]):
        own = tuple(volume for volume in document.volumes if not volume.shareable)
        found[document.id] = write(replace(document, volumes=own))
    return found


def vm(context: Context, vm_id: str) -> schema.VmStatic:
    """Return a VM, no template."""
    return of_kind(context, vm_id, "vm")


def of_kind(context: Context, entity_id: str, kind: str) -> schema.VmStatic:
    """Return a VM or a template; anything else is not here."""
    row: schema.VmStatic = find(context, schema.VmStatic, entity_id)
    if row.entity_type != kind:
        raise Gone
    return row


def machine(call: Call, reference: types.Vm | types.Template | None, kind: str, missing: Fault) -> str:
    """Return the id of a VM or template that a body refers to by id or name; VMs and templates can share names."""
    if reference is None or reference.id is not None or not reference.name:
        return identified(call, reference, schema.VmStatic, missing)
    return call.ask(_machine_named, str(reference.name), kind)


def _machine_named(context: Context, name: str, kind: str) -> str:
    """Return the id; of a template and its versions, which can share a name, the base version's."""
    same = select(schema.VmStatic.id).filter_by(name=name, entity_type=kind)
    found = context.db.scalar(same.order_by(schema.VmStatic.version_number).limit(1))
    if found is None:
        raise entity_not_found(f"{kind}: name={name}")
    return found


def list_nics(call: Call) -> Answer:
    """List the NICs of a VM."""
    return Answer(shown_networks.nics(_below(call, schema.VmInterface, schema.VmInterface.name)), root="nics")


def read_nic(call: Call) -> Answer:
    """Show a NIC of a VM."""
    rows = _below(call, schema.VmInterface, schema.VmInterface.name)
    return Answer(shown_networks.nics([_named(rows, "id", call.ids["nic"])])[0])


def list_attachments(call: Call) -> Answer:
    """List the disks of a VM."""
    rows = _below(call, schema.DiskAttachment, schema.DiskAttachment.disk_id)
    return Answer(shown_disks.attachments(rows), root="disk_attachments")


def read_attachment(call: Call) -> Answer:
    """Show how a disk is attached to a VM."""
    rows = _below(call, schema.DiskAttachment, schema.DiskAttachment.disk_id)
    return Answer(shown_disks.attachments([_named(rows, "disk_id", call.ids["disk"])])[0])


def list_snapshots(call: Call) -> Answer:
    """List the snapshots of a VM."""
    rows = _below(call, schema.Snapshot, schema.Snapshot.creation_date)
    return Answer(shown.snapshots(rows), root="snapshots")


def read_snapshot(call: Call) -> Answer:
    """Show a snapshot of a VM."""
    rows = _below(call, schema.Snapshot, schema.Snapshot.creation_date)
    return Answer(shown.snapshots([_named(rows, "id", call.ids["snapshot"])])[0])


def list_reported_devices(call: Call) -> Answer:
    """List what a guest agent reports."""
    row = vm(call.context, call.ids["vm"])
    nics = _below(call, schema.VmInterface, schema.VmInterface.name)
    return Answer(shown.reported_devices(row, nics[0].mac if nics else None), root="reported_devices")


def _below(call: Call, table: Any, order: Any) -> list[Any]:
    row = vm(call.context, call.ids["vm"])
    return list(call.context.db.scalars(select(table).filter_by(vm_id=row.id).order_by(order)))


def _named(rows: list[Any], key: str, identifier: str) -> Any:
    return one([row for row in rows if getattr(row, key) == identifier])


def update(call: Call) -> Answer:
    """Change a VM."""
    vm_id = call.ids["vm"]
    call.ask(vm, vm_id)
    body = call.body(types.Vm)
    if body.id is not None and body.id.lower() != vm_id:
        raise immutable_id("Vm")
    command = UpdateVm(vm_id=vm_id, changes=_changes(call, body), next_run=call.request.flag("next_run"))
    call.execute(command)
    return Answer(call.ask(lambda context: shown.vms([vm(context, vm_id)])[0]))


def _changes(call: Call, body: types.Vm) -> dict[str, Any]:
    changes = properties_of(call, body)
    if body.name is not None:
        changes["name"] = body.name
    if body.cluster is not None:
        missing = incomplete("Vm", "cluster.id|name", "update")
        changes["cluster_id"] = identified(call, body.cluster, schema.Cluster, missing)
    return changes


def properties_of(call: Call, body: types.Vm) -> dict[str, Any]:
    """Return what a body says of a VM beyond name, cluster and what it is made of, as columns."""
    changes: dict[str, Any] = {
        name: getattr(body, name) for name in ("description", "comment", "memory", "delete_protected", "stateless")
    }
    if body.high_availability is not None:
        changes["high_availability"] = body.high_availability.enabled
        changes["priority"] = body.high_availability.priority
    if body.memory_policy is not None:
        changes["memory_guaranteed"], changes["memory_max"] = body.memory_policy.guaranteed, body.memory_policy.max
    if body.cpu is not None and body.cpu.topology is not None:
        for name in ("sockets", "cores", "threads"):
            changes[name] = getattr(body.cpu.topology, name)
    changes["os_type"] = body.os.type if body.os is not None else None
    changes["vm_type"] = body.type.value if body.type is not None else None
    changes = {name: value for name, value in changes.items() if value is not None}
    if body.custom_properties is not None:
        changes["custom_properties"] = {one.name: one.value for one in body.custom_properties}
    return changes | _lease(call, body)


def _lease(call: Call, body: types.Vm) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if body.lease is not None:
        domain = body.lease.storage_domain
        given = domain is not None and (domain.id or domain.name)
        missing = incomplete("Vm", "lease.storage_domain.id|name", "update")
        changes["lease_domain_id"] = identified(call, domain, schema.StorageDomainStatic, missing) if given else None
    return changes


def start(call: Call) -> Answer:
    """Start a VM, resume it, or run it once as the action says."""
    action = call.action()
    once = any(value is not None for value in (action.vm, action.pause, action.use_cloud_init, action.volatile))
    wanted = action.host or (_first_host(action.vm) if action.vm is not None else None)
    missing = incomplete("Action", "host.id|name", "start")
    command = RunVm(
        vm_id=call.ids["vm"],
        pause=bool(action.pause),
        run_once=once,
        volatile=bool(action.volatile),
        host_id=identified(call, wanted, schema.Vds, missing) if wanted is not None else None,
    )
    return _power(call, command)


def _first_host(body: types.Vm) -> types.Host | None:
    hosts = body.placement_policy.hosts if body.placement_policy is not None else None
    return hosts[0] if hosts else None


def shut_down(call: Call) -> Answer:
    """Ask the guest to shut down."""
    action = call.action()
    return _power(call, ShutdownVm(call.ids["vm"], action.reason, bool(action.force)))


def stop(call: Call) -> Answer:
    """Switch a VM off."""
    action = call.action()
    return _power(call, StopVm(call.ids["vm"], action.reason, bool(action.force)))


def suspend(call: Call) -> Answer:
    """Write a VM's memory to storage and stop it."""
    call.action()
    return _power(call, HibernateVm(vm_id=call.ids["vm"]))


def _power(call: Call, command: Command) -> Answer:
    return done(call, call.execute(command), vm=types.Vm(id=call.ids["vm"]))
