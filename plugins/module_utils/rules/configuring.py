# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold before a storage domain is configured as backup, and as long as it is one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ..model.site import HOSTED_ENGINE_ORIGINS, Disk, Domain, Site, Vm
from .memory import memory_owners
from .rule import Audit, Finding, Guardian, Rule, Severity

# From this compatibility version on a data center lets its master be chosen.
CHOOSES_MASTER = (4, 5)


def _names(vms: list[Vm]) -> str:
    return ", ".join(f"{vm.name} ({vm.status})" for vm in vms)


def users_not_down(site: Site, domain: Domain) -> list[Vm]:
    """Return the VMs with a plugged image disk on the domain that are not down."""
    return [vm for vm in site.vms_on(domain, plugged_only=True) if vm.status != "down"]


def lease_holders_not_down(site: Site, domain: Domain) -> list[Vm]:
    """Return the VMs with a lease on the domain that are not down."""
    return [vm for vm in site.vms if vm.lease_domain_id == domain.id and vm.status != "down"]


def running_vms(site: Site, domain: Domain) -> Iterator[Finding]:
    """Find the VMs with a plugged image disk on the domain that are not down.

    The engine lets a suspended VM pass, which could then not be resumed.
    """
    running = users_not_down(site, domain)
    if running:
        yield Finding(
            f"storage domain {domain.name} has plugged disks of VMs that are not down: {_names(running)}",
            f"shut these VMs down, or move their disks elsewhere: {', '.join(vm.name for vm in running)}",
        )


def leases(site: Site, domain: Domain) -> Iterator[Finding]:
    """Find the VMs that are not down and hold a lease on the domain."""
    holders = lease_holders_not_down(site, domain)
    if holders:
        yield Finding(
            f"storage domain {domain.name} holds leases of VMs that are not down: {_names(holders)}",
            f"shut these VMs down, or move their leases: {', '.join(vm.name for vm in holders)}",
        )


def master(site: Site, domain: Domain) -> Iterator[Finding]:
    """Find out whether the domain is the master of its data center."""
    if domain.master:
        yield Finding(
            f"storage domain {domain.name} is the master domain of its data center", master_remedy(site, domain)
        )


def master_remedy(site: Site, domain: Domain) -> str:
    """Return how another domain becomes the master in place of this one."""
    others = [other.name for other in site.successors(domain)]
    if not others:
        return "attach and activate another data domain that is no backup, and make it the master first"
    data_center = next((one for one in site.data_centers if one.id == domain.data_center_id), None)
    if data_center is not None and data_center.version >= CHOOSES_MASTER:
        return (
            f"make another domain the master first, for example {others[0]}, or let backup_domain do it with "
            "switch_master: true"
        )
    elected = others[0] if len(others) == 1 else f"one of {', '.join(others)}, the one that was master longest ago"
    return (
        f"put {domain.name} into maintenance, for which its VMs have to be down: the engine then makes {elected} the "
        f"master; activate {domain.name} again and run again"
    )


def last_regular(site: Site, domain: Domain) -> Iterator[Finding]:
    """Find out whether no domain that may be master would be left in the data center."""
    if domain.data_center_id is not None and not site.successors(domain):
        yield Finding(
            f"storage domain {domain.name} is the last active data domain of its data center that is no backup",
            "attach and activate another data domain that is no backup",
        )


def first_domain(site: Site, domain: Domain) -> Iterator[Finding]:
    """Find out whether the domain is about to initialize its data center, which makes it the master there."""
    target = next((one for one in site.data_centers if one.id == domain.data_center_id), None)
    if target is not None and target.status == "uninitialized":
        yield Finding(
            f"storage domain {domain.name} becomes the master domain of data center {target.name}, "
            "which has no storage domain yet",
            "attach a data domain that is no backup to this data center first",
        )


def hosted_engine(site: Site, domain: Domain) -> Iterator[Finding]:
    """Find out whether the hosted engine lies on the domain: its VM by the origin, its own disks by their content."""
    managers = [f"VM {vm.name}" for vm in site.vms_on(domain) if vm.origin in HOSTED_ENGINE_ORIGINS]
    disks = [f"disk {disk.name}" for disk in site.disks_by_domain.get(domain.id, ()) if _is_of_hosted_engine(disk)]
    if managers or disks:
        yield Finding(
            f"storage domain {domain.name} holds the hosted engine ({', '.join(managers or sorted(disks))})",
            "choose another storage domain",
        )


def _is_of_hosted_engine(disk: Disk) -> bool:
    return disk.content_type.startswith("hosted_engine")


def data_domain(_site: Site, domain: Domain) -> Iterator[Finding]:
    """Find out whether the domain is anything but a data domain."""
    if domain.type != "data":
        yield Finding(
            f"storage domain {domain.name} is of type {domain.type}; only data domains can be backup domains",
            "choose a data domain",
        )


def preview(site: Site, domain: Domain) -> Iterator[Finding]:
    """Find the VMs with a disk on the domain that show a snapshot in preview."""
    previewing = [vm.name for vm in site.vms_on(domain) if vm.in_preview]
    if previewing:
        yield Finding(
            f"storage domain {domain.name} has disks of VMs that are in preview of a snapshot: {', '.join(previewing)}",
            f"commit or undo the preview of these VMs: {', '.join(previewing)}",
        )


def memory_volumes(site: Site, domain: Domain) -> Iterator[Finding]:
    """Find memory of snapshots and of suspended VMs on the domain."""
    owners = memory_owners(site, domain)
    if owners:
        yield Finding(
            f"storage domain {domain.name} holds memory volumes: {', '.join(owners)}",
            "delete these snapshots or their memory disks, shut suspended VMs down, or move the memory disks elsewhere",
        )


