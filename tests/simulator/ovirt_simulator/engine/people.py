# SPDX-License-Identifier: GPL-3.0-or-later
"""Users that an engine knows, and the roles that every engine has."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Mapped, mapped_column

from . import schema

if TYPE_CHECKING:
    from .runtime import Context

ADMINISTRATOR = "admin@internal"
ADMINISTRATIVE_ROLES = ("SuperUser", "ClusterAdmin", "DataCenterAdmin", "StorageAdmin", "HostAdmin", "NetworkAdmin")
USER_ROLES = ("UserRole", "PowerUserRole", "UserVmManager", "TemplateAdmin", "VmCreator")


class User(schema.Base):
    """A user of a directory, known once it logged in or was given something."""

    __tablename__ = "users"
    id: Mapped[str] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(index=True)
    domain: Mapped[str]  # the authorization provider, `internal-authz`


def user_id(name: str) -> str:
    """Return the id of a user given as `login@profile`, the same at every site."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"user.{name}"))


def role_id(name: str) -> str:
    """Return the id of a role."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"role.{name}"))


ROLES = {name: role_id(name) for name in sorted(ADMINISTRATIVE_ROLES + USER_ROLES)}
_NAMES = {id_: name for name, id_ in ROLES.items()}


def role_name(id_: str) -> str:
    """Return the name of a role."""
    return _NAMES[id_]


def know(context: Context, names: Iterable[str]) -> None:
    """Note users given as `login@profile`; those that are known already stay as they are."""
    for name in names:
        login, _unused, profile = name.rpartition("@")
        if context.db.get(User, user_id(name)) is None:
            context.db.add(User(id=user_id(name), login=login, domain=f"{profile}-authz"))


def users(context: Context) -> list[User]:
    """Return all users."""
    return list(context.db.scalars(select(User).order_by(User.login, User.domain)))


def find(context: Context, login: str, domain: str) -> User | None:
    """Return a user of a domain."""
    return context.db.scalar(select(User).filter_by(login=login, domain=domain))
