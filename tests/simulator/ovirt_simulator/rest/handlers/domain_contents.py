# SPDX-License-Identifier: GPL-3.0-or-later
"""VMs, templates and disks on a storage domain, registered here or not."""

from __future__ import annotations

from typing import Any

from ovirtsdk4 import types
from sqlalchemy import select

from ...engine import exports, schema
from ...engine.commands import (
    ImportVmFromConfiguration,
    ImportVmTemplateFromConfiguration,
    RegisterDisk,
    RemoveUnregisteredEntity,
)
from ...engine.queries import storage_domains as queries
from ...engine.runtime import Context
from ..call import Call, created, done, find, one, required
from ..errors import entity_not_found, incomplete
from ..representation import disks as shown_disks
from ..representation import vms as shown
from ..wire import Answer
from . import exported
from .registration import check_template, check_vm, cluster_of, mappings_of
from .vms import of_kind


def list_vms(call: Call) -> Answer:
    """List the VMs with disks on a domain, those in its OVF store that are not registered, or those exported there."""
    if call.request.flag("unregistered"):
        return Answer(_page(call, shown.unregistered_vms(_unregistered(call, "vm"))), root="vms")
    if exports.is_export(call.context, call.ids["domain"]):
        found = exports.entities_of(call.context, call.ids["domain"], "vm")
        return Answer(_page(call, shown.unregistered_vms(found)), root="vms")
    rows = queries.members(call.context, _domain(call), "vm")
    return Answer(_page(call, _placed(call, shown.vms(rows))), root="vms")


def read_vm(call: Call) -> Answer:
    """Show a registered VM, whichever domain it is on, or one on an export domain."""
    if exports.is_export(call.context, call.ids["domain"]):
        return exported.read_vm(call)
    return Answer(_placed(call, shown.vms([of_kind(call.context, call.ids["vm"], "vm")]))[0])


def list_templates(call: Call) -> Answer:
    """List the templates as the VMs are listed; of an export domain always all of them."""
    if call.request.flag("unregistered"):
        rows = _unregistered(call, "template")
        return Answer(_page(call, shown.unregistered_templates(rows)), root="templates")
    if exports.is_export(call.context, call.ids["domain"]):
        found = exports.entities_of(call.context, call.ids["domain"], "template")
        return Answer(shown.unregistered_templates(found), root="templates")
    members = queries.members(call.context, _domain(call), "template")
    return Answer(_page(call, _placed(call, shown.templates(members))), root="templates")


def read_template(call: Call) -> Answer:
    """Show a registered template, whichever domain it is on, or one on an export domain."""
    if exports.is_export(call.context, call.ids["domain"]):
        return exported.read_template(call)
    row = of_kind(call.context, call.ids["template"], "template")
    return Answer(_placed(call, shown.templates([row]))[0])


def list_disks(call: Call) -> Answer:
    """List the disks on a domain, or those that lie there and are not registered."""
    domain_id = call.ids["domain"]
    base = f"/storagedomains/{domain_id}/disks" if "pool" in call.ids else "/disks"
    if call.request.flag("unregistered"):
        found = shown_disks.unregistered(queries.unregistered_disks(call.context, domain_id), domain_id)
        return Answer(_page(call, found), root="disks", base=base, view="/disks:unregistered")
    rows = queries.disks(call.context, _domain(call))
    return Answer(_page(call, shown_disks.disks(rows, on_domain=domain_id)), root="disks", base=base)


def read_disk(call: Call) -> Answer:
    """Show a disk on a domain."""
    domain_id, disk_id = call.ids["domain"], call.ids["disk"]
    if call.request.flag("unregistered"):
        found = [image for image in queries.unregistered_disks(call.context, domain_id) if image.disk_id == disk_id]
        return Answer(one(shown_disks.unregistered(found, domain_id)), base="/disks", view="/disks:unregistered")
    row = find(call.context, schema.BaseDisk, disk_id)
    return Answer(shown_disks.disks([row], on_domain=domain_id)[0], base="/disks")


