# SPDX-License-Identifier: GPL-3.0-or-later
"""What a registered machine was part of at its source: affinity groups and labels, and users' roles on it.

Whatever the mappings lead to is given back where it exists here; the rest is left out, which never fails.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from ..ovf.document import Document
from . import groupings, people, schema
from .permissions import Permission

if TYPE_CHECKING:
    from .runtime import Context

Mappings = Mapping[str, Any]


def restore_affinity(context: Context, row: schema.VmStatic, document: Document, mappings: Mappings) -> list[str]:
    """Put a VM into the groups and labels of its document; return the names of those that it cannot be in."""
    missing = []
    names = _pairs(mappings, "affinity_groups")
    for name in document.affinity_groups:
        query = select(groupings.AffinityGroup).filter_by(cluster_id=row.cluster_id, name=names.get(name, name))
        group = context.db.scalar(query)
        if group is None or groupings.collides(context, group, row.id):
            missing.append(name)
        else:
            groupings.add(context, group.id, "vms", row.id)
    names = _pairs(mappings, "affinity_labels")
    for name in document.affinity_labels:
        label = context.db.scalar(select(groupings.AffinityLabel).filter_by(name=names.get(name, name)))
        if label is None:
            missing.append(name)
        else:
            groupings.add(context, label.id, "vms", row.id)
    return missing


def restore_permissions(context: Context, row: schema.VmStatic, document: Document, mappings: Mappings) -> list[str]:
    """Give the users of the document their roles back; return the names of users and roles that are not here."""
    missing = []
    for login, domain in _users(document):
        # The engine looks the login up where the domain is meant.
        user = people.find(context, login, _pairs(mappings, "domains").get(login, domain))
        if user is None:
            missing.append(f"{login}@{domain}")
            continue
        for role in _roles(context, document, login, mappings):
            if role in people.ROLES:
                _permit(context, row, user, people.ROLES[role])
            else:
                missing.append(role)
    return missing


def _users(document: Document) -> list[tuple[str, str]]:
    """Return login and domain as the engine reads them: what stands before and after the first @, up to the next."""
    parts = [user.name.split("@") for user in document.users]
    return [(part[0], part[1]) for part in parts]


def _roles(context: Context, document: Document, login: str, mappings: Mappings) -> list[str]:
    """Return the mapped roles of a login, whatever the domains of those who share it.

    Up to 4.3, mappings that do not name a role lose it.
    """
    names = _pairs(mappings, "roles")
    found = [role for user in document.users if user.name.split("@")[0] == login for role in user.roles]
    if names and context.engine.version == "4.3":
        found = [role for role in found if role in names]
    return list(dict.fromkeys(names.get(role, role) for role in found))


def _permit(context: Context, row: schema.VmStatic, user: people.User, role_id: str) -> None:
    same = {"object_id": row.id, "role_id": role_id, "user_id": user.id}
    if context.db.query(Permission.id).filter_by(**same).first() is None:
        context.db.add(Permission(id=str(uuid.uuid4()), kind=row.entity_type, **same))
        context.db.flush()


def _pairs(mappings: Mappings, kind: str) -> dict[str, str]:
    return dict(mappings.get(kind) or [])
