# SPDX-License-Identifier: GPL-3.0-or-later
"""Who has which role on what."""

from __future__ import annotations

from sqlalchemy.orm import Mapped, mapped_column

from . import schema


class Permission(schema.Base):
    """A role of a user on one object; users and roles are those that the API lists."""

    __tablename__ = "permissions"
    id: Mapped[str] = mapped_column(primary_key=True)
    object_id: Mapped[str] = mapped_column(index=True)
    kind: Mapped[str]  # of the object, as the API's element is called: vm, template, storage_domain, ...
    role_id: Mapped[str]
    user_id: Mapped[str] = mapped_column(index=True)
