# SPDX-License-Identifier: GPL-3.0-or-later
"""The fence check: whether a site certainly no longer writes to the storage that another site is about to take over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from .engine.errors import EngineError
from .model.loader import load_storage
from .model.site import Domain, Site

if TYPE_CHECKING:
    from .engine.session import Session

RELEASED = frozenset({"maintenance", "unattached"})


def still_held(site: Site, references: Sequence[str]) -> list[Domain]:
    """Return the domains that the site still uses; one that its engine does not know any more is released."""
    wanted = set(references)
    return [domain for domain in site.domains if {domain.id, domain.name} & wanted and domain.status not in RELEASED]


def check(
    connect: Callable[[], AbstractContextManager[Session]],
    *,
    site: str,
    storage_domains: Sequence[str],
    fenced: str | None,
) -> dict[str, Any]:
    """Return the proof that a site is fenced: its own engine's word, or the operator's.

    connect: opens a session with the site's engine. An engine that cannot be reached proves nothing, its hosts may
    still write: then only the operator's word counts, which is the site's name. Where the engine answers, its word
    counts, also against the operator's. Nothing is sent to any other engine. EngineError rule where the proof is
    missing.
    """
    if not storage_domains:
        raise EngineError("invalid", "storage_domains is empty", remedy="name the domains that will be taken over")
    if fenced and fenced != site:
        raise EngineError(
            "invalid", f"fenced names {fenced}, but the site to take over from is {site}", remedy=f"say fenced: {site}"
        )
    try:
        with connect() as engine:
            held = still_held(load_storage(engine), storage_domains)
    except EngineError as exc:
        if exc.kind not in ("unreachable", "timeout"):
            raise
        return _operators_word(site, fenced, exc)
    if held:
        names = ", ".join(f"{domain.name} ({domain.status})" for domain in held)
        raise EngineError(
            "rule",
            f"site {site} still holds the storage domains {names}",
            remedy=f"put them into maintenance at {site}, or detach them there, then run again",
        )
    return {
        "changed": False,
        "site": site,
        "proof": "engine",
        "reason": f"the engine of {site} has released the domains",
    }


def _operators_word(site: str, fenced: str | None, why: EngineError) -> dict[str, Any]:
    if fenced != site:
        raise EngineError(
            "rule",
            f"the engine of site {site} cannot be reached, which does not prove that its hosts no longer write",
            remedy=f"make sure that all hosts of {site} are powered off or cut off from the storage, then declare it "
            f"with fenced: {site}",
            reason=str(why),
        )
    return {"changed": False, "site": site, "proof": "operator", "reason": f"the operator declared {site} fenced"}
