# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP with one engine over the SDK's connections: who gets which connection, the token, and what an answer means."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from . import sso
from .connection import Connection
from .credentials import Credentials
from .errors import URL_REMEDY, EngineError, Entity, NoAnswer, refusal
from .parts import parts_of
from .sdk import http, ovirtsdk4, reader, types, writer
from .translation import translated

_READ_LIMIT = 120
_PROXY_WITHOUT_ENGINE = frozenset({502, 503, 504})


@dataclass(frozen=True)
class Request:
    """One request: path below the API ("" or beginning with a slash), query as text, body an SDK object or None.

    doing: what it is for, continuing the word "cannot". entity: what it is about.
    in_parts: the answer is a long list, wanted as Parts.
    """

    method: str
    path: str
    doing: str
    entity: Entity | None = None
    query: dict[str, str] = field(default_factory=dict)
    body: Any = None
    in_parts: bool = False


class Transport:
    """Sends requests to one engine, from any number of threads, and returns SDK objects; raises EngineError.

    Reads take turns on a few kept connections. A change gets a connection of its own, used once: libcurl sends a
    request again, unasked, when a kept connection turns out to be closed.
    """

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._engine = f"the engine at {credentials.host}"
        self._idle: list[Any] = []
        self._token = credentials.token
        self._own_token = False
        self._lock = threading.Lock()

    def read(self, request: Request) -> Any:
        """Send a request that changes nothing and return the object in its answer, None for an empty one."""
        return self._judged(request, self._with_token(lambda token: self._on_kept_connection(request, token)))

    def change(self, request: Request, correlation_id: str, seconds: float) -> Any:
        """Send a request that changes something, once, and return the object in its answer; wait at most seconds.

        Raises NoAnswer if no answer of the engine has come: the change may or may not have taken place, see its sent.
        """
        limit = min(seconds, self._credentials.timeout or seconds)
        headers = {"Correlation-Id": correlation_id}

        def once(token: str) -> Any:
            connection = self._connect(token, max(1, math.ceil(limit)))
            try:
                return self._exchange(connection, request, headers)
            finally:
                connection.close(logout=False)

        return self._judged(request, self._with_token(once))

    def close(self) -> None:
        """Close all connections; revoke the token, if it was fetched here. A failing logout is not worth an error."""
        for connection in self._idle:
            connection.close(logout=False)
        self._idle.clear()
        if self._own_token and self._token:
            with suppress(EngineError):
                sso.log_out(self._credentials, self._token)
        self._token, self._own_token = self._credentials.token, False

    def _with_token(self, send: Callable[[str], Any]) -> Any:
        """Send with the shared token; if it has expired, log in and send again (a 401 means: not carried out)."""
        token = self._current_token(None)
        response = send(token)
        if response.code == 401 and self._credentials.can_log_in:
            response = send(self._current_token(token))
        return response

    def _current_token(self, refused: str | None) -> str:
        with self._lock:
            if self._token is None or self._token == refused:
                self._token = sso.log_in(self._credentials)
                self._own_token = True
            return self._token

    def _on_kept_connection(self, request: Request, token: str) -> Any:
        with ExitStack() as on_failure:
            connection = self._borrow(token)
            on_failure.callback(connection.close, logout=False)
            response = self._exchange(connection, request, {})
            on_failure.pop_all()
        with self._lock:
            self._idle.append(connection)
        return response

    def _borrow(self, token: str) -> Any:
        with self._lock:
            while self._idle:
                connection = self._idle.pop()
                if connection.authenticate() == token:
                    return connection
                connection.close(logout=False)
        return self._connect(token, self._credentials.timeout or _READ_LIMIT)

    def _connect(self, token: str, seconds: int) -> Any:
        given = self._credentials
        return Connection(
            url=given.api,
            token=token,
            ca_file=None if given.insecure else given.ca_file,
            insecure=given.insecure,
            headers=dict(given.headers),
            compress=given.compress,
            timeout=seconds,
        )

    def _exchange(self, connection: Any, request: Request, headers: dict[str, str]) -> Any:
        body = None if request.body is None else writer.Writer.write(request.body, indent=True)
        message = http.Request(request.method, request.path, dict(request.query), dict(headers), body)
        with translated(request.doing, request.entity, engine=self._engine):
            # Without the flag the SDK would answer a 401 with a login of its own, without user and password.
            return connection.wait(connection.send(message), failed_auth=True)

    def _judged(self, request: Request, response: Any) -> Any:
        code: int = response.code
        if code in _PROXY_WITHOUT_ENGINE:
            raise self._absent(request, code, sent=True)
        content = self._content(request, response)
        fault = content if isinstance(content, types.Fault) else getattr(content, "fault", None)
        if code in (200, 201, 202) and fault is None:
            return content
        detail = (fault.detail or fault.reason) if fault is not None else None
        raise refusal(request.doing, code, detail=detail, entity=request.entity)

    def _content(self, request: Request, response: Any) -> Any:
        code: int = response.code
        if not response.body:
            return None
        if _is_xml(response):
            try:
                parts = parts_of(response.body) if request.in_parts else None
                return reader.Reader.read(_well_formed(response.body)) if parts is None else parts
            except (ovirtsdk4.Error, ValueError, SyntaxError):
                pass
        elif code == 404:
            # The engine itself answers with nothing or with XML: this is a server that has no API there (yet).
            raise self._absent(request, code, sent=False)
        elif code in (401, 403):
            return None
        message = f"cannot {request.doing}: {self._engine} sent an unreadable answer (HTTP status {code})"
        raise EngineError("server_error", message, entity=request.entity, remedy=URL_REMEDY, code=code)

    def _absent(self, request: Request, code: int, *, sent: bool) -> NoAnswer:
        message = f"cannot {request.doing}: the web server answers, but not {self._engine} (HTTP status {code})"
        return NoAnswer("unreachable", message, sent=sent, entity=request.entity, remedy=URL_REMEDY, code=code)


def _is_xml(response: Any) -> bool:
    kinds = [line for line in response.headers if line.lower().startswith("content-type:")]
    return bool(kinds) and "xml" in kinds[-1].lower()


def _well_formed(document: bytes) -> bytes:
    """Return a document; SyntaxError if it is no XML. The SDK's parser prints to stderr and raises a bare Exception."""
    try:
        expat.ParserCreate().Parse(document, True)
    except expat.ExpatError as exc:
        raise SyntaxError(str(exc)) from exc
    return document
