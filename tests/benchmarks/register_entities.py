# SPDX-License-Identifier: GPL-3.0-or-later
"""How long one call takes to register a lost site's VMs and templates, and how many requests, against a bare loop."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from typing import Any

from measuring import Client, Run, Simulator, Site, at_once, compare, measured, run_module, simulator
from ovirt_simulator.scenario import identifier

_LIMIT = 1.3
_PORTAL = "10.20.1.10"
_SERVER = "nfs.array-b.test"
_NETWORKS = [f"lan{number}" for number in range(1, 5)]


@dataclass(frozen=True)
class Load:
    """What is registered: VMs and templates, spread evenly over domains; the lost site's master domain stays behind."""

    vms: int
    templates: int
    domains: int

    @property
    def numbers(self) -> list[int]:
        """Return the numbers of the domains that are recovered."""
        return list(range(2, self.domains + 2))

    def sizes(self) -> dict[str, Any]:
        """Return how much of everything the lost site has: the numbers of its domains, VMs and templates go round."""
        rounds, rest = divmod(self.templates, self.domains)
        everywhere = self.domains + 1
        templates = everywhere * rounds + (1 + rest if rest else 0)
        return {"vms": everywhere * (self.vms // self.domains), "templates": templates, "domains": everywhere}

    def entities(self, kind: str) -> list[tuple[str, str]]:
        """Return domain and identifier of everything of a kind that is recovered."""
        pattern = {"vm": "vm-{:05}", "template": "template-{:04}"}[kind]
        places = [(1 + (one - 1) % (self.domains + 1), one) for one in range(1, self.sizes()[f"{kind}s"] + 1)]
        return [
            (_domain(place), identifier("primary", kind, pattern.format(one))) for place, one in places if place > 1
        ]


def main() -> int:
    """Print the figures; return 0 if they are within the limits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vms", type=int, default=1000)
    parser.add_argument("--templates", type=int, default=50)
    parser.add_argument("--domains", type=int, default=20)
    parser.add_argument("--concurrency", type=int, default=8)
    chosen = parser.parse_args()
    load = Load(chosen.vms, chosen.templates, chosen.domains)
    with simulator(hosts=2, **load.sizes()) as sites:
        arrive(sites, load)
        sites.keep()
        by_module = timed(sites, lambda site: with_module(site, load, chosen.concurrency))
        by_script = timed(sites, lambda site: with_script(site, load, chosen.concurrency))
    entities = len(load.entities("vm")) + len(load.entities("template"))
    allowed = entities + 6 * load.domains + 30
    print(f"{entities} entities on {load.domains} domains, {chosen.concurrency} at a time")
    print(f"requests of the module: {by_module.requests} (limit {allowed})")
    within = compare(by_module, by_script, _LIMIT)
    return 0 if within and by_module.requests <= allowed else 1


def arrive(sites: Simulator, load: Load) -> None:
    """Write the OVF stores of the lost site, replicate, and attach its domains at the other site."""
    lost = Client(sites["primary"])
    for number in load.numbers:
        lost.call("POST", f"storagedomains/{_domain(number)}/updateovfstore", "<action/>")
    sites.replicate()
    auth = sites["secondary"].auth
    targets = [f"iqn.2031-05.test.array-b:data-{number:03}" for number in load.numbers if number % 2 == 0]
    logins = [{"target": target, "address": _PORTAL} for target in targets]
    run_module("iscsi_login", auth=auth, data_center="west", targets=logins)
    wanted = [_wanted(number) for number in load.numbers]
    run_module("storage_domain_import", auth=auth, data_center="west", take_over=True, storage_domains=wanted)


def timed(sites: Simulator, work: Any) -> Run:
    """Measure the work at a realistic pace, from the same state each time."""
    sites.restart("realistic", as_kept=True)
    return measured(sites["secondary"], lambda: work(sites["secondary"]))


def with_module(site: Site, load: Load, concurrency: int) -> None:
    """Register everything by one call."""
    profiles = [{"source": _profile("east", name), "target": _profile("west", name)} for name in _NETWORKS]
    clusters = [{"source": "east-cl1", "target": "west-cl1"}]
    mapping = {"version": 1, "clusters": clusters, "vnic_profiles": profiles}
    domains = [_domain(number) for number in load.numbers]
    result = run_module(
        "entity_registration", auth=site.auth, storage_domains=domains, mapping=mapping, concurrency=concurrency
    )
    if result["counts"]["succeeded"] != len(load.entities("vm")) + len(load.entities("template")):
        raise SystemExit(f"not everything was registered: {result['counts']}")


def with_script(site: Site, load: Load, concurrency: int) -> None:
    """Send the same registrations, and judge nothing."""
    client = Client(site)
    body = _body()
    for kind in ("template", "vm"):

        def register(entity: tuple[str, str], kind: str = kind) -> None:
            domain, id_ = entity
            client.call("POST", f"storagedomains/{domain}/{kind}s/{id_}/register", body)

        at_once(load.entities(kind), register, concurrency)


def _domain(number: int) -> str:
    return identifier("primary", "domain", f"data-{number:03}")


def _wanted(number: int) -> dict[str, Any]:
    place = {"address": _SERVER, "path": f"/data-{number:03}"} if number % 2 else {}
    return {"id": _domain(number), "storage_type": "nfs" if number % 2 else "iscsi", **place}


def _profile(site: str, network: str) -> dict[str, str]:
    return {"network": f"{site}-{network}", "profile": f"{site}-{network}"}


def _body() -> str:
    def end(tag: str, network: str) -> str:
        return f"<{tag}><name>{network}</name><network><name>{network}</name></network></{tag}>"

    profiles = "".join(
        f"<registration_vnic_profile_mapping>{end('from', f'east-{name}')}{end('to', f'west-{name}')}"
        "</registration_vnic_profile_mapping>"
        for name in _NETWORKS
    )
    clusters = (
        "<registration_cluster_mapping><from><name>east-cl1</name></from><to><name>west-cl1</name></to>"
        "</registration_cluster_mapping>"
    )
    return (
        f"<action><registration_configuration><cluster_mappings>{clusters}</cluster_mappings>"
        f"<vnic_profile_mappings>{profiles}</vnic_profile_mappings></registration_configuration></action>"
    )


if __name__ == "__main__":
    sys.exit(main())
