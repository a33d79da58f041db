# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the rules of backup domains hold, the data is young enough, and what the plan refers to exists. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from ..engine.errors import EngineError
from ..recovery.drill import copy_of
from ..rules.catalogue import audit
from .case import Case
from .finding import Finding, Severity


def rules(case: Case) -> Iterator[Finding]:
    """Find what the present state of the backup domains of both sites violates."""
    for facts in (case.source, case.target):
        if facts is None:
            continue
        for domain in facts.place.site.domains:
            if domain.backup and facts.is_ours(domain):
                for one in audit(facts.place.site, domain, case.rules):
                    severity: Severity = "block" if one.severity == "block" else "warn"
                    yield Finding(one.rule, severity, facts.name, one.subject, one.message, one.remedy)


def rpo(case: Case) -> Iterator[Finding]:
    """Find out whether the copy of the data is as young as it has to be."""
    age, limit, site = case.rpo.age, case.rpo.limit, case.direction.target
    if age is not None and limit is not None and age > limit:
        message = f"the copy is {age:.0f} s old, {limit:.0f} s are allowed"
        yield Finding("rpo_exceeded", "warn", site, "replication", message, "see why the array replicates late")
    elif age is None and (limit is not None or "rpo" in case.plan.hooks.acting):
        message = "nobody has said how old the copy of the data is"
        remedy = "let the hook rpo of the plan tell it, and call this with its value"
        yield Finding("rpo_unknown", "warn", site, "replication", message, remedy)


def hooks(case: Case) -> Iterator[Finding]:
    """Find the task files that the plan names and that do not exist."""
    for path in case.missing_hooks:
        message = f"the hook {path} does not exist"
        yield Finding("hook_missing", "block", "plan", f"hook {path}", message, "write it, or take it out of the plan")


def drills(case: Case) -> Iterator[Finding]:
    """Find out whether the isolated profile for drills exists."""
    facts = case.target
    drill = case.procedure == "drill"
    if facts is None or (facts.plan.drill_network is None and not drill):
        return
    names = (facts.plan.drill_network or "", facts.plan.drill_profile or "")
    if names not in set(facts.place.profile_names.values()):
        message = f"there is no vNIC profile {'/'.join(names)}, which drills put every NIC on"
        remedy = f"create it, or correct sites.{facts.name}.drill in the plan"
        severity: Severity = "block" if drill else "warn"
        yield Finding("drill_profile_missing", severity, facts.name, f"profile {names[1]}", message, remedy)


def copies(case: Case) -> Iterator[Finding]:
    """Find the storage domains of which a drill would not find a copy, and might take the storage itself."""
    planned = (domain for group in case.groups for domain in group.domains)
    for domain in planned if case.procedure == "drill" else ():
        try:
            copy_of(case.plan, domain, case.direction)
        except EngineError as exc:
            subject, remedy = f"storage domain {domain.name}", exc.remedy or "see docs/recovery-plan.md"
            yield Finding("drill_without_copy", "block", "plan", subject, str(exc), remedy)


CHECKS = (rules, rpo, hooks, drills, copies)
