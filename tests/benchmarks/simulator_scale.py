# SPDX-License-Identifier: GPL-3.0-or-later
"""How the simulator bears a site of many VMs: start-up, a list of everything, memory."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from measuring import Client, Site, simulator

EVERYTHING = "vms?follow=disk_attachments,nics"
LIMITS = {"start-up": 20.0, "list": 5.0, "memory": 1024.0}


def main() -> int:
    """Print three figures; return 0 if all are below their limits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vms", type=int, default=10_000)
    parser.add_argument("--domains", type=int, default=50)
    parser.add_argument("--templates", type=int, default=50)
    chosen = parser.parse_args()
    figures = measure(chosen)
    for name, (figure, unit) in figures.items():
        print(f"{name:9} {figure:8.1f} {unit:3} (limit {LIMITS[name]:.0f})")
    return 0 if all(figure < LIMITS[name] for name, (figure, _unused) in figures.items()) else 1


def measure(chosen: argparse.Namespace) -> dict[str, tuple[float, str]]:
    """Return start-up and list time in seconds, and the peak memory of the big site's engine in MiB."""
    began = time.monotonic()
    with simulator(vms=chosen.vms, domains=chosen.domains, templates=chosen.templates) as sites:
        started = time.monotonic() - began
        listed, count = list_everything(sites["primary"])
        if count != chosen.vms:
            raise SystemExit(f"{count} VMs were listed instead of {chosen.vms}")
        memory = peak_memory(sites.pid("primary"))
    return {"start-up": (started, "s"), "list": (listed, "s"), "memory": (memory, "MiB")}


def list_everything(site: Site) -> tuple[float, int]:
    """Return how long a list of all VMs takes with all that hangs on them, and how many VMs are in it."""
    client = Client(site)
    began = time.monotonic()
    body = client.call("GET", EVERYTHING)
    took = time.monotonic() - began
    return took, body.count(b"<vm href=") - body.count(b"</disk_attachment>") - body.count(b"</nic>")


def peak_memory(pid: int) -> float:
    """Return the most memory that a process had, in MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    peak = next(line for line in lines if line.startswith("VmHWM:"))
    return int(peak.split()[1]) / 1024


if __name__ == "__main__":
    sys.exit(main())
