# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be searched: the fields of each object, and the other objects that its searches can refer to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ovirtsdk4 import types
from sqlalchemy import ColumnElement, case, exists, func, literal, null, select
from sqlalchemy.orm import aliased

from ...engine import schema
from ...engine.groupings import Membership, Tag

Kind = Literal["text", "number", "boolean", "word", "date"]
Expression = ColumnElement[Any]
Link = Callable[[ColumnElement[bool]], ColumnElement[bool]]


@dataclass(frozen=True)
class Field:
    """An expression over the object's row; `words` are the values of an enum as searches spell them."""

    expression: Any
    kind: Kind = "text"
    words: frozenset[str] = frozenset()
    through: Link | None = None  # of a field with several values: any of them may fit


@dataclass(frozen=True)
class Searchable:
    """An object: its table, its fields, how results are sorted, what its searches can refer to and how."""

    row: Any
    fields: Mapping[str, Field]
    order: tuple[Any, ...]
    scope: Any = None  # what narrows the table down
    links: Mapping[str, tuple[str, Link]] = field(default_factory=dict)


def _words(kind: Any) -> frozenset[str]:
    return frozenset(member.value.replace("_", "") for member in kind)


def _status(expression: Any, kind: Any) -> Field:
    return Field(func.replace(expression, "_", ""), "word", _words(kind))


Vm = schema.VmStatic
Domain = schema.StorageDomainStatic
_Template = aliased(schema.VmStatic)
_NOTHING = Field(null())  # what the simulator does not have: found by no value, by every "not"
_cluster = select(schema.Cluster.name).where(schema.Cluster.id == Vm.cluster_id).scalar_subquery()
_pool_of_vm = (
    select(schema.StoragePool.name)
    .join(schema.Cluster, schema.Cluster.storage_pool_id == schema.StoragePool.id)
    .where(schema.Cluster.id == Vm.cluster_id)
    .scalar_subquery()
)
_pool_of_member = select(schema.VmPool.name).where(schema.VmPool.id == Vm.vm_pool_id).scalar_subquery()
_host_of_vm = select(schema.Vds.name).where(schema.Vds.id == Vm.run_on_vds).scalar_subquery()
_cluster_of_host = select(schema.Cluster.name).where(schema.Cluster.id == schema.Vds.cluster_id).scalar_subquery()
_pool_of_host = (
    select(schema.StoragePool.name)
    .join(schema.Cluster, schema.Cluster.storage_pool_id == schema.StoragePool.id)
    .where(schema.Cluster.id == schema.Vds.cluster_id)
    .scalar_subquery()
)
_mapping = schema.StoragePoolIsoMap
_domain_status = func.coalesce(
    select(_mapping.status).where(_mapping.storage_id == Domain.id).scalar_subquery(), literal("unattached")
)
_pool_of_domain = (
    select(schema.StoragePool.name)
    .join(_mapping, _mapping.storage_pool_id == schema.StoragePool.id)
    .where(_mapping.storage_id == Domain.id)
    .scalar_subquery()
)
_active = (schema.Image.disk_id == schema.BaseDisk.id, schema.Image.active)
_attached = schema.DiskAttachment.disk_id == schema.BaseDisk.id


def _of_image(column: Any) -> Any:
    return select(column).where(*_active).limit(1).scalar_subquery()


def _on_domain(of: Any) -> Link:
    """Link VMs or templates to the domains of their disks."""
    chain = (
        schema.DiskAttachment.vm_id == of,
        schema.Image.disk_id == schema.DiskAttachment.disk_id,
        schema.ImagePlacement.image_id == schema.Image.id,
        schema.ImagePlacement.storage_domain_id == Domain.id,
    )
    return lambda condition: exists(select(literal(1)).select_from(Domain).where(*chain, condition))


def _through(target: Any, *chain: Any) -> Link:
    return lambda condition: exists(select(literal(1)).select_from(target).where(*chain, condition))


def _tagged(of: Any) -> Field:
    chain = (Membership.member_id == of, Membership.group_id == Tag.id)
    return Field(Tag.name, through=_through(Tag, *chain))


_COMMON = {"name": Field(Vm.name), "description": Field(Vm.description), "comment": Field(Vm.comment)}

