# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the preflight of a plan with many VMs takes, and how many requests: both sites are simulated."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from measuring import Run, Simulator, measured, run_module, simulator
from ovirt_simulator.generated import Size, generate
from ovirt_simulator.scenario import Site, Volume, identifier

_SECONDS = 15.0
_REQUESTS = 60


def main() -> int:
    """Print the figures; return 0 if they are below their limits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vms", type=int, default=10_000)
    parser.add_argument("--domains", type=int, default=50)
    chosen = parser.parse_args()
    scenario = generate(Size(vms=chosen.vms, domains=chosen.domains))
    volumes = {volume.name: volume for array in scenario.arrays for volume in array.volumes}
    with tempfile.TemporaryDirectory() as folder, simulator(vms=chosen.vms, domains=chosen.domains) as sites:
        path = Path(folder) / "plan.yml"
        path.write_text(yaml.safe_dump(plan_of(scenario.sites[0], volumes), sort_keys=False))
        run, result = measure(sites, path)
    print(f"preflight of {len(result['workloads'])} VMs and templates: {result['verdict']}, score {result['score']}")
    print("\n".join(result["lines"]))
    print(f"seconds  {run.seconds:8.1f} (limit {_SECONDS:.0f})")
    print(f"requests {run.requests:8} (limit {_REQUESTS})")
    return 0 if run.seconds < _SECONDS and run.requests <= _REQUESTS else 1


def measure(sites: Simulator, path: Path) -> tuple[Run, dict[str, Any]]:
    """Judge the plan in a file, and count the requests to both sites."""
    found: list[dict[str, Any]] = []

    def work() -> None:
        logins = {"auth": sites["secondary"].auth, "source_auth": sites["primary"].auth}
        found.append(run_module("preflight_info", path=str(path), source="primary", target="secondary", **logins))

    before = sites["secondary"].requests()
    run = measured(sites["primary"], work)
    return Run(run.seconds, run.requests + sites["secondary"].requests() - before), found[0]


def plan_of(site: Site, volumes: dict[str, Volume]) -> dict[str, Any]:
    """Return a plan that takes all domains of a generated site but the master, and all VMs on them, along."""
    domains = {
        domain.name: {
            "id": identifier(site.name, "domain", domain.name),
            "sites": {
                "primary": _placement(volumes[domain.volume], "10.10.1.10"),
                "secondary": _placement(volumes[f"b{domain.volume[1:]}"], "10.20.1.10"),
            },
        }
        for domain in site.domains
        if not domain.master
    }
    lans = [network.name for network in site.data_centers[0].networks if network.name != "ovirtmgmt"]
    profiles = [{"source": _profile(name), "target": _profile(f"west{name[4:]}")} for name in lans]
    clusters = [{"source": "east-cl1", "target": "west-cl1"}]
    return {
        "version": 1,
        "sites": {"primary": {"data_center": "east"}, "secondary": {"data_center": "west"}},
        "groups": {"all": {"domains": domains}},
        "mappings": [{"from": "primary", "to": "secondary", "clusters": clusters, "vnic_profiles": profiles}],
    }


def _placement(volume: Volume, portal: str) -> dict[str, Any]:
    if volume.export is not None:
        return {"storage_type": "nfs", "address": volume.export.address, "path": volume.export.path}
    targets = sorted({unit.target for unit in volume.units if unit.target})
    return {"storage_type": "iscsi", "portals": [{"address": portal}], "targets": targets}


def _profile(name: str) -> dict[str, str]:
    return {"network": name, "profile": name}


if __name__ == "__main__":
    sys.exit(main())
