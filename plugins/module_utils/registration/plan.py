# SPDX-License-Identifier: GPL-3.0-or-later
"""What of the waiting entities is to be registered, and in which order. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from ..engine.errors import EngineError, Entity
from ..model.site import Domain
from ..results import EntityResult, Outcome

Kind: TypeAlias = Literal["template", "vm", "disk"]
Names: TypeAlias = Mapping[str, str]  # by identifier

BLANK_TEMPLATE = "00000000-0000-0000-0000-000000000000"
BASE_VERSION = 1
PLACEHOLDER = "{name}"
_KINDS: tuple[Kind, ...] = ("template", "vm")
# Kinds of disks that belong to something else and are no disks of their own, whatever lists them.
_DATA = frozenset({None, "data", "iso"})


@dataclass(frozen=True)
class Unregistered:
    """A VM, template or disk that waits on a storage domain.

    template_id: what a VM is thin on. family, version: which base a template belongs to, and its place there.
    """

    kind: Kind
    id: str
    name: str
    domain: Domain = field(compare=False)
    template_id: str | None = None
    family: str = ""
    version: int = BASE_VERSION

    @property
    def entity(self) -> Entity:
        """Return what an error says of it."""
        return Entity(self.kind, self.id, self.name)


@dataclass(frozen=True)
class Choice:
    """Which entities of a kind are wanted: all, or those named by name or id."""

    all: bool
    names: frozenset[str]

    @classmethod
    def of(cls, names: Sequence[str] | None) -> Choice:
        """Return the choice for a list of names or ids, all for None."""
        return cls(names is None, frozenset(names or ()))

    @property
    def wants_any(self) -> bool:
        """Whether there is anything to look for."""
        return self.all or bool(self.names)

    def includes(self, id_: str, name: str) -> bool:
        """Return whether an entity is wanted."""
        return self.all or id_ in self.names or name in self.names


@dataclass(frozen=True)
class Plan:
    """What to do with VMs and templates: chains of templates side by side, each from its base on, then the VMs.

    settled: what needs no request, because it is there already or cannot be registered.
    """

    chains: tuple[tuple[Unregistered, ...], ...]
    vms: tuple[Unregistered, ...]
    settled: tuple[EntityResult, ...]


def plan(
    waiting: Sequence[Unregistered],
    choices: Mapping[Kind, Choice],
    present: Mapping[Kind, Names],
    on_domains: Mapping[Kind, Names],
    pattern: str = PLACEHOLDER,
    lost: Outcome | None = None,
) -> Plan:
    """Return the plan for what waits; EngineError not_found for a name that is nowhere.

    lost: the outcome of an entity with such a name, instead of the error.
    present: what the engine has. on_domains: what of that lies on the storage domains; the wanted ones of these are
    reported as being there already. pattern: of the names that entities are registered by.
    """
    wanted = [one for one in waiting if choices[one.kind].includes(one.id, one.name)]
    new = [one for one in wanted if one.id not in present[one.kind]]
    templates = [one for one in new if one.kind == "template"]
    available = {BLANK_TEMPLATE, *present["template"], *(one.id for one in templates)}
    vms = [one for one in new if one.kind == "vm"]
    orphans = {one for one in vms if one.template_id is not None and one.template_id not in available}
    settled = [EntityResult.of(one.id, one.name, without_template(one)) for one in vms if one in orphans]
    for kind in _KINDS:
        listed = {one.id: one.name for one in wanted if one.kind == kind}
        settled += _already(kind, choices[kind], listed, present[kind], on_domains[kind], pattern, lost)
    return Plan(chains(templates), tuple(one for one in vms if one not in orphans), tuple(settled))


def chains(templates: Iterable[Unregistered]) -> tuple[tuple[Unregistered, ...], ...]:
    """Return the templates of each base in the order of their versions.

    A version needs its base, and the registration of a template takes no lock (workloads contract 7).
    """
    families: dict[str, list[Unregistered]] = {}
    for one in templates:
        families.setdefault(one.family or one.id, []).append(one)
    return tuple(tuple(sorted(family, key=lambda one: one.version)) for family in families.values())


def without_template(one: Unregistered) -> EngineError:
    """Return why a thin VM cannot be registered."""
    return EngineError(
        "rejected",
        f"VM {one.name} needs the template {one.template_id}, which is not registered",
        remedy="register its template first: attach the domain that holds it, and do not leave it out",
        entity=one.entity,
    )


def left_behind(waiting: Iterable[Unregistered], present: Mapping[Kind, Collection[str]]) -> list[str]:
    """Return the names of what waits on a domain and is not registered.

    The disks of these look like floating ones, and registered as such, they would keep them from ever being registered.
    """
    return sorted({one.name for one in waiting if one.id not in present[one.kind]})


def is_data(content_type: str | None) -> bool:
    """Return whether a disk holds data of its own, and no OVF store or memory of a snapshot."""
    return content_type in _DATA


def checked_pattern(rename: str | None) -> str:
    """Return the pattern of new names; EngineError invalid for one that would give all the same name."""
    if rename is None:
        return PLACEHOLDER
    if PLACEHOLDER not in rename:
        raise EngineError(
            "invalid", f"rename is {rename!r}, which has no {PLACEHOLDER} in it", remedy="say {name}-drill"
        )
    return rename


def renamed(pattern: str, name: str) -> str:
    """Return the name by which something is registered."""
    return pattern.replace(PLACEHOLDER, name)


def remedy_for(one: Unregistered, error: EngineError, names: Names, pattern: str) -> str:
    """Return what to do about a registration that the engine refused; names: of what it has of this kind, by id."""
    if error.remedy:
        return error.remedy
    name = renamed(pattern, one.name)
    if any(taken == name and id_ != one.id for id_, taken in names.items()):
        return f"{name} is the name of something else here: rename that, or register with rename"
    return "see in unregistered_entity_info what it lacks, provide that or map it, and run again"


def _already(
    kind: Kind, choice: Choice, listed: Names, present: Names, on_domains: Names, pattern: str, lost: Outcome | None
) -> list[EntityResult]:
    nowhere = []
    found = {id_: name for id_, name in listed.items() if id_ in present}
    found |= {id_: name for id_, name in on_domains.items() if choice.includes(id_, name)}
    for reference in sorted(choice.names - set(listed) - set(listed.values())):
        known_as = (reference, renamed(pattern, reference))
        match = next((id_ for id_, name in present.items() if id_ == reference or name in known_as), None)
        if match is None:
            nowhere.append(_nowhere(kind, reference, lost))
        else:
            found[match] = present[match]
    return [EntityResult(id_, name, "skipped", "already registered") for id_, name in found.items()] + nowhere


def _nowhere(kind: Kind, reference: str, lost: Outcome | None) -> EntityResult:
    reason = f"{kind} {reference} is neither registered nor waiting on the storage domains"
    remedy = "check the name, and that the domains that hold its disks are attached"
    if lost is None:
        raise EngineError("not_found", reason, remedy=remedy)
    return EntityResult(None, reference, lost, f"{lost}: {reason}" if lost == "unknown" else reason, remedy)
