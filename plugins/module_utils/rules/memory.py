# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the memory of a VM lies, and where the engine would put it."""

from __future__ import annotations

import re

from ..model.site import Disk, Domain, Site, Vm

MEMORY_CONTENT = frozenset({"memory_dump_volume", "memory_metadata_volume"})

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_FILE_TYPES = frozenset({"nfs", "glusterfs", "posixfs", "localfs"})
# The engine shows free space in whole GiB, and a memory volume is a little larger than the memory.
_MARGIN = 1 << 30


def memory_owners(site: Site, domain: Domain) -> list[str]:
    """Return whose memory lies on a domain: snapshots with their VMs, suspended VMs, else the names of the disks."""
    disks = [disk for disk in site.disks_by_domain.get(domain.id, ()) if disk.content_type in MEMORY_CONTENT]
    return sorted({_owner(site, disk) for disk in disks})


def owner_id(site: Site, disk: Disk) -> str | None:
    """Return the id of the VM whose memory a disk holds, None where it does not tell.

    Only the description leads to the VM: its name in the alias may have changed since.
    """
    return next((id_ for id_ in _UUID.findall(disk.description) if id_ in site.vm_by_id), None)


def _owner(site: Site, disk: Disk) -> str:
    vm = site.vm_by_id.get(owner_id(site, disk) or "")
    if vm is None:
        return f"disk {disk.name}"
    for snapshot in vm.snapshots:
        if snapshot.with_memory and snapshot.description and snapshot.description in disk.description:
            return f"snapshot {snapshot.description} of VM {vm.name}"
    return f"suspended VM {vm.name}" if vm.status == "suspended" else f"a snapshot of VM {vm.name}"


def memory_targets(site: Site, vm: Vm) -> list[Domain]:
    """Return the domains of which the engine would choose one for the memory of a VM, the likeliest first.

    The engine takes the first active data domain with enough space: the one with most disks of the VM, then shared
    before local, file before block, and the most free space. It asks no backup flag. There are several where it cannot
    be seen from outside whether one has just enough space or more than another.
    """
    cluster = site.cluster_by_id.get(vm.cluster_id or "")
    pool = site.domains_of(cluster.data_center_id or "") if cluster else []
    found: list[Domain] = []
    worst: tuple[int, bool, bool, int] | None = None
    for domain in sorted(pool, key=lambda one: (_rank(site, vm, one), one.name)):
        if domain.type != "data" or domain.status != "active" or not _may_hold(domain, vm.memory):
            continue
        rank = _rank(site, vm, domain)
        if worst is not None and rank > worst:
            break
        found.append(domain)
        if worst is None and _surely_holds(domain, vm.memory):
            # A domain that is alike but for its free space may have more of it than its rounded size tells.
            worst = (*rank[:3], rank[3] + _MARGIN)
    return found


def _rank(site: Site, vm: Vm, domain: Domain) -> tuple[int, bool, bool, int]:
    held = sum(domain.id in disk.domain_ids for disk in site.image_disks(vm))
    local, block = domain.storage_type == "localfs", domain.storage_type not in _FILE_TYPES
    return -held, local, block, -(domain.available or 0)


def _may_hold(domain: Domain, memory: int) -> bool:
    return domain.available is None or domain.available + _MARGIN >= max(memory, domain.critical_space)


def _surely_holds(domain: Domain, memory: int) -> bool:
    return domain.available is not None and domain.available - _MARGIN >= max(memory, domain.critical_space)
