# SPDX-License-Identifier: GPL-3.0-or-later
"""How long one call takes to import, attach and activate many domains, and a bare script with the same requests."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from measuring import Client, Run, Site, at_once, compare, measured, run_module, simulator
from ovirt_simulator.scenario import identifier

_LIMIT = 1.3
_PORTAL = "10.20.1.10"
_SERVER = "nfs.array-b.test"


@dataclass(frozen=True)
class Domain:
    """A replicated domain of the generated scenario: those with an odd number lie on paths, the others on units."""

    number: int

    @property
    def name(self) -> str:
        return f"data-{self.number:03}"

    @property
    def id(self) -> str:
        return identifier("primary", "domain", self.name)

    @property
    def on_path(self) -> bool:
        return self.number % 2 == 1

    def as_option(self) -> dict[str, Any]:
        """Return it as the module takes it."""
        place = {"address": _SERVER, "path": f"/{self.name}"} if self.on_path else {}
        return {"id": self.id, "storage_type": "nfs" if self.on_path else "iscsi", "backup": True, **place}

    def as_import(self, host: str) -> str:
        """Return the body of the request that imports it."""
        common = f'<type>data</type><backup>true</backup><host id="{host}"/>'
        if self.on_path:
            storage = f"<type>nfs</type><address>{_SERVER}</address><path>/{self.name}</path>"
            return f"<storage_domain>{common}<storage>{storage}</storage></storage_domain>"
        storage = "<storage><type>iscsi</type></storage>"
        return f'<storage_domain id="{self.id}"><import>true</import>{common}{storage}</storage_domain>'


def main() -> int:
    """Print both figures and their ratio; return 0 if that is within the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--domains", type=int, default=20)
    parser.add_argument("--concurrency", type=int, default=8)
    chosen = parser.parse_args()
    domains = [Domain(number) for number in range(2, chosen.domains + 2)]
    by_module = timed(domains, lambda site: with_module(site, domains, chosen.concurrency))
    by_script = timed(domains, lambda site: with_script(site, domains, chosen.concurrency))
    print(f"{chosen.domains} domains into one data center, {chosen.concurrency} at a time")
    return 0 if compare(by_module, by_script, _LIMIT) else 1


def timed(domains: list[Domain], work: Callable[[Site], object]) -> Run:
    """Measure the work at a realistic pace, on a site whose hosts see all of the domains."""
    with simulator(vms=20, domains=len(domains) + 1, templates=0, hosts=2) as sites:
        sites.replicate()
        names = [domain.name for domain in domains if not domain.on_path]
        targets = [{"target": f"iqn.2031-05.test.array-b:{name}", "address": _PORTAL} for name in names]
        run_module("iscsi_login", auth=sites["secondary"].auth, data_center="west", targets=targets)
        sites.restart("realistic")
        return measured(sites["secondary"], lambda: work(sites["secondary"]))


def with_module(site: Site, domains: list[Domain], concurrency: int) -> None:
    """Bring the domains in by one call."""
    wanted = [domain.as_option() for domain in domains]
    options = {"data_center": "west", "take_over": True, "concurrency": concurrency, "storage_domains": wanted}
    result = run_module("storage_domain_import", auth=site.auth, **options)
    if result["counts"]["succeeded"] != len(domains):
        raise SystemExit(f"not all domains were brought in: {result['counts']}")


def with_script(site: Site, domains: list[Domain], concurrency: int) -> None:
    """Send what the module sends, and judge nothing."""
    client = Client(site)
    host, center = identifier("secondary", "host", "west-h1"), identifier("secondary", "data_center", "west")
    attached = f"datacenters/{center}/storagedomains"
    for path in ("datacenters", "clusters", "hosts", attached, "storagedomains"):
        client.call("GET", path)
    at_once(["west-h1", "west-h2"], lambda name: client.call("GET", _units_of(name)), concurrency)
    at_once([one for one in domains if not one.on_path], lambda one: client.call(*_search(host, one)), concurrency)
    client.call("GET", "storageconnections")

    def bring(domain: Domain) -> None:
        client.call("POST", "storagedomains", domain.as_import(host))
        client.call("POST", attached, f'<storage_domain id="{domain.id}"/>')
        client.call("GET", f"storagedomains/{domain.id}")
        client.call("GET", f"{attached}/{domain.id}")

    at_once(domains, bring, concurrency)


def _units_of(host: str) -> str:
    return f"hosts/{identifier('secondary', 'host', host)}/storage?report_status=false"


def _search(host: str, domain: Domain) -> tuple[str, str, str]:
    target = f"<iscsi_targets><iscsi_target>iqn.2031-05.test.array-b:{domain.name}</iscsi_target></iscsi_targets>"
    body = f"<action><iscsi><address>{_PORTAL}</address></iscsi>{target}</action>"
    return "POST", f"hosts/{host}/unregisteredstoragedomainsdiscover", body


if __name__ == "__main__":
    sys.exit(main())
