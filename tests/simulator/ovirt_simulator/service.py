# SPDX-License-Identifier: GPL-3.0-or-later
"""A site as it serves: its engine, everything around it, and the sockets."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping

from .administration import ArrayAdministrator, SiteAdministrator
from .control import Control
from .engine.runtime import Engine
from .mishaps import Entry, Mishaps
from .rest.dispatch import Api
from .rest.server import Server
from .rest.sso import ADMINISTRATOR, PASSWORD, Accounts


class Service:
    """One site in the running event loop."""

    def __init__(self, engine: Engine, restart: Callable[[], None], passwords: Mapping[str, str] | None = None) -> None:
        self.mishaps = Mishaps()
        self.requests: list[Entry] = []
        self.site = SiteAdministrator(engine)
        arrays = ArrayAdministrator(engine.storage, engine.clock)
        api = Api(engine, Accounts(engine, passwords or {ADMINISTRATOR: PASSWORD}))
        control = Control(self.requests, self.mishaps, self.site, arrays, restart)
        self._server = Server(api.respond, control.respond, self.requests, self.mishaps, latency=engine.profile.latency)

    async def start(self, tls: ssl.SSLContext, port: int = 0) -> int:
        """Listen; return the port."""
        return await self._server.start(tls, port)

    async def stop(self) -> None:
        """Close all connections and stop listening."""
        await self._server.stop()
