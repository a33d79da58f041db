# SPDX-License-Identifier: GPL-3.0-or-later
"""What VMs and hosts are grouped by: affinity groups, affinity labels and tags."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sqlalchemy import ForeignKey, Select, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from . import schema

if TYPE_CHECKING:
    from .runtime import Context

ROOT_TAG = "00000000-0000-0000-0000-000000000000"


class AffinityGroup(schema.Base):
    """A rule of one cluster; `positive` null means that VMs do not matter to each other."""

    __tablename__ = "affinity_groups"
    id: Mapped[str] = mapped_column(primary_key=True)
    cluster_id: Mapped[str] = mapped_column(ForeignKey("cluster.id"), index=True)
    name: Mapped[str]
    description: Mapped[str] = mapped_column(default="")
    priority: Mapped[float] = mapped_column(default=1.0)
    vms_enabled: Mapped[bool] = mapped_column(default=False)
    vms_positive: Mapped[bool] = mapped_column(default=True)
    vms_enforcing: Mapped[bool] = mapped_column(default=False)
    hosts_enabled: Mapped[bool] = mapped_column(default=False)
    hosts_positive: Mapped[bool] = mapped_column(default=True)
    hosts_enforcing: Mapped[bool] = mapped_column(default=False)


class AffinityLabel(schema.Base):
    """A label: VMs that have it run only on hosts that have it."""

    __tablename__ = "labels"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)


class Tag(schema.Base):
    """A tag below the root, which has no row."""

    __tablename__ = "tags"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    description: Mapped[str] = mapped_column(default="")
    parent_id: Mapped[str] = mapped_column(default=ROOT_TAG)


class Membership(schema.Base):
    """Who is in which group; ids of all kinds of groups differ, and a member that is gone is in none."""

    __tablename__ = "group_members"
    group_id: Mapped[str] = mapped_column(primary_key=True)
    member_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)  # vms, hosts, vm_labels, host_labels


TABLES: dict[str, Any] = {
    "vms": schema.VmStatic,
    "hosts": schema.Vds,
    "vm_labels": AffinityLabel,
    "host_labels": AffinityLabel,
}


def members(context: Context, group_id: str, kind: str) -> list[Any]:
    """Return the members of a group, of one kind, by name."""
    table = TABLES[kind]
    query = select(table).join(Membership, Membership.member_id == table.id)
    return list(context.db.scalars(query.where(*_of(group_id, kind)).order_by(table.name)))


def groups_of(context: Context, table: Any, member_id: str, kind: str) -> list[Any]:
    """Return the groups (of one table) that something is in, by name."""
    query: Select[Any] = select(table).join(Membership, Membership.group_id == table.id)
    here = (Membership.member_id == member_id, Membership.kind == kind)
    return list(context.db.scalars(query.where(*here).order_by(table.name)))


def add(context: Context, group_id: str, kind: str, member_id: str) -> None:
    """Put something into a group; once more is no error."""
    if context.db.get(Membership, (group_id, member_id, kind)) is None:
        context.db.add(Membership(group_id=group_id, member_id=member_id, kind=kind))
        context.db.flush()


def remove(context: Context, group_id: str, kind: str, member_id: str) -> None:
    """Take something out of a group; if it is not there, that is no error."""
    context.db.execute(delete(Membership).where(*_of(group_id, kind), Membership.member_id == member_id))


def collides(context: Context, group: AffinityGroup, vm_id: str) -> bool:
    """Tell whether a VM in this group could not keep its rule: another one wants the opposite of the same VMs."""
    if not (group.vms_enabled and group.vms_enforcing):
        return False
    company = {vm.id for vm in members(context, group.id, "vms")} - {vm_id}
    for other in groups_of(context, AffinityGroup, vm_id, "vms"):
        opposed = other.vms_enabled and other.vms_enforcing and other.vms_positive != group.vms_positive
        if opposed and company & {vm.id for vm in members(context, other.id, "vms")}:
            return True
    return False


def put(context: Context, group_id: str, kind: str, member_ids: Iterable[str]) -> None:
    """Make a group have exactly these members of one kind."""
    context.db.execute(delete(Membership).where(*_of(group_id, kind)))
    for member_id in dict.fromkeys(member_ids):
        add(context, group_id, kind, member_id)


def dissolve(context: Context, row: AffinityGroup | AffinityLabel | Tag) -> None:
    """Delete a group; its members are in one group less."""
    context.db.execute(delete(Membership).where(Membership.group_id == row.id))
    if isinstance(row, AffinityLabel):
        labels = Membership.kind.in_(["vm_labels", "host_labels"])
        context.db.execute(delete(Membership).where(Membership.member_id == row.id, labels))
    context.db.delete(row)


def _of(group_id: str, kind: str) -> tuple[Any, Any]:
    return Membership.group_id == group_id, Membership.kind == kind
