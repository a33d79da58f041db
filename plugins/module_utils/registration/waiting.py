# SPDX-License-Identifier: GPL-3.0-or-later
"""What waits on storage domains and what of it the engine has, read domain by domain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from ..engine.bulk import each
from ..engine.errors import EngineError
from .plan import BASE_VERSION, Kind, Unregistered, is_data

if TYPE_CHECKING:
    from ..engine.records import Record
    from ..engine.session import Session
    from ..model.site import Domain

_COLLECTIONS: dict[Kind, str] = {"template": "templates", "vm": "vms"}

T = TypeVar("T")


@dataclass(frozen=True)
class OnDomain:
    """A storage domain: the VMs and templates that wait on it, and the names of those that are registered, by id."""

    domain: Domain
    waiting: tuple[Unregistered, ...]
    registered: dict[Kind, dict[str, str]]


def load_waiting(engine: Session, domains: Sequence[Domain], concurrency: int) -> list[OnDomain]:
    """Return what VMs and templates wait on the domains."""

    def load(domain: Domain) -> OnDomain:
        waiting: list[Unregistered] = []
        registered: dict[Kind, dict[str, str]] = {}
        for kind, collection in _COLLECTIONS.items():
            path = f"storagedomains/{domain.id}/{collection}"
            waiting += [_unregistered(kind, record, domain) for record in engine.list(path, unregistered=True)]
            registered[kind] = {part.id: part.text("name") or part.id for part in engine.parts(path)}
        return OnDomain(domain, tuple(waiting), registered)

    return _all(engine, domains, load, concurrency)


def load_disks(engine: Session, domains: Sequence[Domain], concurrency: int) -> list[Unregistered]:
    """Return the disks that lie on the domains and that the engine does not know: floating ones and those of VMs."""

    def load(domain: Domain) -> list[Unregistered]:
        found = engine.list(f"storagedomains/{domain.id}/disks", unregistered=True)
        return [_disk(record, domain) for record in found if is_data(record.content_type)]

    return [disk for disks in _all(engine, domains, load, concurrency) for disk in disks]


def each_once(found: Sequence[OnDomain]) -> list[Unregistered]:
    """Return what waits, each once although every domain with a disk of it lists it."""
    first: dict[tuple[Kind, str], Unregistered] = {}
    for one in found:
        for entity in one.waiting:
            first.setdefault((entity.kind, entity.id), entity)
    return list(first.values())


def _all(engine: Session, domains: Sequence[Domain], load: Callable[[Domain], T], concurrency: int) -> list[T]:
    found: list[T] = []
    for answer in each(engine, domains, load, concurrency=concurrency):
        if isinstance(answer, EngineError):
            raise answer
        found.append(answer)
    return found


def _unregistered(kind: Kind, record: Record, domain: Domain) -> Unregistered:
    if kind == "vm":
        return Unregistered(kind, record.id, record.name, domain, template_id=record.at("template", "id"))
    # A version has the name of its base.
    version = record.at("version", "version_number") or BASE_VERSION
    return Unregistered(kind, record.id, record.name, domain, family=record.name, version=version)


def _disk(record: Record, domain: Domain) -> Unregistered:
    return Unregistered("disk", record.id, record.alias or record.name or record.id, domain)
