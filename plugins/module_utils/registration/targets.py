# SPDX-License-Identifier: GPL-3.0-or-later
"""The targets of a mapping at this site, checked, since the engine falls back silently where one does not exist."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..engine.errors import EngineError
from ..mapping import Pair, Profile, SiteMapping, refuse_clashes
from ..site_names import load_logins, load_profiles

if TYPE_CHECKING:
    from ..engine.session import Session
    from ..model.site import Site


@dataclass(frozen=True)
class Targets:
    """A mapping whose targets exist here. repair: ids of the profile for NICs that came without one, by data center."""

    mapping: SiteMapping
    logins: tuple[tuple[str, str], ...] = ()
    repair: tuple[Profile, ...] = ()

    def request(self, data_center: str | None) -> dict[str, Any]:
        """Return the `registration_configuration` for entities of a data center."""
        return self.mapping.registration(data_center=data_center, logins=self.logins)


def load_targets(engine: Session, site: Site, mapping: SiteMapping, repair: Profile | None) -> Targets:
    """Return the mapping as this site understands it; EngineError not_found for a cluster or profile that it has not.

    Roles, affinity groups and labels, and users that it has not are dropped by the engine, which says so in an event.
    """
    clusters = tuple(replace(pair, target=pair.target and site.cluster(pair.target).name) for pair in mapping.clusters)
    mapping = replace(mapping, clusters=clusters)
    known: Sequence[Profile] = ()
    if repair or any(pair.target for pair in mapping.vnic_profiles):
        known = load_profiles(engine, {center.id: center.name for center in site.data_centers})
    profiles = tuple(resolved(mapping.vnic_profiles, known))
    refuse_clashes(profiles)
    asks_for_users = any(pair.target not in (None, pair.source) for pair in mapping.user_domains)
    logins = tuple(load_logins(engine)) if asks_for_users else ()
    return Targets(replace(mapping, vnic_profiles=profiles), logins, tuple(_matches(repair, known)) if repair else ())


def resolved(pairs: Sequence[Pair[Profile]], known: Sequence[Profile]) -> Iterator[Pair[Profile]]:
    """Yield the pairs with a target, once for each data center whose profile of these names it is."""
    for pair in pairs:
        if pair.target is not None:
            yield from (Pair(pair.source, match) for match in _matches(pair.target, known))


def _matches(wanted: Profile, known: Sequence[Profile]) -> list[Profile]:
    found = [one for one in known if wanted.id is not None and one.id == wanted.id]
    found = found or [one for one in known if wanted.profile and _has_names(one, wanted)]
    if not found:
        raise EngineError(
            "not_found",
            f"vNIC profile {wanted} does not exist",
            remedy="correct the mapping, or create the profile",
        )
    return found


def _has_names(one: Profile, wanted: Profile) -> bool:
    return (one.network, one.profile) == (wanted.network, wanted.profile) and wanted.data_center in (
        None,
        one.data_center,
    )
