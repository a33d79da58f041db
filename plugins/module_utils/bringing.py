# SPDX-License-Identifier: GPL-3.0-or-later
"""Carrying out what brings storage domains into a data center, whether they are made or imported."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from .admission import Plan, Step
from .domain_request import Wanted
from .domain_state import activate, attach, is_busy
from .engine.bulk import each
from .engine.errors import EngineError, Entity
from .engine.session import Intent
from .model.loader import load_domain
from .model.site import DataCenter, Domain, Host
from .results import EntityResult, raise_if_failed, report

if TYPE_CHECKING:
    from .engine.session import Session

Outcomes: TypeAlias = "dict[str, Domain | EngineError]"


@dataclass(frozen=True)
class Bringer(ABC):
    """Carries out the steps of a plan; timeout is for each domain."""

    engine: Session
    data_center: DataCenter
    timeout: float
    poll_interval: float

    @abstractmethod
    def enter(self, step: Step) -> Domain:
        """Get a domain that the engine does not know into it, unattached."""

    @abstractmethod
    def check(self, step: Step, domain: Domain) -> None:
        """Raise EngineError where an unattached domain must not be attached."""

    @abstractmethod
    def give_up(self, step: Step, domain: Domain) -> str:
        """Do what is right with a domain that was got in and could not be attached; return what was done."""

    def refuse_foreign(self, step: Step, domain: Domain, remedy: str) -> None:
        """Raise EngineError where an unattached domain belongs to a data center that this engine does not know."""
        body = {"host": {"id": host_of(step).id}}
        answer = self.engine.query_action(f"storagedomains/{domain.id}", "isattached", body)
        if answer.is_attached:
            raise EngineError(
                "rejected",
                f"storage domain {domain.name} still belongs to a data center of another engine",
                remedy=remedy,
                entity=Entity("storage_domain", domain.id, domain.name),
            )

    def carry_out_all(self, planned: Plan, concurrency: int) -> Outcomes:
        """Do what every domain lacks, several at a time; return by label each one as it is then, or its error.

        The engine locks no more than the domain itself (storage contract 7.4), but moves none without an active master.
        """
        done: Outcomes = {}
        for step in planned.leaders:
            (outcome,) = each(self.engine, [step], self.carry_out)
            done[step.wanted.label] = outcome
            if not isinstance(outcome, EngineError):
                break
        settled = {*done, *planned.left_out}
        rest = [step for step in planned.steps if step.actions and step.wanted.label not in settled]
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
        domain = self.enter(step)
        try:
            return self._complete(step, domain)
        except EngineError as exc:
            raise self._given_up(step, domain, exc) from exc

    def _complete(self, step: Step, domain: Domain) -> Domain:
        if "attach" in step.actions:
            self.check(step, domain)
            attach(self.engine, domain, self.data_center, self.timeout, self.poll_interval)
        if "activate" in step.actions:
            activate(self.engine, domain, self.timeout, self.poll_interval)
        self._update(step.wanted, domain)
        return replace(domain, data_center_id=self.data_center.id, status="active")

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

    def _given_up(self, step: Step, domain: Domain, exc: EngineError) -> EngineError:
        try:
            left = self._what_is_left(step, domain, exc)
        except EngineError as worse:
            left = f"it stays in the engine as {domain.name} ({domain.id}): {worse}"
        return exc.retold(
            f"{exc}; {left}",
            remedy="see that the hosts may write to the storage (a replica is promoted first)",
            entity=Entity("storage_domain", domain.id, domain.name),
        )

    def _what_is_left(self, step: Step, domain: Domain, exc: EngineError) -> str:
        now = load_domain(self.engine, domain.id)
        if exc.unknown or now.in_process:
            return f"it stays in the engine as {now.name} and is {now.status}"
        if now.data_center_id is not None:
            return f"it is attached and {now.status}"
        return self.give_up(step, now)


def host_of(step: Step) -> Host:
    """Return the host that a step is done with; EngineError where the plan found none."""
    if step.host is None:
        raise EngineError("rejected", f"no host is there to bring storage domain {step.wanted.label} in with")
    return step.host


def concluded(planned: Plan, outcomes: Mapping[str, object], doing: str) -> dict[str, Any]:
    """Return the result of a plan that was carried out, in check mode without outcomes; EngineError partial.

    doing: continues the word "cannot".
    """
    known = {**outcomes, **planned.left_out}
    results = [_result(step, known.get(step.wanted.label)) for step in planned.steps]
    before = {step.wanted.label: step.before for step in planned.steps}
    after = {label: state if isinstance(known.get(label), EngineError) else "active" for label, state in before.items()}
    result = report(results, before=before, after=after)
    result["warnings"] = list(planned.warnings)
    if known:
        raise_if_failed(doing, results, result)
    return result


def _result(step: Step, outcome: object) -> EntityResult:
    if not step.actions and outcome is None:
        return EntityResult(step.known.id if step.known else None, step.wanted.label, "skipped", "already there")
    if outcome is None and "import" in step.actions and step.host is None:
        reason = "unknown until a host is logged in to its target"
        return EntityResult(step.wanted.id, step.wanted.label, "unknown", reason)
    id_ = outcome.id if isinstance(outcome, Domain) else step.wanted.id
    return EntityResult.of(id_, step.wanted.label, outcome, ", ".join(step.actions))
