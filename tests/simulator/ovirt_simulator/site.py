# SPDX-License-Identifier: GPL-3.0-or-later
"""Sites inside this process, for tests: real HTTPS on the loopback, fresh state each time, everything within reach."""

from __future__ import annotations

import asyncio
import atexit
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Engine as Database

from .administration import ArrayAdministrator, SiteAdministrator
from .database import open_database
from .engine import schema
from .engine.restrictions import REAL, Restrictions
from .engine.runtime import Engine
from .image_daemon import ImageDaemon
from .mishaps import Entry, Mishaps
from .pki import Authority
from .profiles import PROFILES
from .rest.sso import ADMINISTRATOR, PASSWORD
from .scenario import DEFAULT, Scenario, load
from .service import Service
from .storage import schema as storage_schema
from .storage.fabric import Storage

Result = TypeVar("Result")


class SimulatedSite:
    """One site; `engine` is for looking at its state without going through the API."""

    def __init__(self, name: str, engine: Engine) -> None:
        self.name = name
        self.engine = engine
        self._port = 0
        self._start()

    @property
    def url(self) -> str:
        """Return the address of the API."""
        return f"https://127.0.0.1:{self._port}/ovirt-engine/api"

    @property
    def ca_file(self) -> str:
        """Return the file with the certificate of the authority that the server's certificate is from."""
        return str(_authority().ca_file)

    @property
    def auth(self) -> dict[str, str]:
        """Return what a client needs to log in."""
        return {"url": self.url, "username": ADMINISTRATOR, "password": PASSWORD, "ca_file": self.ca_file}

    @property
    def requests(self) -> list[Entry]:
        """Return what arrived so far, logins included."""
        return self._service.requests

    @property
    def writes(self) -> list[Entry]:
        """Return what arrived and may change something."""
        return [entry for entry in self.requests if entry.writes]

    @property
    def mishaps(self) -> Mishaps:
        """Return what goes wrong on purpose."""
        return self._service.mishaps

    @property
    def hosts(self) -> SiteAdministrator:
        """Return who can switch this site's hosts off and on."""
        return self._service.site

    def restart(self) -> None:
        """Stop the engine and start it again, on the same port and with the same state."""
        self.stop()
        old = self.engine
        self.engine = Engine(
            old.site,
            old.database,
            old.storage,
            old.profile,
            clock=old.clock,
            sleep=old.sleep,
            version=old.version,
            restrictions=old.restrictions,
        )
        self._start()

    def stop(self) -> None:
        """Stop the engine; its port refuses connections then."""
        _run(self._service.stop())

    def _start(self) -> None:
        self.engine.image_server = _image_daemon()
        # The request that asks for a restart cannot wait for the end of all requests.
        self._service = Service(self.engine, restart=threading.Thread(target=self.restart).start)
        tls = _authority().context_for(_folder() / "server.pem")
        self._port = _run(self._service.start(tls, self._port))


@dataclass(frozen=True)
class Snapshot:
    """The state of all sites and their arrays at some moment, to start from again and again."""

    arrays: Database
    engines: Mapping[str, Database]


class Sites(Mapping[str, SimulatedSite]):
    """The sites of a scenario and the arrays that they share."""

    def __init__(self, sites: Mapping[str, SimulatedSite], storage: Storage, clock: Callable[[], float]) -> None:
        self._sites = dict(sites)
        self.storage = storage
        self.arrays = ArrayAdministrator(storage, clock)

    def snapshot(self) -> Snapshot:
        """Return a copy of the present state."""
        engines = {name: _copy(site.engine.database) for name, site in self._sites.items()}
        return Snapshot(_copy(self.storage.database), engines)

    def __getitem__(self, name: str) -> SimulatedSite:
        return self._sites[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._sites)

    def __len__(self) -> int:
        return len(self._sites)


@contextmanager
def simulated_sites(
    start: Path | Scenario | Snapshot = DEFAULT,
    profile: str = "instant",
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
    version: str = "4.5",
    restrictions: Restrictions = REAL,
) -> Iterator[Sites]:
    """Start all sites of a scenario, or of a snapshot; stop them at the end."""
    snapshot = start if isinstance(start, Snapshot) else _initial(start) if isinstance(start, Path) else _built(start)
    storage = Storage(_copy(snapshot.arrays))
    engines = {
        name: Engine(name, _copy(database), storage, PROFILES[profile], clock, sleep, version, restrictions)
        for name, database in snapshot.engines.items()
    }
    sites = {name: SimulatedSite(name, engine) for name, engine in engines.items()}
    try:
        yield Sites(sites, storage, clock)
    finally:
        for site in sites.values():
            site.stop()
        for database in (storage.database, *(engine.database for engine in engines.values())):
            database.dispose()


@cache
def _initial(scenario: Path) -> Snapshot:
    return _built(load(scenario))


def _built(plan: Scenario) -> Snapshot:
    arrays = open_database(None, storage_schema.Base.metadata)
    databases = {site.name: open_database(None, schema.Base.metadata) for site in plan.sites}
    storage = Storage(arrays)
    plan.build(storage, {name: Engine(name, one, storage, PROFILES["instant"]) for name, one in databases.items()})
    return Snapshot(arrays, databases)


def _copy(source: Database) -> Database:
    target = open_database(None, None)
    with source.connect() as reading, target.connect() as writing:
        old, new = reading.connection.driver_connection, writing.connection.driver_connection
        assert old is not None and new is not None
        old.backup(new)
    return target


@cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="simulated-sites-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def _authority() -> Authority:
    return Authority(_folder())


@cache
def _image_daemon() -> ImageDaemon:
    """Return what serves images for the hosts of all sites of this process."""
    daemon = ImageDaemon(_authority())
    atexit.register(daemon.close)
    return daemon


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """Return the loop in which all sites of this process serve."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="simulated-sites", daemon=True).start()
    return loop


def _run(task: Coroutine[Any, Any, Result]) -> Result:
    return asyncio.run_coroutine_threadsafe(task, _loop()).result()
