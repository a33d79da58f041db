# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether what belongs together travels together. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from ..needs.groups import Group, consistency_groups
from .case import Case
from .finding import Finding

_SHOWN = 10


def groups(case: Case) -> Iterator[Finding]:
    """Find VMs and templates that only part of the plan's storage holds, and those that two groups share."""
    if case.source is None:
        return
    owners = {domain.id: group.name for group in case.plan.groups.values() for domain in group.domains}
    taken = {vm.id for vm in case.vms}
    needed = taken | {vm.template_id for vm in case.vms}
    relevant = [document for id_, document in case.documents.items() if id_ in needed]
    for tied in consistency_groups(relevant):
        inside = sorted({owners[id_] for id_ in tied.domain_ids if id_ in owners})
        outside = [id_ for id_ in tied.domain_ids if id_ not in owners]
        members = _members(case, tied)
        if outside:
            names = ", ".join(_name(case, id_) for id_ in outside)
            message = f"{members} need the storage domain {names}, which no group of the plan has"
            remedy = "add it to the group and replicate it, or move the disks onto the group's domains"
            yield Finding("group_incomplete", "block", case.source.name, _subject(inside), message, remedy)
        if len(inside) > 1:
            message = f"{members} lie on storage domains of {' and '.join(inside)}"
            remedy = "make one group of them, so that neither is recovered without the other"
            yield Finding("group_split", "warn", case.source.name, _subject(inside), message, remedy)


def _members(case: Case, tied: Group) -> str:
    names = sorted(case.documents[id_].name for id_ in tied.member_ids)
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _subject(groups_: list[str]) -> str:
    return f"group {', '.join(groups_)}" if groups_ else "the plan"


def _name(case: Case, id_: str) -> str:
    domain = case.source.domain(id_) if case.source else None
    return domain.name if domain else id_


CHECKS = (groups,)
