# SPDX-License-Identifier: GPL-3.0-or-later
"""Sites as processes of their own, with their state in a folder that outlives them.

sites.json          what a client needs to know, and the process ids
ca/                 the certificate authority
arrays.db           the arrays of all sites
NAME/engine.db      a site's engine; NAME/server.pem its certificate; NAME/server.log its output
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .database import open_database
from .engine import schema
from .engine.runtime import Engine
from .pki import Authority
from .profiles import PROFILES
from .rest.sso import ADMINISTRATOR, PASSWORD
from .scenario import Scenario
from .storage import schema as storage_schema
from .storage.fabric import Storage

_START_TIMEOUT = 60.0
_STOP_TIMEOUT = 10.0
_POLL = 0.02


class StateError(Exception):
    """The folder does not hold what the command needs."""


class State:
    """The folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._file = self.folder / "sites.json"

    @property
    def exists(self) -> bool:
        """Tell whether anything was ever served from here."""
        return self._file.exists()

    def read(self) -> dict[str, Any]:
        """Return what sites.json says."""
        if not self.exists:
            raise StateError(f"{self._file} does not exist: serve first")
        data: dict[str, Any] = json.loads(self._file.read_text())
        return data

    def site(self, name: str) -> dict[str, Any]:
        """Return what is known of a site."""
        sites: dict[str, dict[str, Any]] = self.read()["sites"]
        if name not in sites:
            raise StateError(f"no site {name}; there are: {', '.join(sorted(sites))}")
        return sites[name]

    def write(self, data: dict[str, Any]) -> None:
        """Replace sites.json."""
        self.folder.mkdir(parents=True, exist_ok=True)
        new = self._file.with_suffix(".new")
        new.write_text(json.dumps(data, indent=2) + "\n")
        new.replace(self._file)

    def set_pid(self, name: str, pid: int | None) -> None:
        """Remember which process serves a site."""
        data = self.read()
        data["sites"][name]["pid"] = pid
        self.write(data)

    @property
    def authority(self) -> Authority:
        """Return the certificate authority of all sites."""
        return Authority(self.folder / "ca")

    def storage(self) -> Storage:
        """Open the arrays."""
        return Storage(open_database(self.folder / "arrays.db", storage_schema.Base.metadata))

    def engine(self, name: str) -> Engine:
        """Open a site's engine, which may be serving in another process."""
        data = self.read()
        self.site(name)
        database = open_database(self.folder / name / "engine.db", schema.Base.metadata)
        return Engine(name, database, self.storage(), PROFILES[data["profile"]], version=data["version"])


def create(state: State, plan: Scenario, origin: str, profile: str, version: str, port_base: int) -> None:
    """Build a scenario; sites.json comes last, so that a folder is complete or counts as empty."""
    storage = state.storage()
    engines = {
        site.name: Engine(
            site.name,
            open_database(state.folder / site.name / "engine.db", schema.Base.metadata),
            storage,
            PROFILES["instant"],
            version=version,
        )
        for site in plan.sites
    }
    plan.build(storage, engines)
    ports = [port_base + number if port_base else 0 for number in range(len(engines))]
    sites = {
        name: {
            "url": f"https://127.0.0.1:{port or _free_port()}/ovirt-engine/api",
            "username": ADMINISTRATOR,
            "password": PASSWORD,
            "ca_file": str(state.authority.ca_file),
            "pid": None,
        }
        for name, port in zip(engines, ports, strict=True)
    }
    state.write({"scenario": origin, "profile": profile, "version": version, "sites": sites})


def start(state: State, names: Iterable[str]) -> None:
    """Start the processes of sites unless they run, and wait until they answer."""
    started = {name: _launch(state, name) for name in names if not runs(state, name)}
    deadline = time.monotonic() + _START_TIMEOUT
    for name, process in started.items():
        while not _answers(state.site(name)):
            if process.poll() is not None or time.monotonic() > deadline:
                raise StateError(f"site {name} does not start; see {_log_of(state, name)}")
            time.sleep(_POLL)


def _launch(state: State, name: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "ovirt_simulator", "engine", "--state", str(state.folder), "--site", name]
    with _log_of(state, name).open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": _search_path()},
        )
    state.set_pid(name, process.pid)
    return process


def end(state: State, name: str, how: signal.Signals) -> None:
    """End a site's process, by asking it or by killing it, and wait until it is gone."""
    if not runs(state, name):
        state.set_pid(name, None)
        return
    pid = state.site(name)["pid"]
    os.kill(pid, how)
    deadline = time.monotonic() + _STOP_TIMEOUT
    while runs(state, name):
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
        time.sleep(_POLL)
    state.set_pid(name, None)


def runs(state: State, name: str) -> bool:
    """Tell whether the remembered process lives and is one of ours: process ids are used again."""
    pid = state.site(name)["pid"]
    if pid is None:
        return False
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return str(state.folder).encode() in words and name.encode() in words


def port_of(site: dict[str, Any]) -> int:
    """Return the port of a site."""
    return int(site["url"].split(":")[2].partition("/")[0])


def _log_of(state: State, name: str) -> Path:
    return state.folder / name / "server.log"


def _answers(site: dict[str, Any]) -> bool:
    context = ssl.create_default_context(cafile=site["ca_file"])
    connection = http.client.HTTPSConnection("127.0.0.1", port_of(site), timeout=5, context=context)
    try:
        connection.request("GET", "/ovirt-engine/api")
        return connection.getresponse().status == 401
    except OSError:
        return False
    finally:
        connection.close()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _search_path() -> str:
    """Return where a new process finds this package, whatever its working directory."""
    package = str(Path(__file__).resolve().parent.parent)
    return os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH", "")]))
