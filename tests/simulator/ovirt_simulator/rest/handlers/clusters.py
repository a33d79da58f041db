# SPDX-License-Identifier: GPL-3.0-or-later
"""Clusters, networks, vNIC profiles and MAC pools."""

from __future__ import annotations

from ovirtsdk4 import types
from sqlalchemy import select

from ...engine import schema
from ..call import Call, find, one
from ..representation import clusters as shown
from ..representation import networks as shown_networks
from ..search.query import search
from ..wire import Answer


def list_all(call: Call) -> Answer:
    """List clusters."""
    return Answer(shown.clusters(search(call.context, "clusters", call.request)), root="clusters")


def read(call: Call) -> Answer:
    """Show a cluster."""
    return Answer(shown.clusters([find(call.context, schema.Cluster, call.ids["cluster"])])[0])


def list_networks(call: Call) -> Answer:
    """List the networks of a cluster."""
    query = (
        select(schema.Network)
        .join(schema.NetworkCluster, schema.NetworkCluster.network_id == schema.Network.id)
        .where(schema.NetworkCluster.cluster_id == call.ids["cluster"])
        .order_by(schema.Network.name)
    )
    rows = call.context.db.scalars(query)
    return Answer(shown_networks.networks(rows, in_cluster=True), root="networks")


def list_all_networks(call: Call) -> Answer:
    """List networks."""
    return Answer(shown_networks.networks(search(call.context, "networks", call.request)), root="networks")


def read_network(call: Call) -> Answer:
    """Show a network."""
    return Answer(shown_networks.networks([find(call.context, schema.Network, call.ids["network"])])[0])


def list_vnic_profiles(call: Call) -> Answer:
    """List vNIC profiles, of one network or of all."""
    rows = search(call.context, "vnicprofiles", call.request)
    if "network" in call.ids:
        rows = [row for row in rows if row.network_id == call.ids["network"]]
    return Answer(shown_networks.vnic_profiles(rows), root="vnic_profiles")


def read_vnic_profile(call: Call) -> Answer:
    """Show a vNIC profile."""
    row = find(call.context, schema.VnicProfile, call.ids["profile"])
    return Answer(shown_networks.vnic_profiles([row])[0])


def list_mac_pools(call: Call) -> Answer:
    """List MAC pools."""
    return Answer(_mac_pools(call), root="mac_pools")


def read_mac_pool(call: Call) -> Answer:
    """Show a MAC pool."""
    return Answer(one([pool for pool in _mac_pools(call) if pool.id == call.ids["pool"]]))


def _mac_pools(call: Call) -> list[types.MacPool]:
    return shown.mac_pools(call.context.db.scalars(select(schema.MacPool)))
