# SPDX-License-Identifier: GPL-3.0-or-later
"""Workloads go to the other site, come back, and go again; nothing is lost or changed on the way."""

from __future__ import annotations

from collections.abc import Callable

from ovirt_simulator.site import Sites
from site_facts import BACK, THERE, hand_storage_over, lose, running, workloads


def test_a_failover_a_failback_and_a_failover_end_where_the_first_one_did(
    sites: Sites, succeed: Callable[..., str]
) -> None:
    sites.arrays.replicate()
    lose(sites, "primary")
    succeed("failover", recovery_fenced="primary", **THERE)
    first = workloads(sites["secondary"])
    assert running(sites["secondary"]) == {"db", "web"}

    sites["primary"].restart()
    sites["primary"].hosts.recover()
    hand_storage_over(sites)
    succeed("failback", recovery_power_off=True, **BACK)
    assert running(sites["primary"]) == {"db", "web"}
    assert not running(sites["secondary"])
    writes = len(sites["primary"].writes)
    succeed("failback", recovery_power_off=True, **BACK)
    assert len(sites["primary"].writes) == writes, "what came back is not stale"

    sites.arrays.replicate()
    lose(sites, "primary")
    for volume in ("b-vault", "b-files"):
        sites.arrays.set_read_only(volume, False)
    succeed("failover", recovery_fenced="primary", **THERE)
    assert workloads(sites["secondary"]) == first


def test_a_planned_migration_starts_what_ran_and_nothing_else_and_can_be_run_again(
    sites: Sites, succeed: Callable[..., str]
) -> None:
    before = workloads(sites["primary"])["machines"]
    succeed("planned_migration", **THERE)
    after = workloads(sites["secondary"])["machines"]
    assert running(sites["secondary"]) == {"db", "web", "cache"}
    assert running(sites["primary"]) == set()
    assert {name for name in before if name != "vms/elsewhere"} == set(after)
    assert {name: one["description"] for name, one in after.items()}.items() <= {
        name: one["description"] for name, one in before.items()
    }.items()
    writes = len(sites["secondary"].writes)
    succeed("planned_migration", **THERE)
    assert len(sites["secondary"].writes) == writes
