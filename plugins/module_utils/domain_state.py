# SPDX-License-Identifier: GPL-3.0-or-later
"""Moving existing storage domains through their states; never creating and, unless told so, never formatting one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .engine.errors import EngineError, Entity
from .engine.jobs import at_work_on
from .engine.session import Intent
from .engine.waiting import wait_until
from .model.loader import load_domain, load_site
from .model.site import DataCenter, Domain, Site
from .rules.catalogue import judge
from .rules.rule import enforce

if TYPE_CHECKING:
    from .engine.session import Session

STATES = ("active", "maintenance", "unattached", "removed", "destroyed")
_PATHS: dict[tuple[str, str], tuple[str, ...]] = {
    ("active", "maintenance"): ("deactivate",),
    ("active", "unattached"): ("deactivate", "detach"),
    ("active", "removed"): ("deactivate", "detach", "remove"),
    ("inactive", "active"): ("activate",),
    ("inactive", "maintenance"): ("deactivate",),
    ("inactive", "unattached"): ("deactivate", "detach"),
    ("inactive", "removed"): ("deactivate", "detach", "remove"),
    ("unknown", "active"): ("activate",),
    ("maintenance", "active"): ("activate",),
    ("maintenance", "unattached"): ("detach",),
    ("maintenance", "removed"): ("detach", "remove"),
    ("unattached", "active"): ("attach",),
    ("unattached", "maintenance"): ("attach", "deactivate"),
    ("unattached", "removed"): ("remove",),
    ("inactive", "destroyed"): ("destroy",),
    ("unknown", "destroyed"): ("destroy",),
    ("maintenance", "destroyed"): ("destroy",),
    ("unattached", "destroyed"): ("destroy",),
}


@dataclass(frozen=True)
class Step:
    """One action on one domain; the data center is where it is, or where it shall be attached."""

    action: str
    domain: Domain
    data_center: DataCenter | None


def plan(site: Site, names: Sequence[str], wanted: str, data_center: str | None) -> list[Step]:
    """Return what brings the named domains to the wanted state, [] when they are there.

    A domain that is gone is `removed` and `destroyed` already, given by its id. EngineError for an unknown name, a busy
    domain, a state that cannot be reached, VMs in the way, or a rule of the feature.
    """
    place = site.data_center(data_center) if data_center else None
    domains = _existing(site, names, wanted)
    # The master leaves last and comes back first: without an active master the engine moves no other domain.
    domains.sort(key=lambda domain: domain.master, reverse=wanted == "active")
    return [step for domain in domains for step in _steps(site, domain, wanted, place)]


def _existing(site: Site, names: Sequence[str], wanted: str) -> list[Domain]:
    found: dict[str, Domain] = {}
    for name in names:
        try:
            domain = site.domain(name)
        except EngineError as exc:
            if exc.kind == "not_found" and wanted in ("removed", "destroyed"):
                continue
            raise
        found[domain.id] = domain
    return list(found.values())


def _steps(site: Site, domain: Domain, wanted: str, place: DataCenter | None) -> list[Step]:
    if domain.in_process:
        raise EngineError(
            "conflict", f"storage domain {domain.name} is {domain.status}", remedy="run again when it has settled"
        )
    if domain.status == wanted:
        return []
    path = _PATHS.get((domain.status, wanted))
    if path is None:
        raise EngineError(
            "rejected",
            f"storage domain {domain.name} is {domain.status} and cannot become {wanted}",
            remedy="bring it to maintenance first",
        )
    where = place
    if domain.data_center_id is not None:
        where = site.data_center(domain.data_center_id)
        if place is not None and place.id != where.id:
            raise EngineError("rejected", f"storage domain {domain.name} is attached to data center {where.name}")
    if "attach" in path:
        if where is None:
            raise EngineError(
                "invalid", f"storage domain {domain.name} is unattached: data_center is needed to attach it"
            )
        target = replace(domain, data_center_id=where.id)
        enforce(judge(site, "attach_domain", target, f"storage domain {domain.name}"))
    if "deactivate" in path:
        _refuse_running(site, domain)
    return [Step(action, domain, where) for action in path]


def _refuse_running(site: Site, domain: Domain) -> None:
    running = [vm for vm in site.vms_on(domain, plugged_only=True) if vm.status not in ("down", "suspended")]
    running += [vm for vm in site.vms if vm.lease_domain_id == domain.id and vm.status != "down" and vm not in running]
    if running:
        names = ", ".join(f"{vm.name} ({vm.status})" for vm in running)
        raise EngineError(
            "rejected",
            f"storage domain {domain.name} is used by VMs that are not down: {names}",
            remedy=f"shut these VMs down: {', '.join(vm.name for vm in running)}",
        )


def ensure(
    engine: Session,
    *,
    storage_domains: Sequence[str],
    state: str,
    data_center: str | None,
    host: str | None,
    format_storage: bool,
    timeout: float,
    poll_interval: float,
    check_mode: bool,
) -> dict[str, Any]:
    """Bring the domains to the wanted state, one after the other, and return each one's state before and after."""
    if not storage_domains:
        raise EngineError("invalid", "storage_domains is empty", remedy="name at least one storage domain")
    site = load_site(engine)
    steps = plan(site, storage_domains, state, data_center)
    if not check_mode:
        for step in steps:
            _carry_out(engine, site, step, host, format_storage, timeout, poll_interval)
    before = {step.domain.name: step.domain.status for step in steps}
    return {
        "changed": bool(steps),
        "steps": [{"action": step.action, "storage_domain": step.domain.name} for step in steps],
        "diff": {"before": before, "after": dict.fromkeys(before, state)},
    }


