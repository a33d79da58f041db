# SPDX-License-Identifier: GPL-3.0-or-later
"""Affinity groups and affinity labels, and their members."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from ovirtsdk4 import types
from sqlalchemy import select

from ...engine import groupings, schema
from ...engine.command import Command
from ...engine.commands.affinity import (
    AddAffinityGroup,
    AddLabel,
    EditAffinityGroup,
    RemoveAffinityGroup,
    RemoveLabel,
    UpdateLabel,
)
from ...engine.runtime import Context
from ..call import Call, created, done, find, identified, one, required
from ..errors import Gone, incomplete
from ..representation import groupings as shown
from ..representation import hosts as shown_hosts
from ..representation import vms as shown_vms
from ..wire import Answer

_GROUP_KINDS = ("vms", "hosts", "vm_labels", "host_labels")
_LABEL_KINDS = ("vms", "hosts")
_SHOWN: dict[str, tuple[str, Callable[[list[Any]], list[Any]], type[Any]]] = {
    "vms": ("vms", shown_vms.vms, types.Vm),
    "hosts": ("hosts", shown_hosts.hosts, types.Host),
    "vm_labels": ("affinity_labels", shown.affinity_labels, types.AffinityLabel),
    "host_labels": ("affinity_labels", shown.affinity_labels, types.AffinityLabel),
}


def list_groups(call: Call) -> Answer:
    """List the affinity groups of a cluster."""
    find(call.context, schema.Cluster, call.ids["cluster"])
    query = select(groupings.AffinityGroup).filter_by(cluster_id=call.ids["cluster"])
    rows = call.context.db.scalars(query.order_by(groupings.AffinityGroup.name))
    return Answer(shown.affinity_groups(rows), root="affinity_groups")


def read_group(call: Call) -> Answer:
    """Show an affinity group."""
    return Answer(_shown_group(call.context, call.ids["cluster"], call.ids["group"]))


def _group(context: Context, cluster_id: str, group_id: str) -> groupings.AffinityGroup:
    row: groupings.AffinityGroup = find(context, groupings.AffinityGroup, group_id)
    if row.cluster_id != cluster_id:
        raise Gone
    return row


def _shown_group(context: Context, cluster_id: str, group_id: str) -> types.AffinityGroup:
    return shown.affinity_groups([_group(context, cluster_id, group_id)])[0]


def add_group(call: Call) -> Answer:
    """Make an affinity group."""
    body = call.body(types.AffinityGroup)
    required(body.name, "AffinityGroup", "name", "add")
    members = _members(call, body, _GROUP_KINDS)
    command = AddAffinityGroup(str(uuid.uuid4()), call.ids["cluster"], _values(body), members)
    call.execute(command)
    return created(call, call.ask(_shown_group, command.cluster_id, command.id))


def update_group(call: Call) -> Answer:
    """Change an affinity group."""
    cluster_id, group_id = call.ids["cluster"], call.ids["group"]
    call.ask(_group, cluster_id, group_id)
    body = call.body(types.AffinityGroup)
    call.execute(EditAffinityGroup(group_id, _values(body), _members(call, body, _GROUP_KINDS)))
    return Answer(call.ask(_shown_group, cluster_id, group_id))


def remove_group(call: Call) -> Answer:
    """Delete an affinity group."""
    call.ask(_group, call.ids["cluster"], call.ids["group"])
    return done(call, call.execute(RemoveAffinityGroup(call.ids["group"])))


def _values(body: types.AffinityGroup) -> dict[str, Any]:
    """Return the columns that a body sets; the older way to write the rule of the VMs comes first."""
    values = {"name": body.name, "description": body.description, "priority": body.priority}
    values |= {"vms_positive": body.positive, "vms_enforcing": body.enforcing}
    if body.positive is not None and body.vms_rule is None:
        values["vms_enabled"] = True
    for who, rule in (("vms", body.vms_rule), ("hosts", body.hosts_rule)):
        for name in ("enabled", "positive", "enforcing"):
            if rule is not None and getattr(rule, name) is not None:
                values[f"{who}_{name}"] = getattr(rule, name)
    if body.hosts_rule is not None and body.hosts_rule.enabled is None:
        values["hosts_enabled"] = True
    return {name: value for name, value in values.items() if value is not None}


def _members(call: Call, body: Any, kinds: tuple[str, ...]) -> dict[str, list[str]]:
    """Return the ids of the members that a body names, by kind."""
    given = {kind: getattr(body, kind) for kind in kinds if getattr(body, kind) is not None}
    return {kind: [_identified(call, kind, item) for item in items] for kind, items in given.items()}


def _identified(call: Call, kind: str, reference: Any) -> str:
    missing = incomplete(_SHOWN[kind][2].__name__, "id|name", "add")
    return identified(call, reference, groupings.TABLES[kind], missing)


def list_labels(call: Call) -> Answer:
    """List affinity labels."""
    rows = call.context.db.scalars(select(groupings.AffinityLabel).order_by(groupings.AffinityLabel.name))
    return Answer(shown.affinity_labels(rows), root="affinity_labels")


def read_label(call: Call) -> Answer:
    """Show an affinity label."""
    return Answer(_shown_label(call.context, call.ids["label"]))


def _shown_label(context: Context, label_id: str) -> types.AffinityLabel:
    return shown.affinity_labels([find(context, groupings.AffinityLabel, label_id)])[0]


def add_label(call: Call) -> Answer:
    """Make an affinity label."""
    body = call.body(types.AffinityLabel)
    name = required(body.name, "AffinityLabel", "name", "add")
    command = AddLabel(str(uuid.uuid4()), name, _members(call, body, _LABEL_KINDS))
    call.execute(command)
    return created(call, call.ask(_shown_label, command.id))


def update_label(call: Call) -> Answer:
    """Change an affinity label."""
    label_id = call.ids["label"]
    call.ask(find, groupings.AffinityLabel, label_id)
    body = call.body(types.AffinityLabel)
    call.execute(UpdateLabel(label_id, body.name, _members(call, body, _LABEL_KINDS)))
    return Answer(call.ask(_shown_label, label_id))


def remove_label(call: Call) -> Answer:
    """Delete an affinity label."""
    call.ask(find, groupings.AffinityLabel, call.ids["label"])
    return done(call, call.execute(RemoveLabel(call.ids["label"])))


def list_members(kind: str) -> Callable[[Call], Answer]:
    """Return what lists the members of a group or label, of one kind."""

    def answer(call: Call) -> Answer:
        root, represent, _kind = _SHOWN[kind]
        return Answer(represent(groupings.members(call.context, _holder(call.context, call), kind)), root=root)

    return answer


def add_member(kind: str) -> Callable[[Call], Answer]:
    """Return what puts something into a group or label."""

    def answer(call: Call) -> Answer:
        body = call.body(_SHOWN[kind][2])
        holder, member = call.ask(_holder, call), _identified(call, kind, body)
        present = [row.id for row in call.ask(groupings.members, holder, kind)]
        call.execute(_changed(call, holder, {kind: [*present, member]}))
        _root, represent, _kind = _SHOWN[kind]
        return created(call, call.ask(lambda context: represent([find(context, groupings.TABLES[kind], member)])[0]))

    return answer


def remove_member(kind: str) -> Callable[[Call], Answer]:
    """Return what takes something out of a group or label."""

    def answer(call: Call) -> Answer:
        holder, member = call.ask(_holder, call), call.ids["member"]
        present = [row.id for row in call.ask(groupings.members, holder, kind)]
        one([id_ for id_ in present if id_ == member])
        return done(call, call.execute(_changed(call, holder, {kind: [id_ for id_ in present if id_ != member]})))

    return answer


def _holder(context: Context, call: Call) -> str:
    if "label" in call.ids:
        return str(find(context, groupings.AffinityLabel, call.ids["label"]).id)
    return _group(context, call.ids["cluster"], call.ids["group"]).id


def _changed(call: Call, holder: str, members: dict[str, list[str]]) -> Command:
    return UpdateLabel(holder, members=members) if "label" in call.ids else EditAffinityGroup(holder, members=members)


def list_labels_of(kind: str, key: str) -> Callable[[Call], Answer]:
    """Return what lists the labels of a VM or host."""

    def answer(call: Call) -> Answer:
        find(call.context, groupings.TABLES[kind], call.ids[key])
        rows = groupings.groups_of(call.context, groupings.AffinityLabel, call.ids[key], kind)
        return Answer(shown.affinity_labels(rows), root="affinity_labels")

    return answer


def add_label_to(kind: str, key: str) -> Callable[[Call], Answer]:
    """Return what gives a label to a VM or host."""

    def answer(call: Call) -> Answer:
        call.ask(find, groupings.TABLES[kind], call.ids[key])
        label_id = _identified(call, "vm_labels", call.body(types.AffinityLabel))
        present = [row.id for row in call.ask(groupings.members, label_id, kind)]
        call.execute(UpdateLabel(label_id, members={kind: [*present, call.ids[key]]}))
        return created(call, call.ask(_shown_label, label_id))

    return answer


def remove_label_from(kind: str, key: str) -> Callable[[Call], Answer]:
    """Return what takes a label from a VM or host."""

    def answer(call: Call) -> Answer:
        present = [row.id for row in call.ask(groupings.members, call.ids["label"], kind)]
        one([id_ for id_ in present if id_ == call.ids[key]])
        rest = [id_ for id_ in present if id_ != call.ids[key]]
        return done(call, call.execute(UpdateLabel(call.ids["label"], members={kind: rest})))

    return answer
