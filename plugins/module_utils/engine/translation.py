# SPDX-License-Identifier: GPL-3.0-or-later
"""What the SDK and libcurl raise, as EngineError; the only file that knows it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from .errors import URL_REMEDY, EngineError, Entity, NoAnswer
from .sdk import ovirtsdk4, pycurl

_CA_REMEDY = "let auth.ca_file name the CA certificate that has signed the certificate of this engine"
_SILENCE_REMEDY = "see whether the engine hangs; where it is only slow, run again with a longer auth.timeout"

_TIMED_OUT = 28
_BAD_URL = frozenset({1, 3})
_BAD_CA_FILE = 77
_UNVERIFIED = frozenset({51, 60, 83, 91})
# libcurl gives these up before a byte of the request has left: no protocol, no name, no route, no TLS.
_NEVER_SENT = _BAD_URL | _UNVERIFIED | {4, 5, 6, 7, 35, 58, 59, 66, _BAD_CA_FILE, 80, 90}
# The SDK hands libcurl's verdict over as text only, in two shapes: from a transfer, and from a single call.
_CURL_VERDICT = re.compile(r"""\((?:<pycurl[^>]*>, )?(\d+), (['"])(.*)\2\)""", re.DOTALL)


@contextmanager
def translated(doing: str, entity: Entity | None = None, *, engine: str = "the engine") -> Iterator[None]:
    """Turn what the SDK and libcurl raise inside into EngineError; doing continues the word "cannot"."""
    try:
        yield
    except (ovirtsdk4.Error, pycurl.error) as exc:
        raise _from_library(exc, doing, entity, engine) from exc


def _from_library(exc: Exception, doing: str, entity: Entity | None, engine: str) -> EngineError:
    code, text = _curl_verdict(exc)
    sent = code not in _NEVER_SENT
    if code == _TIMED_OUT:
        message = f"cannot {doing}: {engine} has not answered in time"
        return NoAnswer("timeout", message, sent=sent, entity=entity, reason=text, remedy=_SILENCE_REMEDY)
    if code in _UNVERIFIED:
        message = f"cannot {doing}: the certificate of {engine} cannot be verified ({text})"
        return NoAnswer("unreachable", message, sent=sent, entity=entity, remedy=_CA_REMEDY)
    if code == _BAD_CA_FILE:
        message = f"cannot {doing}: the file that auth.ca_file names holds no usable CA certificate ({text})"
        return EngineError("invalid", message, entity=entity, remedy=_CA_REMEDY)
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
