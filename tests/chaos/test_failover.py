# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole failover of ten VMs, disturbed at every request."""

from __future__ import annotations

import pytest
from disturbance import World
from role_play import carry_out

from many_vms import plan_of, scenario_of, write_plan
from ovirt_simulator.site import simulated_sites

SCENARIO = scenario_of(10, hosts=1)


@pytest.fixture
def lost(clock):
    """Return a world in which the hosts of the primary are off, and its storage is replicated."""
    with simulated_sites(SCENARIO, clock=clock, sleep=clock.sleep) as sites:
        sites.arrays.replicate()
        sites["primary"].hosts.fence()
        return World(sites.snapshot(), clock)


def test_failing_over(withstands, lost, play, tmp_path):
    plan = write_plan(tmp_path / "plan.yml", plan_of(SCENARIO))

    def fail_over(auth):
        dead = {**auth["primary"], "url": "https://127.0.0.1:1/ovirt-engine/api"}
        return carry_out(
            play,
            "failover",
            {"primary": {"auth": dead}, "secondary": {"auth": auth["secondary"]}},
            recovery_plan=plan,
            recovery_source="primary",
            recovery_target="secondary",
            recovery_fenced="primary",
        )

    withstands(fail_over, lost)
