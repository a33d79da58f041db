# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks, their place in clusters, and vNIC profiles."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from .. import domains, schema
from ..command import Command, Refusal

if TYPE_CHECKING:
    from ..runtime import Context

MANAGEMENT = "ovirtmgmt"


@dataclass
class AddNetwork(Command):
    """Make a network of a data center; unless it is unwanted, with a vNIC profile of the same name."""

    id: str
    storage_pool_id: str
    values: dict[str, Any]
    with_profile: bool = True

    description = "Adding network to data center {storage_pool_id}"

    def validate(self, context: Context) -> None:
        domains.find_pool(context, self.storage_pool_id)
        _check_network_name(context, self.storage_pool_id, self.values["name"], self.id)

    def execute(self, context: Context) -> None:
        context.db.add(schema.Network(id=self.id, storage_pool_id=self.storage_pool_id, **self.values))
        if self.with_profile:
            profile = schema.VnicProfile(id=str(uuid.uuid4()), name=self.values["name"], network_id=self.id)
            context.db.add(profile)


@dataclass
class UpdateNetwork(Command):
    """Change a network."""

    network_id: str
    changes: dict[str, Any]

    description = "Updating network"

    def validate(self, context: Context) -> None:
        row = _network(context, self.network_id)
        name = self.changes.get("name", row.name)
        if row.name == MANAGEMENT and name != row.name:
            raise Refusal("ACTION_TYPE_FAILED_CANNOT_EDIT_MANAGEMENT_NETWORK_NAME")
        _check_network_name(context, row.storage_pool_id, name, row.id)

    def execute(self, context: Context) -> None:
        row = _network(context, self.network_id)
        for name, value in self.changes.items():
            setattr(row, name, value)


@dataclass
class RemoveNetwork(Command):
    """Delete a network with its vNIC profiles; not while a NIC uses one of them."""

    network_id: str

    description = "Removing network"

    def validate(self, context: Context) -> None:
        row = _network(context, self.network_id)
        if row.name == MANAGEMENT:
            raise Refusal("NETWORK_CANNOT_REMOVE_MANAGEMENT_NETWORK")
        users = _users(context, schema.VnicProfile.network_id == row.id)
        if users:
            raise Refusal("ACTION_TYPE_FAILED_NETWORK_IN_MANY_USES", vms=", ".join(users))

    def execute(self, context: Context) -> None:
        for table in (schema.NetworkCluster, schema.VnicProfile):
            context.db.execute(delete(table).where(table.network_id == self.network_id))
        context.db.delete(_network(context, self.network_id))


@dataclass
class AttachNetworkToCluster(Command):
    """Let the hosts of a cluster have a network."""

    network_id: str
    cluster_id: str

    description = "Attaching network to cluster"

    def validate(self, context: Context) -> None:
        row, cluster = _network(context, self.network_id), context.db.get(schema.Cluster, self.cluster_id)
        if cluster is None or cluster.storage_pool_id != row.storage_pool_id:
            raise Refusal("NETWORK_CLUSTER_NETWORK_NOT_IN_DATA_CENTER")
        if context.db.get(schema.NetworkCluster, (row.id, cluster.id)) is not None:
            raise Refusal("NETWORK_ALREADY_ATTACHED_TO_CLUSTER")

    def execute(self, context: Context) -> None:
        context.db.add(schema.NetworkCluster(network_id=self.network_id, cluster_id=self.cluster_id))


@dataclass
class DetachNetworkFromCluster(Command):
    """Take a network from a cluster; not while a VM there uses it."""

    network_id: str
    cluster_id: str

    description = "Detaching network from cluster"

    def validate(self, context: Context) -> None:
        row = _network(context, self.network_id)
        if row.name == MANAGEMENT:
            raise Refusal("NETWORK_CANNOT_REMOVE_MANAGEMENT_NETWORK")
        here = schema.VmStatic.cluster_id == self.cluster_id
        users = _users(context, schema.VnicProfile.network_id == row.id, here)
        if users:
            raise Refusal("ACTION_TYPE_FAILED_NETWORK_IN_MANY_USES", vms=", ".join(users))

    def execute(self, context: Context) -> None:
        table = schema.NetworkCluster
        here = (table.network_id == self.network_id, table.cluster_id == self.cluster_id)
        context.db.execute(delete(table).where(*here))


