# SPDX-License-Identifier: GPL-3.0-or-later
"""Names instead of identifiers, for what people read."""

from __future__ import annotations

from string import Formatter
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from . import schema
from .command import Command, Lock

if TYPE_CHECKING:
    from .runtime import Context

_BY_LOCK: dict[str, type[Any]] = {
    "VM": schema.VmStatic,
    "TEMPLATE": schema.VmStatic,
    "STORAGE": schema.StorageDomainStatic,
    "POOL": schema.StoragePool,
    "DISK": schema.BaseDisk,
}
_BY_FIELD: dict[str, type[Any]] = {
    "vm_id": schema.VmStatic,
    "template_id": schema.VmStatic,
    "domain_id": schema.StorageDomainStatic,
    "target_id": schema.StorageDomainStatic,
    "storage_pool_id": schema.StoragePool,
    "disk_id": schema.BaseDisk,
    "host_id": schema.Vds,
}


def of_lock(context: Context, lock: Lock) -> str:
    """Return the name of what is locked, where it has one."""
    return _name(context, _BY_LOCK.get(lock.group), lock.key)


def of_job(context: Context, command: Command) -> str:
    """Return the description of a command's job."""
    text = command.description or type(command).__name__
    fields = [field for _text, field, *_unused in Formatter().parse(text) if field]
    return text.format(**{field: _name(context, _BY_FIELD.get(field), getattr(command, field)) for field in fields})


def _name(context: Context, table: type[Any] | None, key: Any) -> str:
    row = context.db.get(table, key) if table is not None and key is not None else None
    if row is None and table is schema.VmStatic:
        query = select(schema.UnregisteredOvf.entity_name).filter_by(entity_id=key).limit(1)
        return context.db.scalar(query) or str(key)
    return str(getattr(row, "alias", None) or getattr(row, "name", None) or key)
