# SPDX-License-Identifier: GPL-3.0-or-later
"""Protection groups as hosts of an inventory: worked on side by side, in one data center and by one engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from many_vms import plan_of, scenario_of, write_plan
from ovirt_simulator.scenario import Scenario
from ovirt_simulator.site import Sites, simulated_sites
from site_facts import THERE, lose, running

_SCENARIO: Scenario = scenario_of(10)


@pytest.fixture
def sites() -> Iterator[Sites]:
    with simulated_sites(_SCENARIO, profile="latency") as both:
        both.arrays.replicate()
        lose(both, "primary")
        yield both


def test_two_groups_are_failed_over_at_once(
    sites: Sites, procedure: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    document = plan_of(_SCENARIO)
    whole = document["groups"].pop("many")
    for domain, placements in whole["domains"].items():
        vms = [one.name for one in _SCENARIO.sites[0].vms if one.disks[0].domain == domain]
        document["groups"][domain] = {"domains": {domain: placements}, "boot": [{"vms": vms}]}
    write_plan(tmp_path / "many.yml", document)
    inventory = tmp_path / "many.protection_groups.yml"
    inventory.write_text(
        yaml.safe_dump({"plugin": "lifeboat.ovirt.protection_groups", "plan": "many.yml"}), encoding="utf-8"
    )
    code, output = procedure(
        "failover",
        "-i",
        str(inventory),
        recovery_plan=None,
        recovery_fenced="primary",
        recovery_report_directory=str(tmp_path),
        **THERE,
    )
    assert code == 0, output[-6000:]
    assert running(sites["secondary"]) == {one.name for one in _SCENARIO.sites[0].vms}
    assert len(list(tmp_path.glob("failover-data-00?-*.json"))) == 2
