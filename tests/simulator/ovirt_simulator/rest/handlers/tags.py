# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags, and those of a VM or host."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from ovirtsdk4 import types
from sqlalchemy import select

from ...engine import groupings
from ...engine.commands.tags import AddTag, AttachTag, DetachTag, RemoveTag, UpdateTag
from ...engine.runtime import Context
from ..call import Call, created, done, find, identified, one, required
from ..errors import incomplete
from ..representation import groupings as shown
from ..wire import Answer


def list_all(call: Call) -> Answer:
    """List tags, the root first."""
    rows = call.context.db.scalars(select(groupings.Tag).order_by(groupings.Tag.name))
    return Answer([shown.root_tag(), *shown.tags(rows)], root="tags")


def read(call: Call) -> Answer:
    """Show a tag."""
    return Answer(_shown(call.context, call.ids["tag"]))


def _shown(context: Context, tag_id: str) -> types.Tag:
    if tag_id == groupings.ROOT_TAG:
        return shown.root_tag()
    return shown.tags([find(context, groupings.Tag, tag_id)])[0]


def add(call: Call) -> Answer:
    """Make a tag."""
    body = call.body(types.Tag)
    name = required(body.name, "Tag", "name", "add")
    command = AddTag(str(uuid.uuid4()), name, body.description or "", _parent(call, body) or groupings.ROOT_TAG)
    call.execute(command)
    return created(call, call.ask(_shown, command.id))


def update(call: Call) -> Answer:
    """Change a tag."""
    tag_id = call.ids["tag"]
    call.ask(find, groupings.Tag, tag_id)
    body = call.body(types.Tag)
    changes = {"name": body.name, "description": body.description, "parent_id": _parent(call, body)}
    call.execute(UpdateTag(tag_id, {name: value for name, value in changes.items() if value is not None}))
    return Answer(call.ask(_shown, tag_id))


def _parent(call: Call, body: types.Tag) -> str | None:
    if body.parent is None or body.parent.name == "root":
        return None if body.parent is None else groupings.ROOT_TAG
    return identified(call, body.parent, groupings.Tag, incomplete("Tag", "parent.id|name", "add"))


def remove(call: Call) -> Answer:
    """Delete a tag."""
    call.ask(find, groupings.Tag, call.ids["tag"])
    return done(call, call.execute(RemoveTag(call.ids["tag"])))


def list_of(kind: str, key: str) -> Callable[[Call], Answer]:
    """Return what lists the tags of a VM or host."""

    def answer(call: Call) -> Answer:
        return Answer(_tags_of(call.context, kind, call.ids[key]), root="tags")

    return answer


def _tags_of(context: Context, kind: str, member_id: str) -> list[types.Tag]:
    find(context, groupings.TABLES[kind], member_id)
    return shown.tags(groupings.groups_of(context, groupings.Tag, member_id, kind))


def read_of(kind: str, key: str) -> Callable[[Call], Answer]:
    """Return what shows one tag of a VM or host."""

    def answer(call: Call) -> Answer:
        found = _tags_of(call.context, kind, call.ids[key])
        return Answer(one([tag for tag in found if tag.id == call.ids["tag"]]))

    return answer


def attach(kind: str, key: str) -> Callable[[Call], Answer]:
    """Return what gives a tag to a VM or host."""

    def answer(call: Call) -> Answer:
        call.ask(find, groupings.TABLES[kind], call.ids[key])
        tag_id = identified(call, call.body(types.Tag), groupings.Tag, incomplete("Tag", "id|name", "add"))
        call.execute(AttachTag(tag_id, kind, call.ids[key]))
        return created(call, call.ask(_shown, tag_id))

    return answer


def detach(kind: str, key: str) -> Callable[[Call], Answer]:
    """Return what takes a tag from a VM or host."""

    def answer(call: Call) -> Answer:
        one([tag for tag in call.ask(_tags_of, kind, call.ids[key]) if tag.id == call.ids["tag"]])
        return done(call, call.execute(DetachTag(call.ids["tag"], kind, call.ids[key])))

    return answer
