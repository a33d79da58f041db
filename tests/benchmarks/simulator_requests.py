# SPDX-License-Identifier: GPL-3.0-or-later
"""What requests cost the simulated engine: processor time and wall time a request, through the recovery of many VMs.

Half of the sites' time is somebody else's who measures against it, so it must not be what limits a benchmark.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from xml.etree import ElementTree

from measuring import Client, Simulator, Site, at_once, simulator
from ovirt_simulator.scenario import identifier

_CLUSTER = "<cluster><name>west-cl1</name></cluster>"
_LIMIT = 5.0  # milliseconds of processor time of a simple request, at a thousand VMs
_SIMPLE = frozenset({"GET a VM", "GET a job", "PUT a VM", "start a VM"})


def main() -> int:
    """Print a line a kind of request; return 0 if the simple ones are cheap."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vms", type=int, default=1000)
    parser.add_argument("--domains", type=int, default=11)
    parser.add_argument("--concurrency", type=int, default=10)
    parser.add_argument("--copies", type=int, default=200)
    parser.add_argument("--profile", default="latency")
    chosen = parser.parse_args()
    with simulator(vms=chosen.vms, domains=chosen.domains, templates=0) as sites:
        _hand_over(sites)
        sites.restart(chosen.profile)
        figures = _Figures(sites, chosen.concurrency)
        _recover(figures, sites["secondary"], chosen)
    return 0 if figures.good else 1


class _Figures:
    """Measures what a site's process spends, and prints it."""

    def __init__(self, sites: Simulator, concurrency: int) -> None:
        self._sites = sites
        self._concurrency = concurrency
        self.good = True
        print(f"{'':44} {'requests':>8} {'CPU ms':>8} {'wall s':>8}")

    def measure(self, name: str, items: Sequence[str], send: Callable[[str], object], concurrency: int = 0) -> None:
        """Send a request for each item, and print what one cost."""
        before, began = self._sites.cpu("secondary"), time.monotonic()
        at_once(items, send, concurrency or self._concurrency)
        each = (self._sites.cpu("secondary") - before) * 1000 / len(items)
        print(f"{name:44} {len(items):8} {each:8.1f} {time.monotonic() - began:8.1f}", flush=True)
        self.good = self.good and (name not in _SIMPLE or each < _LIMIT)


def _hand_over(sites: Simulator) -> None:
    """Bring the primary site's OVF stores up to date, and bring copies of its domains to the secondary one."""
    primary, secondary = (Client(sites[name]) for name in ("primary", "secondary"))
    for domain in _ids(primary.call("GET", "storagedomains")):
        primary.call("POST", f"storagedomains/{domain}/updateovfstore", "<action/>")
    sites.replicate()
    for domain, body in _copies(primary):
        secondary.call("POST", "storagedomains", body)
        center = identifier("secondary", "data_center", "west")
        secondary.call("POST", f"datacenters/{center}/storagedomains", f'<storage_domain id="{domain}"/>')


def _copies(primary: Client) -> Iterable[tuple[str, str]]:
    """Return the replicated NFS domains, with what imports their copies; iSCSI ones cost the same afterwards."""
    host = f'<host id="{identifier("secondary", "host", "west-h1")}"/>'
    for item in ElementTree.fromstring(primary.call("GET", "storagedomains")):
        path = item.findtext("storage/path")
        if path is not None and item.findtext("master") != "true":
            storage = f"<address>nfs.array-b.test</address><path>{path}</path><type>nfs</type>"
            yield (
                item.attrib["id"],
                f"<storage_domain><type>data</type><storage>{storage}</storage>{host}</storage_domain>",
            )


def _ids(text: bytes) -> list[str]:
    return [item.attrib["id"] for item in ElementTree.fromstring(text)]


def _recover(figures: _Figures, site: Site, chosen: argparse.Namespace) -> None:
    client = Client(site)
    domains = _ids(client.call("GET", "storagedomains"))
    waiting: dict[str, str] = {}
    for domain in domains:
        waiting |= dict.fromkeys(_ids(client.call("GET", f"storagedomains/{domain}/vms;unregistered")), domain)
    vms = list(waiting)
    body = f"<action>{_CLUSTER}</action>"
    figures.measure(
        "GET unregistered VMs of a domain",
        domains,
        lambda domain: client.call("GET", f"storagedomains/{domain}/vms;unregistered"),
    )
    figures.measure(
        "register a VM",
        vms,
        lambda vm: client.call("POST", f"storagedomains/{waiting[vm]}/vms/{vm}/register", body),
    )
    figures.measure("GET a VM", vms, lambda vm: client.call("GET", f"vms/{vm}"))
    jobs = _ids(client.call("GET", "jobs"))
    figures.measure("GET a job", jobs, lambda job: client.call("GET", f"jobs/{job}"))
    figures.measure("GET a VM by name", vms[:100], lambda vm: client.call("GET", f"vms?search=name%3Dvm-000{vm[:2]}"))
    figures.measure("PUT a VM", vms, lambda vm: client.call("PUT", f"vms/{vm}", "<vm><comment>x</comment></vm>"))
    figures.measure(f"GET all {len(vms)} VMs", ["vms"] * 5, lambda path: client.call("GET", path), 1)
    everything = "vms?follow=disk_attachments.disk,nics"
    figures.measure("GET all with disks and NICs", [everything] * 5, lambda path: client.call("GET", path), 1)
    figures.measure("GET events", ["events?max=200"] * 10, lambda path: client.call("GET", path), 1)
    figures.measure("start a VM", vms, lambda vm: client.call("POST", f"vms/{vm}/start", "<action/>"))
    figures.measure("GET a VM that runs", vms, lambda vm: client.call("GET", f"vms/{vm}"))
    figures.measure("snapshot of a VM", vms[:100], lambda vm: client.call("POST", f"vms/{vm}/snapshots", _SNAPSHOT))
    figures.measure("clone a VM", vms[: chosen.copies], lambda vm: client.call("POST", f"vms/{vm}/clone", _clone(vm)))
    figures.measure("GET a VM beside copies", vms, lambda vm: client.call("GET", f"vms/{vm}"))
    update = [f"storagedomains/{domain}/updateovfstore" for domain in domains]
    figures.measure("update an OVF store", update, lambda path: client.call("POST", path, "<action/>"), 1)


_SNAPSHOT = "<snapshot><description>one</description><persist_memorystate>false</persist_memorystate></snapshot>"


def _clone(vm: str) -> str:
    return f"<action><vm><name>copy-{vm}</name></vm></action>"


if __name__ == "__main__":
    sys.exit(main())
