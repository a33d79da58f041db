# SPDX-License-Identifier: GPL-3.0-or-later
"""What a drill does differently: everything under other names, nothing on a production network. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..engine.errors import EngineError
from .plan import Plan, PlanSite

SUFFIX = "-drill"


def as_drill(run: Mapping[str, Any], plan: Plan, target: PlanSite) -> dict[str, Any]:
    """Return a run of the plan as a drill at its target; EngineError names what the plan lacks for that.

    Domains and VMs get a suffix, every mapped NIC goes to the isolated profile of the site, the copies are promoted,
    whatever the real domains become, and nothing of roles, users or direct LUNs is mapped.
    """
    if target.drill_network is None:
        raise EngineError(
            "invalid",
            f"plan {plan.name}: sites.{target.name} has no drill network",
            remedy=f"name an isolated network and its vNIC profile in sites.{target.name}.drill",
        )
    isolated = {"network": target.drill_network, "profile": target.drill_profile}
    clusters = run["mapping"].get("clusters", [])
    profiles = [{"source": one["source"], "target": isolated} for one in run["mapping"].get("vnic_profiles", [])]
    return {
        **run,
        "storage_domains": [{**one, "name": one["name"] + SUFFIX} for one in run["storage_domains"]],
        "registrations": [{**one, "rename": "{name}" + SUFFIX} for one in run["registrations"]],
        "mapping": {"version": run["mapping"]["version"], "clusters": clusters, "vnic_profiles": profiles},
        "promote": list(run["storage_domain_ids"]),
        "restore": [],
        "boot_groups": [{**one, "vms": [vm + SUFFIX for vm in one["vms"]]} for one in run["boot_groups"]],
        "dependencies": {
            vm + SUFFIX: [other + SUFFIX for other in others] for vm, others in run["dependencies"].items()
        },
        "isolated_profile": isolated,
    }
