# SPDX-License-Identifier: GPL-3.0-or-later
"""The course of a registration: templates, VMs, their NICs, and at last the disks that belong to nobody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ..engine.errors import EngineError
from ..mapping import Profile
from ..model.site import Site
from ..results import EntityResult, Outcome
from .events import complaints, last_event
from .execute import Outcomes, Registrar
from .plan import BLANK_TEMPLATE, Choice, Kind, Plan, Unregistered, left_behind, plan, remedy_for, without_template
from .repair import Repair, carry_out, plan_repairs
from .verify import Registered, read, settle
from .waiting import OnDomain, each_once, load_disks

if TYPE_CHECKING:
    from ..engine.session import Session
    from .execute import Settings

_SHOWN = 3

Present = dict[Kind, dict[str, Registered]]


@dataclass(frozen=True)
class BareNics:
    """What is done about NICs without a profile. profiles: what to connect them to, by the id of the VM's cluster."""

    unplug: bool
    profiles: Mapping[str, Profile]

    @classmethod
    def of(cls, site: Site, unplug: bool, profiles: Sequence[Profile]) -> BareNics:
        """Return it for the clusters of a site; each profile is that of a data center."""
        centers = {center.id: center.name for center in site.data_centers}
        by_center = {profile.data_center: profile for profile in profiles}
        found = {one.id: by_center.get(centers.get(one.data_center_id or "")) for one in site.clusters}
        return cls(unplug, {id_: profile for id_, profile in found.items() if profile is not None})


