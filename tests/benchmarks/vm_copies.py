# SPDX-License-Identifier: GPL-3.0-or-later
"""How long copies of many VMs take, held against what the engine takes for them, and how many requests they need."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from typing import Any

from lxml import etree

from measuring import Client, Site, at_once, measured, run_module, simulator

_OPERATION = 5.0
_POLL = 0.5
_CONCURRENCY = 8
_SLOWER = 1.25
_REQUESTS = 12


@dataclass(frozen=True)
class Work:
    """What is copied: a VM that is down by one operation of the engine, one that runs by three."""

    down: int
    running: int

    @property
    def ideal(self) -> float:
        """Return the seconds of the operations, and one look for each VM, spread over everything that runs at once."""
        return (self.down * (_OPERATION + _POLL) + self.running * (3 * _OPERATION + _POLL)) / _CONCURRENCY


def main() -> int:
    """Print time and requests; return 0 if both are within their limits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vms", type=int, default=200)
    parser.add_argument("--running", type=int, default=40, help="how many of them run; default: %(default)s")
    chosen = parser.parse_args()
    work = Work(chosen.vms - chosen.running, chosen.running)
    with simulator(vms=chosen.vms, domains=4, templates=4) as sites:
        prepare(sites["primary"], work)
        sites.restart("steady")
        site = sites["primary"]
        run = measured(site, lambda: copy(site, chosen.vms))
        polls = reads(site)
        check(site, chosen.vms)
    others = run.requests - polls
    limit, allowed = _SLOWER * work.ideal, _REQUESTS * chosen.vms
    print(f"copies of {work.down} VMs that are down and {work.running} that run, {_CONCURRENCY} at a time")
    print(f"seconds              {run.seconds:8.1f} (limit {limit:.1f}; the engine's own work {work.ideal:.1f})")
    print(f"requests of the VMs  {others:8} (limit {allowed}; {others / chosen.vms:.1f} a VM)")
    print(f"shared status reads  {polls:8} (limit {run.seconds / _POLL:.0f}, one in {_POLL:g} s)")
    return 0 if run.seconds <= limit and others <= allowed and polls <= run.seconds / _POLL + 1 else 1


def prepare(site: Site, work: Work) -> None:
    """Have a backup domain, and start some VMs."""
    run_module("backup_domain", auth=site.auth, storage_domains=["data-004"], shutdown_vms=True)
    client = Client(site)
    ids = [vm.get("id") for vm in _vms(client, "?search=storage.name%21%3Ddata-004")][: work.running]
    at_once(ids, lambda id_: client.call("POST", f"vms/{id_}/start", "<action/>"), _CONCURRENCY)
    deadline = time.monotonic() + 60
    while sum(vm.findtext("status") == "up" for vm in _vms(client)) < work.running:
        if time.monotonic() > deadline:
            raise SystemExit("the VMs do not come up")


def copy(site: Site, vms: int) -> None:
    """Copy all VMs to the backup domain."""
    result = run_module(
        "backup_transfer",
        auth=site.auth,
        method="copy",
        vm_search="name=vm-*",
        storage_domains=["data-004"],
        concurrency=_CONCURRENCY,
        poll_interval=_POLL,
    )
    if result["counts"]["succeeded"] != vms:
        raise SystemExit(f"not all were copied: {result['counts']}")


def check(site: Site, vms: int) -> None:
    """See for each copy that it is complete, and that nothing else was left."""
    found = _vms(Client(site))
    complete = [vm for vm in found if "backup 1: complete" in (vm.findtext("description") or "")]
    if len(complete) != vms or len(found) != 2 * vms:
        raise SystemExit(f"{len(complete)} complete copies among {len(found)} VMs")


def reads(site: Site) -> int:
    """Return how many of the requests were status reads for all VMs together."""
    log: list[dict[str, Any]] = site.control("GET", "requests")["requests"]
    return sum(1 for one in log if one["method"] == "GET" and one["query"].startswith("follow=disk_attachments.disk"))


def _vms(client: Client, query: str = "") -> list[Any]:
    return list(etree.fromstring(client.call("GET", f"vms{query}")))


if __name__ == "__main__":
    sys.exit(main())
