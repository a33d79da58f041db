# SPDX-License-Identifier: GPL-3.0-or-later
"""Permissions, and what there can be permissions on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ovirtsdk4 import types

from ...engine import schema
from ...engine.permissions import Permission

OBJECTS: dict[str, tuple[Any, Any]] = {
    "vm": (schema.VmStatic, types.Vm),
    "template": (schema.VmStatic, types.Template),
    "storage_domain": (schema.StorageDomainStatic, types.StorageDomain),
    "disk": (schema.BaseDisk, types.Disk),
    "cluster": (schema.Cluster, types.Cluster),
    "data_center": (schema.StoragePool, types.DataCenter),
    "host": (schema.Vds, types.Host),
}


def permissions(rows: Iterable[Permission]) -> list[types.Permission]:
    """Return permissions."""
    found = []
    for row in rows:
        item = types.Permission(id=row.id, role=types.Role(id=row.role_id), user=types.User(id=row.user_id))
        setattr(item, row.kind, OBJECTS[row.kind][1](id=row.object_id))
        found.append(item)
    return found
