# SPDX-License-Identifier: GPL-3.0-or-later
"""Which VMs and templates are meant: by names, by ids, or by a search of the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from ..engine.errors import EngineError
from ..engine.search import checked_search
from ..model.site import HOSTED_ENGINE_ORIGINS, Domain, Site, Template, Vm
from .copy_plan import is_copy

if TYPE_CHECKING:
    from ..engine.session import Session

T = TypeVar("T")


def checked_searches(given: Mapping[str, str | None]) -> dict[str, str]:
    """Return the searches that were given, by collection; EngineError invalid for one that the engine would misread."""
    options = {"vms": "vm_search", "templates": "template_search"}
    return {
        collection: checked_search(collection, text, option)
        for collection, option in options.items()
        if (text := given.get(option))
    }


def select(
    engine: Session,
    site: Site,
    targets: Sequence[Domain],
    vms: Sequence[str],
    vms_on: Sequence[str],
    templates: Sequence[str],
    searches: Mapping[str, str],
) -> tuple[list[Vm], list[Template]]:
    """Return what is named and what the searches find, each once.

    vms_on: domains whose VMs are meant, which may be none: those that were moved before are there no more. A search
    leaves out the hosted engine and backup copies, of which no backup is wanted. One that finds nothing is an
    error: a backup of nothing has to be noticed.
    """
    found_vms = {one.id: one for one in map(site.vm, vms)}
    for name in vms_on:
        found_vms |= {one.id: one for one in site.vms_on(site.domain(name))}
    found_templates = {one.id: one for one in map(site.template, templates)}
    if "vms" in searches:
        ids = _found(engine, "vms", searches["vms"])
        matching = [one for one in site.vms if one.id in ids]
        ordinary = [one for one in matching if one.origin not in HOSTED_ENGINE_ORIGINS]
        meant = {one.id: one for one in ordinary if not is_copy(site, one, targets)}
        found_vms |= _not_empty(meant, "VM", searches["vms"])
    if "templates" in searches:
        ids = _found(engine, "templates", searches["templates"])
        chosen = {one.id: one for one in site.templates if one.id in ids and one.attachments}
        found_templates |= _not_empty(chosen, "template", searches["templates"])
    if not found_vms and not found_templates and not vms_on:
        raise EngineError("invalid", "no VM and no template is given", remedy="name what is to be transferred")
    return list(found_vms.values()), list(found_templates.values())


def _found(engine: Session, collection: str, search: str) -> set[str]:
    return {part.id for part in engine.parts(collection, search=search, doing=f"search for {collection}")}


def _not_empty(found: dict[str, T], what: str, search: str) -> dict[str, T]:
    if not found:
        raise EngineError(
            "not_found",
            f"the search {search!r} finds no {what} to transfer",
            remedy="check the names in it; backup copies are never meant",
        )
    return found