VMS = Searchable(
    Vm,
    {
        **_COMMON,
        "id": Field(Vm.id),
        "status": _status(Vm.status, types.VmStatus),
        "host": Field(_host_of_vm),
        "cluster": Field(_cluster),
        "datacenter": Field(_pool_of_vm),
        "os": Field(Vm.os_type),
        "creationdate": Field(Vm.creation_date, "date"),
        "tag": _tagged(Vm.id),
        "pool": Field(_pool_of_member),
        "quota": _NOTHING,
        "has_illegal_images": Field(literal(False), "boolean"),
        "next_run_config_exists": Field(func.length(Vm.next_run) > 2, "boolean"),
    },
    (Vm.name, Vm.id),
    Vm.entity_type == "vm",
    {
        "storage": ("storagedomains", _on_domain(Vm.id)),
        "host": ("hosts", _through(schema.Vds, schema.Vds.id == Vm.run_on_vds)),
        "template": ("template_of_vm", _through(_Template, _Template.id == Vm.template_id)),
    },
)
TEMPLATE_OF_VM = Searchable(_Template, {"name": Field(_Template.name)}, (_Template.name,))
TEMPLATES = Searchable(
    Vm,
    {
        **_COMMON,
        "status": _status(Vm.status, types.TemplateStatus),
        "cluster": Field(_cluster),
        "datacenter": Field(_pool_of_vm),
        "os": Field(Vm.os_type),
        "creationdate": Field(Vm.creation_date, "date"),
        "quota": _NOTHING,
    },
    (Vm.name, Vm.id),
    Vm.entity_type == "template",
    {"storage": ("storagedomains", _on_domain(Vm.id))},
)
HOSTS = Searchable(
    schema.Vds,
    {
        "name": Field(schema.Vds.name),
        "status": _status(schema.Vds.status, types.HostStatus),
        "cluster": Field(_cluster_of_host),
        "datacenter": Field(_pool_of_host),
        "address": Field(schema.Vds.address),
        "comment": _NOTHING,
        "tag": _tagged(schema.Vds.id),
    },
    (schema.Vds.name,),
    links={
        "storage": (
            "storagedomains",
            _through(
                Domain,
                _mapping.storage_id == Domain.id,
                _mapping.storage_pool_id == schema.Cluster.storage_pool_id,
                schema.Cluster.id == schema.Vds.cluster_id,
            ),
        ),
        "vm": ("vms", _through(Vm, Vm.run_on_vds == schema.Vds.id)),
    },
)
CLUSTERS = Searchable(
    schema.Cluster,
    {
        "name": Field(schema.Cluster.name),
        "architecture": Field(schema.Cluster.architecture),
        "description": _NOTHING,
        "comment": _NOTHING,
    },
    (schema.Cluster.name,),
    links={
        "storage": (
            "storagedomains",
            _through(
                Domain, _mapping.storage_id == Domain.id, _mapping.storage_pool_id == schema.Cluster.storage_pool_id
            ),
        ),
    },
)
DATA_CENTERS = Searchable(
    schema.StoragePool,
    {
        "name": Field(schema.StoragePool.name),
        "status": _status(schema.StoragePool.status, types.DataCenterStatus),
        "type": Field(case((schema.StoragePool.is_local, "local"), else_="shared")),
        "description": _NOTHING,
        "comment": _NOTHING,
    },
    (schema.StoragePool.name,),
    links={
        "cluster": (
            "clusters",
            _through(schema.Cluster, schema.Cluster.storage_pool_id == schema.StoragePool.id),
        ),
        "storage": (
            "storagedomains",
            _through(Domain, _mapping.storage_id == Domain.id, _mapping.storage_pool_id == schema.StoragePool.id),
        ),
    },
)
STORAGE_DOMAINS = Searchable(
    Domain,
    {
        "name": Field(Domain.name),
        "status": _status(_domain_status, types.StorageDomainStatus),
        "shared_status": _status(_domain_status, types.StorageDomainStatus),
        "external_status": Field(Domain.external_status, "word", _words(types.ExternalStatus)),
        "datacenter": Field(_pool_of_domain),
        "type": Field(Domain.storage_type, "word", frozenset(member.value for member in types.StorageType)),
        "comment": Field(Domain.comment),
        "description": Field(Domain.description),
        "size": Field((Domain.available + Domain.used) / (1 << 30), "number"),
        "total_size": Field((Domain.available + Domain.used) / (1 << 30), "number"),
        "free_size": Field(Domain.available / (1 << 30), "number"),
        "used_size": Field(Domain.used / (1 << 30), "number"),
        "committed": Field(literal(0), "number"),
        "wipe_after_delete": Field(Domain.wipe_after_delete, "boolean"),
        "discard_after_delete": Field(Domain.discard_after_delete, "boolean"),
        "low_space_threshold": Field(Domain.warning_low_space_indicator, "number"),
        "critical_space_threshold": Field(Domain.critical_space_action_blocker, "number"),
        "backup": Field(Domain.backup, "boolean"),
    },
    (Domain.name,),
    links={
        "host": (
            "hosts",
            _through(
                schema.Vds,
                schema.Vds.cluster_id == schema.Cluster.id,
                schema.Cluster.storage_pool_id == _mapping.storage_pool_id,
                _mapping.storage_id == Domain.id,
            ),
        ),
        "cluster": (
            "clusters",
            _through(
                schema.Cluster,
                schema.Cluster.storage_pool_id == _mapping.storage_pool_id,
                _mapping.storage_id == Domain.id,
            ),
        ),
    },
)
DISKS = Searchable(
    schema.BaseDisk,
    {
        "alias": Field(schema.BaseDisk.alias),
        "name": Field(schema.BaseDisk.alias),
        "id": Field(schema.BaseDisk.id),
        "description": Field(schema.BaseDisk.description),
        "status": _status(_of_image(schema.Image.status), types.DiskStatus),
        "disk_type": Field(schema.BaseDisk.storage_type, "word", _words(types.DiskStorageType)),
        "disk_content_type": Field(
            schema.BaseDisk.content_type, "word", frozenset(member.value for member in types.DiskContentType)
        ),
        "provisioned_size": Field(_of_image(schema.Image.provisioned_size), "number"),
        "size": Field(_of_image(schema.Image.provisioned_size), "number"),
        "actual_size": Field(_of_image(schema.Image.actual_size), "number"),
        "number_of_vms": Field(
            select(func.count()).select_from(schema.DiskAttachment).where(_attached).scalar_subquery(), "number"
        ),
        "vm_names": Field(
            select(func.group_concat(Vm.name, " "))
            .join(schema.DiskAttachment, schema.DiskAttachment.vm_id == Vm.id)
            .where(_attached)
            .scalar_subquery()
        ),
        "shareable": Field(schema.BaseDisk.shareable, "boolean"),
        "wipe_after_delete": Field(schema.BaseDisk.wipe_after_delete, "boolean"),
        "quota": _NOTHING,
        "last_modified": Field(_of_image(schema.Image.creation_date), "date"),
    },
    (schema.BaseDisk.alias, schema.BaseDisk.id),
    links={
        "storage": (
            "storagedomains",
            _through(
                Domain,
                schema.Image.disk_id == schema.BaseDisk.id,
                schema.ImagePlacement.image_id == schema.Image.id,
                schema.ImagePlacement.storage_domain_id == Domain.id,
            ),
        ),
        "vm": ("vms", _through(Vm, schema.DiskAttachment.vm_id == Vm.id, _attached)),
    },
)


