# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong with an engine, as one exception type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal[
    "invalid",
    "unreachable",
    "auth",
    "not_found",
    "conflict",
    "rejected",
    "rule",
    "timeout",
    "partial",
    "server_error",
]

URL_REMEDY = "check auth.url, which usually ends in /ovirt-engine/api, and that the engine has finished starting"


@dataclass(frozen=True)
class Entity:
    """What a failure is about: kind in oVirt's words ("storage domain"), id and name, None where not known."""

    kind: str
    id: str | None = None
    name: str | None = None


class EngineError(Exception):
    """An expected failure. str() is one sentence for the operator; it holds no secret.

    kind: what sort of failure it is, see Kind.
    remedy: what to do now. entity: what it is about.
    reason: the engine's own words, to be shown and never to be matched on. code: HTTP status of the refusal.
    unknown: True if the change may or may not have taken place.
    details: further result keys for the module to report (plain data), such as entities and counts.
    """

    def __init__(
        self,
        kind: Kind,
        message: str,
        *,
        remedy: str | None = None,
        entity: Entity | None = None,
        reason: str | None = None,
        code: int | None = None,
        unknown: bool = False,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.kind: Kind = kind
        self.remedy = remedy
        self.entity = entity
        self.reason = reason
        self.code = code
        self.unknown = unknown
        self.details = dict(details or {})

    def retold(
        self,
        message: str,
        *,
        remedy: str | None = None,
        entity: Entity | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> EngineError:
        """Return this failure in other words; remedy: where it has none. entity, details: in the place of its own."""
        return EngineError(
            self.kind,
            message,
            remedy=self.remedy or remedy,
            entity=entity or self.entity,
            reason=self.reason,
            code=self.code,
            unknown=self.unknown,
            details=self.details if details is None else details,
        )


class NoAnswer(EngineError):
    """No answer of the engine has come. sent: False if the request certainly never reached it."""

    def __init__(self, kind: Kind, message: str, *, sent: bool, **rest: Any) -> None:
        super().__init__(kind, message, **rest)
        self.sent = sent


class LibraryMissing(EngineError):
    """A Python library that the work needs cannot be imported. trace: the traceback of that import."""

    def __init__(self, library: str, trace: str | None) -> None:
        super().__init__("invalid", f"the Python library {library} is missing", remedy=f"install {library}")
        self.library = library
        self.trace = trace


def refusal(
    doing: str, code: int, *, detail: str | None = None, entity: Entity | None = None, remedy: str | None = None
) -> EngineError:
    """The error for an answer with an HTTP status that means no; detail is the text of the fault, if there was one.

    A 409 is "rejected" here: only re-reading the entity can tell that it was a lock, "conflict".
    """
    reason = fault_text(detail)
    kind: Kind = "server_error" if code >= 500 else "rejected"
    said = reason or f"the engine refused without giving a reason (HTTP status {code})"
    if code in (401, 403):
        kind = "auth"
        said = reason or ("the engine does not accept the login" if code == 401 else "the user lacks the permission")
        remedy = remedy or "check the credentials in auth, and the permissions of the user"
    elif code == 404:
        kind = "not_found"
        said = reason or "the engine does not know it"
    elif code >= 500:
        said = reason or f"the engine failed without giving a reason (HTTP status {code})"
        remedy = remedy or "see /var/log/ovirt-engine/engine.log on the engine"
    return EngineError(kind, f"cannot {doing}: {said}", remedy=remedy, entity=entity, reason=reason, code=code)


def fault_text(detail: str | None) -> str | None:
    """The engine's words on one line, without the brackets around its list of sentences; None where it says nothing.

    Source: storage contract 7.3.
    """
    text = " ".join((detail or "").split())
    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1].strip()
    return text or None
