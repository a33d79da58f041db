# SPDX-License-Identifier: GPL-3.0-or-later
"""`follow`: what is linked to, put in the place of the link.

Each step loads everything for all entities at once, so a list of thousands costs as many queries as one entity.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from ovirtsdk4 import types
from sqlalchemy import select

from ..engine import domains, groupings, schema
from ..engine.groupings import AffinityGroup, AffinityLabel, Tag
from ..engine.permissions import Permission
from ..engine.queries import storage_domains as domain_queries
from ..engine.runtime import Context
from .errors import ContainerError
from .representation import clusters, disks, hosts, jobs, networks, storage_domains, vms
from .representation import groupings as shown_groupings
from .representation import permissions as shown_permissions

Loader = Callable[[Context, list[str]], dict[str, Any]]

# How many parameters a query may have.
_BATCH = 500


def inline(context: Context, body: Any, paths: str) -> None:
    """Put what the paths (`a,b.c`) name into the entities of an answer; an unknown name is an internal error."""
    entities = body if isinstance(body, list) else [body]
    for path in filter(None, paths.split(",")):
        level = [entity for entity in entities if entity is not None]
        for name in path.strip().split("."):
            level = _step(context, level, name.replace("_", "").lower())


def _step(context: Context, entities: list[Any], name: str) -> list[Any]:
    if not entities:
        return []
    kind = type(entities[0])
    if (kind, name) in _LISTS:
        attribute, load = _LISTS[kind, name]
        found = _batched(context, load, [entity.id for entity in entities])
        for entity in entities:
            setattr(entity, attribute, found.get(entity.id, []))
        return [item for entity in entities for item in getattr(entity, attribute)]
    attribute = _REFERENCES.get((kind, name), "")
    if not attribute:
        raise ContainerError
    return _resolve(context, entities, attribute)


def _resolve(context: Context, entities: list[Any], attribute: str) -> list[Any]:
    """Replace references by what they refer to: a single one, or a list of them."""
    referring = [entity for entity in entities if getattr(entity, attribute)]
    values = {id(entity): getattr(entity, attribute) for entity in referring}
    wanted = [one for value in values.values() for one in (value if isinstance(value, list) else [value])]
    by_kind: dict[type[Any], set[str]] = defaultdict(set)
    for one in wanted:
        by_kind[type(one)].add(one.id)
    found = {kind: _batched(context, _ENTITIES[kind], sorted(identifiers)) for kind, identifiers in by_kind.items()}
    for entity in referring:
        value = values[id(entity)]
        if isinstance(value, list):
            setattr(entity, attribute, [found[type(one)].get(one.id, one) for one in value])
        else:
            setattr(entity, attribute, found[type(value)].get(value.id, value))
    return list({id(one): one for kind in found for one in found[kind].values()}.values())


def _batched(context: Context, load: Loader, identifiers: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for start in range(0, len(identifiers), _BATCH):
        found.update(load(context, identifiers[start : start + _BATCH]))
    return found


def _grouped(pairs: Iterable[tuple[str, Any]]) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = defaultdict(list)
    for owner, item in pairs:
        groups[owner].append(item)
    return groups


def _children(row: Any, owner: Any, represent: Callable[[list[Any]], list[Any]], *order: Any) -> Loader:
    """Return a loader of rows that name their owner in a column."""

    def load(context: Context, identifiers: list[str]) -> dict[str, Any]:
        # Plain rows: as mapped objects they would take twice the time.
        found = context.db.execute(select(row.__table__).where(owner.in_(identifiers)).order_by(*order)).all()
        pairs = zip(found, represent(list(found)), strict=True)
        return _grouped((getattr(one, owner.key), shown) for one, shown in pairs)

    return load


def _by_id(row: Any, represent: Callable[[list[Any]], list[Any]]) -> Loader:
    def load(context: Context, identifiers: list[str]) -> dict[str, Any]:
        rows = list(context.db.scalars(select(row).where(row.id.in_(identifiers))))
        return {one.id: shown for one, shown in zip(rows, represent(rows), strict=True)}

    return load


def _nothing(_context: Context, _identifiers: list[str]) -> dict[str, Any]:
    return {}


def _of_templates(represent: Callable[..., list[Any]]) -> Callable[[list[Any]], list[Any]]:
    return lambda rows: represent(rows, of_template=True)


def _reported_devices(context: Context, identifiers: list[str]) -> dict[str, Any]:
    rows = context.db.scalars(select(schema.VmStatic).where(schema.VmStatic.id.in_(identifiers)))
    macs: dict[str, str | None] = {}
    for nic in context.db.scalars(select(schema.VmInterface).where(schema.VmInterface.vm_id.in_(identifiers))):
        macs.setdefault(nic.vm_id, nic.mac)
    return {row.id: vms.reported_devices(row, macs.get(row.id)) for row in rows}


def _cluster_networks(context: Context, identifiers: list[str]) -> dict[str, Any]:
    query = select(schema.NetworkCluster.cluster_id, schema.Network).join(
        schema.Network, schema.Network.id == schema.NetworkCluster.network_id
    )
    query = query.where(schema.NetworkCluster.cluster_id.in_(identifiers)).order_by(schema.Network.name)
    rows = context.db.execute(query)
    return _grouped((cluster, networks.networks([network], in_cluster=True)[0]) for cluster, network in rows)


def _pool_domains(context: Context, identifiers: list[str]) -> dict[str, Any]:
    query = select(schema.StorageDomainStatic).join(schema.StoragePoolIsoMap)
    query = query.where(schema.StoragePoolIsoMap.storage_pool_id.in_(identifiers))
    rows = list(context.db.scalars(query.order_by(schema.StorageDomainStatic.name)))
    shown = storage_domains.attached(context, rows)
    return _grouped(
        (row.mapping.storage_pool_id, domain) for row, domain in zip(rows, shown, strict=True) if row.mapping
    )


def _domain_disks(context: Context, identifiers: list[str]) -> dict[str, Any]:
    return {one: disks.disks(domain_queries.disks(context, one), on_domain=one) for one in identifiers}


def _domain_vms(context: Context, identifiers: list[str]) -> dict[str, Any]:
    return {one: vms.vms(domain_queries.members(context, one, "vm")) for one in identifiers}


def _domain_templates(context: Context, identifiers: list[str]) -> dict[str, Any]:
    return {one: vms.templates(domain_queries.members(context, one, "template")) for one in identifiers}


def _domain_connections(context: Context, identifiers: list[str]) -> dict[str, Any]:
    rows = context.db.scalars(select(schema.StorageDomainStatic).where(schema.StorageDomainStatic.id.in_(identifiers)))
    return {row.id: storage_domains.connections(domains.connections_of(context, row)) for row in rows}


def _domains(context: Context, identifiers: list[str]) -> dict[str, Any]:
    query = select(schema.StorageDomainStatic).where(schema.StorageDomainStatic.id.in_(identifiers))
    return {domain.id: domain for domain in storage_domains.domains(context, context.db.scalars(query))}


def _snapshot_disks(context: Context, identifiers: list[str]) -> dict[str, Any]:
    query = select(schema.Image).where(schema.Image.snapshot_id.in_(identifiers)).order_by(schema.Image.disk_id)
    rows = list(context.db.scalars(query))
    shown = disks.disks_of_images(rows)
    return _grouped((row.snapshot_id or "", disk) for row, disk in zip(rows, shown, strict=True))


def _steps(context: Context, identifiers: list[str]) -> dict[str, Any]:
    rows = context.db.scalars(select(schema.Job).where(schema.Job.id.in_(identifiers)))
    return {row.id: jobs.steps(row) for row in rows}


def _members(kind: str, represent: Callable[[list[Any]], list[Any]]) -> Loader:
    return lambda context, identifiers: {one: represent(groupings.members(context, one, kind)) for one in identifiers}


def _groups(table: Any, kind: str, represent: Callable[[list[Any]], list[Any]]) -> Loader:
    return lambda context, identifiers: {
        one: represent(groupings.groups_of(context, table, one, kind)) for one in identifiers
    }


def _permissions(context: Context, identifiers: list[str]) -> dict[str, Any]:
    rows = context.db.scalars(select(Permission).where(Permission.object_id.in_(identifiers)).order_by(Permission.id))
    return _grouped((row.object_id, shown_permissions.permissions([row])[0]) for row in rows)


_ATTACHMENT = schema.DiskAttachment
_LISTS: dict[tuple[type[Any], str], tuple[str, Loader]] = {
    (types.Vm, "diskattachments"): (
        "disk_attachments",
        _children(_ATTACHMENT, _ATTACHMENT.vm_id, disks.attachments, _ATTACHMENT.disk_id),
    ),
    (types.Vm, "nics"): (
        "nics",
        _children(schema.VmInterface, schema.VmInterface.vm_id, networks.nics, schema.VmInterface.name),
    ),
    (types.Vm, "snapshots"): (
        "snapshots",
        _children(schema.Snapshot, schema.Snapshot.vm_id, vms.snapshots, schema.Snapshot.creation_date),
    ),
    (types.Snapshot, "disks"): ("disks", _snapshot_disks),
    (types.Vm, "reporteddevices"): ("reported_devices", _reported_devices),
    (types.Template, "diskattachments"): (
        "disk_attachments",
        _children(_ATTACHMENT, _ATTACHMENT.vm_id, _of_templates(disks.attachments), _ATTACHMENT.disk_id),
    ),
    (types.Template, "nics"): (
        "nics",
        _children(schema.VmInterface, schema.VmInterface.vm_id, _of_templates(networks.nics), schema.VmInterface.name),
    ),
    (types.Cluster, "networks"): ("networks", _cluster_networks),
    (types.DataCenter, "clusters"): (
        "clusters",
        _children(schema.Cluster, schema.Cluster.storage_pool_id, clusters.clusters, schema.Cluster.name),
    ),
    (types.DataCenter, "networks"): (
        "networks",
        _children(schema.Network, schema.Network.storage_pool_id, networks.networks, schema.Network.name),
    ),
    (types.DataCenter, "storagedomains"): ("storage_domains", _pool_domains),
    (types.Network, "vnicprofiles"): (
        "vnic_profiles",
        _children(schema.VnicProfile, schema.VnicProfile.network_id, networks.vnic_profiles, schema.VnicProfile.name),
    ),
    (types.StorageDomain, "disks"): ("disks", _domain_disks),
    (types.StorageDomain, "vms"): ("vms", _domain_vms),
    (types.StorageDomain, "templates"): ("templates", _domain_templates),
    (types.StorageDomain, "storageconnections"): ("storage_connections", _domain_connections),
    (types.Job, "steps"): ("steps", _steps),
}
_LISTS |= {
    (types.Cluster, "affinitygroups"): (
        "affinity_groups",
        _children(AffinityGroup, AffinityGroup.cluster_id, shown_groupings.affinity_groups, AffinityGroup.name),
    ),
    (types.AffinityGroup, "vms"): ("vms", _members("vms", vms.vms)),
    (types.AffinityGroup, "hosts"): ("hosts", _members("hosts", hosts.hosts)),
    (types.AffinityGroup, "vmlabels"): ("vm_labels", _members("vm_labels", shown_groupings.affinity_labels)),
    (types.AffinityGroup, "hostlabels"): ("host_labels", _members("host_labels", shown_groupings.affinity_labels)),
    (types.AffinityLabel, "vms"): ("vms", _members("vms", vms.vms)),
    (types.AffinityLabel, "hosts"): ("hosts", _members("hosts", hosts.hosts)),
    (types.Vm, "affinitylabels"): ("affinity_labels", _groups(AffinityLabel, "vms", shown_groupings.affinity_labels)),
    (types.Vm, "tags"): ("tags", _groups(Tag, "vms", shown_groupings.tags)),
    (types.Host, "affinitylabels"): (
        "affinity_labels",
        _groups(AffinityLabel, "hosts", shown_groupings.affinity_labels),
    ),
    (types.Host, "tags"): ("tags", _groups(Tag, "hosts", shown_groupings.tags)),
}
_LISTS |= {
    (kind, name.replace("_", "")): (name, _nothing)
    for kind, names in {
        types.Vm: "applications cdroms graphics_consoles host_devices katello_errata"
        " mediated_devices numa_nodes permissions sessions statistics watchdogs",
        types.Template: "cdroms graphics_consoles mediated_devices permissions tags watchdogs",
        types.Disk: "disk_snapshots permissions statistics",
        types.Cluster: "cpu_profiles enabled_features external_network_providers gluster_hooks"
        " gluster_volumes permissions",
        types.DataCenter: "iscsi_bonds permissions qoss quotas",
        types.StorageDomain: "disk_profiles disk_snapshots files images permissions",
        types.Host: "devices hooks katello_errata network_attachments nics numa_nodes permissions"
        " statistics storage_connection_extensions unmanaged_networks",
        types.Network: "network_labels permissions",
        types.Nic: "network_filter_parameters reported_devices statistics",
        types.Snapshot: "cdroms nics",
        types.VnicProfile: "permissions",
    }.items()
    for name in names.split()
}
_LISTS |= {(kind, "permissions"): ("permissions", _permissions) for _table, kind in shown_permissions.OBJECTS.values()}
_REFERENCES: dict[tuple[type[Any], str], str] = {
    (kind, name.replace("_", "")): name
    for kind, names in {
        types.Vm: "cluster host template storage_domain",
        types.Template: "cluster storage_domain",
        types.AffinityGroup: "cluster",
        types.Cluster: "data_center",
        types.DiskAttachment: "disk vm template",
        types.Disk: "storage_domains storage_domain",
        types.Event: "vm template host cluster data_center storage_domain",
        types.Host: "cluster",
        types.HostStorage: "host",
        types.Network: "data_center",
        types.Nic: "vnic_profile vm template",
        types.Snapshot: "vm",
        types.Step: "job",
        types.StorageDomain: "data_center data_centers",
        types.VnicProfile: "network",
    }.items()
    for name in names.split()
}
_ENTITIES: dict[type[Any], Loader] = {
    types.Cluster: _by_id(schema.Cluster, clusters.clusters),
    types.DataCenter: _by_id(schema.StoragePool, clusters.data_centers),
    types.Disk: _by_id(schema.BaseDisk, disks.disks),
    types.Host: _by_id(schema.Vds, hosts.hosts),
    types.Job: _by_id(schema.Job, lambda rows: jobs.jobs(rows, "")),
    types.Network: _by_id(schema.Network, networks.networks),
    types.StorageDomain: _domains,
    types.Template: _by_id(schema.VmStatic, vms.templates),
    types.Vm: _by_id(schema.VmStatic, vms.vms),
    types.VnicProfile: _by_id(schema.VnicProfile, networks.vnic_profiles),
}