@dataclass
class AddVnicProfile(Command):
    """Make a vNIC profile of a network."""

    id: str
    network_id: str
    values: dict[str, Any] = field(default_factory=dict)

    description = "Adding vNIC profile"

    def validate(self, context: Context) -> None:
        _network(context, self.network_id)
        _check_profile_name(context, self.network_id, self.values["name"], self.id)
        _check_pass_through(self.values)

    def execute(self, context: Context) -> None:
        context.db.add(schema.VnicProfile(id=self.id, network_id=self.network_id, **self.values))


@dataclass
class UpdateVnicProfile(Command):
    """Change a vNIC profile; it stays with its network."""

    profile_id: str
    changes: dict[str, Any]

    description = "Updating vNIC profile"

    def validate(self, context: Context) -> None:
        row = _profile(context, self.profile_id)
        if self.changes.get("network_id", row.network_id) != row.network_id:
            raise Refusal("ACTION_TYPE_FAILED_CANNOT_CHANGE_VNIC_PROFILE_NETWORK")
        _check_profile_name(context, row.network_id, self.changes.get("name", row.name), row.id)
        names = ("pass_through", "port_mirroring")
        _check_pass_through({**{name: getattr(row, name) for name in names}, **self.changes})

    def execute(self, context: Context) -> None:
        row = _profile(context, self.profile_id)
        for name, value in self.changes.items():
            setattr(row, name, value)


@dataclass
class RemoveVnicProfile(Command):
    """Delete a vNIC profile that no NIC uses."""

    profile_id: str

    description = "Removing vNIC profile"

    def validate(self, context: Context) -> None:
        row = _profile(context, self.profile_id)
        users = _users(context, schema.VnicProfile.id == row.id)
        if users:
            raise Refusal("ACTION_TYPE_FAILED_VNIC_PROFILE_IN_MANY_USES", vms=", ".join(users))

    def execute(self, context: Context) -> None:
        context.db.delete(_profile(context, self.profile_id))


def _network(context: Context, network_id: str) -> schema.Network:
    row = context.db.get(schema.Network, network_id)
    if row is None:
        raise Refusal("NETWORK_NOT_EXISTS")
    return row


def _profile(context: Context, profile_id: str) -> schema.VnicProfile:
    row = context.db.get(schema.VnicProfile, profile_id)
    if row is None:
        raise Refusal("ACTION_TYPE_FAILED_VNIC_PROFILE_NOT_EXISTS")
    return row


def _check_network_name(context: Context, pool_id: str, name: str, own_id: str) -> None:
    same = select(schema.Network.id).filter_by(storage_pool_id=pool_id, name=name)
    if context.db.scalar(same.where(schema.Network.id != own_id)) is not None:
        raise Refusal("ACTION_TYPE_FAILED_NETWORK_NAME_IN_USE", name=name)


def _check_profile_name(context: Context, network_id: str, name: str, own_id: str) -> None:
    same = select(schema.VnicProfile.id).filter_by(network_id=network_id, name=name)
    if context.db.scalar(same.where(schema.VnicProfile.id != own_id)) is not None:
        raise Refusal("ACTION_TYPE_FAILED_VNIC_PROFILE_NAME_IN_USE", name=name)


def _check_pass_through(values: dict[str, Any]) -> None:
    if values.get("pass_through") and values.get("port_mirroring"):
        raise Refusal("ACTION_TYPE_FAILED_PASSTHROUGH_PROFILE_NOT_SUPPORTED_WITH_PORT_MIRRORING")


def _users(context: Context, *where: Any) -> list[str]:
    """Return the names of the VMs and templates with a NIC on such a profile."""
    query = (
        select(schema.VmStatic.name)
        .join(schema.VmInterface, schema.VmInterface.vm_id == schema.VmStatic.id)
        .join(schema.VnicProfile, schema.VnicProfile.id == schema.VmInterface.vnic_profile_id)
        .where(*where)
    )
    return list(context.db.scalars(query.distinct().order_by(schema.VmStatic.name)))
