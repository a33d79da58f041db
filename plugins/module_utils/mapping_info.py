# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading two sites and proposing what the names of one become at the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .document import Node
from .mapping import SiteMapping, as_document, as_plain, read_mapping, without_passwords
from .mapping_proposal import Proposal, mapping_of, propose, render
from .site_names import load_free_luns, load_names

if TYPE_CHECKING:
    from .engine.session import Session


def proposed(source: Session, target: Session, given: SiteMapping) -> list[Proposal]:
    """Return a proposal for everything that workloads of the source may refer to; what is given stays."""
    there = load_names(target)
    here = load_names(source)
    # What hosts see takes them long to tell.
    free_luns = load_free_luns(target) if here.luns else ()
    return propose(here, there, free_luns, without_passwords(given))


def read(source: Session, target: Session, *, mapping: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return a proposal for everything that workloads of the source may refer to.

    mapping: what is decided already, in the format of a mapping file; it stays. Passwords of LUNs are not returned.
    """
    given = read_mapping(Node(dict(mapping), "", "mapping")) if mapping else SiteMapping()
    proposals = proposed(source, target, given)
    return {
        "changed": False,
        "mapping": as_document(mapping_of(proposals)),
        "document": render(proposals),
        "unresolved": [
            {
                "section": one.section,
                "source": as_plain(one.source),
                "candidates": [as_plain(candidate) for candidate in one.candidates],
            }
            for one in proposals
            if one.target is None
        ],
        "to_check": [
            {"section": one.section, "source": as_plain(one.source), "target": as_plain(one.target), "by": one.by}
            for one in proposals
            if one.by in ("spelling", "only_candidate")
        ],
    }
