# SPDX-License-Identifier: GPL-3.0-or-later
"""A recovery plan as two living sites tell it, and its text with a comment wherever somebody has to decide. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..document import dump
from ..mapping_proposal import Proposal, render_sections
from .plan import VERSION

_HEADER = """---
# A recovery plan of lifeboat.ovirt, written from what both sites told: docs/recovery-plan.md describes the format.
# Where something is null, nobody has decided yet: give it a value. recovery_plan_info names the places, one at a time.
"""
_SHOWN = 20
_UNKNOWN_PLACES: Mapping[str, Mapping[str, Any]] = {
    "iscsi": {"portals": None, "targets": None},
    "fcp": {},
    "nfs": {"address": None, "path": None},
}
_UNKNOWN_PATH = {"path": None, "vfs_type": None}


@dataclass(frozen=True)
class DraftSite:
    """A site: what the plan calls it, and its data center."""

    name: str
    data_center: str


@dataclass(frozen=True)
class DraftDomain:
    """A storage domain; a place has the keys of the plan, and is None where nobody knows it."""

    name: str
    id: str
    storage_type: str
    source: Mapping[str, Any] | None
    target: Mapping[str, Any] | None


@dataclass(frozen=True)
class DraftGroup:
    """Domains that belong together, the VMs on them, and those of them that run.

    missing: domains that belong to them, too, and are left out of the plan.
    """

    domains: tuple[DraftDomain, ...]
    vms: tuple[str, ...] = ()
    running: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Return what the plan calls it."""
        first, *others = self.domains
        return f"{first.name}-and-{len(others)}-more" if len(others) > 2 else "-".join(one.name for one in self.domains)


@dataclass(frozen=True)
class Draft:
    """The whole plan; proposals are for its mapping."""

    name: str
    source: DraftSite
    target: DraftSite
    groups: tuple[DraftGroup, ...]
    proposals: tuple[Proposal, ...]

    def undecided(self) -> list[str]:
        """Return the places at which somebody has to decide."""
        found = [
            f"groups.{group.name}.domains.{domain.name}.sites.{site}"
            for group in self.groups
            for domain in group.domains
            for site, place in self._places(domain)
            if place is None
        ]
        mapped = (one for one in self.proposals if one.target is None)
        return [*found, *(f"mappings[0].{one.section}: {one.source}" for one in mapped)]

    def to_check(self) -> list[str]:
        """Return what was taken although it is not certain, or does not seem right."""
        found = [
            f"groups.{group.name} needs {', '.join(group.missing)}, which the plan leaves out"
            for group in self.groups
            if group.missing
        ]
        guessed = (one for one in self.proposals if one.by in ("spelling", "only_candidate"))
        return [*found, *(f"mappings[0].{one.section}: {one.source} becomes {one.target}" for one in guessed)]

    def render(self) -> str:
        """Return the text of the plan."""
        text = _HEADER + dump({"version": VERSION, "name": self.name})
        sites = {site.name: {"data_center": site.data_center} for site in (self.source, self.target)}
        text += dump({"sites": sites}) + "groups:\n"
        text += "".join(_indented(line, 2) for group in self.groups for line in self._group(group))
        text += "mappings:\n"
        ends = dump({"from": self.source.name, "to": self.target.name}).splitlines()
        lines = [*ends, *render_sections(self.proposals).splitlines()]
        return text + "".join(f"  {'-' if not number else ' '} {line}\n" for number, line in enumerate(lines))

    def _places(self, domain: DraftDomain) -> Iterator[tuple[str, Mapping[str, Any] | None]]:
        yield self.source.name, domain.source
        yield self.target.name, domain.target

    def _group(self, group: DraftGroup) -> Iterator[str]:
        if group.missing:
            yield f"# please check: what lies here also needs {', '.join(group.missing)}, which this plan leaves out"
        yield f"# VMs now: {_listed(group.vms)}"
        yield from dump({group.name: None}).replace(": null", ":").splitlines()
        yield "  domains:"
        for domain in group.domains:
            yield from (f"    {line}" for line in self._domain(domain))
        if group.running:
            yield "  # what ran when this was written; please put it into an order"
            boot = [{"name": "all", "vms": list(group.running)}]
            yield from (f"  {line}" for line in dump({"boot": boot}).splitlines())

    def _domain(self, domain: DraftDomain) -> Iterator[str]:
        yield from dump({domain.name: {"id": domain.id}}).splitlines()
        yield "  sites:"
        for site, place in self._places(domain):
            known = place if place is not None else _unknown(domain.storage_type)
            if place is None:
                yield f"    # please fill in where {site} finds the storage domain"
            yield from (f"    {line}" for line in dump({site: dict(known)}).splitlines())


def _unknown(storage_type: str) -> dict[str, Any]:
    return {"storage_type": storage_type, **_UNKNOWN_PLACES.get(storage_type, _UNKNOWN_PATH)}


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more if names else "none"


def _indented(line: str, depth: int) -> str:
    return f"{' ' * depth}{line}\n"
