# SPDX-License-Identifier: GPL-3.0-or-later
"""Judging beforehand how a recovery by a plan would go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..engine.errors import EngineError
from ..needs.checks import verdict_of
from ..needs.manifest import write_manifest
from ..recovery.files import load_plan
from ..recovery.plan import Direction, Procedure
from ..recovery.run import placed_groups
from ..rules.catalogue import CATALOGUE
from ..rules.rule import soften
from . import access, capacity, consistency, drift, mapped, policy, storage, workloads
from .case import Case, Recoverability
from .finding import Finding, ordered, score, verdict
from .loading import load_case
from .workloads import Judged, judged, of_registration

if TYPE_CHECKING:
    from ..engine.session import Session

_FAMILIES = (access, storage, drift, consistency, workloads, mapped, capacity, policy)


def judge(
    source_engine: Session,
    target_engine: Session,
    *,
    path: str,
    source: str,
    target: str,
    groups: Sequence[str],
    procedure: Procedure,
    rpo_seconds: float | None,
    rpo_limit: float | None,
    rules: Sequence[Mapping[str, str]],
    manifest: bool,
) -> dict[str, Any]:
    """Return all that is known to be in the way of a recovery from source to target.

    manifest: also return what the source tells of its workloads, which is gone when it is.
    EngineError invalid where the plan cannot be used; a site that cannot be reached is a finding.
    """
    plan, direction = load_plan(path), Direction(source, target)
    chosen = placed_groups(plan, direction, groups)
    soften(CATALOGUE, rules)
    rpo = Recoverability(rpo_seconds, rpo_limit)
    case = load_case(
        plan,
        direction,
        chosen,
        source_engine,
        target_engine,
        procedure=procedure,
        rpo=rpo,
        rules=rules,
        whole_documents=manifest,
    )
    found = judged(case)
    findings = ordered(_findings(case, found))
    reached, points = verdict(findings), score(findings)
    way = f"{procedure} of {plan.name} from {source} to {target}"
    return {
        "changed": False,
        "plan": plan.name,
        "source": source,
        "target": target,
        "groups": [_group(case, group.name) for group in chosen],
        "verdict": reached,
        "score": points,
        "summary": f"{way} is {reached}, score {points}: {_told(findings)}",
        "findings": [asdict(one) for one in findings],
        "lines": [f"{one.severity}: {one.kind} at {one.site}: {one.message}. {one.remedy}" for one in findings],
        "workloads": [_workload(one) for one in found],
        "manifest": _manifest(case) if manifest and case.source else None,
    }


def _told(findings: Sequence[Finding]) -> str:
    worst = [one.message for one in findings if one.severity != "info"]
    return f"{worst[0]}{f' (and {len(worst) - 1} more)' if len(worst) > 1 else ''}" if worst else "nothing in the way"


def _findings(case: Case, found: list[Judged]) -> Iterator[Finding]:
    for family in _FAMILIES:
        for check in family.CHECKS:
            yield from check(case)
    yield from of_registration(case, found)


def _group(case: Case, name: str) -> dict[str, Any]:
    return {"name": name, "vms": sorted(vm.name for vm in case.selected[name])}


def _workload(one: Judged) -> dict[str, Any]:
    return {
        "kind": one.candidate.kind,
        "id": one.candidate.id,
        "name": one.candidate.name,
        "verdict": verdict_of(one.reasons),
        "reasons": [asdict(reason) for reason in one.reasons],
    }


def _manifest(case: Case) -> str:
    chosen = {vm.id for vm in case.vms} | {vm.template_id for vm in case.vms}
    documents = [document for id_, document in case.documents.items() if id_ in chosen]
    found = {group: sorted(names) for group, names in case.found.items() if not isinstance(names, EngineError)}
    return write_manifest(documents, datetime.now(UTC).isoformat(timespec="seconds"), found)
