# SPDX-License-Identifier: GPL-3.0-or-later
"""A VM's configuration as its snapshots remember it, and going back to it."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import select

from ..ovf.document import Document
from ..ovf.reader import read
from . import macs, registration, schema

if TYPE_CHECKING:
    from .runtime import Context

_BROUGHT_BACK = (
    "memory",
    "memory_guaranteed",
    "memory_max",
    "sockets",
    "cores",
    "threads",
    "os_type",
    "bios_type",
    "vm_type",
    "high_availability",
    "priority",
    "stateless",
    "delete_protected",
)


def remembered(snapshot: schema.Snapshot) -> Document | None:
    """Return the VM as it was when a snapshot was taken."""
    if snapshot.vm_configuration is None:
        return None
    return read(base64.b64decode(snapshot.vm_configuration).decode())


def bring_back(context: Context, row: schema.VmStatic, snapshot: schema.Snapshot) -> None:
    """Give a VM the properties and NICs that a snapshot remembers; its name, cluster and lease stay."""
    document = remembered(snapshot)
    if document is None:
        return
    for name in _BROUGHT_BACK:
        setattr(row, name, getattr(document, name))
    row.description, row.comment = document.description or "", document.comment or ""
    row.custom_properties = registration.custom_properties_of(document)
    _bring_nics_back(context, row, document)
    context.db.flush()


def _bring_nics_back(context: Context, row: schema.VmStatic, document: Document) -> None:
    """Give a VM the NICs of a document; an address that somebody has by now is replaced."""
    for nic in context.db.scalars(select(schema.VmInterface).filter_by(vm_id=row.id)):
        context.db.delete(nic)
    context.db.flush()
    cluster = context.db.get_one(schema.Cluster, row.cluster_id)
    gone = set(macs.taken(context, document.nics))
    nics = [replace(one, mac=None) if one.mac in gone else one for one in document.nics]
    for wanted, mac in zip(nics, macs.assign(context, nics, reassign_bad=False), strict=True):
        context.db.add(registration.nic_of(context, wanted, row.id, mac, cluster, {}))
