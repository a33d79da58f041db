# SPDX-License-Identifier: GPL-3.0-or-later
"""A failover in which some VMs cannot be recovered recovers the others, and says so of each of the rest."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from many_vms import plan_of, scenario_of, write_plan
from ovirt_simulator.scenario import Machine, Nic, Scenario, identifier
from ovirt_simulator.site import Sites, Snapshot, simulated_sites
from site_facts import THERE, lose, running

_VMS = 200
_ADDRESS = "56:6f:0b:00:00:77"
_NAMESAKE, _NEIGHBOUR, _REFUSED = "vm-00002", "vm-00003", "vm-00005"


def _scenario() -> Scenario:
    """Return sites of which the secondary has a VM of the same name as one, and one with the MAC address of another."""
    taken = [
        Machine(_NAMESAKE, "west-cl1"),
        Machine("neighbour", "west-cl1", nics=[Nic("west-lan1", mac=_ADDRESS)]),
    ]
    made = scenario_of(_VMS, taken=taken)
    primary, secondary = made.sites
    vms = [
        replace(one, nics=[Nic("east-lan1", mac=_ADDRESS)]) if one.name == _NEIGHBOUR else one for one in primary.vms
    ]
    return replace(made, sites=[replace(primary, vms=vms), secondary])


@pytest.fixture(scope="module")
def start() -> Snapshot:
    with simulated_sites(_scenario()) as made:
        made.arrays.replicate()
        return made.snapshot()


@pytest.fixture
def sites(start: Snapshot) -> Iterator[Sites]:
    with simulated_sites(start) as both:
        lose(both, "primary")
        refused = identifier("primary", "vm", _REFUSED)
        path = f"/storagedomains/{{domain}}/vms/{refused}/register"
        both["secondary"].mishaps.add("POST", path, "status", status=409, detail="[no]", times=0)
        yield both


@pytest.mark.parametrize(("on_error", "verdict"), [("fail", "failed"), ("warn", "degraded")])
def test_vms_that_cannot_be_registered_are_named_and_the_others_run(
    sites: Sites, procedure: Callable[..., tuple[int, str]], tmp_path: Path, on_error: str, verdict: str
) -> None:
    plan = write_plan(tmp_path / "plan.yml", plan_of(_scenario(), on_error=on_error))
    code, output = procedure(
        "failover", recovery_plan=plan, recovery_fenced="primary", recovery_report_directory=str(tmp_path), **THERE
    )
    assert bool(code) == (on_error == "fail"), output[-6000:]
    assert len(running(sites["secondary"])) == _VMS - 3
    (file,) = tmp_path.glob("failover-*.json")
    report: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    assert report["verdict"] == verdict
    failed = {
        one["name"]: one for one in report["entities"] if one["outcome"] == "failed" and one["phase"] == "register"
    }
    assert set(failed) == {_NAMESAKE, _NEIGHBOUR, _REFUSED}
    for name, one in failed.items():
        assert one["reason"] and one["remedy"], one
        assert f"register: {name}: {' '.join(one['reason'].split())}" in output
        assert one["remedy"] in output
