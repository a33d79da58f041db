# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the audit of a big site takes, and how many requests: most of its domains are backup domains."""

from __future__ import annotations

import argparse
import http.client
import json
import ssl
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

TOP = Path(__file__).resolve().parents[2]
SIMULATOR = TOP / "tests" / "simulator"
sys.path.insert(0, str(TOP))

from plugins.module_utils.backup import configure  # noqa: E402
from plugins.module_utils.backup_audit import read  # noqa: E402
from plugins.module_utils.engine.session import Credentials, Session  # noqa: E402

_SECONDS = 10.0


@dataclass(frozen=True)
class Figures:
    """What was measured; the limit of the requests grows with data centers and domains only."""

    seconds: float
    requests: int
    limit: int
    audited: int
    vms: int

    @property
    def good(self) -> bool:
        """Whether both are below their limits."""
        return self.seconds < _SECONDS and self.requests <= self.limit


def main() -> int:
    """Print the figures; return 0 if they are below their limits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vms", type=int, default=10_000)
    parser.add_argument("--domains", type=int, default=50)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="backup-audit-") as folder:
        figures = measure(Path(folder), chosen.vms, chosen.domains)
    print(f"audit of {figures.audited} backup domains with {figures.vms} VMs")
    print(f"seconds  {figures.seconds:8.1f} (limit {_SECONDS:.0f})")
    print(f"requests {figures.requests:8} (limit {figures.limit})")
    return 0 if figures.good else 1


def measure(folder: Path, vms: int, domains: int) -> Figures:
    """Let a simulated site have all domains but two as backup domains, and audit it."""
    try:
        simulator("serve", folder, f"--vms={vms}", f"--domains={domains}")
        site = json.loads((folder / "sites.json").read_text())["sites"]["primary"]
        login = {name: site[name] for name in ("url", "username", "password", "ca_file")}
        mark(login, domains)
        before = requests(site)
        began = time.monotonic()
        with Session(Credentials(**login), read_only=True) as engine:
            result = read(engine, storage_domains=[], data_center=None, rules=[])
        seconds = time.monotonic() - began
        made = requests(site) - before
    finally:
        simulator("stop", folder)
    shown = result["storage_domains"]
    on_them = sum(len(domain["vms"]) for domain in shown)
    return Figures(seconds, made, 3 * (1 + domains) + 20, len(shown), on_them)


def mark(login: dict[str, Any], domains: int) -> None:
    """Configure all domains but the first two, of which one is the master, as backup."""
    with Session(Credentials(**login)) as engine:
        configure(
            engine,
            storage_domains=[f"data-{number:03}" for number in range(3, domains + 1)],
            state="enabled",
            data_center=None,
            rules=[],
            switch_master=False,
            shutdown_vms=False,
            timeout=600,
            poll_interval=1,
            check_mode=False,
        )


def simulator(command: str, folder: Path, *options: str) -> None:
    """Carry out a command of the simulator."""
    call = [sys.executable, "-m", "ovirt_simulator", command, "--state", str(folder), *options]
    subprocess.run(call, check=True, stdout=subprocess.DEVNULL, cwd=SIMULATOR)


def requests(site: dict[str, Any]) -> int:
    """Return how many requests have reached a site, logins and logouts among them."""
    address = urlsplit(site["url"])
    tls = ssl.create_default_context(cafile=site["ca_file"])
    client = http.client.HTTPSConnection(address.hostname or "", address.port, timeout=60, context=tls)
    client.request("GET", "/control/requests")
    entries = json.loads(client.getresponse().read())["requests"]
    client.close()
    return sum(1 for entry in entries if entry["path"].startswith("/ovirt-engine"))


if __name__ == "__main__":
    sys.exit(main())
