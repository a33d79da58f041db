# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether both sites can be worked with: engines, logins, data centers, hosts. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from ..recovery.plan import PHASES
from .case import Case, SiteFacts
from .finding import Finding, Severity


def engines(case: Case) -> Iterator[Finding]:
    """Find the engines that gave no answer, or refused the login."""
    for site, error in case.failures.items():
        needed = site == case.direction.target or "shut_down" in PHASES[case.procedure]
        severity: Severity = "block" if needed else "warn"
        kind = "login_refused" if error.kind == "auth" else "engine_unreachable"
        message = f"{error}; what rests on this site was not checked"
        yield Finding(kind, severity, site, "engine", message, error.remedy or "see why the engine does not answer")


def data_centers(case: Case) -> Iterator[Finding]:
    """Find a data center that does not exist, or is not up."""
    for facts in _sites(case):
        name = facts.plan.data_center
        severity = _severity(case, facts)
        if facts.data_center is None:
            message = f"the engine has no data center {name}"
            remedy = f"correct sites.{facts.name}.data_center in the plan"
            yield Finding("data_center_missing", "block", facts.name, f"data center {name}", message, remedy)
        elif facts.data_center.status != "up":
            message = f"data center {name} is {facts.data_center.status}"
            remedy = "see to its hosts and its master domain"
            yield Finding("data_center_down", severity, facts.name, f"data center {name}", message, remedy)


def hosts(case: Case) -> Iterator[Finding]:
    """Find a data center without a host that is up, and hosts that are missing from one."""
    for facts in _sites(case):
        if facts.data_center is None:
            continue
        name = f"data center {facts.data_center.name}"
        if not facts.up_hosts:
            remedy = "activate a host of this data center"
            yield Finding("no_host_up", _severity(case, facts), facts.name, name, f"no host of {name} is up", remedy)
            continue
        for host in facts.hosts:
            if host.status != "up":
                message = f"host {host.name} is {host.status}: its memory and its paths to the storage are missing"
                remedy = "bring it up, or take it out of the cluster"
                yield Finding("host_down", "warn", facts.name, f"host {host.name}", message, remedy)


def chosen_host(case: Case) -> Iterator[Finding]:
    """Find out whether the host that the plan names at the target can be used."""
    facts = case.target
    if facts is None or facts.data_center is None or facts.plan.host is None:
        return
    named = facts.plan.host
    if not any(named in (host.name, host.id) for host in facts.up_hosts):
        message = f"host {named}, which the plan names, is not an up host of data center {facts.data_center.name}"
        remedy = f"activate it, or take sites.{facts.name}.host out of the plan, so that any host serves"
        yield Finding("plan_host_unusable", "block", facts.name, f"host {named}", message, remedy)


def clusters(case: Case) -> Iterator[Finding]:
    """Find the clusters of the target that VMs come to and that have no host up."""
    if case.target is None:
        return
    manned = {host.cluster_id for host in case.target.up_hosts}
    for cluster in {found.id: found for vm in case.vms if (found := case.cluster_of(vm)) is not None}.values():
        if cluster.id not in manned and case.target.up_hosts:
            message = f"no host of cluster {cluster.name} is up, to which VMs of the plan come"
            remedy = "activate a host of this cluster, or map the VMs to another"
            yield Finding("cluster_without_host", "block", case.target.name, f"cluster {cluster.name}", message, remedy)


def _sites(case: Case) -> Iterator[SiteFacts]:
    yield from (facts for facts in (case.source, case.target) if facts is not None)


def _severity(case: Case, facts: SiteFacts) -> Severity:
    return "block" if facts is case.target else "warn"


CHECKS = (engines, data_centers, hosts, chosen_host, clusters)