def _domain(call: Call) -> str:
    domain_id = call.ids["domain"]
    if call.context.db.get(schema.StorageDomainStatic, domain_id) is None:
        raise entity_not_found(f"StorageDomain: id={domain_id}")
    return domain_id


def _unregistered(call: Call, kind: str) -> list[schema.UnregisteredOvf]:
    row = schema.UnregisteredOvf
    query = select(row).filter_by(storage_domain_id=call.ids["domain"], entity_type=kind)
    return list(call.context.db.scalars(query.order_by(row.entity_name, row.entity_id)))


def _page(call: Call, found: list[Any]) -> list[Any]:
    limit = call.request.number("max")
    return found if limit is None or limit < 0 else found[:limit]


def _placed(call: Call, found: list[Any]) -> list[Any]:
    for entity in found:
        entity.storage_domain = types.StorageDomain(id=call.ids["domain"])
    return found


def register_vm(call: Call) -> Answer:
    """Register a VM; answers when that is over."""
    action = call.action()
    check_vm(action)
    command = ImportVmFromConfiguration(
        domain_id=call.ids["domain"],
        vm_id=call.ids["vm"],
        cluster=cluster_of(call, action),
        allow_partial_import=bool(action.allow_partial_import),
        reassign_bad_macs=bool(action.reassign_bad_macs),
        name=action.name,
        mappings=mappings_of(action),
    )
    return _registered(call, call.execute(command), "vm", types.Vm)


def register_template(call: Call) -> Answer:
    """Register a template."""
    action = call.action()
    check_template(action)
    command = ImportVmTemplateFromConfiguration(
        domain_id=call.ids["domain"],
        template_id=call.ids["template"],
        cluster=cluster_of(call, action),
        allow_partial_import=bool(action.allow_partial_import),
        name=action.name,
        mappings=mappings_of(action),
    )
    return _registered(call, call.execute(command), "template", types.Template)


def remove_vm(call: Call) -> Answer:
    """Delete an unregistered or exported VM with its images."""
    if call.ask(exports.is_export, call.ids["domain"]):
        return exported.remove_vm(call)
    return _removed(call, "vm")


def remove_template(call: Call) -> Answer:
    """Delete an unregistered or exported template with its images."""
    if call.ask(exports.is_export, call.ids["domain"]):
        return exported.remove_template(call)
    return _removed(call, "template")


def _removed(call: Call, kind: str) -> Answer:
    call.ask(find, schema.UnregisteredOvf, (call.ids[kind], call.ids["domain"]))
    command = RemoveUnregisteredEntity(domain_id=call.ids["domain"], entity_id=call.ids[kind], kind=kind)
    return done(call, call.execute(command))


def _registered(call: Call, job: str | None, kind: str, sort: Any) -> Answer:
    answer = done(call, job, **{kind: sort(id=call.ids[kind])})
    return Answer(answer.body, places={kind: f"/storagedomains/{call.ids['domain']}/{kind}s"})


def add_disk(call: Call) -> Answer:
    """Register a disk, in the older way that can name it."""
    body = call.body(types.Disk)
    disk_id = required(body.id, "Disk", "id", "add").lower()
    if not call.request.flag("unregistered"):
        raise incomplete("Disk", "unregistered", "add")
    call.execute(RegisterDisk(domain_id=call.ids["domain"], disk_id=disk_id, alias=body.alias or body.name))
    return created(call, call.ask(_disk, disk_id), base="/disks")


def register_disk(call: Call) -> Answer:
    """Register a disk."""
    call.action()
    job = call.execute(RegisterDisk(domain_id=call.ids["domain"], disk_id=call.ids["disk"], alias=None))
    return done(call, job, disk=types.Disk(id=call.ids["disk"]))


def _disk(context: Context, disk_id: str) -> types.Disk:
    return shown_disks.disks([find(context, schema.BaseDisk, disk_id)])[0]
