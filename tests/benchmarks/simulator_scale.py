# SPDX-License-Identifier: GPL-3.0-or-later
"""How the simulator bears a site of many VMs: start-up, a list of everything, memory."""

from __future__ import annotations

import argparse
import http.client
import json
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import ovirtsdk4

SIMULATOR = Path(__file__).resolve().parents[1] / "simulator"
EVERYTHING = "/vms?follow=disk_attachments,nics"
LIMITS = {"start-up": 20.0, "list": 5.0, "memory": 1024.0}


def main() -> int:
    """Print three figures; return 0 if all are below their limits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vms", type=int, default=10_000)
    parser.add_argument("--domains", type=int, default=50)
    parser.add_argument("--templates", type=int, default=50)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="simulator-scale-") as folder:
        figures = measure(Path(folder), chosen)
    for name, (figure, unit) in figures.items():
        print(f"{name:9} {figure:8.1f} {unit:3} (limit {LIMITS[name]:.0f})")
    return 0 if all(figure < LIMITS[name] for name, (figure, _unused) in figures.items()) else 1


def measure(folder: Path, chosen: argparse.Namespace) -> dict[str, tuple[float, str]]:
    """Return start-up and list time in seconds, and the peak memory of the big site's engine in MiB."""
    began = time.monotonic()
    try:
        sizes = [f"--{name}={getattr(chosen, name)}" for name in ("vms", "domains", "templates")]
        simulator("serve", folder, *sizes)
        started = time.monotonic() - began
        site = json.loads((folder / "sites.json").read_text())["sites"]["primary"]
        listed, count = list_everything(site)
        if count != chosen.vms:
            raise SystemExit(f"{count} VMs were listed instead of {chosen.vms}")
        memory = peak_memory(site["pid"])
    finally:
        simulator("stop", folder)
    return {"start-up": (started, "s"), "list": (listed, "s"), "memory": (memory, "MiB")}


def simulator(command: str, folder: Path, *options: str) -> None:
    """Carry out a command of the simulator."""
    call = [sys.executable, "-m", "ovirt_simulator", command, "--state", str(folder), *options]
    subprocess.run(call, check=True, stdout=subprocess.DEVNULL, cwd=SIMULATOR)


def list_everything(site: dict[str, Any]) -> tuple[float, int]:
    """Return how long a list of all VMs takes with all that hangs on them, and how many VMs are in it."""
    login = {name: site[name] for name in ("url", "username", "password", "ca_file")}
    connection = ovirtsdk4.Connection(**login)
    token = connection.authenticate()
    connection.close(logout=False)
    address = urlsplit(site["url"])
    tls = ssl.create_default_context(cafile=site["ca_file"])
    client = http.client.HTTPSConnection(address.hostname or "", address.port, timeout=300, context=tls)
    began = time.monotonic()
    client.request(
        "GET", f"{address.path}{EVERYTHING}", headers={"Authorization": f"Bearer {token}", "Accept": "application/xml"}
    )
    body = client.getresponse().read()
    took = time.monotonic() - began
    client.close()
    return took, body.count(b"<vm href=") - body.count(b"</disk_attachment>") - body.count(b"</nic>")


def peak_memory(pid: int) -> float:
    """Return the most memory that a process had, in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    peak = next(line for line in lines if line.startswith("VmHWM:"))
    return int(peak.split()[1]) / 1024


if __name__ == "__main__":
    sys.exit(main())
