# SPDX-License-Identifier: GPL-3.0-or-later
"""What benchmarks share: simulated sites in processes of their own, a bare client, module calls, and the comparison."""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import importlib
import io
import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

import yaml
from ansible.module_utils.testing import patch_module_args

from ovirt_simulator.processes import State
from ovirt_simulator.scenario import Scenario

T = TypeVar("T")

_API = "/ovirt-engine/api"


@dataclass(frozen=True)
class Site:
    """A simulated site, served by another process."""

    url: str
    username: str
    password: str
    ca_file: str

    @property
    def auth(self) -> dict[str, str]:
        """Return what a client needs to log in, as the modules' option `auth`."""
        return dataclasses.asdict(self)

    def control(self, method: str, operation: str, **data: Any) -> Any:
        """Carry out an operation of the simulator's control endpoint and return its result."""
        client = _connect(self)
        client.request(method, f"/control/{operation}", json.dumps(data))
        answer = client.getresponse()
        text = answer.read()
        client.close()
        if answer.status != 200:
            raise RuntimeError(f"{method} {operation}: {text.decode()}")
        return json.loads(text)

    def requests(self) -> int:
        """Return how many requests the API has got so far, logins and logouts not counted."""
        log = self.control("GET", "requests")["requests"]
        return sum(1 for entry in log if entry["path"].startswith(_API))


class Simulator:
    """The sites of a scenario, running until the end of `simulator`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __getitem__(self, name: str) -> Site:
        site = State(self._folder).site(name)
        return Site(*(site[field.name] for field in dataclasses.fields(Site)))

    def pid(self, name: str) -> int:
        """Return the process that serves a site."""
        return int(State(self._folder).site(name)["pid"])

    def cpu(self, name: str) -> float:
        """Return the seconds of processor time that a site's process has had so far."""
        fields = Path(f"/proc/{self.pid(name)}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def lose(self, name: str) -> None:
        """Have a site's engine dead and its hosts off."""
        _command("kill", self._folder, "--site", name)
        _command("fence", self._folder, "--site", name)

    def replicate(self) -> None:
        """Bring the arrays' copies up to date."""
        _command("replicate", self._folder)

    def restart(self, profile: str, *, as_kept: bool = False) -> None:
        """Go on with another time profile: what was prepared at once can be measured at a realistic pace.

        as_kept: whether everything is again as it was at the last `keep`.
        """
        _command("stop", self._folder)
        if as_kept:
            shutil.rmtree(self._folder)
            shutil.copytree(self._kept, self._folder)
        state = State(self._folder)
        state.write({**state.read(), "profile": profile})
        _command("serve", self._folder)

    def keep(self) -> None:
        """Stop, and keep the state for the restarts that follow."""
        _command("stop", self._folder)
        shutil.copytree(self._folder, self._kept)

    @property
    def _kept(self) -> Path:
        return self._folder.with_name("kept")


@contextlib.contextmanager
def simulator(
    *, profile: str = "instant", scenario: Scenario | None = None, **sizes: int | None
) -> Iterator[Simulator]:
    """Serve a scenario: the given one, or one generated from sizes (vms, domains, templates, hosts...)."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name:
        folder = Path(name)
        options = [f"--{size}={number}" for size, number in sizes.items() if number is not None]
        if scenario is not None:
            file = folder / "scenario.yml"
            file.write_text(yaml.dump(dataclasses.asdict(scenario), Dumper=yaml.CSafeDumper))
            options.append(f"--scenario={file}")
        try:
            _command("serve", folder / "state", f"--profile={profile}", *options)
            yield Simulator(folder / "state")
        finally:
            _command("stop", folder / "state")


def run_module(name: str, **params: Any) -> dict[str, Any]:
    """Run a module of this collection in this process and return its result; raise if it failed."""
    module = importlib.import_module(f"ansible_collections.lifeboat.ovirt.plugins.modules.{name}")
    given = {"_ansible_remote_tmp": "/tmp", "_ansible_keep_remote_files": False}
    printed = io.StringIO()
    ended = contextlib.suppress(SystemExit)
    with patch_module_args({**params, **given}), contextlib.redirect_stdout(printed), ended:
        module.main()
    result: dict[str, Any] = json.loads(printed.getvalue())
    if result.get("failed"):
        raise RuntimeError(f"{name}: {result['msg']}")
    return result


class Client:
    """A client that does nothing but send: one connection a thread, one token, no checks beyond the status."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._own = threading.local()
        self._token = self._log_in()

    def call(self, method: str, path: str, body: str | None = None) -> bytes:
        """Send a request to a path below /api and return the body of the answer."""
        if not hasattr(self._own, "connection"):
            self._own.connection = _connect(self._site)
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Accept": "application/xml",
            "Content-Type": "application/xml",
        }
        self._own.connection.request(method, f"{_API}/{path}", body, headers)
        answer = self._own.connection.getresponse()
        text: bytes = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path}: HTTP {answer.status} {text.decode()}")
        return text

    def _log_in(self) -> str:
        form = {"username": self._site.username, "password": self._site.password}
        form |= {"grant_type": "password", "scope": "ovirt-app-api"}
        client = _connect(self._site)
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        client.request("POST", "/ovirt-engine/sso/oauth/token", urlencode(form), headers)
        token = json.loads(client.getresponse().read())["access_token"]
        client.close()
        return str(token)


def at_once(items: Iterable[T], call: Callable[[T], object], concurrency: int) -> None:
    """Call something for every item, so many at a time; raise what any call raised."""
    with ThreadPoolExecutor(max_workers=concurrency) as pool:
        for future in [pool.submit(call, item) for item in items]:
            future.result()


@dataclass(frozen=True)
class Run:
    """One run: how long it took, and how many requests it sent."""

    seconds: float
    requests: int


def measured(site: Site, work: Callable[[], object]) -> Run:
    """Do the work against a site and measure it."""
    before = site.requests()
    began = time.monotonic()
    work()
    seconds = time.monotonic() - began
    return Run(seconds, site.requests() - before)


def compare(module: Run, bare: Run, limit: float) -> bool:
    """Print a module call and the bare script that it is held against; return whether the ratio is within the limit."""
    ratio = module.seconds / bare.seconds
    print(f"module call  {module.seconds:8.2f} s {module.requests:7} requests")
    print(f"bare script  {bare.seconds:8.2f} s {bare.requests:7} requests")
    print(f"ratio        {ratio:8.2f}   (limit {limit:g})")
    return ratio <= limit


def _command(command: str, folder: Path, *options: str) -> None:
    call = [sys.executable, "-m", "ovirt_simulator", command, "--state", str(folder), *options]
    subprocess.run(call, check=True, stdout=subprocess.DEVNULL)


def _connect(site: Site) -> http.client.HTTPSConnection:
    address = urlsplit(site.url)
    tls = ssl.create_default_context(cafile=site.ca_file)
    return http.client.HTTPSConnection(address.hostname or "", address.port, timeout=600, context=tls)