def _carry_out(
    engine: Session, site: Site, step: Step, host: str | None, format_storage: bool, timeout: float, poll: float
) -> None:
    place = step.data_center
    if step.action == "destroy":
        destroy(engine, step.domain)
    elif step.action == "remove":
        remove(engine, step.domain, host or _any_up_host(site), format_storage)
    elif step.action == "activate":
        activate(engine, step.domain, timeout, poll)
    elif step.action == "deactivate":
        deactivate(engine, step.domain, timeout, poll)
    elif step.action == "detach":
        detach(engine, step.domain, timeout, poll)
    elif place is not None:
        attach(engine, step.domain, place, timeout, poll)


def _any_up_host(site: Site) -> str:
    up = sorted(host.name for host in site.hosts if host.status == "up")
    if not up:
        raise EngineError("rejected", "no host is up to remove a storage domain with", remedy="activate a host")
    return up[0]


def _intent(engine: Session, domain: Domain, doing: str, reached: Callable[[Domain], bool]) -> Intent:
    return Intent(
        doing=doing,
        entity=Entity("storage_domain", domain.id, domain.name),
        landed=lambda: reached(load_domain(engine, domain.id)),
        busy=lambda: is_busy(engine, domain),
    )


def is_busy(engine: Session, domain: Domain) -> bool:
    """Return whether the engine is at work on a domain, by its state or by a job: a refusal is then no last word."""
    return load_domain(engine, domain.id).in_process or at_work_on(engine, domain.name)


def _await(engine: Session, domain: Domain, status: str, timeout: float, poll_interval: float) -> None:
    wait_until(
        lambda: load_domain(engine, domain.id).status,
        lambda now: now == status,
        what=f"storage domain {domain.name} to be {status}",
        timeout=timeout,
        poll_interval=poll_interval,
        clock=engine.clock,
        sleep=engine.sleep,
    )


def attach(engine: Session, domain: Domain, data_center: DataCenter, timeout: float, poll_interval: float) -> None:
    """Attach a domain to a data center and return when it is active there.

    The engine activates within the attach; where that half failed the domain is left in maintenance (storage contract
    5.1), and is activated here.
    """
    doing = f"attach storage domain {domain.name} to data center {data_center.name}"
    collection = f"datacenters/{data_center.id}/storagedomains"
    intent = Intent(
        doing=doing,
        entity=Entity("storage_domain", domain.id, domain.name),
        landed=lambda: engine.find(f"{collection}/{domain.id}"),
        busy=lambda: is_busy(engine, domain),
    )
    engine.add(collection, "storage_domain", {"id": domain.id}, intent, timeout=timeout)
    status = wait_until(
        lambda: load_domain(engine, domain.id).status,
        lambda now: now in ("active", "maintenance", "inactive"),
        what=f"storage domain {domain.name} to be attached",
        timeout=timeout,
        poll_interval=poll_interval,
        clock=engine.clock,
        sleep=engine.sleep,
    )
    if status != "active":
        activate(engine, replace(domain, data_center_id=data_center.id), timeout, poll_interval)


def activate(engine: Session, domain: Domain, timeout: float, poll_interval: float) -> None:
    """Activate an attached domain and return when it is active."""
    intent = _intent(engine, domain, f"activate storage domain {domain.name}", lambda now: now.status == "active")
    engine.act(
        f"datacenters/{domain.data_center_id}/storagedomains/{domain.id}", "activate", {}, intent, timeout=timeout
    )
    _await(engine, domain, "active", timeout, poll_interval)


def deactivate(engine: Session, domain: Domain, timeout: float, poll_interval: float) -> None:
    """Put a domain into maintenance, which writes its OVF stores first, and return when it is there."""
    doing = f"put storage domain {domain.name} into maintenance"
    current = load_domain(engine, domain.id)
    intent = _intent(
        engine, domain, doing, lambda now: now.status in ("locked", "preparing_for_maintenance", "maintenance")
    )
    engine.act(f"datacenters/{current.data_center_id}/storagedomains/{domain.id}", "deactivate", {}, intent)
    _await(engine, domain, "maintenance", timeout, poll_interval)


def detach(engine: Session, domain: Domain, timeout: float, poll_interval: float) -> None:
    """Detach a domain in maintenance from its data center and return when it is unattached."""
    current = load_domain(engine, domain.id)
    intent = _intent(engine, domain, f"detach storage domain {domain.name}", lambda now: now.data_center_id is None)
    engine.remove(f"datacenters/{current.data_center_id}/storagedomains/{domain.id}", intent)
    _await(engine, domain, "unattached", timeout, poll_interval)


def remove(engine: Session, domain: Domain, host: str, format_storage: bool = False) -> None:
    """Make the engine forget an unattached domain; its content stays unless format_storage."""
    intent = Intent(
        doing=f"remove storage domain {domain.name}",
        entity=Entity("storage_domain", domain.id, domain.name),
        landed=lambda: engine.find(f"storagedomains/{domain.id}") is None,
    )
    engine.remove(f"storagedomains/{domain.id}", intent, host=host, format=format_storage)


def destroy(engine: Session, domain: Domain) -> None:
    """Make the engine forget a domain whose storage may be gone; no host touches the storage."""
    intent = Intent(
        doing=f"destroy storage domain {domain.name}",
        entity=Entity("storage_domain", domain.id, domain.name),
        landed=lambda: engine.find(f"storagedomains/{domain.id}") is None,
    )
    engine.remove(f"storagedomains/{domain.id}", intent, destroy=True)
