# SPDX-License-Identifier: GPL-3.0-or-later
"""Which storage domains and workloads have to travel together, so that nobody replicates half a VM. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ..ovf.document import Document


@dataclass(frozen=True)
class Group:
    """Domains that belong together, and the ids of what lies on them. Diskless workloads belong to no group."""

    domain_ids: tuple[str, ...]
    member_ids: tuple[str, ...]


def consistency_groups(documents: Iterable[Document]) -> list[Group]:
    """Return the groups of domains that disks, memory, leases and templates tie together, the largest first.

    One copy of a template's disk is enough: a disk that lies on several domains ties none of these together, only the
    thin VMs to where they share a domain with it.
    """
    known = {document.id: document for document in documents}
    parents: dict[str, str] = {}
    for document in known.values():
        ties = [document.id, *_domains(document), *_template_of(document, known)]
        for one in ties:
            _join(parents, document.id, one)
    members: dict[str, list[str]] = {}
    for one in parents:
        members.setdefault(_root(parents, one), []).append(one)
    groups = [
        Group(
            tuple(sorted(one for one in together if one not in known)),
            tuple(sorted(one for one in together if one in known)),
        )
        for together in members.values()
    ]
    return sorted((one for one in groups if one.domain_ids), key=lambda one: (-len(one.member_ids), one.domain_ids))


def _domains(document: Document) -> Iterator[str]:
    """Yield the domains without which something is not whole."""
    for disk in document.disks:
        if document.kind == "vm" or len(disk.domain_ids) == 1:
            yield from disk.domain_ids[:1]
    for snapshot in document.snapshots:
        if snapshot.memory and snapshot.memory.domain_id:
            yield snapshot.memory.domain_id
    if document.lease_domain_id and document.high_availability:
        yield document.lease_domain_id


def _template_of(document: Document, known: dict[str, Document]) -> Iterator[str]:
    if document.template_id in known:
        yield document.template_id or ""


def _root(parents: dict[str, str], one: str) -> str:
    parents.setdefault(one, one)
    while parents[one] != one:
        parents[one] = parents[parents[one]]
        one = parents[one]
    return one


def _join(parents: dict[str, str], first: str, second: str) -> None:
    parents[_root(parents, second)] = _root(parents, first)
