# SPDX-License-Identifier: GPL-3.0-or-later
"""What the backup domains are, what lies on them, and which rules their present state violates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .backup import find
from .model.loader import load_site
from .model.site import Domain, Site
from .rules.catalogue import CATALOGUE, audit
from .rules.rule import Violation, blocking, soften

if TYPE_CHECKING:
    from .engine.session import Session

_AGE_UNKNOWN = "the engine's API does not show when an OVF store was written"
_NO_STORE = "the domain has no OVF store yet: nothing of what lies on it could be registered elsewhere"


def describe(
    site: Site, domains: Sequence[Domain], rules: Sequence[Mapping[str, str]] | None
) -> tuple[list[dict[str, Any]], list[Violation]]:
    """Return each domain as the module shows it, and all of their violations."""
    shown, found = [], []
    for domain in domains:
        standing = audit(site, domain, rules)
        found += standing
        shown.append(_describe(site, domain, standing))
    return shown, found


def read(
    engine: Session,
    *,
    storage_domains: Sequence[str],
    data_center: str | None,
    rules: Sequence[Mapping[str, str]] | None,
) -> dict[str, Any]:
    """Return the backup domains with their contents, and the audit of them; without names all that there are.

    EngineError not_found for a name that is no storage domain's. A named domain that is no backup is left out.
    """
    soften(CATALOGUE, rules)
    site = load_site(engine)
    if storage_domains:
        domains = [domain for domain in find(site, storage_domains, data_center) if domain.backup]
    else:
        place = site.data_center(data_center).id if data_center else None
        inside = (domain for domain in site.domains if place in (None, domain.data_center_id))
        domains = sorted((domain for domain in inside if domain.backup), key=lambda domain: domain.name)
    shown, found = describe(site, domains, rules)
    return {
        "changed": False,
        "storage_domains": shown,
        "audit": {
            "passed": not blocking(found),
            "blocking": len(blocking(found)),
            "warnings": len(found) - len(blocking(found)),
            "violations": [violation.as_data() for violation in found],
            "lines": [violation.line for violation in found],
        },
    }


def _describe(site: Site, domain: Domain, standing: Sequence[Violation]) -> dict[str, Any]:
    data_center = site.data_center(domain.data_center_id) if domain.data_center_id else None
    disks = site.disks_by_domain.get(domain.id, [])
    stores = [disk for disk in disks if disk.content_type == "ovf_store"]
    data = sorted((disk for disk in disks if disk.content_type != "ovf_store"), key=lambda disk: disk.name)
    return {
        "id": domain.id,
        "name": domain.name,
        "data_center": {"id": data_center.id, "name": data_center.name} if data_center else None,
        "status": domain.status,
        "storage_type": domain.storage_type,
        "master": domain.master,
        "available": domain.available,
        "used": domain.used,
        "vms": [{"id": vm.id, "name": vm.name, "status": vm.status} for vm in site.vms_on(domain)],
        "templates": [{"id": one.id, "name": one.name} for one in site.templates_on(domain)],
        "disks": [{"id": one.id, "name": one.name, "status": one.status, "size": one.actual_size} for one in data],
        "ovf_store": {"disks": len(stores), "age": None, "reason": _AGE_UNKNOWN if stores else _NO_STORE},
        "violations": [violation.as_data() for violation in standing],
    }
