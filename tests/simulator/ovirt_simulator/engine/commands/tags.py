# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags, and who has them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import select

from .. import groupings
from ..command import Command, Refusal

if TYPE_CHECKING:
    from ..runtime import Context

_MISSING = "TAGS_CANNOT_EDIT_TAG_NOT_EXISTS"


@dataclass
class AddTag(Command):
    """Make a tag below another one."""

    id: str
    name: str
    description_text: str = ""
    parent_id: str = groupings.ROOT_TAG

    monitored = False

    def validate(self, context: Context) -> None:
        _check_name(context, self.name, self.id)

    def execute(self, context: Context) -> None:
        row = groupings.Tag(id=self.id, name=self.name, description=self.description_text, parent_id=self.parent_id)
        context.db.add(row)


@dataclass
class UpdateTag(Command):
    """Change a tag's name, description or parent."""

    tag_id: str
    changes: dict[str, str] = field(default_factory=dict)

    monitored = False

    def validate(self, context: Context) -> None:
        row = _tag(context, self.tag_id)
        _check_name(context, self.changes.get("name", row.name), row.id)
        if self.changes.get("parent_id") in _subtree(context, row.id):
            raise Refusal("TAGS_SPECIFIED_TAG_CANNOT_BE_THE_PARENT_OF_ITSELF")

    def execute(self, context: Context) -> None:
        row = _tag(context, self.tag_id)
        for name, value in self.changes.items():
            setattr(row, name, value)


@dataclass
class RemoveTag(Command):
    """Delete a tag and all tags below it."""

    tag_id: str

    monitored = False

    def validate(self, context: Context) -> None:
        _tag(context, self.tag_id)

    def execute(self, context: Context) -> None:
        for id_ in _subtree(context, self.tag_id):
            groupings.dissolve(context, _tag(context, id_))


@dataclass
class AttachTag(Command):
    """Give a tag to a VM or host; kind: vms, hosts."""

    tag_id: str
    kind: str
    member_id: str

    monitored = False

    def validate(self, context: Context) -> None:
        _tag(context, self.tag_id)

    def execute(self, context: Context) -> None:
        groupings.add(context, self.tag_id, self.kind, self.member_id)


@dataclass
class DetachTag(Command):
    """Take a tag from a VM or host; kind: vms, hosts."""

    tag_id: str
    kind: str
    member_id: str

    monitored = False

    def execute(self, context: Context) -> None:
        groupings.remove(context, self.tag_id, self.kind, self.member_id)


def _tag(context: Context, tag_id: str) -> groupings.Tag:
    row = context.db.get(groupings.Tag, tag_id)
    if row is None:
        raise Refusal(_MISSING)
    return row


def _check_name(context: Context, name: str, own_id: str) -> None:
    same = select(groupings.Tag.id).filter_by(name=name)
    if context.db.scalar(same.where(groupings.Tag.id != own_id)) is not None:
        raise Refusal("TAGS_SPECIFY_TAG_IS_IN_USE", name=name)


def _subtree(context: Context, tag_id: str) -> list[str]:
    found = [tag_id]
    for id_ in found:
        found += context.db.scalars(select(groupings.Tag.id).filter_by(parent_id=id_))
    return found
