# SPDX-License-Identifier: GPL-3.0-or-later
"""Configuring storage domains as backup, and as ordinary ones again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .engine.errors import EngineError, Entity
from .engine.session import Intent
from .model.loader import load_domain, load_site
from .model.site import Domain, Site
from .rules.catalogue import judge
from .rules.rule import Violation, enforce

if TYPE_CHECKING:
    from .engine.session import Session


@dataclass(frozen=True)
class Change:
    """A domain and the backup flag it shall have."""

    domain: Domain
    backup: bool


def plan(site: Site, names: Sequence[str], backup: bool, data_center: str | None = None) -> list[Change]:
    """Return the changes that give the named domains the flag; EngineError for an unknown or misplaced one."""
    place = site.data_center(data_center) if data_center else None
    domains = {domain.id: domain for domain in (site.domain(name) for name in names)}
    for domain in domains.values():
        if place is not None and domain.data_center_id != place.id:
            raise EngineError(
                "not_found",
                f"storage domain {domain.name} is not attached to data center {place.name}",
                remedy="name the data center it is attached to, or leave it out",
            )
    return [Change(domain, backup) for domain in domains.values() if domain.backup != backup]


def after(site: Site, changes: Sequence[Change]) -> Site:
    """Return the site as it would be with all changes made: a list of domains is judged by that."""
    wanted = {change.domain.id: change.backup for change in changes}
    domains = (replace(domain, backup=wanted.get(domain.id, domain.backup)) for domain in site.domains)
    return replace(site, domains=tuple(domains))


def violations(
    site: Site, changes: Sequence[Change], rules: Sequence[Mapping[str, str]] | None
) -> dict[str, list[Violation]]:
    """Return what each changed domain would violate, by domain id; clearing the flag violates nothing."""
    future = after(site, changes)
    return {
        change.domain.id: judge(
            future, "configure_backup", future.domain(change.domain.id), f"storage domain {change.domain.name}", rules
        )
        for change in changes
        if change.backup
    }


def configure(
    engine: Session,
    *,
    storage_domains: Sequence[str],
    state: str,
    data_center: str | None,
    rules: Sequence[Mapping[str, str]] | None,
    check_mode: bool,
) -> dict[str, Any]:
    """Give the domains the wanted flag, if no rule is against it, and return what was found and done.

    The rules of all domains are judged before the first change. EngineError rule tells every violation.
    """
    site = load_site(engine)
    changes = plan(site, storage_domains, state == "enabled", data_center)
    found = violations(site, changes, rules)
    enforce([violation for of_domain in found.values() for violation in of_domain])
    if not check_mode:
        for change in changes:
            _apply(engine, change, rules)
    changed = {change.domain.id: change for change in changes}
    return {
        "changed": bool(changes),
        "storage_domains": [
            {
                "id": domain.id,
                "name": domain.name,
                "before": domain.backup,
                "after": changed[domain.id].backup if domain.id in changed else domain.backup,
                "violations": [violation.as_data() for violation in found.get(domain.id, [])],
            }
            for domain in (site.domain(name) for name in dict.fromkeys(storage_domains))
        ],
        "diff": {
            "before": {change.domain.name: {"backup": change.domain.backup} for change in changes},
            "after": {change.domain.name: {"backup": change.backup} for change in changes},
        },
    }


def _apply(engine: Session, change: Change, rules: Sequence[Mapping[str, str]] | None) -> None:
    domain = change.domain
    intent = Intent(
        doing=f"{'set' if change.backup else 'clear'} the backup flag of storage domain {domain.name}",
        entity=Entity("storage_domain", domain.id, domain.name),
        landed=lambda: load_domain(engine, domain.id).backup == change.backup,
        busy=lambda: load_domain(engine, domain.id).in_process,
    )
    try:
        engine.update(f"storagedomains/{domain.id}", "storage_domain", {"backup": change.backup}, intent)
    except EngineError as exc:
        if exc.kind == "rejected" and change.backup:
            # A VM may have started since the rules were judged: the engine's refusal is then the same rule's.
            site = load_site(engine)
            enforce(violations(site, plan(site, [domain.id], True), rules).get(domain.id, []))
        raise
