# SPDX-License-Identifier: GPL-3.0-or-later
"""From a request to its answer: who asks, which route, which refusal becomes which fault."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ovirtsdk4 import types

from ..engine.command import ExecutionFailure, QueryFailure, Refusal
from ..engine.faults import answer as answer_refusal
from ..engine.runtime import Context, Engine
from . import sso
from .call import Call
from .decoration import render
from .errors import ContainerError, Fault, Gone
from .follow import inline
from .routes import ROUTES
from .routing import Route, Router
from .wire import API, Answer, Request, Response

_XML = "application/xml"
_READABLE = ("", "*/*", "application/*", _XML)
_BODIES = frozenset({"POST", "PUT"})
_DECLARATION = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_PIECE = 500


class Api:
    """One engine's REST API and its login service."""

    def __init__(self, engine: Engine, accounts: sso.Accounts) -> None:
        self._engine = engine
        self._accounts = accounts
        self._router = Router(route for route in ROUTES if route.since <= engine.version)

    def respond(self, request: Request) -> Response:
        """Answer a request."""
        if request.path == sso.TOKEN_PATH and request.method == "POST":
            return sso.answer_token(self._accounts, request)
        if request.path == sso.LOGOUT_PATH and request.method == "POST":
            return sso.answer_logout(self._accounts, request)
        try:
            response = self._respond_api(request)
        except Gone:
            response = Response(404, {})
        except ContainerError as exc:
            response = _page(exc.status)
        except Fault as exc:
            response = _render(_fault(exc), request)
        return replace(response, headers={**response.headers, "Correlation-Id": request.correlation_id})

    def _respond_api(self, request: Request) -> Response:
        if request.path != API and not request.path.startswith((f"{API}/", f"{API};")):
            return _page(404)
        user = self._accounts.user_of(request)
        if user is None:
            return sso.unauthorized()
        _negotiate(request)
        route, ids = self._router.find(request.method, request.segments)
        background = request.wants_no_wait and route.style in ("perform", "update")
        call = Call(self._engine, request, ids, user, background=background)
        answer = self._carry_out(route, call)
        if route.style != "read":
            # What takes no time is over when the answer arrives, also for those who look at the arrays.
            self._engine.settle()
        if background and route.style == "perform":
            return Response(202, {})
        return _render(answer, request)

    def _carry_out(self, route: Route, call: Call) -> Answer:
        try:
            if route.style == "read":
                return self._read(route, call)
            return route.handler(call)
        except (Refusal, ExecutionFailure, QueryFailure) as exc:
            fault = _translated(exc)
        if route.style == "action" and call.sent is not None:
            call.sent.status = "failed"
            call.sent.fault = _fault(fault).body
            return Answer(call.sent, status=fault.status)
        raise fault

    def _read(self, route: Route, call: Call) -> Answer:
        with self._engine.transaction(call.request.correlation_id, reading=True) as context:
            call = replace(call, reading=context)
            answer = route.handler(call)
            return replace(answer, text=_text(context, answer, call.request))


def _text(context: Context, answer: Answer, request: Request) -> bytes:
    """Return the XML of a read's answer with what is to be followed; a long list comes and goes in pieces."""
    follow = request.parameter("follow") or ""
    if not isinstance(answer.body, list):
        inline(context, answer.body, follow)
        return _rendered(answer, request)
    texts = []
    while answer.body:
        piece = answer.body[:_PIECE]
        del answer.body[:_PIECE]
        inline(context, piece, follow)
        texts.append(_rendered(replace(answer, root="", body=piece), request))
    return b"".join((f"<{answer.root}>".encode(), *texts, f"</{answer.root}>".encode()))


def _negotiate(request: Request) -> None:
    version = request.prefix.removeprefix(API).removeprefix("/v") or request.headers.get("version", "4")
    if version != "4":
        raise Fault(400, f"The version {version} of the API is not supported")
    wanted = [kind.partition(";")[0].strip() for kind in request.headers.get("accept", "").split(",")]
    if not any(kind in _READABLE for kind in wanted):
        raise ContainerError(406)
    if request.method in _BODIES and request.headers.get("content-type", "").partition(";")[0].strip() != _XML:
        raise ContainerError(415)


def _translated(exc: Refusal | ExecutionFailure | QueryFailure) -> Fault:
    if isinstance(exc, Refusal):
        return Fault(*answer_refusal(exc))
    if isinstance(exc, ExecutionFailure):
        return Fault(400, f"[{exc.detail}]")
    return Fault(exc.code, exc.text)


def _fault(fault: Fault) -> Answer:
    return Answer(types.Fault(reason=fault.reason, detail=fault.detail), status=fault.status)


def _render(answer: Answer, request: Request) -> Response:
    headers = {"Content-Type": "application/xml; charset=UTF-8"}
    if answer.location:
        headers["Location"] = f"https://{request.headers.get('host', '')}{answer.location}"
    headers.update(answer.headers)
    return Response(answer.status, headers, _DECLARATION + (answer.text or _rendered(answer, request)))


def _rendered(answer: Answer, request: Request) -> bytes:
    base = answer.base if answer.base is not None else _base(request, answer.body)
    return render(answer.body, answer.root, base, answer.view, answer.places, request.prefix).encode()


def _base(request: Request, body: Any) -> str:
    """Return the collection that an answer's entities lie in: what was asked, or what the asked entity lies in.

    An action lies nowhere.
    """
    if isinstance(body, types.Action):
        return ""
    if isinstance(body, list) or request.method == "POST":
        return request.below
    return request.below.rpartition("/")[0]


def _page(status: int) -> Response:
    text = f"<html><head><title>Error</title></head><body>{status}</body></html>"
    return Response(status, {"Content-Type": "text/html; charset=UTF-8"}, text.encode())
