# SPDX-License-Identifier: GPL-3.0-or-later
"""What the checks of a preflight find in facts, without a site that has to be brought there, and what it comes to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError
from ansible_collections.lifeboat.ovirt.plugins.module_utils.host_storage import Unit
from ansible_collections.lifeboat.ovirt.plugins.module_utils.model.site import (
    Attachment,
    Cluster,
    DataCenter,
    Disk,
    Domain,
    Host,
    Site,
    Snapshot,
    Vm,
)
from ansible_collections.lifeboat.ovirt.plugins.module_utils.needs.place import Cluster as TargetCluster
from ansible_collections.lifeboat.ovirt.plugins.module_utils.needs.place import Place
from ansible_collections.lifeboat.ovirt.plugins.module_utils.preflight import (
    access,
    capacity,
    drift,
    policy,
    storage,
    workloads,
)
from ansible_collections.lifeboat.ovirt.plugins.module_utils.preflight.case import (
    Case,
    Recoverability,
    Sight,
    SiteFacts,
)
from ansible_collections.lifeboat.ovirt.plugins.module_utils.preflight.documents import Described
from ansible_collections.lifeboat.ovirt.plugins.module_utils.preflight.finding import Finding, ordered, score, verdict
from ansible_collections.lifeboat.ovirt.plugins.module_utils.recovery.plan import Direction
from recovery_plans import PLAN, VAULT, read

GIB = 1 << 30
EAST, WEST = DataCenter("dc-e", "east", "up", (4, 7)), DataCenter("dc-w", "west", "up", (4, 7))
HOSTS = (Host("w1", "west-h1", "up", "cl-w", 64 * GIB, 16), Host("w2", "west-h2", "up", "cl-w", 64 * GIB, 16))
DOMAIN = Domain(VAULT, "vault", "data", "iscsi", "active", False, False, "dc-e", 500 * GIB, 100 * GIB)
DATA = Domain("d-w", "west-data", "data", "nfs", "active", True, False, "dc-w", 500 * GIB, 0)
DISK = Disk("disk-1", "web_disk", "ok", "image", "data", False, (VAULT,), "", 20 * GIB, 4 * GIB, 4 * GIB)
WEB = Vm("vm-1", "web", "up", "ovirt", "cl-e", None, None, (Attachment("disk-1", True),), memory=4 * GIB)


def source(**parts: Any) -> SiteFacts:
    """Return the primary site with one VM on the domain of the plan, changed by parts of a Site."""
    parts = {"data_centers": (EAST,), "domains": (DOMAIN,), "disks": (DISK,), "vms": (WEB,), **parts}
    host = Host("e1", "east-h1", "up", "cl-e")
    site = Site(hosts=(host,), clusters=(Cluster("cl-e", "east-cl1", "dc-e"),), **parts)
    return SiteFacts(PLANNED.sites["primary"], Place(site), next(iter(site.data_centers), None))


def target(**parts: Any) -> SiteFacts:
    """Return the secondary site, changed by parts of a Site."""
    parts = {"data_centers": (WEST,), "domains": (DATA,), "hosts": HOSTS, **parts}
    site = Site(clusters=(Cluster("cl-w", "west-cl1", "dc-w"),), **parts)
    place = Place(site, clusters=(TargetCluster("cl-w", "west-cl1", "dc-w"),))
    return SiteFacts(PLANNED.sites["secondary"], place, next(iter(site.data_centers), None))


PLANNED = read()


def case(groups: tuple[str, ...] = ("shop",), **changes: Any) -> Case:
    here, there = changes.pop("source", None) or source(), changes.pop("target", None) or target()
    chosen = tuple(PLANNED.groups[name] for name in groups)
    return Case(PLANNED, Direction("primary", "secondary"), chosen, source=here, target=there, **changes)


def kinds(family: Any, judged: Case) -> set[tuple[str, str]]:
    return {(one.kind, one.severity) for check in family.CHECKS for one in check(judged)}


def running(**changes: Any) -> SiteFacts:
    """Return the source with its VM (which the plan starts) changed."""
    return source(vms=(replace(WEB, **changes),))


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, set()),
        ({"target": target(data_centers=())}, {("data_center_missing", "block")}),
        ({"source": source(data_centers=())}, {("data_center_missing", "block")}),
        (
            {"target": target(data_centers=(replace(WEST, status="not_operational"),))},
            {("data_center_down", "block")},
        ),
        ({"target": target(hosts=())}, {("no_host_up", "block")}),
        (
            {"failures": {"secondary": EngineError("auth", "refused"), "primary": EngineError("timeout", "silent")}},
            {("login_refused", "block"), ("engine_unreachable", "warn")},
        ),
    ],
)
def test_whether_the_sites_can_be_worked_with(changes: dict[str, Any], found: set[tuple[str, str]]) -> None:
    assert kinds(access, case(**changes)) == found


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"status": "suspended"}, ("vm_suspended", "warn")),
        ({"status": "image_locked"}, ("vm_locked", "warn")),
        ({"origin": "managed_hosted_engine"}, ("hosted_engine", "block")),
        ({"pool_id": "pool-1"}, ("vm_in_pool", "info")),
        ({"snapshots": (Snapshot("s", "before", "in_preview", "regular", False),)}, ("vm_in_preview", "block")),
    ],
)
def test_a_state_that_does_not_survive(changes: dict[str, Any], found: tuple[str, str]) -> None:
    assert kinds(workloads, case()) == set()
    assert kinds(workloads, case(source=running(**changes))) == {found}


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"memory": 60 * GIB}, set()),
        ({"memory": 65 * GIB}, {("vm_too_large", "block"), ("memory_tight", "warn")}),
        ({"memory": 200 * GIB}, {("vm_too_large", "block"), ("memory_short", "block")}),
        ({"processors": 17}, {("vm_too_many_processors", "block")}),
        ({"processors": 300}, {("vm_too_many_processors", "block"), ("processors_crowded", "warn")}),
    ],
)
def test_memory_and_processors(changes: dict[str, Any], found: set[tuple[str, str]]) -> None:
    assert kinds(capacity, case(source=running(**changes))) == found


def test_space_that_runs_out_at_the_source() -> None:
    full = replace(DOMAIN, available=10 * GIB, used=990 * GIB, low_space_percent=10)
    assert kinds(capacity, case(source=source(domains=(full,)))) == {("space_low", "warn")}


@pytest.mark.parametrize(
    ("domain", "found"),
    [
        (DATA, set()),
        (replace(DATA, backup=True), {("restore_domain_unfit", "block")}),
        (replace(DATA, status="maintenance"), {("restore_domain_unfit", "block")}),
        (replace(DATA, name="other"), {("restore_domain_missing", "block")}),
    ],
)
def test_where_vms_are_restored_to(domain: Domain, found: set[tuple[str, str]]) -> None:
    nfs = replace(DOMAIN, id=PLAN["groups"]["files"]["domains"]["nfs-vault"]["id"], name="nfs-vault")
    nfs = replace(nfs, storage_type="nfs", place="nfs.array-a.test:/vault")
    judged = case(("files",), source=source(domains=(nfs,)), target=target(domains=(domain,)))
    assert kinds(storage, judged) == found


def test_storage_that_the_target_has_already_and_hosts_that_do_not_tell() -> None:
    unit = Unit("lun-1", "iscsi", storage_domain_id=VAULT, paths=2, active_paths=1)
    sight = Sight({HOSTS[0]: (unit,), HOSTS[1]: EngineError("timeout", "no answer")})
    judged = case(target=target(domains=(DATA, replace(DOMAIN, data_center_id="dc-w"))), sight=sight)
    assert kinds(storage, judged) == {
        ("domain_known_at_target", "warn"),
        ("host_storage_unknown", "warn"),
        ("paths_lost", "warn"),
    }


def test_what_a_failback_finds_at_its_target_is_work_for_it_and_no_conflict() -> None:
    there = target(domains=(DATA, replace(DOMAIN, data_center_id="dc-w")), disks=(DISK,), vms=(WEB,))
    told = {"failover": "warn", "failback": "info", "drill": "block"}
    for procedure, severity in told.items():
        judged = case(procedure=procedure, target=there, documents=Described(source().place, {}).documents())
        assert ("domain_known_at_target", severity) in kinds(storage, judged)
        codes = {reason.code for one in workloads.judged(judged) for reason in one.reasons}
        assert ("id_taken" in codes) == (procedure != "failback") == ("disk_taken" in codes)


@pytest.mark.parametrize(("procedure", "severity"), [("failover", "warn"), ("planned_migration", "block")])
def test_who_hands_over_in_good_order_needs_the_source(procedure: Any, severity: str) -> None:
    silent = {"primary": EngineError("unreachable", "no answer")}
    assert ("engine_unreachable", severity) in kinds(access, case(procedure=procedure, failures=silent))


def test_a_drill_needs_its_isolated_profile() -> None:
    assert ("drill_profile_missing", "block") in kinds(policy, case(procedure="drill"))


def test_a_drill_needs_to_be_told_where_copies_are() -> None:
    assert ("drill_without_copy", "block") in kinds(policy, case(procedure="drill"))
    assert ("drill_without_copy", "block") not in kinds(policy, case())


def test_a_search_that_cannot_be_used_blocks() -> None:
    judged = case(found={"shop": EngineError("invalid", "is no search")})
    assert ("search_refused", "block") in kinds(drift, judged)


@pytest.mark.parametrize(
    ("rpo", "found"),
    [
        (Recoverability(), set()),
        (Recoverability(age=10, limit=60), set()),
        (Recoverability(age=90, limit=60), {("rpo_exceeded", "warn")}),
        (Recoverability(limit=60), {("rpo_unknown", "warn")}),
    ],
)
def test_the_age_of_the_copy(rpo: Recoverability, found: set[tuple[str, str]]) -> None:
    assert {one for one in kinds(policy, case(rpo=rpo)) if one[0].startswith("rpo")} == found


def test_the_memory_of_a_snapshot_is_found_by_what_its_disk_says() -> None:
    vm_id = "3599b113-6b12-40e6-849f-e994f936648e"
    dump = Disk("m-1", "memory", "ok", "image", "memory_dump_volume", False, ("d-2",), f"before of {vm_id}")
    vm = replace(WEB, id=vm_id, snapshots=(Snapshot("s", "before", "ok", "regular", True),))
    place = Place(Site(disks=(DISK, dump), vms=(vm,)))
    memory = Described(place, {}).documents()[vm_id].snapshots[0].memory
    assert memory is not None and (memory.domain_id, memory.disk_ids) == ("d-2", ("m-1", "m-1"))


def finding(kind: str = "a", severity: Any = "warn", number: int = 0) -> Finding:
    return Finding(kind, severity, "west", f"VM {number}", f"VM {number} lacks something", "see to it")


def test_a_kind_of_defect_counts_once_however_often_it_occurs() -> None:
    many = [finding(number=number) for number in range(30)]
    assert (verdict(many), score(many)) == ("degraded", 95)
    mixed = [*many, finding("b", "block"), finding("c", "info")]
    assert (verdict(mixed), score(mixed)) == ("blocked", 75)
    assert score([finding(str(number), "block") for number in range(9)]) == 0
    assert (verdict([]), score([])) == ("ready", 100)
    assert (verdict([finding("c", "info")]), score([finding("c", "info")])) == ("ready", 100)


def test_many_of_one_kind_are_one_line_and_the_worst_come_first() -> None:
    found = ordered([finding("c", "info"), *(finding(number=number) for number in range(30)), finding("b", "block")])
    assert [one.kind for one in found] == ["b", "a", "c"]
    assert found[1].message == "30 times, for example: VM 0 lacks something" and "VM 9 and more" in found[1].subject


def test_few_of_one_kind_stand_each_for_itself() -> None:
    assert len(ordered([finding(number=number) for number in range(10)])) == 10
    assert len(ordered([finding(), finding()])) == 1, "what two checks find alike is told once"
