# SPDX-License-Identifier: GPL-3.0-or-later
"""What commands on VMs share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, func, select

from ..storage.failures import StorageFailure
from . import disks, domains, ovf_store, schema, snapshots
from .command import Refusal
from .restrictions import forbid

if TYPE_CHECKING:
    from .runtime import Context

_CLUSTER = select(schema.NetworkCluster.network_id).where(schema.NetworkCluster.cluster_id == bindparam("cluster_id"))
_FOREIGN_NETWORKS = (
    select(schema.Network.name)
    .join(schema.VnicProfile, schema.VnicProfile.network_id == schema.Network.id)
    .join(schema.VmInterface, schema.VmInterface.vnic_profile_id == schema.VnicProfile.id)
    .where(schema.VmInterface.vm_id == bindparam("vm_id"), schema.VmInterface.plugged)
    .where(schema.Network.id.not_in(_CLUSTER))
)
_USED_MEMORY = (
    select(schema.VmStatic.run_on_vds, func.sum(schema.VmStatic.memory))
    .where(schema.VmStatic.run_on_vds.is_not(None))
    .group_by(schema.VmStatic.run_on_vds)
)
_UP_HOSTS = select(schema.Vds).where(schema.Vds.cluster_id == bindparam("cluster_id"), schema.Vds.status == "up")
RUNNING = frozenset(
    {"up", "powering_up", "wait_for_launch", "paused", "migrating", "reboot_in_progress", "powering_down"}
)
SAVING_RESTORING = frozenset({"saving_state", "restoring_state"})
_HOSTED_ENGINE = frozenset({"hosted_engine", "managed_hosted_engine"})


def find(context: Context, vm_id: str) -> schema.VmStatic:
    """Return a VM, or refuse."""
    row = context.db.get(schema.VmStatic, vm_id)
    if row is None or row.entity_type != "vm":
        raise Refusal("ACTION_TYPE_FAILED_VM_NOT_FOUND")
    return row


def check_managed(row: schema.VmStatic, external: bool = False) -> None:
    """Refuse what is not in the hosted engine's short list of allowed actions.

    external: the action is in the list of VMs that somebody else manages; theirs is another one.
    """
    if row.origin in _HOSTED_ENGINE or (row.origin == "external" and not external):
        raise Refusal("ACTION_TYPE_FAILED_CANNOT_RUN_ACTION_ON_NON_MANAGED_VM", name=row.name)


def pool_of(context: Context, row: schema.VmStatic) -> schema.StoragePool:
    """Return the data center of a VM, or refuse."""
    cluster = context.db.get(schema.Cluster, row.cluster_id) if row.cluster_id else None
    return domains.find_pool(context, cluster.storage_pool_id if cluster is not None else None)


def active_snapshot(context: Context, row: schema.VmStatic) -> schema.Snapshot:
    """Return the snapshot that stands for the VM as it is."""
    return snapshots.active_of(context, row)


def check_storage(context: Context, row: schema.VmStatic) -> None:
    """Refuse unless the domains of all plugged disks are active and above their thresholds, and no disk is locked."""
    plugged = [disk for attachment, disk in disks.of_vm(context, row.id) if attachment.plugged]
    places = dict.fromkeys(id_ for disk in plugged for id_ in disks.domain_ids(disk))
    for domain_id in places:
        domain = domains.find(context, domain_id)
        if domains.status_of(domain) != "active":
            raise Refusal(
                "ACTION_TYPE_FAILED_STORAGE_DOMAIN_STATUS_ILLEGAL2", name=domain.name, status=domains.status_of(domain)
            )
        domains.require_space(domain)
    disks.require_unlocked(*plugged)


def check_backup(context: Context, row: schema.VmStatic) -> None:
    """Refuse if a plugged image disk, or the lease, is on a backup domain."""
    switches = context.engine.restrictions
    plugged = [disk for attachment, disk in disks.of_vm(context, row.id) if attachment.plugged]
    forbid(context, switches.enforce_b, *(id_ for disk in plugged for id_ in disks.domain_ids(disk)))
    forbid(context, switches.enforce_l, row.lease_domain_id)
    template = [disk for _unused, disk in disks.of_vm(context, row.template_id)]
    forbid(context, switches.enforce_k, *(id_ for disk in template for id_ in disks.domain_ids(disk)))


def check_networks(context: Context, row: schema.VmStatic) -> None:
    """Refuse if a plugged NIC is on a network that the cluster lacks."""
    missing = sorted(set(context.db.scalars(_FOREIGN_NETWORKS, {"vm_id": row.id, "cluster_id": row.cluster_id})))
    if missing:
        raise Refusal("ACTION_TYPE_FAILED_NETWORK_NOT_IN_CLUSTER", networks=", ".join(missing))


def schedule(context: Context, row: schema.VmStatic, wanted: str | None = None) -> schema.Vds:
    """Return the host, the wanted one or that with the most memory left, or refuse if none has enough.

    The VM's own host does not count: only a migration asks for a VM that has one.
    """
    used = dict(list(context.db.execute(_USED_MEMORY)))
    hosts = context.db.scalars(_UP_HOSTS, {"cluster_id": row.cluster_id})
    free = [(host.memory - used.get(host.id, 0), host) for host in hosts]
    fitting = [
        (left, host)
        for left, host in free
        if left >= row.memory and host.id != row.run_on_vds and wanted in (None, host.id)
    ]
    if not fitting:
        raise Refusal("SCHEDULING_ALL_HOSTS_FILTERED_OUT")
    return min(fitting, key=lambda one: (-one[0], one[1].name))[1]


def open_disks(context: Context, row: schema.VmStatic) -> str | None:
    """Have the VM's host open its disks; return the address that is configured on the one it boots from."""
    assert row.run_on_vds is not None
    address = None
    for attachment, disk in disks.of_vm(context, row.id):
        if attachment.plugged and disk.active_image is not None:
            domain = domains.find(context, disks.domain_ids(disk)[0])
            contents = context.storage.reach(row.run_on_vds, domains.place_of(context, domain))
            if contents.volume.read_only and not attachment.read_only:
                raise StorageFailure("StorageDomainAccessError")
            image = contents.image(disk.active_image.id)
            address = image.guest_address if attachment.bootable else address
    return address


def is_stateless(context: Context, row: schema.VmStatic) -> bool:
    """Tell whether a VM forgets what it writes: by its own setting, or as a member of a pool that is not stateful."""
    pool = context.db.get(schema.VmPool, row.vm_pool_id) if row.vm_pool_id else None
    return row.stateless or (pool is not None and not pool.stateful)


def apply_next_run(context: Context, row: schema.VmStatic) -> None:
    """Take over what waited for the VM to be down."""
    if row.next_run:
        for field, value in row.next_run.items():
            setattr(row, field, value)
        row.next_run = {}
        ovf_store.touch(context, row)


def power_off(context: Context, row: schema.VmStatic, reason: str | None = None) -> None:
    """Let a VM be down."""
    row.status, row.run_on_vds, row.guest_address = "down", None, None
    row.status_detail, row.stop_reason, row.stop_time = None, reason, context.now
    row.run_once, row.migrating_to = False, None
    snapshots.end_stateless(context, row)
    apply_next_run(context, row)
    context.event(61, f"The VM {row.name} is down.", vm=row.id)
