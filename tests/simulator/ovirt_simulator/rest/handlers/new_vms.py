# SPDX-License-Identifier: GPL-3.0-or-later
"""Making and deleting VMs and templates."""

from __future__ import annotations

import uuid
from typing import Any

from ovirtsdk4 import types

from ...engine import schema
from ...engine.command import Command
from ...engine.commands import (
    AddVm,
    AddVmFromSnapshot,
    AddVmTemplate,
    ImportVmFromOvf,
    RemoveVm,
    RemoveVmTemplate,
)
from ...engine.runtime import Context
from ..call import Call, created, done, find, identified, required
from ..errors import entity_not_found, incomplete
from ..representation import vms as shown
from ..wire import Answer
from .vms import machine, of_kind, properties_of

Targets = dict[str, dict[str, Any]]


def add_vm(call: Call) -> Answer:
    """Make a VM: of a configuration, of a snapshot, of a template or of nothing."""
    body = call.body(types.Vm)
    cluster_id = identified(call, body.cluster, schema.Cluster, incomplete("Vm", "cluster.id|name", "add"))
    configuration = body.initialization.configuration if body.initialization is not None else None
    if configuration is not None:
        data = required(configuration.data, "Vm", "initialization.configuration.data", "add")
        new_ids = bool(body.initialization.regenerate_ids)
        command: Any = ImportVmFromOvf(str(uuid.uuid4()), cluster_id, data, body.name, new_ids)
        call.execute(command)
        return created(call, call.ask(_vm, command.chosen_id()))
    name = required(body.name, "Vm", "name", "add")
    vm_id = str(uuid.uuid4())
    call.execute(_making(call, body, vm_id, name, cluster_id))
    return created(call, call.ask(_vm, vm_id))


def _vm(context: Context, vm_id: str) -> types.Vm:
    return shown.vms([of_kind(context, vm_id, "vm")])[0]


def _making(call: Call, body: types.Vm, vm_id: str, name: str, cluster_id: str) -> Command:
    properties = properties_of(call, body)
    if body.snapshots is not None:
        snapshot = required(body.snapshots[0].id if body.snapshots else None, "Vm", "snapshots.id", "add")
        named, unnamed = _volumes(body)
        return AddVmFromSnapshot(vm_id, name, cluster_id, snapshot, named, unnamed, properties)
    template_id = schema.BLANK_TEMPLATE
    if body.template is not None:
        template_id = _template(call, body.template)
    domain = body.storage_domain
    missing = incomplete("Vm", "storageDomain.id|name", "add")
    domain_id = identified(call, domain, schema.StorageDomainStatic, missing) if domain is not None else None
    return AddVm(
        vm_id,
        name,
        cluster_id,
        template_id,
        clone=call.request.flag("clone"),
        domain_id=domain_id,
        targets=_targets(body.disk_attachments),
        properties=properties,
    )


def _template(call: Call, reference: types.Template) -> str:
    identifier = machine(call, reference, "template", incomplete("Vm", "template.id|name", "add"))
    if call.ask(_kind, identifier) != "template":
        raise entity_not_found(f"Template: id={identifier}")
    return identifier


def _kind(context: Context, identifier: str) -> str | None:
    row = context.db.get(schema.VmStatic, identifier)
    return row.entity_type if row is not None else None


def _targets(attachments: list[types.DiskAttachment] | None) -> Targets:
    found: Targets = {}
    for attachment in attachments or []:
        disk = attachment.disk
        if disk is not None and disk.id is not None and disk.storage_domains:
            found[disk.id] = {"domain_id": disk.storage_domains[0].id, **_form(disk)}
    return found


def _form(disk: types.Disk) -> dict[str, Any]:
    return {"format": disk.format.value if disk.format is not None else None, "sparse": disk.sparse}


def _volumes(body: types.Vm) -> tuple[Targets, bool]:
    """Return what is asked of the disks of a snapshot; only entries with a volume count, and some name no disk.

    What such an entry leaves out is asked for all the same: no format, and thin.
    """
    found: Targets = {}
    unnamed = False
    for attachment in body.disk_attachments or []:
        disk = attachment.disk
        if disk is None or disk.image_id is None:
            continue
        if disk.id is None:
            unnamed = True
            continue
        domain_id = disk.storage_domains[0].id if disk.storage_domains else None
        text = disk.format.value if disk.format is not None else ""
        found[disk.id] = {"domain_id": domain_id, "format": text, "sparse": disk.sparse is not False}
    return found, unnamed


def remove_vm(call: Call) -> Answer:
    """Delete a VM."""
    call.ask(of_kind, call.ids["vm"], "vm")
    flags = {name: call.request.flag(name) for name in ("detach_only", "force")}
    return done(call, call.execute(RemoveVm(vm_id=call.ids["vm"], **flags)))


def add_template(call: Call) -> Answer:
    """Make a template of a VM."""
    body = call.body(types.Template)
    name = required(body.name, "Template", "name", "add")
    missing = incomplete("Template", "vm.id|name", "add")
    vm_id = machine(call, body.vm, "vm", missing)
    call.ask(find, schema.VmStatic, vm_id)
    cluster = body.cluster
    no_cluster = incomplete("Template", "cluster.id|name", "add")
    domain = body.storage_domain
    properties = {"description": body.description, "comment": body.comment}
    command = AddVmTemplate(
        template_id=str(uuid.uuid4()),
        name=name,
        vm_id=vm_id,
        cluster_id=identified(call, cluster, schema.Cluster, no_cluster) if cluster is not None else None,
        domain_id=domain.id if domain is not None else None,
        targets=_targets(body.vm.disk_attachments),
        properties={key: value for key, value in properties.items() if value is not None},
        base_id=_base(call, body.version),
        version_name=(body.version.version_name or "") if body.version is not None else "",
    )
    call.execute(command)
    return created(call, call.ask(_shown_template, command.template_id))


def _base(call: Call, version: types.TemplateVersion | None) -> str | None:
    """Return the template that a new one becomes a version of."""
    if version is None or version.base_template is None:
        return None
    return machine(call, version.base_template, "template", incomplete("Template", "version.baseTemplate.id", "add"))


def _shown_template(context: Context, template_id: str) -> types.Template:
    return shown.templates([of_kind(context, template_id, "template")])[0]


def remove_template(call: Call) -> Answer:
    """Delete a template."""
    call.ask(of_kind, call.ids["template"], "template")
    return done(call, call.execute(RemoveVmTemplate(template_id=call.ids["template"])))
