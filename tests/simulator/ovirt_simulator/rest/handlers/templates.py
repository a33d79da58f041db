# SPDX-License-Identifier: GPL-3.0-or-later
"""Templates."""

from __future__ import annotations

from typing import Any

from ovirtsdk4 import types
from sqlalchemy import select

from ...engine import schema
from ...engine.commands.template_update import UpdateVmTemplate
from ...engine.runtime import Context
from ..call import Call, one
from ..errors import immutable_id
from ..representation import disks as shown_disks
from ..representation import networks as shown_networks
from ..representation import vms as shown
from ..search.query import search
from ..wire import Answer
from .vms import of_kind, properties_of


def list_all(call: Call) -> Answer:
    """List templates, the blank one included."""
    return Answer(shown.templates(search(call.context, "templates", call.request)), root="templates")


def read(call: Call) -> Answer:
    """Show a template."""
    return Answer(_shown(call.context, call.ids["template"]))


def _shown(context: Context, template_id: str) -> types.Template:
    return shown.templates([of_kind(context, template_id, "template")])[0]


def update(call: Call) -> Answer:
    """Change a template."""
    template_id = call.ids["template"]
    call.ask(of_kind, template_id, "template")
    body = call.body(types.Template)
    if body.id is not None and body.id.lower() != template_id:
        raise immutable_id("Template")
    changes = properties_of(call, body)
    if body.name is not None:
        changes["name"] = body.name
    call.execute(UpdateVmTemplate(template_id, changes))
    return Answer(call.ask(_shown, template_id))


def list_nics(call: Call) -> Answer:
    """List the NICs of a template."""
    rows = _below(call, schema.VmInterface, schema.VmInterface.name)
    return Answer(shown_networks.nics(rows, of_template=True), root="nics")


def list_attachments(call: Call) -> Answer:
    """List the disks of a template."""
    rows = _below(call, schema.DiskAttachment, schema.DiskAttachment.disk_id)
    return Answer(shown_disks.attachments(rows, of_template=True), root="disk_attachments")


def read_attachment(call: Call) -> Answer:
    """Show how a disk is attached to a template."""
    rows = _below(call, schema.DiskAttachment, schema.DiskAttachment.disk_id)
    row = one([row for row in rows if row.disk_id == call.ids["disk"]])
    return Answer(shown_disks.attachments([row], of_template=True)[0])


def _below(call: Call, table: Any, order: Any) -> list[Any]:
    row = of_kind(call.context, call.ids["template"], "template")
    return list(call.context.db.scalars(select(table).filter_by(vm_id=row.id).order_by(order)))
