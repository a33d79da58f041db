# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the plan still says what runs: VMs that came, went, moved away, or are never started. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from ..engine.errors import EngineError
from ..model.site import HOSTED_ENGINE_ORIGINS
from .case import Case
from .finding import Finding


def searches(case: Case) -> Iterator[Finding]:
    """Find the searches of groups that cannot be used, or find nothing."""
    site = case.direction.source
    for group, found in case.found.items():
        subject, at = f"group {group}", f"groups.{group}.vms.search"
        if isinstance(found, EngineError):
            yield Finding("search_refused", "block", site, subject, str(found), found.remedy or f"correct {at}")
        elif not found:
            message = f"the search of {group} finds no VM"
            yield Finding("search_empty", "warn", site, subject, message, f"correct {at}")


def named_vms(case: Case) -> Iterator[Finding]:
    """Find the VMs that the plan names and that do not exist, or lie elsewhere."""
    facts = case.source
    if facts is None:
        return
    for group in case.groups:
        on_domains = {known for vm in case.vms_on[group.name] for known in (vm.name, vm.id)}
        for name in sorted(group.named_vms - on_domains):
            known = facts.place.registered("vm", name) or facts.place.called("vm", name)
            if known:
                message = f"VM {name} of {group.name} has no disk on a storage domain of this group"
                remedy = "move its disks there, or take it out of the plan"
                yield Finding("vm_elsewhere", "block", facts.name, f"VM {name}", message, remedy)
            else:
                message = f"{group.name} names VM {name}, which does not exist"
                yield Finding("vm_missing", "block", facts.name, f"VM {name}", message, "take it out of the plan")


def left_out(case: Case) -> Iterator[Finding]:
    """Find the VMs on domains of the plan that no group takes along."""
    taken = {vm.id for vm in case.vms}
    for group in case.groups:
        for vm in case.vms_on[group.name]:
            if vm.id not in taken:
                message = f"VM {vm.name} is on a storage domain of {group.name}, which does not take it along"
                remedy = f"let groups.{group.name}.vms select it, or move it elsewhere"
                yield Finding("vm_not_covered", "warn", case.direction.source, f"VM {vm.name}", message, remedy)


def unprotected(case: Case) -> Iterator[Finding]:
    """Tell the running VMs of the data center that are on no domain of the plan at all."""
    facts = case.source
    if facts is None or facts.data_center is None or len(case.groups) < len(case.plan.groups):
        return
    covered = {vm.id for found in case.vms_on.values() for vm in found}
    here = {cluster.id for cluster in facts.place.clusters if cluster.data_center_id == facts.data_center.id}
    bare = [
        vm.name
        for vm in facts.place.site.vms
        if vm.cluster_id in here
        and vm.status != "down"
        and vm.id not in covered
        and vm.origin not in HOSTED_ENGINE_ORIGINS
    ]
    if bare:
        shown = ", ".join(sorted(bare)[:10]) + (" and more" if len(bare) > 10 else "")
        message = f"{len(bare)} running VMs have no disk on a storage domain of the plan: {shown}"
        subject = f"data center {facts.data_center.name}"
        yield Finding("vm_unprotected", "info", facts.name, subject, message, "add their storage domains to the plan")


def boot_order(case: Case) -> Iterator[Finding]:
    """Find the VMs that run now and that no boot group starts, where the group has a boot order at all."""
    for group in case.groups:
        booted = {name for boot in group.boot for name in boot.vms}
        for vm in case.selected[group.name] if booted else ():
            if vm.status != "down" and vm.name not in booted:
                message = f"VM {vm.name} runs, and no boot group of {group.name} starts it"
                remedy = f"add it to groups.{group.name}.boot"
                yield Finding("vm_not_started", "warn", case.direction.source, f"VM {vm.name}", message, remedy)


CHECKS = (searches, named_vms, left_out, unprotected, boot_order)
