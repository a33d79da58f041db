# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the audit of a big site takes, and how many requests: most of its domains are backup domains."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass

from ansible_collections.lifeboat.ovirt.plugins.module_utils.backup import configure
from ansible_collections.lifeboat.ovirt.plugins.module_utils.backup_audit import read
from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.session import Credentials, Session
from measuring import Site, simulator

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
    with simulator(vms=chosen.vms, domains=chosen.domains) as sites:
        figures = measure(sites["primary"], chosen.domains)
    print(f"audit of {figures.audited} backup domains with {figures.vms} VMs")
    print(f"seconds  {figures.seconds:8.1f} (limit {_SECONDS:.0f})")
    print(f"requests {figures.requests:8} (limit {figures.limit})")
    return 0 if figures.good else 1


def measure(site: Site, domains: int) -> Figures:
    """Let a simulated site have all domains but two as backup domains, and audit it."""
    mark(site, domains)
    before = site.requests()
    began = time.monotonic()
    with Session(Credentials(**site.auth), read_only=True) as engine:
        result = read(engine, storage_domains=[], data_center=None, rules=[])
    seconds = time.monotonic() - began
    made = site.requests() - before
    shown = result["storage_domains"]
    on_them = sum(len(domain["vms"]) for domain in shown)
    return Figures(seconds, made, 3 * (1 + domains) + 20, len(shown), on_them)


def mark(site: Site, domains: int) -> None:
    """Configure all domains but the first two, of which one is the master, as backup."""
    with Session(Credentials(**site.auth)) as engine:
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


if __name__ == "__main__":
    sys.exit(main())
