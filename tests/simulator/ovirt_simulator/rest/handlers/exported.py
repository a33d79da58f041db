# SPDX-License-Identifier: GPL-3.0-or-later
"""VMs and templates on an export domain: looking at them, importing them, deleting them."""

from __future__ import annotations

import uuid
from typing import Any

from ovirtsdk4 import types

from ...engine import exports, schema
from ...engine.command import ExecutionFailure
from ...engine.commands import (
    ImportVm,
    ImportVmTemplate,
    RemoveVmFromImportExport,
    RemoveVmTemplateFromImportExport,
)
from ...engine.runtime import Context
from ...ovf.document import Document
from ...ovf.reader import read
from ..call import Call, done, find, identified, one
from ..decoration import render
from ..errors import Fault, incomplete
from ..representation import exported as shown
from ..representation import vms as shown_entities
from ..wire import Answer

_STATES = {"started": "in_progress", "finished": "complete", "failed": "failed"}


def read_vm(call: Call) -> Answer:
    """Show a VM on an export domain."""
    return Answer(one(shown_entities.unregistered_vms([_entity(call.context, call, "vm")])))


def read_template(call: Call) -> Answer:
    """Show a template on an export domain."""
    return Answer(one(shown_entities.unregistered_templates([_entity(call.context, call, "template")])))


def list_disks(call: Call) -> Answer:
    """List the disks of a VM or template there, each with its active volume."""
    return Answer(shown.disks(_document(call)), root="disks")


def read_disk(call: Call) -> Answer:
    """Show one of these disks; it comes without an address."""
    found = [disk for disk in shown.disks(_document(call)) if disk.id == call.ids["disk"]]
    return Answer(one(found), base="", places={"disk": None})


def list_attachments(call: Call) -> Answer:
    """List the disks of a VM there as its devices."""
    return Answer(shown.attachments(_document(call)), root="disk_attachments")


def read_attachment(call: Call) -> Answer:
    """Show one of these devices; the engine stumbles over one that is not there."""
    found = [row for row in shown.attachments(_document(call)) if row.id == call.ids["disk"]]
    if not found:
        raise Fault(500, None)
    return Answer(found[0])


def _kind(call: Call) -> str:
    return "vm" if "vm" in call.ids else "template"


def _entity(context: Context, call: Call, kind: str) -> schema.UnregisteredOvf:
    """Return what is addressed; nothing is there unless the domain is an export domain that is in a data center."""
    found = exports.entity_of(context, call.ids["domain"], call.ids[kind], kind)
    return one([found] if found is not None else [])


def _document(call: Call) -> Document:
    return read(_entity(call.context, call, _kind(call)).ovf)


def import_vm(call: Call) -> Answer:
    """Copy a VM into a data domain."""
    action = call.action()
    common = _common(call, action, "vm", action.vm)
    flag = call.request.flag("collapse_snapshots")
    disks = _disks(action)
    formats = {disk.id: {"format": disk.format.value if disk.format else None, "sparse": disk.sparse} for disk in disks}
    return _imported(call, ImportVm(vm_id=call.ids["vm"], collapse=flag, formats=formats, **common), "vm", types.Vm)


def import_template(call: Call) -> Answer:
    """Copy a template into a data domain; where its disks go is read from a VM in the request."""
    action = call.action()
    common = _common(call, action, "template", action.template)
    return _imported(call, ImportVmTemplate(template_id=call.ids["template"], **common), "template", types.Template)


def _common(call: Call, action: types.Action, kind: str, named: Any) -> dict[str, Any]:
    missing = incomplete("Action", "storageDomain.id|name", "doImport")
    target_id = identified(call, action.storage_domain, schema.StorageDomainStatic, missing)
    cluster_id = identified(call, action.cluster, schema.Cluster, missing) if action.cluster is not None else None
    entity = call.ask(_entity, call, kind)
    clone = bool(action.clone)
    return {
        "domain_id": call.ids["domain"],
        "entity_name": entity.entity_name,
        "new_id": str(uuid.uuid4()) if clone else entity.entity_id,
        "target_id": target_id,
        "cluster_id": cluster_id,
        "clone": clone,
        # Any element `clone` makes the name count, even one that says no.
        "name": named.name if action.clone is not None and named is not None else None,
        "targets": {disk.id: disk.storage_domains[0].id for disk in _disks(action) if disk.storage_domains},
    }


def _disks(action: types.Action) -> list[types.Disk]:
    attachments = (action.vm.disk_attachments if action.vm is not None else None) or []
    disks = [attachment.disk for attachment in attachments if attachment.disk is not None]
    if any(disk.id is None for disk in disks):
        raise incomplete("Disk", "id", "doImport")
    return disks


def _imported(call: Call, command: ImportVm | ImportVmTemplate, kind: str, sort: Any) -> Answer:
    """Answer with what was sent; while disks are copied with the address that tells how far that is."""
    action = call.sent
    assert action is not None
    places = {kind: f"/storagedomains/{command.domain_id}/{kind}s"}
    with_disks = bool(read(call.ask(_entity, call, kind).ovf).volumes)
    wait = action.async_ is False
    try:
        job = call.execute(command, wait)
    except ExecutionFailure:
        if not wait:
            raise
        action.status = "failed"
        return Answer(action, places=places)
    answer = done(call, job, **{kind: sort(id=call.ids[kind])})
    if wait or not with_disks:
        return Answer(answer.body, places=places)
    action.status, action.async_, action.id = "in_progress", True, job
    below, prefix = call.request.below, call.request.prefix
    action.href = f"{prefix}{below}/{job}"
    text = render(action, "", below, None, places, prefix)
    links = {"parent": f"{prefix}{below.rpartition('/')[0]}", "replay": f"{prefix}{below}"}
    shown_links = "".join(f'<link href="{href}" rel="{rel}"/>' for rel, href in links.items())
    return Answer(action, status=202, text=text.replace(">", f">{shown_links}", 1).encode())


def read_import(call: Call) -> Answer:
    """Tell how far the copying of an import is; it goes by the id of its job."""
    job = find(call.context, schema.Job, call.ids["tasks"])
    return Answer(types.Action(id=job.id, status=_STATES[job.status]))


def remove_vm(call: Call) -> Answer:
    """Delete a VM there."""
    call.ask(_entity, call, "vm")
    return done(call, call.execute(RemoveVmFromImportExport(call.ids["domain"], call.ids["vm"])))


def remove_template(call: Call) -> Answer:
    """Delete a template there."""
    call.ask(_entity, call, "template")
    return done(call, call.execute(RemoveVmTemplateFromImportExport(call.ids["domain"], call.ids["template"])))
