# SPDX-License-Identifier: GPL-3.0-or-later
"""Moving and copying VMs and templates to backup domains: read, plan, carry out, report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..engine.errors import EngineError
from ..model.loader import load_site
from ..model.site import Site, Vm
from ..results import EntityResult, raise_if_failed, report
from ..rules.catalogue import CATALOGUE
from ..rules.rule import soften
from .carrying import carry_out
from .copy_plan import plan_copies
from .move_plan import plan_moves
from .naming import CopyName
from .planning import Copy, Options, Plan, TemplateCopy, Work, checked_targets
from .selection import checked_searches, select
from .work import workshop

if TYPE_CHECKING:
    from ..engine.session import Session

# Before this version the engine clones every disk to where its source lies.
_CLONES_TO_A_DOMAIN = (4, 4)


def transfer(
    engine: Session,
    *,
    method: str,
    vms: Sequence[str],
    vms_on: Sequence[str],
    vm_search: str | None,
    templates: Sequence[str],
    template_search: str | None,
    storage_domains: Sequence[str],
    name_template: str,
    include_templates: bool,
    memory_snapshots: str,
    shutdown_vms: bool,
    shutdown_timeout: float,
    repeat_after: float,
    allow_non_backup: bool,
    on_obstacle: str,
    rules: Sequence[Mapping[str, str]] | None,
    concurrency: int,
    timeout: float,
    poll_interval: float,
    check_mode: bool,
) -> dict[str, Any]:
    """Move or copy VMs and templates to the targets, and have the targets' OVF stores written.

    EngineError tells whatever is in the way of any of them, before anything is begun, unless on_obstacle leaves these
    out. EngineError partial names the entities that failed; the others are done.
    """
    soften(CATALOGUE, rules)
    name = CopyName(name_template)
    searches = checked_searches({"vm_search": vm_search, "template_search": template_search})
    options = Options(
        include_templates=include_templates,
        shutdown_vms=shutdown_vms,
        delete_memory=memory_snapshots == "delete",
        repeat_after=repeat_after,
        by_clone=engine.product_version >= _CLONES_TO_A_DOMAIN,
        rules=rules or (),
        leave_out=on_obstacle == "leave_out",
    )
    site = load_site(engine)
    targets = checked_targets(site, storage_domains, allow_non_backup)
    chosen = select(engine, site, targets, vms, vms_on, templates, searches)
    if method == "move":
        plan = plan_moves(site, *chosen, targets, options)
    else:
        plan = plan_copies(site, *chosen, targets, options, name=name, now=datetime.now(UTC))
    if check_mode:
        return _reported(site, plan, {}, method)
    with workshop(engine, timeout=timeout, poll_interval=poll_interval, concurrency=concurrency) as shop:
        return _reported(site, plan, carry_out(shop, plan, shutdown_timeout), method)


def _reported(site: Site, plan: Plan, outcomes: Mapping[str, Any], method: str) -> dict[str, Any]:
    results = {one.owner.id: _result(one, outcomes.get(one.owner.id)) for one in plan.work}
    for skipped in plan.skipped:
        # One that needs no transfer can still fail to lose its leftovers.
        failure = outcomes.get(skipped.id or "")
        failed = isinstance(failure, EngineError)
        results[skipped.id or ""] = EntityResult.of(skipped.id, skipped.name, failure) if failed else skipped
    stores = [EntityResult.of(one.id, one.name, outcomes[one.id]) for one in plan.targets if one.id in outcomes]
    told = [*results.values(), *plan.left_out, *(one for one in stores if one.outcome != "succeeded")]
    result = {
        **report(told, before=_before(site, plan), after=_after(site, plan)),
        "transfers": [_as_data(one) for one in plan.work],
        "warnings": list(dict.fromkeys(plan.warnings)),
    }
    result["changed"] = result["changed"] or bool(plan.tidying)
    raise_if_failed(method, told, result)
    return result


def _result(one: Work, outcome: object) -> EntityResult:
    reason = f"copied to {one.target.name} as {one.name}" if isinstance(one, Copy) else outcome
    return EntityResult.of(one.owner.id, one.owner.name, outcome, str(reason) if reason else None)


def _before(site: Site, plan: Plan) -> dict[str, list[str]]:
    return {one.owner.name: _places(site, one) for one in plan.work if not isinstance(one, Copy)}


def _after(site: Site, plan: Plan) -> dict[str, list[str]]:
    found = {}
    for one in plan.work:
        stays = isinstance(one, TemplateCopy) and not one.free
        name = one.name if isinstance(one, Copy) else one.owner.name
        found[name] = sorted({one.target.name, *(_places(site, one) if stays else ())})
    return found


def _places(site: Site, one: Work) -> list[str]:
    names = {domain.id: domain.name for domain in site.domains}
    return sorted({names.get(id_, id_) for disk in one.disks for id_ in disk.domain_ids})


def _as_data(one: Work) -> dict[str, Any]:
    return {
        "id": one.owner.id,
        "name": one.owner.name,
        "kind": "vm" if isinstance(one.owner, Vm) else "template",
        "storage_domain": one.target.name,
        "copy": one.name if isinstance(one, Copy) else None,
        "size": one.size,
    }
