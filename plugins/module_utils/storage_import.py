# SPDX-License-Identifier: GPL-3.0-or-later
"""Importing existing storage domains into an engine, attached, active and with the wanted backup flag.

Nothing is ever formatted or created by an import, and an import that does not end with the domain attached is undone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .admission import Step, hosts_to_use, is_too_new, unsupported
from .bringing import Bringer, concluded, host_of
from .domain_request import Wanted
from .domain_state import remove
from .engine.bulk import each
from .engine.errors import EngineError, Entity
from .engine.session import Intent
from .file_import import FileImport, unused_connections
from .host_storage import View, views
from .import_plan import Sight, plan, read_wanted
from .iscsi import Portal
from .model.loader import added_domain, load_storage
from .model.site import DataCenter, Domain, Host, Site
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
    keep_flags: bool,
    on_obstacle: str,
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
    sight = replace(_look(engine, site, place, host, wanted, check_mode), foreseen=check_mode)
    planned = plan(site, wanted, place, sight, keep_flags=keep_flags, leave_out=on_obstacle == "leave_out")
    outcomes: dict[str, Domain | EngineError] = {}
    if not check_mode:
        sends_files = any("import" in step.actions and not step.wanted.on_blocks for step in planned.steps)
        files = FileImport(engine, unused_connections(engine) if sends_files else {}, timeout)
        importer = Importer(engine, place, timeout, poll_interval, files, take_over)
        outcomes = importer.carry_out_all(planned, concurrency)
    return concluded(planned, outcomes, "import")


def _look(
    engine: Session, site: Site, place: DataCenter, host: str | None, wanted: Sequence[Wanted], check_mode: bool
) -> Sight:
    """Return what is seen of the wanted block domains that the engine does not know."""
    via, resting = hosts_to_use(site, place, host)
    up, _unused = hosts_to_use(site, place, None)
    known = {domain.id for domain in site.domains}
    unknown = [one for one in wanted if one.on_blocks and one.id not in known]
    if not unknown or not via:
        return Sight(via, resting)
    seen = views(engine, dict.fromkeys([*via, *up]))
    sight = Sight(via, resting, seen)
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
class Importer(Bringer):
    """Brings existing domains in; take_over: also those that still belong to a data center of another engine."""

    files: FileImport
    take_over: bool

    def enter(self, step: Step) -> Domain:
        """Import the domain."""
        wanted, host = step.wanted, host_of(step)
        if not wanted.on_blocks:
            return self.files.bring(wanted, host)
        intent = Intent(
            doing=f"import storage domain {wanted.label}",
            entity=Entity("storage_domain", wanted.id, wanted.label),
            landed=lambda: self.engine.find(f"storagedomains/{wanted.id}"),
        )
        body = {**wanted.body(host), "id": wanted.id, "import": True, "name": wanted.name}
        answer = self.engine.add("storagedomains", "storage_domain", body, intent, timeout=self.timeout)
        return added_domain(answer)

    def check(self, step: Step, domain: Domain) -> None:
        """Refuse a domain of a format that the data center does not know, or that belongs elsewhere."""
        if is_too_new(domain.storage_format, self.data_center):
            raise EngineError(
                "rejected",
                f"storage domain {domain.name}: {unsupported(domain.storage_format, self.data_center)}",
                remedy="raise the compatibility version of the data center, or attach the domain to another one",
                entity=Entity("storage_domain", domain.id, domain.name),
            )
        if not self.take_over:
            remedy = "detach it there, or, once its hosts are fenced for certain, run again with take_over: true"
            self.refuse_foreign(step, domain, remedy)

    def give_up(self, step: Step, domain: Domain) -> str:
        """Let the domain go again."""
        remove(self.engine, domain, host_of(step).name)
        return "the import was undone and nothing was formatted"