def shareable_disks(site: Site, domain: Domain) -> Iterator[Finding]:
    """Find shareable disks on the domain: a VM's OVF does not bring them back."""
    for disk in site.disks_by_domain.get(domain.id, ()):
        if disk.shareable and disk.content_type == "data":
            owners = sorted(vm.name for vm, _plugged in site.vms_by_disk.get(disk.id, ()))
            users = f" of {', '.join(owners)}" if owners else ""
            yield Finding(
                f"storage domain {domain.name} holds the shareable disk {disk.name}{users}",
                f"move disk {disk.name} to another storage domain or make it not shareable",
            )


def vm_pools(site: Site, domain: Domain) -> Iterator[Finding]:
    """Find the pools whose VMs have a disk on the domain."""
    ids = {vm.pool_id for vm in site.vms_on(domain)}
    pools = sorted(pool.name for pool in site.pools if pool.id in ids)
    if pools:
        yield Finding(
            f"storage domain {domain.name} has disks of VM pools, which an import does not bring back as pools: "
            f"{', '.join(pools)}",
            f"make the pools anew after a recovery, or move their disks elsewhere: {', '.join(pools)}",
        )


def at_work(_site: Site, domain: Domain) -> Iterator[Finding]:
    """Find out whether the engine is at work on the domain itself."""
    if domain.in_process:
        yield Finding(f"storage domain {domain.name} is {domain.status}", "run again when it has settled")


def in_process(site: Site, domain: Domain) -> Iterator[Finding]:
    """Find locked disks on the domain, and whether the engine is at work on the domain itself."""
    yield from at_work(site, domain)
    locked = sorted(disk.name for disk in site.disks_by_domain.get(domain.id, ()) if disk.status == "locked")
    if locked:
        yield Finding(
            f"storage domain {domain.name} has locked disks: {', '.join(locked)}",
            "run again when the operations on these disks have ended",
        )


def _rule(
    name: str,
    sentence: str,
    check: Callable[[Site, Domain], Iterable[Finding]],
    *,
    remedy: str,
    alone: str,
    enforced_by: Guardian = "collection",
    severity: Severity = "block",
    audit: Audit | None = None,
) -> Rule:
    return Rule(
        id=f"backup.{name}",
        action="configure_backup",
        sentence=sentence,
        remedy=remedy,
        enforced_by=enforced_by,
        alone=alone,
        severity=severity,
        check=check,
        audit=audit or Audit(severity, check),
    )


RULES = (
    _rule(
        "running_vms",
        "A storage domain cannot become backup while a VM that is not down has a plugged image disk on it.",
        running_vms,
        remedy="Shut these VMs down, which `shutdown_vms: true` does, or move their disks elsewhere.",
        enforced_by="both",
        alone="refuses (409) without naming the VMs, but lets a suspended VM pass, which cannot be resumed then",
    ),
    _rule(
        "leases",
        "A storage domain cannot become backup while it holds a lease of a VM that is not down.",
        leases,
        remedy="Shut these VMs down, which `shutdown_vms: true` does, or move their leases elsewhere.",
        enforced_by="both",
        alone="refuses (409) without naming the VMs",
    ),
    _rule(
        "master",
        "The master domain of a data center cannot become backup.",
        master,
        remedy="Let another active data domain take over, which `switch_master: true` does where the engine can.",
        alone="accepts, and the domain stays master",
    ),
    _rule(
        "last_regular",
        "A data center keeps at least one active data domain that is no backup, so that a master can be elected.",
        last_regular,
        remedy="Attach and activate another data domain that is no backup.",
        alone="accepts; without the master the data center is lost then, and nothing can be done with the others",
    ),
    _rule(
        "first_domain",
        "A backup domain is never the first domain of a data center, where it would become the master.",
        first_domain,
        remedy="Attach a data domain that is no backup first.",
        alone="accepts, and makes it the master",
    ),
    _rule(
        "hosted_engine",
        "The domain of the hosted engine cannot become backup.",
        hosted_engine,
        remedy="Choose another storage domain.",
        alone="has no such check; it refuses (409) only as long as the hosted engine's VM counts as a running one",
    ),
    _rule(
        "data_domain",
        "Only data domains can become backup: no ISO, export, image or managed block domain.",
        data_domain,
        remedy="Choose a data domain.",
        alone="refuses it for a new ISO or export domain, and accepts it for one that exists",
    ),
    _rule(
        "preview",
        "A storage domain cannot become backup while a VM with a disk on it is in preview of a snapshot.",
        preview,
        remedy="Commit or undo the preview.",
        alone="accepts",
    ),
    _rule(
        "memory_volumes",
        "A backup domain holds no memory volume of a snapshot or of a suspended VM.",
        memory_volumes,
        remedy="Delete these snapshots or their memory, shut suspended VMs down, or move the memory disks elsewhere.",
        alone="accepts",
        severity="warn",
    ),
    _rule(
        "shareable_disks",
        "A backup domain holds no shareable disk, since the OVF of a VM does not bring it back.",
        shareable_disks,
        remedy="Move the disk to another storage domain, or make it not shareable.",
        alone="accepts",
    ),
    _rule(
        "vm_pools",
        "A backup domain may hold disks of VM pools, but an import does not bring the pools back.",
        vm_pools,
        remedy="Make the pools anew after a recovery, or move their disks elsewhere.",
        alone="accepts",
        severity="warn",
    ),
    _rule(
        "in_process",
        "A storage domain cannot become backup while the engine is at work on it or on a disk there.",
        in_process,
        remedy="Run again when it has settled.",
        alone="refuses (409) only while the domain is locked; asks no disk",
        # Locked disks of a backup domain are the business of backup.change_data.
        audit=Audit("warn", at_work),
    ),
)
