# SPDX-License-Identifier: GPL-3.0-or-later
"""A domain that stays a backup domain: its VMs run from a production domain, and go back to it before it travels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from many_vms import write_plan
from ovirt_simulator.engine import schema, snapshots
from ovirt_simulator.site import SimulatedSite, Sites
from playing import plan_document
from site_facts import BACK, THERE, hand_storage_over, lose, running, workloads

TRAVELLING = ("vms/db", "vms/web", "vms/cache", "vms/batch")


@pytest.fixture
def plan_with(tmp_path: Path) -> Callable[[str], str]:
    """Return a function that writes the plan so that its VMs are restored at the secondary, by a method."""

    def write(method: str) -> str:
        document = plan_document()
        group = document["groups"]["shop"]
        group |= {"mode": "restore", "restore": {"to": {"secondary": "west-data"}, "method": method}}
        group["vms"] = {"names": [name.removeprefix("vms/") for name in TRAVELLING]}
        for domain in group["domains"].values():
            domain["sites"]["primary"]["backup"] = False
        return write_plan(tmp_path / "plan.yml", document)

    return write


def places(site: Any, machine: str) -> Iterator[tuple[str, bool]]:
    """Return the storage domains of a machine, and whether they are backup domains."""
    return ((name, flag) for disk in workloads(site)["machines"][machine]["disks"] for name, flag in disk[-1])


def test_vms_are_moved_to_production_storage_and_back_before_the_domains_travel(
    sites: Sites, succeed: Callable[..., str], plan_with: Callable[[str], str]
) -> None:
    plan = plan_with("move")
    sites.arrays.replicate()
    lose(sites, "primary")
    succeed("failover", recovery_plan=plan, recovery_fenced="primary", **THERE)
    west = sites["secondary"]
    assert running(west) == {"db", "web"}
    assert {name: set(places(west, name)) for name in TRAVELLING} == dict.fromkeys(TRAVELLING, {("west-data", False)})
    assert workloads(west)["domains"] == {"west-data": False, "vault": True, "files": True}

    sites["primary"].restart()
    sites["primary"].hosts.recover()
    hand_storage_over(sites)
    succeed("failback", recovery_plan=plan, recovery_power_off=True, **BACK)
    east = sites["primary"]
    assert running(east) == {"db", "web"}
    assert {
        name for name in TRAVELLING for place, backup in places(east, name) if backup or place == "east-data"
    } == set()
    assert set(workloads(west)["machines"]) & set(TRAVELLING) == set()

    writes = len(east.writes)
    succeed("failback", recovery_plan=plan, recovery_power_off=True, **BACK)
    assert len(east.writes) == writes, "what went back is not looked for again"


def test_copies_run_from_production_storage_while_the_vms_stay_on_the_backup_domain(
    sites: Sites, succeed: Callable[..., str], plan_with: Callable[[str], str]
) -> None:
    sites.arrays.replicate()
    lose(sites, "primary")
    succeed("failover", recovery_plan=plan_with("copy"), recovery_fenced="primary", **THERE)
    west = sites["secondary"]
    assert running(west) == {"db", "web"}
    assert set(places(west, "vms/web")) == {("west-data", False)}
    assert set(places(west, "vms/web-backup")) == {("vault", True), ("files", True)}


def test_a_migration_to_copies_is_refused_before_anything_is_shut_down(
    sites: Sites, procedure: Callable[..., tuple[int, str]], plan_with: Callable[[str], str]
) -> None:
    before = running(sites["primary"])
    code, output = procedure("planned_migration", recovery_plan=plan_with("copy"), **THERE)
    assert code and "groups.shop.restore.method is copy" in output, output[-6000:]
    assert running(sites["primary"]) == before


def set_disks(site: SimulatedSite, machine: str, status: str) -> None:
    """Have something work on the disks of a VM, or be done with it."""
    with site.engine.transaction() as context:
        row = context.db.query(schema.VmStatic).filter_by(name=machine).one()
        for disk in snapshots.image_disks(context, row):
            disk.active_image.status = status


def test_one_that_cannot_leave_is_named_while_the_others_run_and_follows_once_nothing_is_in_its_way(
    sites: Sites,
    procedure: Callable[..., tuple[int, str]],
    succeed: Callable[..., str],
    plan_with: Callable[[str], str],
    tmp_path: Path,
) -> None:
    sites.arrays.replicate()
    lose(sites, "primary")
    west = sites["secondary"]
    given = {"recovery_plan": plan_with("move"), "recovery_fenced": "primary", **THERE}
    document = yaml.safe_load(Path(given["recovery_plan"]).read_text(encoding="utf-8"))
    document["hooks"]["before"] = {"place": "not_there.yml"}
    code, _output = procedure("failover", **{**given, "recovery_plan": write_plan(tmp_path / "broken.yml", document)})
    assert code, "it was to be broken off before the VMs are restored"
    set_disks(west, "web", "locked")

    for _also_where_it_is_the_only_one_left in range(2):
        code, output = procedure("failover", **given)
        assert code and "restore: web: disk web_Disk1 of VM web is locked" in output, output[-3000:]
        assert "run again when the operation on the disk has ended" in output
        assert {name: set(places(west, name)) for name in TRAVELLING} == {
            **dict.fromkeys(TRAVELLING, {("west-data", False)}),
            "vms/web": {("vault", True), ("files", True)},
        }
        assert running(west) == {"db"}

    set_disks(west, "web", "ok")
    succeed("failover", **given)
    assert set(places(west, "vms/web")) == {("west-data", False)}
    assert running(west) == {"db", "web"}
