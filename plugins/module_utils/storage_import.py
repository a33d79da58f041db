# SPDX-License-Identifier: GPL-3.0-or-later
"""Importing existing storage domains into an engine, attached, active and with the wanted backup flag.

Nothing is ever formatted or created by an import, and an import that does not end with the domain attached is undone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .domain_request import Wanted
from .domain_state import activate, attach, is_busy, remove
from .engine.bulk import each
from .engine.errors import EngineError, Entity
from .engine.session import Intent
from .file_import import FileImport, unused_connections
from .host_storage import View, views
from .import_plan import Plan, Sight, Step, is_too_new, plan, read_wanted
from .iscsi import Portal
from .model.loader import load_domain, load_storage
from .model.site import DataCenter, Domain, Host, Site
from .results import EntityResult, raise_if_failed, report
from .unregistered_domains import Candidate, Search, search_domains

if TYPE_CHECKING:
    from .engine.session import Session


def bring_in(
    engine: Session,
    *,
    storage_domains: Sequence[Mapping[str, Any]],
    data_center: str,
    host: str | None,
    take_over: bool,
    concurrency: int,
    timeout: float,
    poll_interval: float,
    check_mode: bool,
) -> dict[str, Any]:
    """Import, attach and activate what is wanted and not yet there; return what was done per domain.

    One domain that fails does not stop the others; EngineError partial then names it.
    """
    wanted = read_wanted(storage_domains)
    site = load_storage(engine)
    place = site.data_center(data_center)
    planned = plan(site, wanted, place, _look(engine, site, place, host, wanted, check_mode))
    outcomes: dict[str, Domain | EngineError] = {}
    if not check_mode:
        sends_files = any("import" in step.actions and not step.wanted.on_blocks for step in planned.steps)
        files = FileImport(engine, unused_connections(engine) if sends_files else {}, timeout)
        importer = Importer(engine, files, place, take_over, timeout, poll_interval)
        outcomes = importer.carry_out_all(planned, concurrency)
    results = [_result(step, outcomes.get(step.wanted.label)) for step in planned.steps]
    result = report(
        results,
        before={step.wanted.label: step.before for step in planned.steps},
        after={step.wanted.label: "active" for step in planned.steps},
    )
    result["warnings"] = list(planned.warnings)
    raise_if_failed("import", results, result)
    return result


def _result(step: Step, outcome: object) -> EntityResult:
    if not step.actions:
        return EntityResult(step.known.id if step.known else None, step.wanted.label, "skipped", "already there")
    id_ = outcome.id if isinstance(outcome, Domain) else step.wanted.id
    return EntityResult.of(id_, step.wanted.label, outcome, ", ".join(step.actions))


def _look(
    engine: Session, site: Site, place: DataCenter, host: str | None, wanted: Sequence[Wanted], check_mode: bool
) -> Sight:
    """Return what is seen of the wanted block domains that the engine does not know."""
    up = [one for one in site.hosts_of(place) if one.status == "up"]
    via, resting = up, None if up else f"no host of data center {place.name} is up"
    if host:
        named = site.host(host)
        via = [named] if named.status == "up" else []
        resting = None if via else f"host {named.name} is {named.status}"
    known = {domain.id for domain in site.domains}
    unknown = [one for one in wanted if one.on_blocks and one.id not in known]
    if not unknown or not via:
        return Sight(tuple(via), resting)
    seen = views(engine, dict.fromkeys([*via, *up]))
    sight = Sight(tuple(via), resting, seen)
    return sight if check_mode else replace(sight, candidates=_candidates(engine, sight, unknown))


def _candidates(engine: Session, sight: Sight, wanted: Sequence[Wanted]) -> dict[str, Candidate]:
    """Return what the hosts that are going to import find of domains, as far as that needs no credentials.

    They see the domains, so they are logged in already and nothing changes by it. Where a target refuses, the format of
    its domains is judged after the import.
    """
    searches: set[Search] = set()
    for one in wanted:
        host = sight.best_host(one)
        if host is not None:
            searches |= _searches(host, sight.seen[host.id], one)
    answers = each(engine, searches, lambda search: search_domains(engine, search))
    for answer in answers:
        if isinstance(answer, EngineError) and answer.kind != "rejected":
            raise answer
    return {one.id: one for answer in answers if not isinstance(answer, EngineError) for one in answer}


def _searches(host: Host, seen: View, one: Wanted) -> set[Search]:
    if one.storage_type == "fcp":
        return {Search(host)}
    ways = {(unit.target, unit.address, unit.port) for unit in seen if unit.storage_domain_id == one.id}
    return {
        Search(host, Portal(address, port), (target,)) for target, address, port in ways if target and address and port
    }


@dataclass(frozen=True)
class Importer:
    """Carries out the steps of a plan."""

    engine: Session
    files: FileImport
    data_center: DataCenter
    take_over: bool
    timeout: float
    poll_interval: float

    def carry_out_all(self, planned: Plan, concurrency: int) -> dict[str, Domain | EngineError]:
        """Do what every domain lacks, several at a time; return by label each one as it is then, or its error.

        The engine locks no more than the domain itself (storage contract 7.4), but moves none without an active master.
        """
        done: dict[str, Domain | EngineError] = {}
        for step in planned.leaders:
            (outcome,) = each(self.engine, [step], self.carry_out)
            done[step.wanted.label] = outcome
            if not isinstance(outcome, EngineError):
                break
        rest = [step for step in planned.steps if step.actions and step.wanted.label not in done]
        outcomes: list[Domain | EngineError]
        if done and all(isinstance(outcome, EngineError) for outcome in done.values()):
            outcomes = [self._not_begun()] * len(rest)
        else:
            outcomes = each(self.engine, rest, self.carry_out, concurrency=concurrency)
        return done | {step.wanted.label: outcome for step, outcome in zip(rest, outcomes, strict=True)}

    def _not_begun(self) -> EngineError:
        return EngineError(
            "rejected",
            f"not begun: data center {self.data_center.name} has no active master storage domain yet",
            remedy="clear what failed with the others and run again",
        )

    def carry_out(self, step: Step) -> Domain:
        """Do what one domain lacks; return it as it is then."""
        if step.known is not None:
            return self._complete(step, step.known)
        domain = self._import(step)
        try:
            return self._complete(step, domain)
        except EngineError as exc:
            raise self._undone(step, domain, exc) from exc

    def _complete(self, step: Step, domain: Domain) -> Domain:
        if "attach" in step.actions:
            self._refuse_foreign(step, domain)
            self._refuse_format(domain)
            attach(self.engine, domain, self.data_center, self.timeout, self.poll_interval)
        if "activate" in step.actions:
            activate(self.engine, domain, self.timeout, self.poll_interval)
        self._update(step.wanted, domain)
        return replace(domain, data_center_id=self.data_center.id, status="active")

    def _import(self, step: Step) -> Domain:
        wanted, host = step.wanted, _host_of(step)
        if not wanted.on_blocks:
            return self.files.bring(wanted, host)
        intent = Intent(
            doing=f"import storage domain {wanted.label}",
            entity=Entity("storage_domain", wanted.id, wanted.label),
            landed=lambda: self.engine.find(f"storagedomains/{wanted.id}"),
        )
        body = {**wanted.body(host), "id": wanted.id, "import": True, "name": wanted.name}
        answer = self.engine.add("storagedomains", "storage_domain", body, intent, timeout=self.timeout)
        return load_domain(self.engine, answer.id)

    def _refuse_foreign(self, step: Step, domain: Domain) -> None:
        if self.take_over:
            return
        body = {"host": {"id": _host_of(step).id}}
        answer = self.engine.query_action(f"storagedomains/{domain.id}", "isattached", body)
        if answer.is_attached:
            raise EngineError(
                "rejected",
                f"storage domain {domain.name} still belongs to a data center of another engine",
                remedy="detach it there, or, once its hosts are fenced for certain, run again with take_over: true",
                entity=Entity("storage_domain", domain.id, domain.name),
            )

    def _refuse_format(self, domain: Domain) -> None:
        if is_too_new(domain.storage_format, self.data_center):
            raise EngineError(
                "rejected",
                f"data center {self.data_center.name} does not support the format {domain.storage_format} of "
                f"storage domain {domain.name}",
                remedy="raise the compatibility version of the data center, or attach the domain to another one",
                entity=Entity("storage_domain", domain.id, domain.name),
            )

    def _undone(self, step: Step, domain: Domain, exc: EngineError) -> EngineError:
        """Return what to tell of a domain that was imported and did not get further, after letting it go again."""
        try:
            left = self._let_go(step, domain, exc)
        except EngineError as worse:
            left = f"it stays imported as {domain.name} ({domain.id}), since it cannot be removed: {worse}"
        return EngineError(
            exc.kind,
            f"{exc}; {left}",
            remedy=exc.remedy
            or "see that hosts may write to the storage (a replica is promoted first), then run again",
            entity=Entity("storage_domain", domain.id, domain.name),
            reason=exc.reason,
            code=exc.code,
            unknown=exc.unknown,
        )

    def _let_go(self, step: Step, domain: Domain, exc: EngineError) -> str:
        now = load_domain(self.engine, domain.id)
        if exc.unknown or now.in_process:
            return f"it stays imported as {now.name} and is {now.status}"
        if now.data_center_id is not None:
            return f"it is attached and {now.status}"
        remove(self.engine, now, _host_of(step).name)
        return "the import was undone and nothing was formatted"

    def _update(self, wanted: Wanted, domain: Domain) -> None:
        changes = wanted.changes_to(domain)
        if not changes:
            return
        intent = Intent(
            doing=f"set {', '.join(changes)} of storage domain {domain.name}",
            entity=Entity("storage_domain", domain.id, domain.name),
            landed=lambda: not wanted.changes_to(load_domain(self.engine, domain.id)),
            busy=lambda: is_busy(self.engine, domain),
        )
        self.engine.update(f"storagedomains/{domain.id}", "storage_domain", changes, intent)


def _host_of(step: Step) -> Host:
    if step.host is None:
        raise EngineError("rejected", f"no host is there to import storage domain {step.wanted.label} with")
    return step.host