def _subject(kind: str) -> Any:
    return func.json_extract(schema.Event.subjects, f"$.{kind}")


EVENTS = Searchable(
    schema.Event,
    {
        "message": Field(schema.Event.description),
        "type": Field(schema.Event.code, "number"),
        "severity": Field(schema.Event.severity, "word", _words(types.LogSeverity)),
        "time": Field(schema.Event.time, "date"),
        "correlation_id": Field(schema.Event.correlation_id),
        "event_host": Field(select(schema.Vds.name).where(schema.Vds.id == _subject("host")).scalar_subquery()),
    },
    (schema.Event.id.desc(),),
    links={
        "vm": ("vms", _through(Vm, Vm.id == _subject("vm"))),
        "host": ("hosts", _through(schema.Vds, schema.Vds.id == _subject("host"))),
        "storage": ("storagedomains", _through(Domain, Domain.id == _subject("storage_domain"))),
    },
)
JOBS = Searchable(
    schema.Job,
    {"correlation_id": Field(schema.Job.correlation_id)},
    (schema.Job.start_time, schema.Job.id),
)
NETWORKS = Searchable(
    schema.Network,
    {
        "name": Field(schema.Network.name),
        "id": Field(schema.Network.id),
        "datacenter": Field(
            select(schema.StoragePool.name)
            .where(schema.StoragePool.id == schema.Network.storage_pool_id)
            .scalar_subquery()
        ),
        "description": _NOTHING,
        "comment": _NOTHING,
    },
    (schema.Network.name, schema.Network.id),
)
VNIC_PROFILES = Searchable(
    schema.VnicProfile,
    {
        "name": Field(schema.VnicProfile.name),
        "network_name": Field(
            select(schema.Network.name).where(schema.Network.id == schema.VnicProfile.network_id).scalar_subquery()
        ),
    },
    (schema.VnicProfile.name, schema.VnicProfile.id),
)
VM_POOLS = Searchable(
    schema.VmPool,
    {
        "name": Field(schema.VmPool.name),
        "description": Field(schema.VmPool.description),
        "comment": Field(schema.VmPool.comment),
        "cluster": Field(
            select(schema.Cluster.name).where(schema.Cluster.id == schema.VmPool.cluster_id).scalar_subquery()
        ),
    },
    (schema.VmPool.name,),
)

OBJECTS = {
    "vmpools": VM_POOLS,
    "vms": VMS,
    "templates": TEMPLATES,
    "template_of_vm": TEMPLATE_OF_VM,
    "hosts": HOSTS,
    "clusters": CLUSTERS,
    "datacenters": DATA_CENTERS,
    "storagedomains": STORAGE_DOMAINS,
    "disks": DISKS,
    "events": EVENTS,
    "jobs": JOBS,
    "networks": NETWORKS,
    "vnicprofiles": VNIC_PROFILES,
}
