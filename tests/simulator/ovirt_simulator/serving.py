# SPDX-License-Identifier: GPL-3.0-or-later
"""The process of one site."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
import threading

from .image_daemon import ImageDaemon
from .processes import State, port_of
from .service import Service


def serve_forever(state: State, name: str) -> None:
    """Serve a site in this process until it is told to stop."""
    asyncio.run(_serve(state, name))


async def _serve(state: State, name: str) -> None:
    # What was imported stays anyway; looking through it for garbage takes a good part of every request's time.
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    loop = asyncio.get_running_loop()
    stopping, again = asyncio.Event(), threading.Event()

    def restart() -> None:
        again.set()
        loop.call_soon_threadsafe(stopping.set)

    engine = state.engine(name)
    engine.image_server = images = ImageDaemon(state.authority)
    service = Service(engine, restart=restart)
    tls = state.authority.context_for(state.folder / name / "server.pem")
    await service.start(tls, port_of(state.site(name)))
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    await stopping.wait()
    await service.stop()
    images.close()
    if again.is_set():
        os.execv(sys.executable, [sys.executable, "-m", "ovirt_simulator", *sys.argv[1:]])
