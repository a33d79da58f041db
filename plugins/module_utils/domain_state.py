# SPDX-License-Identifier: GPL-3.0-or-later
"""Moving existing storage domains through their states; never creating and, unless told so, never formatting one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from .engine.bulk import each
from .engine.errors import EngineError, Entity
from .engine.jobs import at_work_on
from .engine.session import Intent
from .engine.waiting import wait_until
from .model.loader import load_domain, load_site
from .model.site import DataCenter, Domain, Vm
from .ovf_update import update_ovf_stores
from .power.bring import shut_down
from .results import EntityResult, counts, entities, raise_if_failed
from .state_plan import Aim, Plan, Way, plan

if TYPE_CHECKING:
    from .engine.session import Session

_LEADS_TO = {
    "attach": "active",
    "activate": "active",
    "deactivate": "maintenance",
    "detach": "unattached",
    "remove": "removed",
    "destroy": "destroyed",
}
_VERBS = {
    "active": "activate",
    "maintenance": "put into maintenance",
    "unattached": "detach",
    "removed": "remove",
    "destroyed": "destroy",
}


@dataclass
class Done:
    """What has been done so far: actions by the id of the domain, what stopped it there, and the VMs shut down."""

    actions: dict[str, list[str]] = field(default_factory=dict)
    errors: dict[str, EngineError] = field(default_factory=dict)
    not_begun: dict[str, str] = field(default_factory=dict)
    vms: tuple[str, ...] = ()

    @classmethod
    def foreseen(cls, planned: Plan) -> Done:
        """Return what a plan does when all goes well."""
        actions = {way.domain.id: list(way.actions) for way in planned.ways}
        return cls(actions, vms=tuple(vm.name for vm in planned.shutdowns))


def ensure(
    engine: Session,
    *,
    storage_domains: Sequence[str],
    state: str,
    data_center: str | None,
    host: str | None,
    format_storage: bool,
    shutdown_vms: bool,
    concurrency: int,
    timeout: float,
    poll_interval: float,
    check_mode: bool,
) -> dict[str, Any]:
    """Bring the domains to the wanted state, several at a time, and return what became of each.

    One that fails does not stop the others, unless they need it; EngineError partial then names it.
    """
    if not storage_domains:
        raise EngineError("invalid", "storage_domains is empty", remedy="name at least one storage domain")
    site = load_site(engine)
    aim = Aim(
        state,
        site.data_center(data_center) if data_center else None,
        site.host(host) if host else None,
        shutdown_vms,
    )
    planned = plan(site, storage_domains, aim)
    if check_mode:
        return _report(planned, Done.foreseen(planned), aim)
    mover = Mover(engine, aim, format_storage, concurrency, timeout, poll_interval)
    ready, done = mover.prepare(planned, storage_domains)
    mover.carry_out(ready, done)
    result = _report(ready, done, aim)
    raise_if_failed(_VERBS[state], _results(ready, done, aim), result)
    return result


def _report(planned: Plan, done: Done, aim: Aim) -> dict[str, Any]:
    results = _results(planned, done, aim)
    moved = {one.id: one for one in planned.named if done.actions.get(one.id)}
    names = {domain.id: domain.name for domain in planned.named}
    return {
        "changed": bool(moved or done.vms),
        "steps": [
            {"action": action, "storage_domain": names[id_]} for id_, taken in done.actions.items() for action in taken
        ],
        "vms_shut_down": sorted(done.vms),
        "warnings": list(planned.warnings),
        "entities": entities(results),
        "counts": counts(results),
        "diff": {
            "before": {one.name: one.status for one in moved.values()},
            "after": {one.name: _reached(one, done.actions[id_]) for id_, one in moved.items()},
        },
    }


def _reached(domain: Domain, actions: Sequence[str]) -> str:
    return next((_LEADS_TO[action] for action in reversed(actions) if action in _LEADS_TO), domain.status)


def _results(planned: Plan, done: Done, aim: Aim) -> list[EntityResult]:
    gone = [EntityResult(id_, None, "skipped", "the engine does not know it any more") for id_ in planned.gone]
    return [_result(domain, done, aim) for domain in planned.named] + gone


def _result(domain: Domain, done: Done, aim: Aim) -> EntityResult:
    error, actions = done.errors.get(domain.id), done.actions.get(domain.id)
    if error is not None:
        return EntityResult.of(domain.id, domain.name, error)
    if domain.id in done.not_begun:
        return EntityResult(domain.id, domain.name, "skipped", done.not_begun[domain.id])
    if actions:
        return EntityResult(domain.id, domain.name, "succeeded", ", ".join(actions))
    if domain.in_process:
        return EntityResult(domain.id, domain.name, "unknown", f"unknown until it is no longer {domain.status}")
    return EntityResult(domain.id, domain.name, "skipped", f"already {aim.state}")


@dataclass(frozen=True)
class Mover:
    """Carries out the ways of a plan."""

    engine: Session
    aim: Aim
    format_storage: bool
    concurrency: int
    timeout: float
    poll_interval: float

    def prepare(self, planned: Plan, names: Sequence[str]) -> tuple[Plan, Done]:
        """Wait for what the engine is doing, shut VMs down, and return the plan as it is then."""
        if planned.unsettled:
            self._settle(planned.unsettled)
            planned = plan(load_site(self.engine), names, self.aim)
        if not planned.shutdowns:
            return planned, Done()
        unheeded = self._shut_down(planned.shutdowns)
        site = load_site(self.engine)
        up = {vm.id for vm in site.vms if vm.status != "down"}
        done = Done(vms=tuple(vm.name for vm in planned.shutdowns if vm.id not in up))
        try:
            # That may have taken minutes, in which other VMs can have been started.
            return plan(site, names, replace(self.aim, shutdown_vms=False)), done
        except EngineError as exc:
            told = f"{unheeded}; {exc}" if unheeded else str(exc)
            found = {**exc.details, "changed": bool(done.vms), "vms_shut_down": sorted(done.vms)}
            raise exc.retold(told, details=found) from exc

    def _shut_down(self, vms: Sequence[Vm]) -> EngineError | None:
        """Return what there is to say where guests did not heed: whether that is in the way, the plan tells."""
        try:
            shut_down(self.engine, vms, timeout=self.timeout, poll_interval=self.poll_interval)
        except EngineError as exc:
            if exc.kind != "partial":
                raise
            return exc
        return None

    def _settle(self, domains: Sequence[Domain]) -> None:
        wait_until(
            lambda: [work for domain in domains for work in works_on(self.engine, domain)],
            lambda works: not works,
            what=f"the engine to end its work on {', '.join(domain.name for domain in domains)}",
            timeout=self.timeout,
            poll_interval=self.poll_interval,
            status=", ".join,
            clock=self.engine.clock,
            sleep=self.engine.sleep,
        )

    def carry_out(self, planned: Plan, done: Done) -> None:
        """Carry out one wave after the other; what needs a domain that failed is not begun."""
        for wave in planned.waves:
            failed = {way.data_center: way.domain for way in planned.ways if way.domain.id in done.errors}
            ready = []
            for way in wave:
                before = failed.get(way.data_center)
                if before is None:
                    done.actions[way.domain.id] = []
                    ready.append(way)
                else:
                    done.not_begun[way.domain.id] = f"not begun: storage domain {before.name} has to be done before it"
            self._side_by_side(ready, lambda way: way.keeping, done)
            self._side_by_side(self._may_leave(ready, done), lambda way: way.leaving, done)

    def _may_leave(self, ways: Sequence[Way], done: Done) -> list[Way]:
        """Return those whose VMs lie on no domain that has failed.

        A detach takes disks from VMs, and a domain that wrote its OVF stores later would write them without these.
        """
        broken = [way for way in ways if way.domain.id in done.errors]
        free = []
        for way in ways:
            shared = next((other.domain.name for other in broken if other.vms & way.vms), None)
            if way in broken or not way.leaving:
                continue
            if shared is None:
                free.append(way)
            else:
                done.not_begun[way.domain.id] = f"not detached: it has VMs in common with storage domain {shared}"
        return free

    def _side_by_side(self, ways: Sequence[Way], part: Callable[[Way], Sequence[str]], done: Done) -> None:
        def go(way: Way) -> None:
            for action in part(way):
                self._do(action, way)
                done.actions[way.domain.id].append(action)

        for way, outcome in zip(ways, each(self.engine, ways, go, concurrency=self.concurrency), strict=True):
            if isinstance(outcome, EngineError):
                done.errors[way.domain.id] = outcome

    def _do(self, action: str, way: Way) -> None:
        domain, limits = way.domain, (self.timeout, self.poll_interval)
        if action == "update_ovf_store":
            update_ovf_stores(self.engine, domain, timeout=self.timeout, poll_interval=self.poll_interval)
        elif action == "attach" and way.data_center is not None:
            attach(self.engine, domain, way.data_center, *limits)
        elif action == "activate":
            activate(self.engine, domain, *limits)
        elif action == "deactivate":
            deactivate(self.engine, domain, *limits)
        elif action == "detach":
            detach(self.engine, domain, *limits)
        elif action == "remove" and way.host is not None:
            remove(self.engine, domain, way.host.name, self.format_storage)
        elif action == "destroy":
            destroy(self.engine, domain)


def _intent(engine: Session, domain: Domain, doing: str, reached: Callable[[Domain], bool]) -> Intent:
    return Intent(
        doing=doing,
        entity=Entity("storage_domain", domain.id, domain.name),
        landed=lambda: reached(load_domain(engine, domain.id)),
        busy=lambda: is_busy(engine, domain),
    )


def works_on(engine: Session, domain: Domain) -> list[str]:
    """Return what shows that the engine is at work on a domain: its own state, and locked disks."""
    now = load_domain(engine, domain.id)
    disks = engine.list(f"storagedomains/{domain.id}/disks")
    locked = [f"disk {disk.alias} on storage domain {now.name} is locked" for disk in disks if disk.status == "locked"]
    return [f"storage domain {now.name} is {now.status}", *locked] if now.in_process else locked


def is_busy(engine: Session, domain: Domain) -> bool:
    """Return whether the engine is at work on a domain, or a job names it: a refusal is then no last word."""
    return bool(works_on(engine, domain)) or at_work_on(engine, domain.name)


def _await(
    engine: Session,
    domain: Domain,
    status: str,
    timeout: float,
    poll_interval: float,
    failed: Callable[[str], str | None] | None = None,
) -> None:
    wait_until(
        lambda: load_domain(engine, domain.id).status,
        lambda now: now == status,
        what=f"storage domain {domain.name} to be {status}",
        failed=failed,
        entity=Entity("storage_domain", domain.id, domain.name),
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
    path = f"datacenters/{current.data_center_id}/storagedomains/{domain.id}"
    engine.act(path, "deactivate", {}, intent, timeout=timeout)
    # It is locked when the engine answers, and leaves that on the way or because the work failed.
    _await(
        engine,
        domain,
        "maintenance",
        timeout,
        poll_interval,
        lambda now: f"it is {now} again" if now in ("active", "inactive", "unknown") else None,
    )


def detach(engine: Session, domain: Domain, timeout: float, poll_interval: float) -> None:
    """Detach a domain in maintenance from its data center and return when it is unattached."""
    current = load_domain(engine, domain.id)
    intent = _intent(engine, domain, f"detach storage domain {domain.name}", lambda now: now.data_center_id is None)
    engine.remove(f"datacenters/{current.data_center_id}/storagedomains/{domain.id}", intent, timeout=timeout)
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
