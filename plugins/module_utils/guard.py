# SPDX-License-Identifier: GPL-3.0-or-later
"""The fence check: whether a site certainly no longer writes to the storage that another site is about to take over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from .domain_users import holding
from .engine.errors import EngineError
from .model.loader import known_domains, load_site, load_storage
from .model.site import Domain, Host, Site
from .recovery.drill import SUFFIX

if TYPE_CHECKING:
    from .engine.session import Session

RELEASED = frozenset({"maintenance", "unattached"})


def still_held(site: Site, references: Sequence[str]) -> list[Domain]:
    """Return the domains that the site still uses; one that its engine does not know any more is released."""
    return [domain for domain in _known(site, references) if domain.status not in RELEASED]


def _known(site: Site, references: Sequence[str]) -> list[Domain]:
    wanted = set(references)
    return [domain for domain in site.domains if {domain.id, domain.name} & wanted]


def storage_of(domains: Sequence[Domain]) -> list[str]:
    """Return on what the attached of these domains lie: paths and logical units, which two sites may have in common."""
    attached = [domain for domain in domains if domain.data_center_id is not None]
    return sorted({name for domain in attached for name in (domain.place, *domain.unit_ids) if name})


def writers(site: Site, held: Sequence[Domain]) -> list[Host]:
    """Return the hosts that are up, and so may write, in the data centers of these domains."""
    places = {domain.data_center_id for domain in held}
    return [
        host
        for place in site.data_centers
        if place.id in places
        for host in site.hosts_of(place)
        if host.status == "up"
    ]


def check(
    connect: Callable[[], AbstractContextManager[Session]],
    *,
    site: str,
    storage_domains: Sequence[str],
    fenced: str | None,
    report_only: bool = False,
) -> dict[str, Any]:
    """Return the proof that a site is fenced: its own engine's word, or the operator's.

    connect: opens a session with the site's engine. An engine that cannot be reached proves nothing, its hosts may
    still write: then only the operator's word counts, which is the site's name. So it does where the engine answers
    but sees none of its hosts. Where it sees a host up, no word counts. Nothing is sent to any other engine.
    EngineError rule where the proof is missing. report_only: what the site holds, what runs from it there, and on what
    storage it lies, is no error; its engine has to answer.
    """
    if not storage_domains:
        raise EngineError("invalid", "storage_domains is empty", remedy="name the domains that will be taken over")
    if fenced and fenced != site:
        raise EngineError(
            "invalid", f"fenced names {fenced}, but the site to take over from is {site}", remedy=f"say fenced: {site}"
        )
    try:
        with connect() as engine:
            state = load_site(engine) if report_only else load_storage(engine)
    except EngineError as exc:
        if report_only or exc.kind not in ("unreachable", "timeout"):
            raise
        return _operators_word(site, fenced, f"the engine of site {site} cannot be reached", str(exc))
    held = still_held(state, storage_domains)
    storage = storage_of(_known(state, storage_domains))
    if not held:
        return _finding(site, "engine", f"the engine of {site} has released the domains", storage=storage)
    if report_only:
        running = sorted({vm.name for domain in held for vm in holding(state, domain)})
        reason = f"site {site} holds the storage domains"
        return _finding(site, None, reason, held=[one.id for one in held], running=running, storage=storage)
    names = ", ".join(f"{domain.name} ({domain.status})" for domain in held)
    up = ", ".join(host.name for host in writers(state, held))
    if up:
        raise EngineError(
            "rule",
            f"site {site} still holds the storage domains {names}, and its hosts are up: {up}",
            remedy=f"put the storage domains into maintenance at {site}, or detach them there, then run again",
        )
    return _operators_word(site, fenced, f"the engine of site {site} holds {names} and sees none of its hosts", None)


def _finding(
    site: str,
    proof: str | None,
    reason: str,
    *,
    held: Sequence[str] = (),
    running: Sequence[str] = (),
    storage: Sequence[str] = (),
) -> dict[str, Any]:
    told = {"held": list(held), "running": list(running), "storage": list(storage)}
    return {"changed": False, "site": site, "proof": proof, "reason": reason, **told}


def _operators_word(site: str, fenced: str | None, what: str, why: str | None) -> dict[str, Any]:
    if fenced != site:
        raise EngineError(
            "rule",
            f"{what}, which does not prove that its hosts no longer write",
            remedy=f"make sure that all hosts of {site} are powered off or cut off from the storage, then declare it "
            f"with fenced: {site}",
            reason=why,
        )
    return _finding(site, "operator", f"{site} was declared fenced")


def check_drill(
    engine: Session,
    *,
    storage_domains: Sequence[Mapping[str, Any]],
    copies_at: Mapping[str, str],
    in_earnest: bool = False,
) -> dict[str, Any]:
    """Return that a drill and a recovery in earnest do not meet: what the site knows of the domains is of one kind.

    storage_domains: [{id, name}], with the name that they have in the drill, or in_earnest. copies_at: by id the places
    that only copies have; a file domain gets its name after the import, so one that a drill left there may lack it.
    EngineError rule names those that a drill would find in use there, or the copies that a recovery in_earnest would
    take for the originals.
    """
    names = {one["id"]: one["name"] for one in storage_domains}
    known = [domain for domain in known_domains(engine) if domain.id in names]
    by_place = [domain for domain in known if domain.place is not None and domain.place == copies_at.get(domain.id)]
    if in_earnest:
        _refuse_copies([one for one in known if one.name == names[one.id] + SUFFIX or one in by_place])
        return _met([], "no drill has left copies of the storage domains here")
    earnest = [domain for domain in known if domain.name != names[domain.id] and domain not in by_place]
    if earnest:
        raise EngineError(
            "rule",
            f"this engine has storage domains of the plan itself: {_told(earnest)}",
            remedy="drill at a site that does not use them, or release them there first; what is certainly the copy of "
            f"a drill that was broken off before it got its name is given one that ends in {SUFFIX}",
        )
    left = ", ".join(domain.name for domain in known)
    return _met(known, f"left of an earlier drill: {left}" if left else "none of the storage domains is known here")


def _refuse_copies(copies: Sequence[Domain]) -> None:
    if copies:
        raise EngineError(
            "rule",
            f"a drill has left copies of the storage domains here: {_told(copies)}",
            remedy="put them away with the entry point clean_up_drill of the role recovery, then run again",
        )


def _told(domains: Sequence[Domain]) -> str:
    return ", ".join(f"{domain.name} ({domain.id})" for domain in domains)


def _met(known: Sequence[Domain], reason: str) -> dict[str, Any]:
    return {
        "changed": False,
        "storage_domains": sorted(domain.name for domain in known),
        "reason": reason,
    }
