# SPDX-License-Identifier: GPL-3.0-or-later
"""What must not be done with a backup domain and the workloads on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ..model.site import Disk, Domain, Site, Vm
from .configuring import first_domain, master_remedy
from .memory import memory_targets
from .rule import Audit, Finding, Guardian, Rule, Severity


@dataclass(frozen=True)
class Move:
    """A disk on its way to a domain."""

    disk: Disk
    target: Domain


def _backups(site: Site, disks: Iterable[Disk]) -> list[Domain]:
    used = {id_ for disk in disks for id_ in disk.domain_ids}
    return [domain for domain in site.domains if domain.backup and domain.id in used]


def start_vm(site: Site, vm: Vm) -> Iterator[Finding]:
    """Find the backup domains that hold a plugged image disk or the lease of a VM.

    A template's disk on a backup domain does not count as long as the VM's own disks lie elsewhere.
    """
    used = {id_ for disk in site.image_disks(vm, plugged_only=True) for id_ in disk.domain_ids}
    if vm.lease_domain_id is not None:
        used.add(vm.lease_domain_id)
    for domain in site.domains:
        if domain.backup and domain.id in used:
            yield Finding(
                f"VM {vm.name} has a disk or its lease on backup domain {domain.name}",
                f"move the disks of {vm.name} to a storage domain that is no backup, "
                f"or disable the backup flag of {domain.name}",
            )


def preview_snapshot(site: Site, vm: Vm) -> Iterator[Finding]:
    """Find the backup domains that hold a disk of a VM, plugged or not."""
    for domain in _backups(site, site.image_disks(vm)):
        yield Finding(
            f"VM {vm.name} has a disk on backup domain {domain.name}: no snapshot of it can be previewed",
            f"move the disks of {vm.name} to a storage domain that is no backup, or clone a VM from the snapshot",
        )


def live_move_disk(site: Site, move: Move) -> Iterator[Finding]:
    """Find the VMs that make the move of a disk to a backup domain a live one; a cold move is allowed."""
    if not move.target.backup:
        return
    users = sorted(
        f"{vm.name} ({vm.status})"
        for vm, plugged in site.vms_by_disk.get(move.disk.id, ())
        if plugged and vm.status != "down"
    )
    if users:
        yield Finding(
            f"disk {move.disk.name} is in use by {', '.join(users)} and cannot move to backup domain "
            f"{move.target.name} live",
            f"shut these VMs down first, or copy the disk of a clone: {', '.join(users)}",
        )


def switch_master(site: Site, domain: Domain) -> Iterator[Finding]:
    """Find out whether the domain that shall be master is a backup domain."""
    if domain.backup:
        others = [other.name for other in site.successors(domain)]
        yield Finding(
            f"backup domain {domain.name} cannot be the master domain of its data center",
            f"choose a data domain that is no backup: {', '.join(others)}" if others else master_remedy(site, domain),
        )


def _memory(what: str, instead: str) -> Callable[[Site, Vm], Iterator[Finding]]:
    def check(site: Site, vm: Vm) -> Iterator[Finding]:
        if vm.status == "down":
            return
        targets = memory_targets(site, vm)
        for domain in targets:
            if domain.backup:
                chance = "would" if len(targets) == 1 else "could"
                yield Finding(
                    f"the memory of VM {vm.name} {chance} be written to backup domain {domain.name} by {what}",
                    f"{instead}, or give the other data domains more free space than the memory of {vm.name} needs",
                )

    return check


def _on_backup(what: str, remedy: str) -> Callable[[Site, Disk], Iterator[Finding]]:
    def check(site: Site, disk: Disk) -> Iterator[Finding]:
        for domain in _backups(site, [disk] if disk.storage_type == "image" else []):
            yield Finding(f"disk {disk.name} lies on backup domain {domain.name}: {what}", remedy)

    return check


def _placed_on(what: str, remedy: str) -> Callable[[Site, Domain], Iterator[Finding]]:
    def check(_site: Site, domain: Domain) -> Iterator[Finding]:
        if domain.backup:
            yield Finding(f"{what} backup domain {domain.name}", remedy)

    return check


def changing_now(site: Site, domain: Domain) -> Iterator[Finding]:
    """Find the disks on a backup domain that an operation works on, and the snapshots of VMs there in the making."""
    locked = sorted(disk.name for disk in site.disks_by_domain.get(domain.id, ()) if disk.status == "locked")
    if locked:
        yield Finding(
            f"backup domain {domain.name} has disks that an operation works on: {', '.join(locked)}",
            "see the engine's tasks: if this is no copy or move of a backup, its data are changing",
        )
    busy = sorted({vm.name for vm in site.vms_on(domain) for one in vm.snapshots if one.status == "locked"})
    if busy:
        yield Finding(
            f"backup domain {domain.name} has disks of VMs whose snapshots are being changed: {', '.join(busy)}",
            "see the engine's tasks: a snapshot is being taken, merged or restored on the backup",
        )


def attach_domain(site: Site, domain: Domain) -> Iterator[Finding]:
    """Find out whether attaching a backup domain to `data_center_id` would make it the master there."""
    if domain.backup:
        yield from first_domain(site, domain)


def _rule(
    action: str,
    sentence: str,
    check: Callable[[Site, Any], Iterable[Finding]],
    *,
    remedy: str,
    alone: str,
    enforced_by: Guardian = "collection",
    severity: Severity = "block",
    audit: Audit | None = None,
) -> Rule:
    return Rule(
        id=f"backup.{action}",
        action=action,
        sentence=sentence,
        remedy=remedy,
        enforced_by=enforced_by,
        alone=alone,
        severity=severity,
        check=check,
        audit=audit,
    )


_KEEP = "Choose a storage domain that is no backup."
_NEW = "use a storage domain that is no backup, and move or copy to the backup domain what shall be kept there"

RULES = (
    _rule(
        "start_vm",
        "A VM with a plugged image disk or its lease on a backup domain is not started.",
        start_vm,
        remedy="Move its disks and its lease to a storage domain that is no backup, or disable the backup flag.",
        enforced_by="both",
        alone="refuses (400), also the resume of a suspended VM",
    ),
    _rule(
        "preview_snapshot",
        "No snapshot of a VM with a disk on a backup domain is previewed.",
        preview_snapshot,
        remedy="Move its disks to a storage domain that is no backup, or clone a VM from the snapshot.",
        alone="accepts; only the start of the VM fails later",
    ),
    _rule(
        "live_move_disk",
        "No disk in use is moved to a backup domain; a cold move or a copy is allowed.",
        live_move_disk,
        remedy="Shut the VM down first.",
        enforced_by="both",
        alone="refuses (400)",
    ),
    _rule(
        "switch_master",
        "A backup domain does not become the master domain.",
        switch_master,
        remedy=_KEEP,
        enforced_by="both",
        alone="refuses (400), and passes it over in an election",
    ),
    _rule(
        "memory_snapshot",
        "No snapshot is taken whose memory could land on a backup domain.",
        _memory("a snapshot with memory", "take the snapshot without memory"),
        remedy="Take the snapshot without memory, or give the other data domains more free space.",
        alone="accepts, and chooses a backup domain like any other",
    ),
    _rule(
        "suspend_vm",
        "No VM is suspended whose memory could land on a backup domain.",
        _memory("suspending it", "shut it down instead"),
        remedy="Shut the VM down instead, or give the other data domains more free space.",
        alone="accepts, and chooses a backup domain like any other",
    ),
    _rule(
        "attach_disk",
        "No disk on a backup domain is attached to a VM.",
        _on_backup("it cannot be attached to a VM", "move or copy the disk to a storage domain that is no backup"),
        remedy="Move or copy the disk to a storage domain that is no backup.",
        enforced_by="both",
        alone="refuses (400), even for a VM that is down",
    ),
    _rule(
        "hot_plug_disk",
        "No disk on a backup domain is plugged into a running VM, or unplugged from one.",
        _on_backup("it cannot be hot plugged or unplugged", "shut the VM down first, or move the disk elsewhere"),
        remedy="Shut the VM down first, or move the disk to a storage domain that is no backup.",
        enforced_by="both",
        alone="refuses (400), the hot unplug too",
    ),
    _rule(
        "create_lease",
        "No lease is created on a backup domain.",
        _placed_on("a lease cannot be created on", "choose a storage domain that is no backup"),
        remedy=_KEEP,
        alone="accepts, even for a running VM; its next start fails",
    ),
    _rule(
        "move_lease",
        "No lease is moved to a backup domain.",
        _placed_on("a lease cannot be moved to", "choose a storage domain that is no backup"),
        remedy=_KEEP,
        alone="accepts; the next start of the VM fails",
    ),
    _rule(
        "create_vm",
        "No VM is created on a backup domain, where it could not be started.",
        _placed_on("a VM could not be started from", _NEW),
        remedy=_KEEP,
        alone="accepts",
        severity="warn",
    ),
    _rule(
        "create_disk",
        "No disk is created on a backup domain, where no VM could use it.",
        _placed_on("no running VM could use a disk on", _NEW),
        remedy=_KEEP,
        alone="accepts",
        severity="warn",
    ),
    _rule(
        "create_vm_pool",
        "No VM pool is created on a backup domain, where its VMs could not be started.",
        _placed_on("the VMs of a pool could not be started from", _NEW),
        remedy=_KEEP,
        alone="accepts; prestarted VMs fail again and again",
        severity="warn",
    ),
    _rule(
        "change_data",
        "The data on a backup domain stay as they are: no resize, snapshot deletion, merge, commit, restore, upload, "
        "sparsify or deletion of disks.",
        _on_backup("its data must not change", "change the original instead, or move the disk to another domain first"),
        remedy="Change the original instead, or move the disk to a storage domain that is no backup first.",
        alone="accepts",
        audit=Audit("warn", changing_now),
    ),
    _rule(
        "attach_domain",
        "A backup domain is attached to a data center like any data domain, but never as its first one.",
        attach_domain,
        remedy="Attach a data domain that is no backup first.",
        alone="accepts, and makes it the master",
    ),
)
