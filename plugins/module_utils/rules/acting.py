# SPDX-License-Identifier: GPL-3.0-or-later
"""What must not be done with a backup domain and the workloads on it."""

from __future__ import annotations

from collections.abc import Iterator

from ..model.site import Domain, Site, Vm
from .rule import Finding, Rule


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


def attach_domain(site: Site, domain: Domain) -> Iterator[Finding]:
    """Find out whether attaching a backup domain to `data_center_id` would make it the master there."""
    target = next((one for one in site.data_centers if one.id == domain.data_center_id), None)
    if domain.backup and target is not None and target.status == "uninitialized":
        yield Finding(
            f"backup domain {domain.name} would become the master domain of data center {target.name}, "
            "which has no storage domain yet",
            "attach a data domain that is no backup to this data center first",
        )


RULES = (
    Rule(
        "backup.start_vm",
        "start_vm",
        "A VM with a plugged image disk or its lease on a backup domain is not started.",
        "both",
        "block",
        start_vm,
    ),
    Rule(
        "backup.attach_domain",
        "attach_domain",
        "A backup domain is never the first storage domain of a data center.",
        "collection",
        "block",
        attach_domain,
    ),
)
