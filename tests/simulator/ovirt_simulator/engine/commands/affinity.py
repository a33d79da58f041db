# SPDX-License-Identifier: GPL-3.0-or-later
"""Affinity groups and affinity labels.

Members come as ids by kind: vms, hosts, vm_labels, host_labels; a kind that is not given stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from .. import groupings, ovf_store, schema
from ..command import Command, Refusal

if TYPE_CHECKING:
    from ..runtime import Context

_FOREIGN = {
    "vms": "ACTION_TYPE_FAILED_VM_NOT_IN_AFFINITY_GROUP_CLUSTER",
    "hosts": "ACTION_TYPE_FAILED_VDS_NOT_IN_AFFINITY_GROUP_CLUSTER",
}


@dataclass
class AddAffinityGroup(Command):
    """Make an affinity group of a cluster."""

    id: str
    cluster_id: str
    values: dict[str, Any]
    members: dict[str, list[str]] = field(default_factory=dict)

    description = "Creating new affinity group"

    def validate(self, context: Context) -> None:
        if context.db.get(schema.Cluster, self.cluster_id) is None:
            raise Refusal("ACTION_TYPE_FAILED_CLUSTER_IS_NOT_VALID")
        _check_name(context, self.cluster_id, self.values["name"], self.id)
        _check_members(context, self.cluster_id, self.members)

    def execute(self, context: Context) -> None:
        context.db.add(groupings.AffinityGroup(id=self.id, cluster_id=self.cluster_id, **self.values))
        context.db.flush()
        _put(context, self.id, self.members)


@dataclass
class EditAffinityGroup(Command):
    """Change an affinity group or who is in it."""

    group_id: str
    values: dict[str, Any] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)

    description = "Editing affinity group"

    def validate(self, context: Context) -> None:
        row = _group(context, self.group_id)
        _check_name(context, row.cluster_id, self.values.get("name", row.name), row.id)
        _check_members(context, row.cluster_id, self.members)

    def execute(self, context: Context) -> None:
        row = _group(context, self.group_id)
        if self.values.get("name", row.name) != row.name:
            _touch(context, groupings.members(context, row.id, "vms"))
        for name, value in self.values.items():
            setattr(row, name, value)
        _put(context, row.id, self.members)


@dataclass
class RemoveAffinityGroup(Command):
    """Delete an affinity group."""

    group_id: str

    description = "Removing affinity group"

    def validate(self, context: Context) -> None:
        _group(context, self.group_id)

    def execute(self, context: Context) -> None:
        _touch(context, groupings.members(context, self.group_id, "vms"))
        groupings.dissolve(context, _group(context, self.group_id))


@dataclass
class AddLabel(Command):
    """Make an affinity label."""

    id: str
    name: str
    members: dict[str, list[str]] = field(default_factory=dict)

    def validate(self, context: Context) -> None:
        _check_label_name(context, self.name, self.id)

    def execute(self, context: Context) -> None:
        context.db.add(groupings.AffinityLabel(id=self.id, name=self.name))
        context.db.flush()
        _put(context, self.id, self.members)


@dataclass
class UpdateLabel(Command):
    """Change an affinity label's name, or who has it."""

    label_id: str
    name: str | None = None
    members: dict[str, list[str]] = field(default_factory=dict)

    def validate(self, context: Context) -> None:
        row = _label(context, self.label_id)
        _check_label_name(context, self.name or row.name, row.id)

    def execute(self, context: Context) -> None:
        row = _label(context, self.label_id)
        if self.name not in (None, row.name):
            _touch(context, groupings.members(context, row.id, "vms"))
        row.name = self.name or row.name
        _put(context, row.id, self.members)


@dataclass
class RemoveLabel(Command):
    """Delete an affinity label, also one that VMs and hosts have."""

    label_id: str

    def validate(self, context: Context) -> None:
        _label(context, self.label_id)

    def execute(self, context: Context) -> None:
        _touch(context, groupings.members(context, self.label_id, "vms"))
        groupings.dissolve(context, _label(context, self.label_id))


def _group(context: Context, group_id: str) -> groupings.AffinityGroup:
    row = context.db.get(groupings.AffinityGroup, group_id)
    if row is None:
        raise Refusal("ACTION_TYPE_FAILED_INVALID_AFFINITY_GROUP_ID")
    return row


def _label(context: Context, label_id: str) -> groupings.AffinityLabel:
    row = context.db.get(groupings.AffinityLabel, label_id)
    if row is None:
        raise Refusal("AFFINITY_LABEL_NOT_EXISTS")
    return row


def _check_name(context: Context, cluster_id: str, name: str, own_id: str) -> None:
    same = select(groupings.AffinityGroup.id).filter_by(cluster_id=cluster_id, name=name)
    if context.db.scalar(same.where(groupings.AffinityGroup.id != own_id)) is not None:
        raise Refusal("ACTION_TYPE_FAILED_AFFINITY_GROUP_NAME_EXISTS", name=name)


def _check_label_name(context: Context, name: str, own_id: str) -> None:
    same = select(groupings.AffinityLabel.id).filter_by(name=name)
    if context.db.scalar(same.where(groupings.AffinityLabel.id != own_id)) is not None:
        raise Refusal("ACTION_TYPE_FAILED_AFFINITY_LABEL_NAME_EXISTS", name=name)


def _check_members(context: Context, cluster_id: str, members: dict[str, list[str]]) -> None:
    for kind, message in _FOREIGN.items():
        for member_id in members.get(kind, ()):
            row = context.db.get(groupings.TABLES[kind], member_id)
            if row is None or row.cluster_id != cluster_id:
                raise Refusal(message, name=getattr(row, "name", member_id))


def _put(context: Context, group_id: str, members: dict[str, list[str]]) -> None:
    before = groupings.members(context, group_id, "vms")
    for kind, ids in members.items():
        groupings.put(context, group_id, kind, ids)
    after = groupings.members(context, group_id, "vms")
    _touch(context, (row for row in before + after if (row in before) != (row in after)))


def _touch(context: Context, vms: Iterable[schema.VmStatic]) -> None:
    """Note that the documents of VMs, which name their groups and labels, are behind."""
    for row in list(vms):
        ovf_store.touch(context, row)