@dataclass
class Recovery:
    """One registration of what waits on some domains; repairs: what was done to NICs so far.

    lost: what becomes of a name that is nowhere, None for an error of the whole.
    """

    engine: Session
    settings: Settings
    choices: Mapping[Kind, Choice]
    found: Sequence[OnDomain]
    bare_nics: BareNics
    lost: Outcome | None = None
    repairs: list[Repair] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def predict(self) -> list[EntityResult]:
        """Return what would become of everything; it sends no change."""
        planned, present = self._plan()
        chosen = [*(one for chain in planned.chains for one in chain), *planned.vms]
        results = [*planned.settled, *(_result(one, None) for one in chosen)]
        if chosen and self.choices["disk"].wants_any:
            return [*results, EntityResult(None, "floating disks", "unknown", "unknown until the VMs are registered")]
        disks, absent = self._floating(present)
        return [*results, *(_result(one, None) for one in disks), *absent]

    def carry_out(self) -> list[EntityResult]:
        """Register, verify and repair, and return what became of everything."""
        planned, present = self._plan()
        registrar = Registrar(self.engine, self.settings)
        since = last_event(self.engine) if planned.chains or planned.vms else None
        templates = registrar.templates(planned.chains)
        self._settle("template", templates, present)
        available = {None, BLANK_TEMPLATE, *present["template"]}
        ready = [one for one in planned.vms if one.template_id in available]
        vms = registrar.vms(ready)
        self._settle("vm", vms, present)
        vms |= {one: without_template(one) for one in planned.vms if one not in vms}
        results = [*planned.settled, *self._results(templates, present), *self._results(vms, present)]
        results = self._with_nics(results, present["vm"])
        if since is not None:
            results = _with_complaints(results, complaints(self.engine, since, registrar.requests))
        return results + self._disks(registrar, present)

    def _plan(self) -> tuple[Plan, Present]:
        present: Present = {kind: read(self.engine, kind) for kind in ("template", "vm")}
        names = {kind: _names(known) for kind, known in present.items()}
        on_domains: dict[Kind, dict[str, str]] = {"template": {}, "vm": {}}
        for one in self.found:
            for kind, registered in one.registered.items():
                on_domains[kind] |= registered
        return plan(each_once(self.found), self.choices, names, on_domains, self.settings.pattern, self.lost), present

    def _settle(self, kind: Kind, outcomes: Outcomes, present: Present) -> None:
        if outcomes:
            present[kind] = settle(self.engine, kind, outcomes, self.settings.timeout)

    def _results(self, outcomes: Outcomes, present: Present) -> list[EntityResult]:
        names = {kind: _names(known) for kind, known in present.items()}
        results = []
        for one, outcome in outcomes.items():
            result = _result(one, outcome)
            if isinstance(outcome, EngineError):
                remedy = remedy_for(one, outcome, names[one.kind], self.settings.pattern)
                result = replace(result, remedy=remedy)
            results.append(result)
        return results

    def _with_nics(self, results: Iterable[EntityResult], vms: Mapping[str, Registered]) -> list[EntityResult]:
        """Return the results after the NICs without a profile were seen to; running VMs are left alone."""
        results = list(results)
        ids = {one.id for one in results if one.outcome in ("succeeded", "skipped")}
        resting = [vm for vm in vms.values() if vm.id in ids and vm.status == "down"]
        profiles = {vm.id: found for vm in resting if (found := self.bare_nics.profiles.get(vm.cluster_id or ""))}
        repairs, failures = plan_repairs(resting, profiles, self.bare_nics.unplug)
        failures |= carry_out(self.engine, repairs, self.settings.concurrency)
        self.repairs += [repair for repair in repairs if repair.vm_id not in failures]
        mended = {repair.vm_id: "its NICs without a profile were repaired" for repair in self.repairs}
        return [_corrected(one, failures.get(one.id or ""), mended.get(one.id or "")) for one in results]

    def _disks(self, registrar: Registrar, present: Present) -> list[EntityResult]:
        disks, absent = self._floating(present)
        outcomes = registrar.disks(disks)
        self._settle("disk", outcomes, present)
        return [*absent, *self._results(outcomes, present)]

    def _floating(self, present: Present) -> tuple[list[Unregistered], list[EntityResult]]:
        """Return the disks to register, and results for those that were asked for and wait nowhere."""
        choice = self.choices["disk"]
        domains = []
        for one in self.found if choice.wants_any else ():
            names = left_behind(one.waiting, present)
            if names and choice.all:
                shown = ", ".join(names[:_SHOWN])
                self.warnings.append(
                    f"the disks on {one.domain.name} are left alone: they may belong to what is not registered there,"
                    f" such as {shown}"
                )
            else:
                domains.append(one.domain)
        disks = load_disks(self.engine, domains, self.settings.concurrency)
        listed = {text for disk in disks for text in (disk.id, disk.name)}
        return [one for one in disks if choice.includes(one.id, one.name)], self._absent_disks(choice.names - listed)

    def _absent_disks(self, references: Iterable[str]) -> list[EntityResult]:
        """Return results for disks that were asked for and wait nowhere."""
        wanted = sorted(references)
        known = read(self.engine, "disk") if wanted else {}
        results = []
        for reference in wanted:
            match = next((one for one in known.values() if reference in (one.id, one.name)), None)
            if match is not None:
                results.append(EntityResult(match.id, match.name, "skipped", "already registered"))
            else:
                reason = f"disk {reference} is neither registered nor waiting on the storage domains"
                results.append(EntityResult(None, reference, "failed", reason, "check its name and its domain"))
        return results


def _names(known: Mapping[str, Registered]) -> dict[str, str]:
    return {one.id: one.name for one in known.values()}


def _result(one: Unregistered, outcome: object) -> EntityResult:
    return EntityResult.of(one.id, one.name, outcome, f"{one.kind} registered from {one.domain.name}")


def _corrected(result: EntityResult, failure: EngineError | None, mended: str | None) -> EntityResult:
    if failure is not None:
        return EntityResult.of(result.id, result.name, failure)
    if mended is not None:
        return replace(result, outcome="succeeded", reason=f"{result.reason}; {mended}")
    return result


def _with_complaints(results: Sequence[EntityResult], said: Mapping[str, Sequence[str]]) -> list[EntityResult]:
    return [
        replace(one, reason="; ".join([*filter(None, [one.reason]), *said.get(one.id or "", ())])) for one in results
    ]
