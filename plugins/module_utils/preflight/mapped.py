# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the targets of the plan's mapping exist. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from .case import Case
from .finding import Finding, Severity


def targets(case: Case) -> Iterator[Finding]:
    """Find the names in the mapping that the target does not have."""
    facts = case.target
    if facts is None:
        return
    place = facts.place
    profiles = set(place.profile_names.values())
    known = {
        "clusters": {cluster.name for cluster in place.clusters},
        "affinity_groups": {name for cluster in place.clusters for name in cluster.affinity_groups},
        "affinity_labels": place.affinity_labels,
        "roles": place.roles,
    }
    for section, names in known.items():
        severity: Severity = "block" if section == "clusters" else "warn"
        for pair in getattr(case.mapping, section):
            if pair.target is not None and pair.target not in names:
                yield _missing(severity, facts.name, section, pair.source, pair.target)
    for one in case.mapping.vnic_profiles:
        profile = one.target
        if profile is not None and profile.id is None and (profile.network, profile.profile) not in profiles:
            yield _missing("warn", facts.name, "vnic_profiles", str(one.source), str(profile))
        elif profile is not None and profile.id is not None and profile.id not in place.profile_names:
            yield _missing("warn", facts.name, "vnic_profiles", str(one.source), profile.id)


def _missing(severity: Severity, site: str, section: str, source: str, target: str) -> Finding:
    message = f"mappings.{section} lets {target} take the place of {source}, and {site} has no {target}"
    remedy = "create it there, or correct the mapping in the plan"
    return Finding("mapping_target_missing", severity, site, f"mapping of {source}", message, remedy)


CHECKS = (targets,)
