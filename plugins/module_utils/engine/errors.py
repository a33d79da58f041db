# SPDX-License-Identifier: GPL-3.0-or-later
"""What can go wrong with an engine, as one exception type; the only file that knows what the SDK and libcurl raise."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from .sdk import ovirtsdk4, pycurl

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

CA_REMEDY = "let auth.ca_file name the CA certificate that has signed the certificate of this engine"
URL_REMEDY = "check auth.url, which usually ends in /ovirt-engine/api, and that the engine has finished starting"
SILENCE_REMEDY = "see whether the engine hangs; where it is only slow, run again with a longer auth.timeout"

_TIMED_OUT = 28
_BAD_URL = frozenset({1, 3})
_BAD_CA_FILE = 77
_UNVERIFIED = frozenset({51, 60, 83, 91})
# libcurl gives these up before a byte of the request has left: no protocol, no name, no route, no TLS.
_NEVER_SENT = _BAD_URL | _UNVERIFIED | {4, 5, 6, 7, 35, 58, 59, 66, _BAD_CA_FILE, 80, 90}
# The SDK hands libcurl's verdict over as text only, in two shapes: from a transfer, and from a single call.
_CURL_VERDICT = re.compile(r"""\((?:<pycurl[^>]*>, )?(\d+), (['"])(.*)\2\)""", re.DOTALL)


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


@contextmanager
def translated(doing: str, entity: Entity | None = None, *, engine: str = "the engine") -> Iterator[None]:
    """Turn what the SDK and libcurl raise inside into EngineError; doing continues the word "cannot"."""
    try:
        yield
    except (ovirtsdk4.Error, pycurl.error) as exc:
        raise _from_library(exc, doing, entity, engine) from exc


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


def _from_library(exc: Exception, doing: str, entity: Entity | None, engine: str) -> EngineError:
    code, text = _curl_verdict(exc)
    sent = code not in _NEVER_SENT
    if code == _TIMED_OUT:
        message = f"cannot {doing}: {engine} has not answered in time"
        return NoAnswer("timeout", message, sent=sent, entity=entity, reason=text, remedy=SILENCE_REMEDY)
    if code in _UNVERIFIED:
        message = f"cannot {doing}: the certificate of {engine} cannot be verified ({text})"
        return NoAnswer("unreachable", message, sent=sent, entity=entity, remedy=CA_REMEDY)
    if code == _BAD_CA_FILE:
        message = f"cannot {doing}: the file that auth.ca_file names holds no usable CA certificate ({text})"
        return EngineError("invalid", message, entity=entity, remedy=CA_REMEDY)
    if code in _BAD_URL:
        message = f"cannot {doing}: auth.url cannot be used ({text})"
        return EngineError("invalid", message, entity=entity, remedy=URL_REMEDY)
    silence = "has not answered" if sent else "cannot be reached"
    message = f"cannot {doing}: {engine} {silence} ({text})"
    remedy = "check auth.url, the network, and whether the engine service is running"
    return NoAnswer("unreachable", message, sent=sent, entity=entity, remedy=remedy)


def _curl_verdict(exc: Exception) -> tuple[int | None, str]:
    """libcurl's error code and text out of an exception; code None where libcurl was not the one who complained."""
    if isinstance(exc, pycurl.error) and len(exc.args) > 1:
        return int(exc.args[0]), str(exc.args[1])
    found = _CURL_VERDICT.search(str(exc))
    if found is None:
        return None, re.sub(r"<[^>]* object at 0x[0-9a-f]+>", "", str(exc))
    return int(found[1]), found[3]
