# SPDX-License-Identifier: GPL-3.0-or-later
"""Users, the directories that they are in, and roles."""

from __future__ import annotations

from fnmatch import fnmatchcase

from ovirtsdk4 import types

from ...engine import people
from ..call import Call, one
from ..representation import jobs as shown
from ..search.grammar import InvalidSearch, parse
from ..wire import Answer

_FIELDS = frozenset({"name", "usrname"})


def list_users(call: Call) -> Answer:
    """List users, all of them or those with a name."""
    return Answer([user for user in _users(call) if _wanted(call, user)], root="users")


def _users(call: Call) -> list[types.User]:
    return shown.users(people.users(call.context))


def _directories(call: Call) -> list[types.Domain]:
    return shown.directories(people.users(call.context))


def _wanted(call: Call, user: types.User) -> bool:
    try:
        query = parse(call.request.parameter("search") or "", _FIELDS.__contains__)
    except InvalidSearch:
        return False
    values = {"name": user.name, "usrname": user.user_name, "": user.user_name}
    return not query.groups or any(
        all(
            fnmatchcase(values[condition.field].lower(), condition.value.lower()) == (condition.operator == "=")
            for condition in group
        )
        for group in query.groups
    )


def read_user(call: Call) -> Answer:
    """Show a user."""
    return Answer(one([user for user in _users(call) if user.id == call.ids["user"]]))


def list_directories(call: Call) -> Answer:
    """List the directories that users are in."""
    return Answer(_directories(call), root="domains")


def read_directory(call: Call) -> Answer:
    """Show a directory."""
    return Answer(one([directory for directory in _directories(call) if directory.id == call.ids["directory"]]))


def list_directory_users(call: Call) -> Answer:
    """List the users in a directory."""
    users = [user for user in _users(call) if user.domain.id == call.ids["directory"]]
    return Answer(users, root="users")


def list_roles(call: Call) -> Answer:
    """List roles."""
    return Answer(shown.roles(), root="roles")


def read_role(call: Call) -> Answer:
    """Show a role."""
    return Answer(one([role for role in shown.roles() if role.id == call.ids["role"]]))
