# SPDX-License-Identifier: GPL-3.0-or-later
"""What a recovery in one direction needs: the plan, put into the options of the modules that carry it out. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ..engine.errors import EngineError
from ..mapping import as_document
from .drill import as_drill, copy_of, places_of_copies
from .plan import FINALLY, PHASES, BootGroup, Direction, Group, Placement, Plan, PlanDomain, Procedure, Selection


def run_of(
    plan: Plan,
    direction: Direction,
    names: Sequence[str] = (),
    *,
    procedure: Procedure = "failover",
    found: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, Any]:
    """Return what the roles hand to the modules.

    names: protection groups, all of the plan for none. found: the VMs that searches of groups have found at the source.
    EngineError names what the plan lacks for this direction.
    """
    groups = placed_groups(plan, direction, names)
    leaving = direction.source if "release" in PHASES[procedure] else None
    if leaving:
        _refuse_copies(groups, direction)
    source, target = plan.site(direction.source), plan.site(direction.target)
    domains = [(domain, domain.placements[target.name]) for group in groups for domain in group.domains]
    if procedure == "drill":
        domains = [(domain, copy_of(plan, domain, direction)) for domain, _placement in domains]
    run = {
        "procedure": procedure,
        "phases": list(PHASES[procedure]),
        "finally": list(FINALLY.get(procedure, ())),
        "plan": plan.name,
        "source": source.name,
        "target": target.name,
        "groups": [group.name for group in groups],
        "source_data_center": source.data_center,
        "data_center": target.data_center,
        "host": target.host,
        "storage_domain_ids": [domain.id for domain, _placement in domains],
        "storage_domains": [_import(domain, placement) for domain, placement in domains],
        "portals": _unique(_portals(placement) for _domain, placement in domains),
        "targets": _unique(_targets(placement) for _domain, placement in domains),
        "registrations": _registrations(groups, target.name, found or {}),
        "mapping": as_document(plan.mapping(direction)),
        "promote": [domain.id for domain, placement in domains if not placement.backup],
        "restore": [one for group in groups for one in _restores(group, target.name)],
        "store": _stores(groups, leaving) if leaving else [],
        "boot_groups": [boot for group in groups for boot in _boot(group, leaving, prefix=len(groups) > 1)],
        "dependencies": {vm: list(needed) for group in groups for vm, needed in group.dependencies.items()},
        "hooks": hooks_of(plan, procedure),
        "isolated_profile": None,
        "copies_at": places_of_copies((domain for domain, _placement in domains), target.name),
        **_start(procedure, groups, target.name),
        "on_error": "warn" if all(group.on_error == "warn" for group in groups) else "fail",
    }
    return as_drill(run, plan, target) if procedure == "drill" else run


def _start(procedure: Procedure, groups: Sequence[Group], site: str) -> dict[str, Any]:
    """Return what starts: the boot groups, and after a hand-over in good order whatever else ran before it.

    Both only from where the VMs of the groups lie by then.
    """
    handed_over = "shut_down" in PHASES[procedure]
    ids = [id_ for group in groups for id_ in _ids(group)]
    restored = [] if procedure == "drill" else [one["to"] for group in groups for one in _restores(group, site)]
    places = list(dict.fromkeys([*ids, *restored]))
    return {
        "only_ran": handed_over,
        "others_on": places if handed_over else [],
        "named_on": places,
        "absent": "skip" if handed_over else "report",
        "take_over": procedure in ("failover", "drill"),
    }


def hooks_of(plan: Plan, procedure: Procedure | None = None) -> dict[str, Any]:
    """Return the hooks of a procedure, all of them for None.

    What fences a site has no place where that site hands over in good order.
    """
    acting = {
        name: path for name, path in plan.hooks.acting.items() if name != "fence" or procedure in (None, "failover")
    }
    return {"before": dict(plan.hooks.before), "after": dict(plan.hooks.after), **acting}


def placed_groups(plan: Plan, direction: Direction, names: Sequence[str]) -> tuple[Group, ...]:
    """Return the protection groups of these names, all for none, whose domains have a place at both sites.

    EngineError invalid or not_found names what the plan lacks.
    """
    if direction.source == direction.target:
        raise EngineError(
            "invalid", f"source and target are both {direction.source}", remedy="name two sites of the plan"
        )
    sites = (plan.site(direction.target).name, plan.site(direction.source).name)
    groups = tuple(plan.chosen(tuple(names)))
    for group in groups:
        for domain in group.domains:
            for site in sites:
                if site not in domain.placements:
                    raise EngineError(
                        "invalid",
                        f"plan {plan.name}: groups.{group.name}.domains.{domain.name}.sites says nothing of {site}",
                        remedy=f"say there how {site} reaches the storage domain",
                    )
    return groups


def _import(domain: PlanDomain, placement: Placement) -> dict[str, Any]:
    """Return the domain as storage_domain_import takes it: a backup domain at first, so that nothing starts early."""
    return {
        "id": domain.id,
        "name": domain.name,
        "storage_type": placement.storage_type,
        "backup": True,
        **placement.settings,
    }


def _portals(placement: Placement) -> Iterator[dict[str, Any]]:
    return (asdict(portal) for portal in placement.portals)


def _targets(placement: Placement) -> Iterator[dict[str, Any]]:
    return ({"target": target, **portal} for target in placement.targets for portal in _portals(placement))


def _unique(lists: Iterator[Iterator[dict[str, Any]]]) -> list[dict[str, Any]]:
    found = {tuple(sorted(one.items())): one for entries in lists for one in entries}
    return list(found.values())


def _registrations(groups: Sequence[Group], site: str, found: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """Return what to register from which domains: one entry for all groups that take everything, one for each other.

    VMs that are restored by a copy make room for its name.
    """
    everything = [group for group in groups if group.vms == Selection() and not _copies(group, site)]
    entries: list[dict[str, Any]] = []
    if everything:
        entries.append({"storage_domains": [id_ for group in everything for id_ in _ids(group)]})
    for group in groups:
        if group not in everything:
            entry: dict[str, Any] = {"storage_domains": _ids(group)}
            if group.vms != Selection():
                entry["vms"] = _selected(group, found)
            if _copies(group, site):
                entry["rename"] = "{name}-backup"
            entries.append(entry)
    return entries


def _copies(group: Group, site: str) -> bool:
    return any(one["method"] == "copy" for one in _restores(group, site))


def _ids(group: Group) -> list[str]:
    return [domain.id for domain in group.domains]


def _selected(group: Group, found: Mapping[str, Sequence[str]]) -> list[str]:
    if group.vms.names is not None:
        return list(group.vms.names)
    if group.name not in found:
        raise EngineError(
            "invalid",
            f"groups.{group.name}.vms is a search, which finds nothing among VMs that are not registered",
            remedy="give the manifest that preflight kept while the site was alive, or name the VMs in the plan",
        )
    return sorted({*found[group.name], *group.named_vms})


def _restores(group: Group, site: str) -> Iterator[dict[str, Any]]:
    held = [domain.id for domain in group.domains if domain.placements[site].backup]
    if held and group.restore is not None:
        yield {"vms_on": held, "to": group.restore.targets[site], "method": group.restore.method}


def _refuse_copies(groups: Sequence[Group], direction: Direction) -> None:
    """Raise EngineError where a hand-over in good order would leave copies or make some.

    A copy does not take along whether its original ran, so nothing would start there.
    """
    for group in groups:
        where = f"groups.{group.name}.restore.method is copy"
        if _copies(group, direction.source):
            raise EngineError(
                "invalid",
                f"{where}: the copies at {direction.source} cannot be told from their originals",
                remedy="restore with method: move where the VMs shall come back",
            )
        if _copies(group, direction.target):
            raise EngineError(
                "invalid",
                f"{where}: which of the copies at {direction.target} has to start cannot be told",
                remedy=f"restore with method: move; or shut the VMs down at {direction.source}, release the storage "
                "domains there with the role release_domains, and run failover, which starts the boot groups",
            )


def _stores(groups: Sequence[Group], site: str) -> list[dict[str, Any]]:
    """Return what VMs that were restored at a site go back to before its domains leave."""
    entries = []
    for group in groups:
        for restored in _restores(group, site):
            where = f"groups.{group.name}"
            if not group.named_vms:
                raise EngineError(
                    "invalid",
                    f"{where} names no VM: those that were restored to {restored['to']} cannot be told from others",
                    remedy=f"name them in {where}.vms.names or {where}.boot",
                )
            entries.append({"vms": sorted(group.named_vms), "to": restored["vms_on"]})
    return entries


def _boot(group: Group, leaving: str | None, *, prefix: bool) -> Iterator[dict[str, Any]]:
    """Return the boot groups as vm_power takes them.

    VMs that were restored at the site that is left (None for none) are among others on their storage there, so those
    without a boot group get one of their own.
    """
    boots = list(group.boot)
    left = group.named_vms.difference(*(boot.vms for boot in boots))
    if leaving and left and any(_restores(group, leaving)):
        boots.append(BootGroup("without a boot group", tuple(sorted(left))))
    for boot in boots:
        name = f"{group.name}: {boot.name}" if prefix else boot.name
        yield {**asdict(boot), "name": name, "vms": list(boot.vms)}
