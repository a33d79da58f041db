# SPDX-License-Identifier: GPL-3.0-or-later
"""What a drill does differently: everything under other names, nothing on a production network. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..engine.errors import EngineError
from .plan import Direction, Placement, Plan, PlanDomain, PlanSite

SUFFIX = "-drill"


def copy_of(plan: Plan, domain: PlanDomain, direction: Direction) -> Placement:
    """Return where the target finds the copy of a domain; EngineError where that may be the storage itself.

    A drill attaches whatever it finds, also what still belongs to the source.
    """
    there, original = domain.placements[direction.target], domain.placements[direction.source]
    at = f"sites.{direction.target}.drill of the storage domain {domain.name}"
    if there.drill is None and "present_copies" not in plan.hooks.acting:
        raise EngineError(
            "invalid",
            f"plan {plan.name} does not say where {direction.target} finds a copy of the storage domain {domain.name}",
            remedy=f"give the hook present_copies, or say in {at} where copies are presented; else a drill would work "
            "on the storage itself",
        )
    place = there.drill or there
    if place.lies_at and place.lies_at == original.lies_at:
        raise EngineError(
            "invalid",
            f"plan {plan.name}: the copy of the storage domain {domain.name} would be at {':'.join(place.lies_at)}, "
            f"where {direction.source} has the storage itself",
            remedy=f"give the place of a copy in {at}",
        )
    return place


def places_of_copies(domains: Iterable[PlanDomain], site: str) -> dict[str, str]:
    """Return by id where a site has copies of file domains, as `<address>:<path>`, and no site has the domains."""
    return {
        domain.id: ":".join(copy.lies_at)
        for domain in domains
        if (copy := domain.placements[site].drill) is not None and copy.lies_at
        if all(copy.lies_at != placement.lies_at for placement in domain.placements.values())
    }


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
