# SPDX-License-Identifier: GPL-3.0-or-later
"""The VMs that use a storage domain while they run, and those of them whose guests can be shut down."""

from __future__ import annotations

from collections.abc import Iterable

from .model.site import HOSTED_ENGINE_ORIGINS, Domain, Site, Vm
from .rules.configuring import lease_holders_not_down, users_not_down

# What a guest can be asked to shut down from. In every other state it does not hear, or something else goes on.
HEARS_SHUTDOWN = frozenset({"up", "powering_up", "powering_down", "reboot_in_progress"})

# Not down, and no process of theirs runs on a host.
_STANDING_STILL = frozenset({"suspended", "image_locked", "image_illegal"})


def hearing(vms: Iterable[Vm]) -> tuple[Vm, ...]:
    """Return, each once, the VMs whose guests can be asked to shut down; the hosted engine is never among them."""
    found = (vm for vm in vms if vm.status in HEARS_SHUTDOWN and vm.origin not in HOSTED_ENGINE_ORIGINS)
    return tuple({vm.id: vm for vm in found}.values())


def holding(site: Site, domain: Domain) -> list[Vm]:
    """Return the VMs for which a domain cannot go into maintenance: a suspended one only by its lease."""
    users = [vm for vm in users_not_down(site, domain) if vm.status != "suspended"]
    return users + [vm for vm in lease_holders_not_down(site, domain) if vm not in users]


def running(site: Site, domain: Domain) -> list[Vm]:
    """Return the VMs that may write to a domain now; before it is destroyed the engine does not look for them."""
    return [vm for vm in holding(site, domain) if vm.status not in _STANDING_STILL]
