# SPDX-License-Identifier: GPL-3.0-or-later
"""Registering the VMs, templates and disks that came with imported storage domains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..engine.errors import EngineError
from ..given_mapping import given_mapping
from ..mapping import Profile, SiteMapping
from ..model.loader import load_storage
from ..model.site import Domain, Site
from ..results import EntityResult, Outcome, named, raise_if_failed, report
from .execute import Settings
from .plan import Choice, Kind, checked_pattern
from .recovery import BareNics, Recovery
from .targets import load_targets
from .waiting import load_waiting

if TYPE_CHECKING:
    from ..engine.session import Session


def register(
    engine: Session,
    *,
    storage_domains: Sequence[str],
    vms: Sequence[str] | None,
    templates: Sequence[str] | None,
    disks: Sequence[str] | None,
    cluster: str | None,
    mapping: Mapping[str, Any] | None,
    mapping_yaml: str | None,
    mapping_target: str | None,
    allow_partial: bool | None,
    reassign_bad_macs: bool | None,
    rename: str | None,
    unmapped_networks: str,
    repair_profile: Mapping[str, Any] | None,
    inactive: str,
    concurrency: int,
    timeout: float,
    check_mode: bool,
) -> dict[str, Any]:
    """Register what waits on the domains, each once; the options are those of entity_registration.

    EngineError partial names what failed. In check mode it is unknown what waits on a domain that is not attached yet.
    """
    if not storage_domains:
        raise EngineError("invalid", "storage_domains is empty", remedy="name the domains to register from")
    given = given_mapping(mapping, mapping_yaml, mapping_target)
    pattern = checked_pattern(rename)
    site = load_storage(engine)
    settings = Settings(
        targets=load_targets(engine, site, given.mapping, Profile(**repair_profile) if repair_profile else None),
        centers={center.id: center.name for center in site.data_centers},
        cluster_id=site.cluster(cluster).id if cluster else None,
        allow_partial=bool(given.allow_partial if allow_partial is None else allow_partial),
        reassign_bad_macs=bool(given.reassign_bad_macs if reassign_bad_macs is None else reassign_bad_macs),
        pattern=pattern,
        concurrency=concurrency,
        timeout=timeout,
    )
    choices: dict[Kind, Choice] = {"template": Choice.of(templates), "vm": Choice.of(vms), "disk": Choice.of(disks)}
    domains, absent = _active_domains(site, storage_domains, check_mode or inactive == "report")
    bare_nics = BareNics.of(site, unmapped_networks == "unplug", settings.targets.repair)
    lost = _lost(inactive, bool(absent) and check_mode)
    recovery = Recovery(engine, settings, choices, load_waiting(engine, domains, concurrency), bare_nics, lost)
    results = [_not_yet(name, check_mode) for name in absent]
    results += recovery.predict() if check_mode else recovery.carry_out()
    result = _reported(results, recovery, [*given.notes, *_undecided(given.mapping)])
    if not check_mode or result["counts"]["failed"]:
        raise_if_failed("register", results, result)
    return result


def _reported(results: Sequence[EntityResult], recovery: Recovery, notes: Sequence[str]) -> dict[str, Any]:
    told = report(
        results,
        before={"registered": named(results, "skipped")},
        after={"registered": named(results, "skipped", "succeeded")},
    )
    repairs = [repair.as_result() for repair in recovery.repairs]
    return {**told, "repairs": repairs, "warnings": [*notes, *recovery.warnings]}


def _active_domains(site: Site, names: Sequence[str], lenient: bool) -> tuple[list[Domain], list[str]]:
    domains: dict[str, Domain] = {}
    absent = []
    for name in dict.fromkeys(names):
        try:
            domain = site.domain(name)
        except EngineError as exc:
            if not lenient or exc.kind != "not_found":
                raise
            absent.append(name)
            continue
        if domain.status == "active":
            domains[domain.id] = domain
        elif lenient:
            absent.append(name)
        else:
            raise EngineError(
                "rejected",
                f"storage domain {domain.name} is {domain.status}",
                remedy="attach and activate it first, for example with storage_domain_state",
            )
    return list(domains.values()), absent


def _lost(inactive: str, may_appear: bool) -> Outcome | None:
    """Return what becomes of a name that is nowhere: it may lie on a domain that is reported as inactive."""
    if may_appear:
        return "unknown"
    return "failed" if inactive == "report" else None


def _undecided(mapping: SiteMapping) -> list[str]:
    return [f"the mapping has no target for {one}" for one in mapping.undecided()]


def _not_yet(name: str, check_mode: bool) -> EntityResult:
    if check_mode:
        return EntityResult(name, name, "unknown", "unknown until the storage domain is attached and active")
    reason = "the storage domain is not attached and active: nothing of what lies on it can be registered"
    return EntityResult(name, name, "failed", reason, "see why it was not brought in, then run again")
