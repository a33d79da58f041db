# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading both sites, each collection once; what cannot be read is a fact, too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..domain_request import BLOCK_TYPES
from ..engine.bulk import each
from ..engine.errors import EngineError
from ..engine.search import checked_search
from ..host_storage import answers
from ..iscsi import Portal, discover
from ..needs.place import VM_PARTS, Place, load_place
from ..needs.sources import LivingSite
from ..ovf.document import Document
from ..recovery.plan import Direction, Group, Plan, PlanSite, Procedure
from .case import Case, Recoverability, Sight, SiteFacts
from .documents import Described, nics_of

if TYPE_CHECKING:
    from ..engine.session import Session


@dataclass(frozen=True)
class _Read:
    """A site as it was read; source only: what it tells of its workloads, and what searches have found."""

    facts: SiteFacts
    documents: Mapping[str, Document]
    found: Mapping[str, frozenset[str] | EngineError]


def load_case(
    plan: Plan,
    direction: Direction,
    groups: tuple[Group, ...],
    source: Session,
    target: Session,
    *,
    procedure: Procedure,
    rpo: Recoverability,
    rules: Sequence[Mapping[str, str]],
    whole_documents: bool,
) -> Case:
    """Return everything that the checks look at; both sites are read side by side.

    whole_documents: read the OVF documents of all VMs at the source, instead of what its lists tell of them.
    """
    work = {
        direction.source: lambda: _source(source, plan.site(direction.source), groups, whole_documents),
        direction.target: lambda: _Read(_facts(target, plan.site(direction.target)), {}, {}),
    }
    read = dict(zip(work, each(target, work.values(), lambda task: task()), strict=True))
    failures = {site: said for site, said in read.items() if isinstance(said, EngineError)}
    here, there = (None if isinstance(said, EngineError) else said for said in read.values())
    case = Case(
        plan,
        direction,
        groups,
        procedure,
        source=here.facts if here else None,
        target=there.facts if there else None,
        failures=failures,
        found=here.found if here else {},
        documents=here.documents if here else {},
        rpo=rpo,
        missing_hooks=_missing_hooks(plan),
        rules=rules,
    )
    if there is None:
        return case
    sight = _sight(target, there.facts, case)
    return replace(case, sight=sight, target=_with_units(there.facts, sight))


def _source(engine: Session, site: PlanSite, groups: Sequence[Group], whole_documents: bool) -> _Read:
    machines = engine.parts("vms", follow=VM_PARTS)
    place = load_place(engine, with_units=False, vms=machines)
    documents = Described(place, nics_of(machines, place)).documents()
    if whole_documents:
        read = LivingSite(engine).documents()
        documents |= {id_: one for id_, one in read.items() if isinstance(one, Document)}
    return _Read(_chosen(site, place), documents, _searches(engine, groups))


def _facts(engine: Session, site: PlanSite) -> SiteFacts:
    return _chosen(site, load_place(engine, with_units=False))


def _chosen(site: PlanSite, place: Place) -> SiteFacts:
    wanted = site.data_center
    center = next((one for one in place.site.data_centers if wanted in (one.name, one.id)), None)
    return SiteFacts(site, place, center)


def _searches(engine: Session, groups: Iterable[Group]) -> dict[str, frozenset[str] | EngineError]:
    found: dict[str, frozenset[str] | EngineError] = {}
    for group in groups:
        if group.vms.search is None:
            continue
        try:
            text = checked_search("vms", group.vms.search, f"groups.{group.name}.vms.search")
            found[group.name] = frozenset(part.text("name") or part.id for part in engine.parts("vms", search=text))
        except EngineError as exc:
            found[group.name] = exc
    return found


def _sight(engine: Session, facts: SiteFacts, case: Case) -> Sight:
    """Ask the hosts of the target for their block storage, and one of them for the targets behind portals."""
    placements = [case.placement(domain) for group in case.groups for domain in group.domains]
    luns = any(one.lun_disks for one in case.documents.values())
    hosts = facts.up_hosts
    if not hosts or not (luns or any(one.storage_type in BLOCK_TYPES for one in placements)):
        return Sight()
    asked = next((host for host in hosts if facts.plan.host in (host.name, host.id)), hosts[0])
    wanted = dict.fromkeys((portal.address, portal.port) for one in placements for portal in one.portals)
    portals = [Portal(address, port) for address, port in wanted]
    said = each(engine, portals, lambda portal: frozenset(one["target"] for one in discover(engine, asked, portal)))
    told = dict(zip((portal.label for portal in portals), said, strict=True))
    return Sight(answers(engine, hosts, status=True), told)


def _with_units(facts: SiteFacts, sight: Sight) -> SiteFacts:
    """Return the site with what its hosts see."""
    views = [view for view in sight.views.values() if not isinstance(view, EngineError)]
    units = {unit.id: unit.status or "unusable" for view in views for unit in view}
    return replace(facts, place=replace(facts.place, units=units))


def _missing_hooks(plan: Plan) -> list[str]:
    paths = (*plan.hooks.before.values(), *plan.hooks.after.values(), *plan.hooks.acting.values())
    return sorted({path for path in paths if not Path(path).is_file()})
