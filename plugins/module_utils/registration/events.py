# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine dropped while it registered something: a role, a label, a lease; it says so only in an event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..engine.session import Session

_BAD = frozenset({"warning", "error", "alert"})


def last_event(engine: Session) -> int:
    """Return the number of the newest event, 0 where there is none."""
    return max((int(part.id) for part in engine.parts("events", max=1)), default=0)


def complaints(engine: Session, since: int, requests: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the warnings and errors after an event, oldest first, by the VM or template that they are about.

    requests: whom a correlation id is about, since the event of a failure does not always say.
    """
    found: dict[str, list[str]] = {}
    after: dict[str, Any] = {"from": since}
    for part in reversed(engine.parts("events", **after)):
        subject = requests.get(part.text("correlation_id") or "")
        subject = subject or part.reference("vm") or part.reference("template")
        text = part.text("description")
        if subject and text and part.text("severity") in _BAD:
            found.setdefault(subject, []).append(text)
    return found
