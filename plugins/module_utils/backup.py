# SPDX-License-Identifier: GPL-3.0-or-later
"""Configuring storage domains as backup, and as ordinary ones again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .domain_users import hearing
from .engine.errors import EngineError, Entity
from .engine.query import is_uuid
from .engine.session import Intent
from .engine.waiting import wait_until
from .model.loader import load_domain, load_site, load_storage
from .model.site import DataCenter, Domain, Site, Vm
from .power.bring import shut_down
from .rules.catalogue import CATALOGUE, audit, judge
from .rules.configuring import CHOOSES_MASTER, lease_holders_not_down, master_remedy, users_not_down
from .rules.rule import Violation, blocking, enforce, soften

if TYPE_CHECKING:
    from .engine.session import Session

Softened = Sequence[Mapping[str, str]]


@dataclass(frozen=True)
class Change:
    """A domain and the backup flag it shall have."""

    domain: Domain
    backup: bool


@dataclass(frozen=True)
class Succession:
    """The master role that goes from one domain of a data center to another."""

    data_center: DataCenter
    old: Domain
    new: Domain


@dataclass(frozen=True)
class Plan:
    """What brings the named domains to the wanted flag, in this order: shutdowns, successions, changes."""

    named: tuple[Domain, ...]
    enabling: bool
    shutdowns: tuple[Vm, ...]
    successions: tuple[Succession, ...]
    changes: tuple[Change, ...]

    @property
    def changed(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.shutdowns or self.successions or self.changes)


def find(site: Site, names: Sequence[str], data_center: str | None) -> tuple[Domain, ...]:
    """Return the named domains, each once; EngineError for one that is unknown, ambiguous or in another data center."""
    place = site.data_center(data_center) if data_center else None
    found: dict[str, Domain] = {}
    for name in names:
        inside = [one for one in site.domains_of(place.id) if name in (one.id, one.name)] if place else []
        domain = inside[0] if len(inside) == 1 else site.domain(name)
        if place is not None and domain.data_center_id != place.id:
            raise EngineError(
                "not_found",
                f"storage domain {domain.name} is not attached to data center {place.name}",
                remedy="name the data center it is attached to, or leave it out",
            )
        found[domain.id] = domain
    return tuple(found.values())


def plan(
    site: Site,
    names: Sequence[str],
    backup: bool,
    data_center: str | None = None,
    *,
    switch_master: bool = False,
    shutdown_vms: bool = False,
) -> Plan:
    """Return what gives the named domains the flag; EngineError for what cannot be."""
    if not backup:
        # What the engine does not know has no flag; only an id can be taken for a domain that is gone.
        known = {domain.id for domain in site.domains}
        names = [name for name in names if name in known or not is_uuid(name)]
    named = find(site, names, data_center)
    changes = tuple(Change(domain, backup) for domain in named if domain.backup != backup)
    flagged = with_flags(site, changes)
    return Plan(
        named=named,
        enabling=backup,
        shutdowns=_shutdowns(site, named) if backup and shutdown_vms else (),
        successions=_successions(flagged, named) if backup and switch_master else (),
        changes=changes,
    )


def with_flags(site: Site, changes: Sequence[Change]) -> Site:
    """Return the site as it would be with all flags changed: a list of domains is judged by that."""
    wanted = {change.domain.id: change.backup for change in changes}
    domains = (replace(domain, backup=wanted.get(domain.id, domain.backup)) for domain in site.domains)
    return replace(site, domains=tuple(domains))


def after(site: Site, planned: Plan) -> Site:
    """Return the site as it would be with the whole plan carried out."""
    flagged = with_flags(site, planned.changes)
    master = {one.old.id: False for one in planned.successions} | {one.new.id: True for one in planned.successions}
    down = {vm.id for vm in planned.shutdowns}
    return replace(
        flagged,
        domains=tuple(replace(one, master=master.get(one.id, one.master)) for one in flagged.domains),
        vms=tuple(replace(vm, status="down") if vm.id in down else vm for vm in site.vms),
    )


def violations(site: Site, planned: Plan, rules: Softened | None) -> dict[str, list[Violation]]:
    """Return what each named domain would violate after the plan, by domain id; clearing the flag violates nothing.

    A domain that is a backup domain already is judged as the audit does, and nothing that it violates blocks.
    """
    if not planned.enabling:
        return {}
    future = after(site, planned)
    changing = {change.domain.id for change in planned.changes}
    found = {}
    for domain in planned.named:
        subject = future.domain(domain.id)
        if domain.id in changing:
            found[domain.id] = judge(future, "configure_backup", subject, f"storage domain {domain.name}", rules)
        else:
            found[domain.id] = [replace(one, severity="warn") for one in audit(future, subject, rules)]
    return found


def _shutdowns(site: Site, named: Sequence[Domain]) -> tuple[Vm, ...]:
    users = [vm for domain in named for vm in users_not_down(site, domain) + lease_holders_not_down(site, domain)]
    return hearing(users)


def _successions(site: Site, named: Sequence[Domain]) -> tuple[Succession, ...]:
    found = []
    for domain in named:
        others = site.successors(domain)
        if not domain.master or domain.data_center_id is None or not others:
            continue
        data_center = site.data_center(domain.data_center_id)
        if data_center.version < CHOOSES_MASTER:
            version = ".".join(map(str, data_center.version))
            raise EngineError(
                "rejected",
                f"the master domain of data center {data_center.name} cannot be chosen, since its compatibility "
                f"version is {version} and that needs 4.5",
                remedy=master_remedy(site, domain),
                entity=Entity("storage_domain", domain.id, domain.name),
            )
        found.append(Succession(data_center, domain, others[0]))
    return tuple(found)


def configure(
    engine: Session,
    *,
    storage_domains: Sequence[str],
    state: str,
    data_center: str | None,
    rules: Softened | None,
    switch_master: bool,
    shutdown_vms: bool,
    timeout: float,
    poll_interval: float,
    check_mode: bool,
) -> dict[str, Any]:
    """Give the domains the wanted flag, if no rule is against it, and return what was found and done.

    The rules of all domains are judged before the first change. EngineError rule tells every violation.
    """
    soften(CATALOGUE, rules)
    if not storage_domains:
        raise EngineError("invalid", "storage_domains is empty", remedy="name at least one storage domain")

    wanted = (storage_domains, state == "enabled", data_center)
    # Clearing the flag violates nothing, whatever lies on the domains.
    site = load_site(engine) if state == "enabled" else load_storage(engine)
    planned = plan(site, *wanted, switch_master=switch_master, shutdown_vms=shutdown_vms)
    found = violations(site, planned, rules)
    with _telling(_nothing_of(planned), found):
        _enforce(found)
    if check_mode:
        return _report(planned, found)
    done = _prepare(engine, planned, found, timeout, poll_interval)
    if done.changed:
        # That may have taken minutes, in which what was judged can have changed.
        site = load_site(engine)
        found = violations(site, plan(site, *wanted), rules)
        with _telling(done, found):
            _enforce(found)
    for change in planned.changes:
        with _telling(done, found):
            _set_flag(engine, change, rules)
        done = replace(done, changes=(*done.changes, change))
    return _report(done, found)


def _nothing_of(planned: Plan) -> Plan:
    return replace(planned, shutdowns=(), successions=(), changes=())


def _prepare(
    engine: Session, planned: Plan, found: Mapping[str, Sequence[Violation]], timeout: float, poll_interval: float
) -> Plan:
    """Shut VMs down and let other domains take over; return what of the plan is done then."""
    done = _nothing_of(planned)
    if planned.shutdowns:
        with _telling(done, found):
            shut_down(engine, planned.shutdowns, timeout=timeout, poll_interval=poll_interval)
        done = replace(done, shutdowns=planned.shutdowns)
    for succession in planned.successions:
        with _telling(done, found):
            _switch(engine, succession, timeout, poll_interval)
        done = replace(done, successions=(*done.successions, succession))
    return done


@contextmanager
def _telling(done: Plan, found: Mapping[str, Sequence[Violation]]) -> Iterator[None]:
    try:
        yield
    except EngineError as exc:
        exc.details = {**_report(done, found), **exc.details}
        raise


def _enforce(found: Mapping[str, Sequence[Violation]]) -> None:
    enforce([violation for of_domain in found.values() for violation in of_domain])


def _report(planned: Plan, found: Mapping[str, Sequence[Violation]]) -> dict[str, Any]:
    before = {domain.id: {"backup": domain.backup, "master": domain.master} for domain in planned.named}
    later = {id_: dict(state) for id_, state in before.items()}
    names = {domain.id: domain.name for domain in planned.named}
    actions: dict[str, list[str]] = {domain.id: [] for domain in planned.named}
    for succession in planned.successions:
        old, new = succession.old, succession.new
        later[old.id]["master"] = False
        before.setdefault(new.id, {"backup": new.backup, "master": new.master})
        later.setdefault(new.id, {"backup": new.backup})["master"] = True
        names.setdefault(new.id, new.name)
        actions[old.id].append(f"made {new.name} the master domain of data center {succession.data_center.name}")
    for change in planned.changes:
        later[change.domain.id]["backup"] = change.backup
        actions[change.domain.id].append("set the backup flag" if change.backup else "cleared the backup flag")
    return {
        "changed": planned.changed,
        "storage_domains": [
            {
                "id": domain.id,
                "name": domain.name,
                "before": before[domain.id],
                "after": later[domain.id],
                "violations": [one.as_data() for one in blocking(found.get(domain.id, ()))],
                "warnings": [one.as_data() for one in found.get(domain.id, ()) if one.severity == "warn"],
                "actions": actions[domain.id],
            }
            for domain in planned.named
        ],
        "vms_shut_down": sorted(vm.name for vm in planned.shutdowns),
        "violations": [one.as_data() for of_domain in found.values() for one in of_domain],
        "diff": {
            "before": _named_states(before, later, names, before),
            "after": _named_states(before, later, names, later),
        },
    }


def _named_states(
    before: Mapping[str, Any], later: Mapping[str, Any], names: Mapping[str, str], shown: Mapping[str, Any]
) -> dict[str, Any]:
    return {names[id_]: shown[id_] for id_ in before if before[id_] != later[id_]}


def _switch(engine: Session, succession: Succession, timeout: float, poll_interval: float) -> None:
    new, old = succession.new, succession.old
    doing = f"make {new.name} the master domain of data center {succession.data_center.name}"

    def domains() -> tuple[Domain, Domain]:
        return load_domain(engine, new.id), load_domain(engine, old.id)

    intent = Intent(
        doing=doing,
        entity=Entity("storage_domain", new.id, new.name),
        landed=lambda: any(domain.in_process for domain in domains()) or load_domain(engine, new.id).master,
        busy=lambda: any(domain.in_process for domain in domains()),
    )
    engine.act(f"datacenters/{succession.data_center.id}", "setmaster", {"storage_domain": {"id": new.id}}, intent)
    wait_until(
        domains,
        lambda seen: seen[0].master and not any(domain.in_process for domain in seen),
        what=f"storage domain {new.name} to be the master",
        failed=lambda seen: None if any(one.in_process for one in seen) else "the engine gave it up",
        timeout=timeout,
        poll_interval=poll_interval,
        status=lambda seen: f"{new.name} is {seen[0].status}, {old.name} is {seen[1].status}",
        clock=engine.clock,
        sleep=engine.sleep,
    )


def _set_flag(engine: Session, change: Change, rules: Softened | None) -> None:
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
            _enforce(violations(site, plan(site, [domain.id], True), rules))
        raise
