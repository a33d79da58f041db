# SPDX-License-Identifier: GPL-3.0-or-later
"""Giving and taking permissions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .. import ovf_store, schema
from ..command import Command, Refusal
from ..permissions import Permission

if TYPE_CHECKING:
    from ..runtime import Context


@dataclass
class AddPermission(Command):
    """Give a user a role on an object; once more is refused."""

    id: str
    object_id: str
    kind: str
    role_id: str
    user_id: str

    monitored = False

    def validate(self, context: Context) -> None:
        same = {"object_id": self.object_id, "role_id": self.role_id, "user_id": self.user_id}
        if context.db.query(Permission.id).filter_by(**same).first() is not None:
            raise Refusal("ERROR_PERMISSION_ALREADY_EXIST")

    def execute(self, context: Context) -> None:
        context.db.add(Permission(**self.parameters()))
        _touch(context, self.kind, self.object_id)


@dataclass
class RemovePermission(Command):
    """Take a permission away."""

    permission_id: str

    monitored = False

    def execute(self, context: Context) -> None:
        row = context.db.get_one(Permission, self.permission_id)
        context.db.delete(row)
        _touch(context, row.kind, row.object_id)


def _touch(context: Context, kind: str, object_id: str) -> None:
    """Note that the document of a VM or template, which names its users, is behind."""
    if kind in ("vm", "template"):
        ovf_store.touch(context, context.db.get_one(schema.VmStatic, object_id))
