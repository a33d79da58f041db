# SPDX-License-Identifier: GPL-3.0-or-later
"""What must hold before a storage domain is configured as backup."""

from __future__ import annotations

from collections.abc import Iterator

from ..model.site import HOSTED_ENGINE_ORIGINS, Domain, Site, Vm
from .rule import Finding, Rule


def _names(vms: list[Vm]) -> str:
    return ", ".join(f"{vm.name} ({vm.status})" for vm in vms)


def running_vms(site: Site, domain: Domain) -> Iterator[Finding]:
    """Find the VMs with a plugged image disk on the domain that are not down.

    The engine lets a suspended VM pass, which could then not be resumed.
    """
    running = [vm for vm in site.vms_on(domain, plugged_only=True) if vm.status != "down"]
    if running:
        yield Finding(
            f"storage domain {domain.name} has plugged disks of VMs that are not down: {_names(running)}",
            f"shut these VMs down, or move their disks elsewhere: {', '.join(vm.name for vm in running)}",
        )


def leases(site: Site, domain: Domain) -> Iterator[Finding]:
    """Find the VMs that are not down and hold a lease on the domain."""
    holders = [vm for vm in site.vms if vm.lease_domain_id == domain.id and vm.status != "down"]
    if holders:
        yield Finding(
            f"storage domain {domain.name} holds leases of VMs that are not down: {_names(holders)}",
            f"shut these VMs down, or move their leases: {', '.join(vm.name for vm in holders)}",
        )


def master(site: Site, domain: Domain) -> Iterator[Finding]:
    """Find out whether the domain is the master of its data center."""
    if not domain.master:
        return
    others = [
        other.name
        for other in site.domains_of(domain.data_center_id or "")
        if other.id != domain.id and other.type == "data" and not other.backup and other.status == "active"
    ]
    remedy = (
        f"make another domain the master first, for example {min(others)}"
        if others
        else "attach and activate another data domain that is no backup, and make it the master first"
    )
    yield Finding(f"storage domain {domain.name} is the master domain of its data center", remedy)


def last_regular(site: Site, domain: Domain) -> Iterator[Finding]:
    """Find out whether no domain that may be master would be left in the data center."""
    if domain.data_center_id is None:
        return
    left = [
        other
        for other in site.domains_of(domain.data_center_id)
        if other.id != domain.id and other.type == "data" and not other.backup and other.status == "active"
    ]
    if not left:
        yield Finding(
            f"storage domain {domain.name} is the last active data domain of its data center that is no backup",
            "attach and activate another data domain that is no backup",
        )


def hosted_engine(site: Site, domain: Domain) -> Iterator[Finding]:
    """Find out whether the hosted engine's VM has a disk on the domain."""
    managers = [vm for vm in site.vms_on(domain) if vm.origin in HOSTED_ENGINE_ORIGINS]
    if managers:
        yield Finding(
            f"storage domain {domain.name} holds the hosted engine ({managers[0].name})",
            "choose another storage domain",
        )


def data_domain(_site: Site, domain: Domain) -> Iterator[Finding]:
    """Find out whether the domain is anything but a data domain."""
    if domain.type != "data":
        yield Finding(
            f"storage domain {domain.name} is of type {domain.type}; only data domains can be backup domains",
            "choose a data domain",
        )


def shareable_disks(site: Site, domain: Domain) -> Iterator[Finding]:
    """Find shareable disks on the domain: a VM's OVF does not bring them back."""
    for disk in site.disks:
        if disk.shareable and disk.content_type == "data" and domain.id in disk.domain_ids:
            owners = [vm.name for vm in site.vms if any(one.disk_id == disk.id for one in vm.attachments)]
            users = f" of {', '.join(sorted(owners))}" if owners else ""
            yield Finding(
                f"storage domain {domain.name} holds the shareable disk {disk.name}{users}",
                f"move disk {disk.name} to another storage domain or make it not shareable",
            )


def in_process(site: Site, domain: Domain) -> Iterator[Finding]:
    """Find locked disks on the domain, and whether the engine is at work on the domain itself."""
    if domain.in_process:
        yield Finding(f"storage domain {domain.name} is {domain.status}", "run again when it has settled")
    locked = sorted(disk.name for disk in site.disks if disk.status == "locked" and domain.id in disk.domain_ids)
    if locked:
        yield Finding(
            f"storage domain {domain.name} has locked disks: {', '.join(locked)}",
            "run again when the operations on these disks have ended",
        )


RULES = (
    Rule(
        "backup.running_vms",
        "configure_backup",
        "A storage domain cannot become backup while a VM that is not down has a plugged image disk on it.",
        "both",
        "block",
        running_vms,
    ),
    Rule(
        "backup.leases",
        "configure_backup",
        "A storage domain cannot become backup while it holds a lease of a VM that is not down.",
        "both",
        "block",
        leases,
    ),
    Rule(
        "backup.master",
        "configure_backup",
        "The master domain of a data center cannot become backup.",
        "collection",
        "block",
        master,
    ),
    Rule(
        "backup.last_regular",
        "configure_backup",
        "A data center keeps at least one active data domain that is no backup, so that a master can be elected.",
        "collection",
        "block",
        last_regular,
    ),
    Rule(
        "backup.hosted_engine",
        "configure_backup",
        "The domain of the hosted engine cannot become backup.",
        "collection",
        "block",
        hosted_engine,
    ),
    Rule(
        "backup.data_domain",
        "configure_backup",
        "Only data domains can become backup.",
        "collection",
        "block",
        data_domain,
    ),
    Rule(
        "backup.shareable_disks",
        "configure_backup",
        "A backup domain holds no shareable disk, since the OVF of a VM does not bring it back.",
        "collection",
        "block",
        shareable_disks,
    ),
    Rule(
        "backup.in_process",
        "configure_backup",
        "A storage domain cannot become backup while the engine is at work on it or on a disk there.",
        "collection",
        "block",
        in_process,
    ),
)
