# SPDX-License-Identifier: GPL-3.0-or-later
"""Proposing a mapping from the names at two sites, and writing it as a file that somebody completes. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

from .document import dump
from .mapping import VERSION, Pair, Profile, SiteMapping, as_plain
from .site_names import ClusterName, SiteNames, Unit

By = Literal["given", "name", "spelling", "only_candidate"]

_HEADER = """---
# What the names of one site become at another: a mapping of lifeboat.ovirt.
# Where target is null, nobody has decided yet: give it a value, or delete the entry.
"""
_REMARKS: dict[By | None, str] = {
    "spelling": "taken for its similar spelling: please check",
    "only_candidate": "taken for being the only candidate: please check",
}
_SHOWN = 20


@dataclass(frozen=True)
class Proposal:
    """What might take the place of something; by: how it was found, None with target None where nobody can tell.

    candidates: what a human has to choose from.
    """

    section: str
    source: Any
    target: Any
    by: By | None
    candidates: tuple[Any, ...] = ()


def propose(source: SiteNames, target: SiteNames, free_luns: Sequence[Unit], given: SiteMapping) -> list[Proposal]:
    """Return a proposal for everything at the source, and for what else is given; what is given and decided stays.

    An exact name comes first, then a candidate that there is only one of. Roles that both sites have are left out: the
    engine finds them by their names, and every engine has dozens of them. free_luns: what could serve as a direct LUN.
    """
    roles = [name for name in source.roles if name not in target.roles]
    found = [
        *_clusters(source.clusters, target.clusters),
        *_profiles(source.vnic_profiles, target.vnic_profiles),
        *_named("affinity_groups", source.affinity_groups, target.affinity_groups),
        *_named("affinity_labels", source.affinity_labels, target.affinity_labels),
        *_named("roles", roles, target.roles),
        *_named("user_domains", source.user_domains, target.user_domains),
        *_luns(source.luns, free_luns),
    ]
    return _with_given(found, given)


def mapping_of(proposals: Sequence[Proposal]) -> SiteMapping:
    """Return the mapping that the proposals come to."""
    lists: dict[str, list[Pair[Any]]] = {section.name: [] for section in fields(SiteMapping)}
    for one in proposals:
        lists[one.section].append(Pair(one.source, one.target))
    return SiteMapping(**{section: tuple(pairs) for section, pairs in lists.items()})


def render(proposals: Sequence[Proposal]) -> str:
    """Return the mapping file, with a comment wherever a human must choose or check."""
    return f"{_HEADER}version: {VERSION}\n{render_sections(proposals)}"


def render_sections(proposals: Sequence[Proposal]) -> str:
    """Return the sections of a mapping, with the same comments."""
    text = ""
    for section in fields(SiteMapping):
        entries = [one for one in proposals if one.section == section.name]
        text += f"{section.name}:\n" if entries else f"{section.name}: []\n"
        for one in entries:
            text += _comment(one)
            lines = dump([{"source": as_plain(one.source), "target": as_plain(one.target)}]).splitlines()
            text += "".join(f"  {line}\n" for line in lines)
    return text


def _clusters(source: Iterable[ClusterName], target: Sequence[ClusterName]) -> list[Proposal]:
    found = []
    for one in source:
        fitting = [other.name for other in target if other.architecture in (one.architecture, None)]
        found.append(_choose("clusters", one.name, fitting, only=len(fitting) == 1))
    return found


def _named(section: str, source: Sequence[str], target: Sequence[str]) -> list[Proposal]:
    return [_choose(section, name, target, only=False) for name in source]


def _choose(section: str, name: str, names: Sequence[str], *, only: bool) -> Proposal:
    if name in names:
        return Proposal(section, name, name, "name")
    alike = [other for other in names if _letters(other) == _letters(name)]
    if len(alike) == 1:
        return Proposal(section, name, alike[0], "spelling")
    if only:
        return Proposal(section, name, names[0], "only_candidate")
    return Proposal(section, name, None, None, tuple(alike or names))


def _letters(name: str) -> str:
    return re.sub(r"[\W_]", "", name.casefold())


def _profiles(source: Sequence[Profile], target: Sequence[Profile]) -> list[Proposal]:
    """Return proposals for profiles: the same names, else similar ones, else the one that is left for the one left."""
    exact = {one: _match(one, target, str) for one in source}
    rest = [one for one in target if one not in exact.values()]
    left = [one for one, match in exact.items() if match is None]
    only = rest[0] if len(rest) == len(left) == 1 else None
    found = []
    for one, match in exact.items():
        alike = _match(one, rest, _letters)
        tiers: list[tuple[Profile | None, By]] = [(match, "name"), (alike, "spelling"), (only, "only_candidate")]
        chosen, by = next((tier for tier in tiers if tier[0] is not None), (None, None))
        candidates = () if chosen else tuple(_by_names(other) for other in target)
        found.append(Proposal("vnic_profiles", _by_names(one), chosen and _by_names(chosen), by, candidates))
    return found


def _match(one: Profile, target: Sequence[Profile], plain: Callable[[str], str]) -> Profile | None:
    """Return the profile of the same names; where data centers share them, the one in that of the same name."""
    names = plain(one.network), plain(one.profile)
    same = [other for other in target if (plain(other.network), plain(other.profile)) == names]
    if len(same) > 1:
        same = [other for other in same if other.data_center == one.data_center]
    return same[0] if len(same) == 1 else None


def _by_names(profile: Profile) -> Profile:
    """Return a profile without its id: an OVF has none, and people read names."""
    return Profile(profile.network, profile.profile, profile.data_center)


def _luns(source: Sequence[Unit], free: Sequence[Unit]) -> list[Proposal]:
    """Return proposals for direct LUNs: only the very same unit is one, a copy has to be chosen by who made it.

    The engine does not always tell the size of a LUN that a disk is on; then everything is a candidate.
    """
    by_id = {unit.lun.id: unit.lun for unit in free}
    found = []
    for unit in source:
        same = by_id.get(unit.lun.id)
        fitting = () if same else tuple(other.lun for other in free if unit.size in (None, other.size))
        found.append(Proposal("luns", unit.lun, same, "name" if same else None, fitting))
    return found


def _with_given(found: Sequence[Proposal], given: SiteMapping) -> list[Proposal]:
    decided = [
        Proposal(section.name, pair.source, pair.target, "given")
        for section in fields(given)
        for pair in getattr(given, section.name)
        if pair.target is not None
    ]
    new = [one for one in found if not any(_is_same(one, other) for other in decided)]
    return [*decided, *new]


def _is_same(proposed: Proposal, given: Proposal) -> bool:
    """Whether both are for the same source; a profile may be given without its data center."""
    one, other = proposed.source, given.source
    if proposed.section != given.section:
        return False
    if isinstance(one, Profile):
        return (one.network, one.profile) == (other.network, other.profile) and (
            other.data_center in (None, one.data_center)
        )
    return bool(getattr(one, "id", one) == getattr(other, "id", other))


def _comment(one: Proposal) -> str:
    if one.target is not None:
        return f"  # {_REMARKS[one.by]}\n" if one.by in _REMARKS else ""
    if not one.candidates:
        return "  # please decide: nothing here could take its place\n"
    shown = [json.dumps(str(item), ensure_ascii=False) for item in one.candidates[:_SHOWN]]
    more = f" and {len(one.candidates) - _SHOWN} more" if len(one.candidates) > _SHOWN else ""
    return f"  # please decide; there are {', '.join(shown)}{more}\n"
