# SPDX-License-Identifier: GPL-3.0-or-later
"""Something that waits to be registered, with the best that is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..ovf.document import Document

Kind = Literal["vm", "template", "disk"]
Origin = Literal["api", "ovf_store", "site", "manifest"]
Verdict = Literal["ready", "needs_mapping", "incomplete", "conflict", "unknown"]


@dataclass(frozen=True)
class Reason:
    """Why something is not ready, or what will come of it although it is: of a remark the verdict is `ready`."""

    code: str
    verdict: Verdict
    text: str
    remedy: str | None = None


@dataclass(frozen=True)
class Candidate:
    """A VM, template or disk that waits on storage domains, the first of which it is registered from.

    source: where the document comes from, `api` for none. damage: what is wrong with a document that cannot be read.
    """

    kind: Kind
    id: str
    name: str
    domain_ids: tuple[str, ...]
    template_id: str | None = None
    source: Origin = "api"
    document: Document | None = None
    damage: str | None = None
