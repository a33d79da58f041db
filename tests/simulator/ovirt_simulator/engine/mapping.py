# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the things that a registered document names are to be found here.

Mappings come as lists of pairs: `clusters`, `roles`, `domains`, `affinity_groups`, `affinity_labels` as [from, to]
names; `vnic_profiles` as [network, profile, target], the target being {"id": ...}, {"network": ..., "profile": ...} or
None; `luns` as [from id, {id, address, port, portal, target, username, password}].
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select

from ..ovf.document import Document, Nic
from . import schema

if TYPE_CHECKING:
    from .runtime import Context

Mappings = Mapping[str, Any]

_CLUSTER = select(schema.Cluster).where(schema.Cluster.name == bindparam("name"))
_PROFILES = (
    select(schema.VnicProfile.id)
    .join(schema.Network, schema.Network.id == schema.VnicProfile.network_id)
    .join(schema.NetworkCluster, schema.NetworkCluster.network_id == schema.Network.id)
    .where(schema.NetworkCluster.cluster_id == bindparam("cluster_id"))
    .limit(1)
)
_PROFILE_BY_ID = _PROFILES.where(schema.VnicProfile.id == bindparam("id"))
_PROFILE_BY_NAME = _PROFILES.where(
    schema.Network.name == bindparam("network"), schema.VnicProfile.name == bindparam("profile")
)


def cluster_of(context: Context, document: Document, given: str | None, mappings: Mappings) -> schema.Cluster | None:
    """Return the cluster: the given id, else the mapped name, else the document's own name."""
    if given is not None:
        return context.db.get(schema.Cluster, given)
    mapped = dict(mappings.get("clusters") or []).get(document.cluster_name)
    for name in (mapped, document.cluster_name):
        cluster = context.db.scalar(_CLUSTER, {"name": name}) if name else None
        if cluster is not None:
            return cluster
    return None


def profile_of(context: Context, nic: Nic, cluster: schema.Cluster, mappings: Mappings) -> str | None:
    """Return the vNIC profile of a NIC: the mapped one, else one of the source's names, else none. Never fails."""
    target: Any = None
    for network, profile, to in mappings.get("vnic_profiles") or []:
        if (network or "", profile or "") == (nic.network, nic.profile):
            target = to
            break
    if target and target.get("id"):
        found = context.db.scalar(_PROFILE_BY_ID, {"cluster_id": cluster.id, "id": target["id"]})
        if found is not None:
            return found
    if target and target.get("network") is not None and target.get("profile") is not None:
        if not target["network"] and not target["profile"]:
            return None
        found = _named(context, cluster, target["network"], target["profile"])
        if found is not None:
            return found
    return _named(context, cluster, nic.network, nic.profile) if nic.profile else None


def _named(context: Context, cluster: schema.Cluster, network: str, profile: str) -> str | None:
    return context.db.scalar(_PROFILE_BY_NAME, {"cluster_id": cluster.id, "network": network, "profile": profile})
