# SPDX-License-Identifier: GPL-3.0-or-later
"""Making and changing networks and vNIC profiles."""

from __future__ import annotations

import uuid
from typing import Any

from ovirtsdk4 import types

from ...engine import schema
from ...engine.commands.networks import (
    AddNetwork,
    AddVnicProfile,
    AttachNetworkToCluster,
    DetachNetworkFromCluster,
    RemoveNetwork,
    RemoveVnicProfile,
    UpdateNetwork,
    UpdateVnicProfile,
)
from ...engine.runtime import Context
from ..call import Call, created, done, find, identified, required
from ..errors import Gone, incomplete
from ..representation import networks as shown
from ..wire import Answer


def add(call: Call) -> Answer:
    """Make a network; below a data center it is that data center's."""
    body = call.body(types.Network)
    required(body.name, "Network", "name", "add")
    pool_id = call.ids.get("pool")
    if pool_id is None:
        missing = incomplete("Network", "dataCenter.name|id", "add")
        pool_id = identified(call, body.data_center, schema.StoragePool, missing)
    command = AddNetwork(str(uuid.uuid4()), pool_id, _values(body), body.profile_required is not False)
    call.execute(command)
    return created(call, call.ask(_shown, command.id))


def _shown(context: Context, network_id: str) -> types.Network:
    return shown.networks([find(context, schema.Network, network_id)])[0]


def _values(body: types.Network) -> dict[str, Any]:
    values = {name: getattr(body, name) for name in ("name", "description", "comment", "mtu")}
    values["vlan_id"] = body.vlan.id if body.vlan is not None else None
    return {name: value for name, value in values.items() if value is not None}


def update(call: Call) -> Answer:
    """Change a network."""
    network_id = call.ids["network"]
    call.ask(find, schema.Network, network_id)
    call.execute(UpdateNetwork(network_id, _values(call.body(types.Network))))
    return Answer(call.ask(_shown, network_id))


def remove(call: Call) -> Answer:
    """Delete a network."""
    call.ask(find, schema.Network, call.ids["network"])
    return done(call, call.execute(RemoveNetwork(call.ids["network"])))


def read_in_cluster(call: Call) -> Answer:
    """Show a network of a cluster."""
    return Answer(_shown_in_cluster(call.context, call.ids["cluster"], call.ids["network"]))


def _shown_in_cluster(context: Context, cluster_id: str, network_id: str) -> types.Network:
    find(context, schema.NetworkCluster, (network_id, cluster_id))
    return shown.networks([find(context, schema.Network, network_id)], in_cluster=True)[0]


def add_to_cluster(call: Call) -> Answer:
    """Let a cluster have a network."""
    cluster_id = call.ids["cluster"]
    reference = call.body(types.Network)
    network_id = reference.id or call.ask(_named_in, cluster_id, reference.name)
    call.execute(AttachNetworkToCluster(network_id, cluster_id))
    return created(call, call.ask(_shown_in_cluster, cluster_id, network_id))


def _named_in(context: Context, cluster_id: str, name: str | None) -> str:
    """Return the id of a network by its name, which is unique in a data center only."""
    cluster = find(context, schema.Cluster, cluster_id)
    query = context.db.query(schema.Network).filter_by(name=name, storage_pool_id=cluster.storage_pool_id)
    row = query.one_or_none()
    if row is None:
        raise incomplete("Network", "id|name", "add")
    return row.id


def remove_from_cluster(call: Call) -> Answer:
    """Take a network from a cluster."""
    cluster_id, network_id = call.ids["cluster"], call.ids["network"]
    call.ask(find, schema.NetworkCluster, (network_id, cluster_id))
    return done(call, call.execute(DetachNetworkFromCluster(network_id, cluster_id)))


def add_profile(call: Call) -> Answer:
    """Make a vNIC profile; below a network it is that network's."""
    body = call.body(types.VnicProfile)
    required(body.name, "VnicProfile", "name", "add")
    network_id = call.ids.get("network") or required(
        body.network.id if body.network is not None else None, "VnicProfile", "network.id", "add"
    )
    command = AddVnicProfile(str(uuid.uuid4()), network_id, _profile_values(body))
    call.execute(command)
    return created(call, call.ask(_shown_profile, command.id))


def read_profile_of(call: Call) -> Answer:
    """Show a vNIC profile of a network."""
    profile = _shown_profile(call.context, call.ids["profile"])
    if profile.network.id != call.ids["network"]:
        raise Gone
    return Answer(profile)


def _shown_profile(context: Context, profile_id: str) -> types.VnicProfile:
    return shown.vnic_profiles([find(context, schema.VnicProfile, profile_id)])[0]


def _profile_values(body: types.VnicProfile) -> dict[str, Any]:
    values = {name: getattr(body, name) for name in ("name", "description", "port_mirroring", "migratable")}
    if body.pass_through is not None and body.pass_through.mode is not None:
        values["pass_through"] = body.pass_through.mode == types.VnicPassThroughMode.ENABLED
    return {name: value for name, value in values.items() if value is not None}


def update_profile(call: Call) -> Answer:
    """Change a vNIC profile."""
    profile_id = call.ids["profile"]
    call.ask(find, schema.VnicProfile, profile_id)
    body = call.body(types.VnicProfile)
    changes = _profile_values(body)
    if body.network is not None and body.network.id is not None:
        changes["network_id"] = body.network.id
    call.execute(UpdateVnicProfile(profile_id, changes))
    return Answer(call.ask(_shown_profile, profile_id))


def remove_profile(call: Call) -> Answer:
    """Delete a vNIC profile."""
    call.ask(find, schema.VnicProfile, call.ids["profile"])
    return done(call, call.execute(RemoveVnicProfile(call.ids["profile"])))
