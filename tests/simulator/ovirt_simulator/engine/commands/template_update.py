# SPDX-License-Identifier: GPL-3.0-or-later
"""Changing a template."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from .. import ovf_store, schema
from ..command import Command, Lock, Refusal

if TYPE_CHECKING:
    from ..runtime import Context


@dataclass
class UpdateVmTemplate(Command):
    """Change properties of a template; keys are columns of `schema.VmStatic`."""

    template_id: str
    changes: dict[str, Any]

    description = "Updating template {template_id}"

    def locks(self, context: Context) -> list[Lock]:
        return [Lock("TEMPLATE", self.template_id)]

    def validate(self, context: Context) -> None:
        if self.template_id == schema.BLANK_TEMPLATE:
            raise Refusal("VMT_CANNOT_EDIT_BLANK_TEMPLATE")
        row = self._row(context)
        if row is None:
            raise Refusal("ACTION_TYPE_FAILED_TEMPLATE_DOES_NOT_EXIST")
        if row.status == "locked":
            raise Refusal("VM_TEMPLATE_IMAGE_IS_LOCKED", name=row.name)
        name = self.changes.get("name", row.name)
        same = select(schema.VmStatic.id).filter_by(entity_type="template", name=name)
        if name != row.name and context.db.scalar(same.limit(1)) is not None:
            raise Refusal("ACTION_TYPE_FAILED_NAME_ALREADY_USED", name=name)

    def execute(self, context: Context) -> None:
        row = self._row(context)
        assert row is not None
        for name, value in self.changes.items():
            setattr(row, name, value)
        ovf_store.touch(context, row)

    def _row(self, context: Context) -> schema.VmStatic | None:
        row = context.db.get(schema.VmStatic, self.template_id)
        return row if row is not None and row.entity_type == "template" else None
