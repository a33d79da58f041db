# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the target has the memory, processors and space for what it takes over. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..model.site import Domain, Host, Vm
from ..needs.place import Cluster
from ..transfer.space import copied_size, moved_size
from .case import Case
from .finding import Finding

# Virtual processors for each real one beyond which guests wait for each other noticeably.
_CROWDED = 8
_LOW_PERCENT = 5


def compute(case: Case) -> Iterator[Finding]:
    """Find clusters of the target with too little memory or too few processors for the VMs that will run there."""
    if case.target is None:
        return
    comers: dict[str, list[Vm]] = {}
    clusters: dict[str, Cluster] = {}
    for vm in case.starting:
        cluster = case.cluster_of(vm)
        if cluster is not None:
            clusters[cluster.id] = cluster
            comers.setdefault(cluster.id, []).append(vm)
    for id_, vms in comers.items():
        hosts = [host for host in case.target.up_hosts if host.cluster_id == id_]
        if hosts:
            yield from _memory(case.target.name, clusters[id_], hosts, vms)
            yield from _processors(case.target.name, clusters[id_], hosts, vms)


def _memory(site: str, cluster: Cluster, hosts: Sequence[Host], vms: Sequence[Vm]) -> Iterator[Finding]:
    free = [host.memory for host in hosts if host.memory is not None]
    if len(free) < len(hosts):
        return
    subject, wanted = f"cluster {cluster.name}", sum(vm.memory for vm in vms)
    for vm in vms:
        if vm.memory > max(free):
            message = f"VM {vm.name} needs {_gib(vm.memory)} of memory, no host of {subject} has more than "
            message += _gib(max(free))
            remedy = "give a host more memory, or map the VM to another cluster"
            yield Finding("vm_too_large", "block", site, f"VM {vm.name}", message, remedy)
    told = f"{len(vms)} VMs need {_gib(wanted)} of memory, {subject} has {_gib(sum(free))} free"
    if wanted > sum(free):
        remedy = "activate more hosts, or leave VMs out of the boot groups"
        yield Finding("memory_short", "block", site, subject, told, remedy)
    elif len(hosts) > 1 and wanted > sum(free) - max(free):
        remedy = "activate another host"
        message = f"{told}, and not enough without its largest host"
        yield Finding("memory_tight", "warn", site, subject, message, remedy)


def _processors(site: str, cluster: Cluster, hosts: Sequence[Host], vms: Sequence[Vm]) -> Iterator[Finding]:
    real = [host.processors for host in hosts if host.processors is not None]
    if len(real) < len(hosts):
        return
    subject, wanted = f"cluster {cluster.name}", sum(vm.processors for vm in vms)
    for vm in vms:
        if vm.processors > max(real):
            message = f"VM {vm.name} has {vm.processors} virtual processors, no host of {subject} more than {max(real)}"
            remedy = "give the VM fewer, or map it to another cluster"
            yield Finding("vm_too_many_processors", "block", site, f"VM {vm.name}", message, remedy)
    if wanted > _CROWDED * sum(real):
        message = f"{len(vms)} VMs have {wanted} virtual processors, {subject} has {sum(real)}"
        remedy = "activate more hosts, or leave VMs out of the boot groups"
        yield Finding("processors_crowded", "warn", site, subject, message, remedy)


def space(case: Case) -> Iterator[Finding]:
    """Find the domains that VMs are restored to and that have no room for them, and domains that run full."""
    facts = case.target
    for group in case.groups if facts and case.source else ():
        name = group.restore.targets.get(case.direction.target) if group.restore else None
        domain = next((one for one in facts.place.site.domains if name in (one.name, one.id)), None) if facts else None
        if facts is None or domain is None or domain.available is None or group.restore is None:
            continue
        needed = _needed(case, case.selected[group.name], domain, copies=group.restore.method == "copy")
        room = domain.available - domain.critical_space
        if needed > room:
            message = f"the VMs of {group.name} need {_gib(needed)}, storage domain {domain.name} has room for "
            message += _gib(max(0, room))
            subject = f"storage domain {domain.name}"
            yield Finding("space_short", "block", facts.name, subject, message, "extend it, or name another domain")
    yield from _running_full(case)


def _needed(case: Case, vms: Sequence[Vm], domain: Domain, *, copies: bool) -> int:
    size = copied_size if copies else moved_size
    site = case.source.place.site if case.source else None
    return sum(size(disk, domain) for vm in vms if site for disk in site.image_disks(vm))


def _running_full(case: Case) -> Iterator[Finding]:
    facts = case.source
    for id_ in sorted(case.domain_ids) if facts else ():
        domain = facts.domain(id_) if facts else None
        if facts is None or domain is None or domain.available is None:
            continue
        total = domain.available + (domain.used or 0)
        least = max(domain.critical_space, total * (domain.low_space_percent or _LOW_PERCENT) // 100)
        if domain.available < least:
            message = f"storage domain {domain.name} has {_gib(domain.available)} left of {_gib(total)}"
            remedy = "extend it at both sites: OVF stores and the disks of running VMs need room"
            yield Finding("space_low", "warn", facts.name, f"storage domain {domain.name}", message, remedy)


def _gib(size: int) -> str:
    return f"{size / (1 << 30):.0f} GiB"


CHECKS = (compute, space)
