# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated sites with any number of VMs on storage that travels, and a recovery plan for all of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from ovirt_simulator.generated import Size, generate
from ovirt_simulator.scenario import Machine, Scenario, Site, identifier

_MASTER = "data-001"
_NETWORKS = ("ovirtmgmt", "lan1", "lan2")
SWAP = Path(__file__).parent / "plan" / "hooks" / "swap.yml"


def scenario_of(vms: int, status: str = "down", taken: Iterable[Machine] = (), hosts: int = 2) -> Scenario:
    """Return two sites; all VMs of the primary lie on domains that travel.

    taken: VMs of the secondary. hosts: of each site; on one host VMs run in the same place whatever their order was.
    """
    # A third of what is generated lies on the master domain, which stays.
    made = generate(Size(vms=3 * vms // 2 + 2, domains=3, templates=3, hosts=hosts, networks=2))
    primary, secondary = made.sites
    travelling = [replace(one, status=status) for one in primary.vms if one.disks[0].domain != _MASTER][:vms]
    sites: list[Site] = [replace(primary, vms=travelling), replace(secondary, vms=list(taken))]
    return replace(made, sites=sites, ovf_stores=True)


def plan_of(scenario: Scenario, **changes: Any) -> dict[str, Any]:
    """Return a plan that fails all VMs of a scenario over, and starts them in two boot groups."""
    names = [one.name for one in scenario.sites[0].vms]
    half = len(names) // 2
    return {
        "version": 1,
        "name": "many",
        "sites": {"primary": {"data_center": "east"}, "secondary": {"data_center": "west"}},
        "groups": {
            "many": {
                "domains": {one: _domain(one) for one in ("data-002", "data-003")},
                "boot": [{"vms": names[:half], "on_failure": "continue"}, {"vms": names[half:]}],
            }
        },
        "mappings": [
            {
                "from": "primary",
                "to": "secondary",
                "clusters": [{"source": "east-cl1", "target": "west-cl1"}],
                "vnic_profiles": [
                    {"source": _profile("east", network), "target": _profile("west", network)} for network in _NETWORKS
                ],
            }
        ],
        "hooks": {"swap": str(SWAP)},
        **changes,
    }


def write_plan(path: Path, document: dict[str, Any]) -> str:
    """Write a plan; return its path as an option."""
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return str(path)


def _profile(place: str, network: str) -> dict[str, str]:
    name = network if network == "ovirtmgmt" else f"{place}-{network}"
    return {"network": name, "profile": name}


def _domain(name: str) -> dict[str, Any]:
    sites = {site: _placement(name, letter) for site, letter in (("primary", "a"), ("secondary", "b"))}
    return {"id": identifier("primary", "domain", name), "sites": sites}


def _placement(name: str, letter: str) -> dict[str, Any]:
    if int(name[-1]) % 2:
        return {"storage_type": "nfs", "address": f"nfs.array-{letter}.test", "path": f"/{name}"}
    address = f"10.{10 if letter == 'a' else 20}.1.10"
    targets = [f"iqn.2031-05.test.array-{letter}:{name}"]
    return {"storage_type": "iscsi", "portals": [{"address": address}], "targets": targets}
