# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTPS: sockets, threads, and the ways in which a connection can break."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from aiohttp import web

from ..mishaps import Entry, Mishaps, Rule
from .wire import Request, Response, correlation_id

Responder = Callable[[Request], Response]

CONTROL_PATH = "/control/"
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Server:
    """Serves one site's requests in the running event loop."""

    def __init__(
        self, respond: Responder, control: Responder, requests: list[Entry], mishaps: Mishaps, latency: float
    ) -> None:
        self._requests = requests
        self._respond = respond
        self._control = control
        self._mishaps = mishaps
        self._latency = latency
        self._stopping = asyncio.Event()
        # A request that waits for work on storage holds its thread, as in the engine.
        self._threads = ThreadPoolExecutor(max_workers=64, thread_name_prefix="request")
        self._runner: web.ServerRunner | None = None

    async def start(self, tls: ssl.SSLContext, port: int = 0) -> int:
        """Listen on the loopback; return the port."""
        handler = web.Server(self._handle, access_log=None, keepalive_timeout=600)
        self._runner = web.ServerRunner(handler, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port, ssl_context=tls, reuse_address=True)
        await site.start()
        address: tuple[str, int] = self._runner.addresses[0]
        return address[1]

    async def stop(self) -> None:
        """Close everything, also what hangs."""
        self._stopping.set()
        if self._runner is not None:
            await self._runner.cleanup()
        self._threads.shutdown(wait=False)

    async def _handle(self, incoming: web.BaseRequest) -> web.StreamResponse:
        if incoming.headers.get("Expect", "").lower() == "100-continue":
            await incoming.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await incoming.read()
        request = _request(incoming, body)
        if request.path.startswith(CONTROL_PATH):
            return _outgoing(await self._in_thread(self._control, request))
        entry = Entry(
            request.method,
            request.path,
            request.query,
            request.correlation_id,
            body.decode("utf-8", "replace"),
            request.headers.get("user-agent", ""),
        )
        self._requests.append(entry)
        rule = self._mishaps.meet(request.method, request.path)
        if self._latency:
            await asyncio.sleep(self._latency)
        if rule is not None and rule.action != "reset_after":
            return await self._misbehave(rule, incoming, entry)
        response = await self._in_thread(self._respond, request)
        if rule is not None:
            _reset(incoming)
            return web.Response()
        entry.status, entry.answered = response.status, len(response.body)
        return _outgoing(response)

    async def _in_thread(self, responder: Responder, request: Request) -> Response:
        return await asyncio.get_running_loop().run_in_executor(self._threads, responder, request)

    async def _misbehave(self, rule: Rule, incoming: web.BaseRequest, entry: Entry) -> web.StreamResponse:
        if rule.action == "status":
            entry.status = rule.status
            fault = f"<fault><detail>{rule.detail}</detail><reason>Operation Failed</reason></fault>"
            return web.Response(status=rule.status, text=fault, content_type="application/xml")
        if rule.action == "hang":
            while incoming.transport is not None and not incoming.transport.is_closing():
                if self._stopping.is_set():
                    break
                await asyncio.sleep(0.02)
        _reset(incoming)
        return web.Response()


def _request(incoming: web.BaseRequest, body: bytes) -> Request:
    headers = {name.lower(): value for name, value in incoming.headers.items()}
    path, query = incoming.rel_url.raw_path, incoming.rel_url.raw_query_string
    correlation = correlation_id(headers, query, str(uuid.uuid4()))
    return Request(incoming.method, path, query, headers, body, correlation)


def _outgoing(response: Response) -> web.Response:
    return web.Response(status=response.status, headers=dict(response.headers), body=response.body)


def _reset(incoming: web.BaseRequest) -> None:
    """Break the connection without a byte of an answer, so that the client sees a reset."""
    transport = incoming.transport
    if transport is None:
        return
    connection: socket.socket | None = transport.get_extra_info("socket")
    if connection is not None:  # none is left where the client has hung up
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    transport.abort()
