# SPDX-License-Identifier: GPL-3.0-or-later
"""Permissions on an object, and those of a user."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from ovirtsdk4 import types
from sqlalchemy import select

from ...engine.commands.permissions import AddPermission, RemovePermission
from ...engine.permissions import Permission
from ...engine.runtime import Context
from ..call import Call, created, done, find, one
from ..errors import entity_not_found, incomplete
from ..representation import jobs as shown_jobs
from ..representation import permissions as shown
from ..wire import Answer


def _on(context: Context, kind: str, object_id: str) -> list[types.Permission]:
    find(context, shown.OBJECTS[kind][0], object_id)
    return shown.permissions(
        context.db.scalars(select(Permission).filter_by(object_id=object_id).order_by(Permission.id))
    )


def list_of_user(call: Call) -> Answer:
    """List the permissions of a user."""
    rows = call.context.db.scalars(select(Permission).filter_by(user_id=call.ids["user"]).order_by(Permission.id))
    return Answer(shown.permissions(rows), root="permissions")


def list_on(kind: str, key: str) -> Callable[[Call], Answer]:
    """Return what lists the permissions on an object of a kind."""
    return lambda call: Answer(_on(call.context, kind, call.ids[key]), root="permissions")


def read_on(kind: str, key: str) -> Callable[[Call], Answer]:
    """Return what shows one permission on an object of a kind."""
    return lambda call: Answer(_one(call.context, call, kind, key))


def _one(context: Context, call: Call, kind: str, key: str) -> types.Permission:
    return one([item for item in _on(context, kind, call.ids[key]) if item.id == call.ids["permission"]])


def add_to(kind: str, key: str) -> Callable[[Call], Answer]:
    """Return what gives a user a role on an object of a kind."""

    def answer(call: Call) -> Answer:
        call.ask(find, shown.OBJECTS[kind][0], call.ids[key])
        body = call.body(types.Permission)
        if body.role is None or body.user is None or body.user.id is None:
            raise incomplete("Permission", "role.id|name, user.id", "add")
        command = AddPermission(str(uuid.uuid4()), call.ids[key], kind, _role(body.role), body.user.id)
        call.execute(command)
        return created(call, call.ask(lambda context: shown.permissions([find(context, Permission, command.id)])[0]))

    return answer


def _role(reference: types.Role) -> str:
    for role in shown_jobs.roles():
        if reference.id == role.id or reference.id is None and reference.name == role.name:
            return str(role.id)
    raise entity_not_found(f"Role: {reference.id or reference.name}")


def remove_from(kind: str, key: str) -> Callable[[Call], Answer]:
    """Return what takes a permission on an object of a kind away."""

    def answer(call: Call) -> Answer:
        call.ask(_one, call, kind, key)
        return done(call, call.execute(RemovePermission(call.ids["permission"])))

    return answer
