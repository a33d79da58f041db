# SPDX-License-Identifier: GPL-3.0-or-later
"""Which copies are made, which are there or half made already, how they are called, and what is in the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError
from ansible_collections.lifeboat.ovirt.plugins.module_utils.markers import BackupCopy, with_marker
from ansible_collections.lifeboat.ovirt.plugins.module_utils.model.site import Site, Vm
from ansible_collections.lifeboat.ovirt.plugins.module_utils.transfer.copy_plan import is_copy, plan_copies
from ansible_collections.lifeboat.ovirt.plugins.module_utils.transfer.naming import (
    CopyName,
    WorkingName,
    is_for_a_copy,
    snapshot_label,
)
from ansible_collections.lifeboat.ovirt.plugins.module_utils.transfer.planning import Options, Plan
from ansible_collections.lifeboat.ovirt.plugins.module_utils.transfer.space import Room, copied_size, moved_size
from site_builder import MASTER, PREVIEW, disk, domain, site, snapshot, template, vm

NOW = datetime(2026, 3, 5, 9, 30, tzinfo=UTC)
DAY = 86400.0
ID = "6f1c7a1e-0000-4000-8000-000000000001"
TARGET = domain("vault", backup=True)
OWN = disk("own", MASTER, provisioned_size=20 << 30)
SOURCE = replace(vm("db", OWN), id=ID)


def planned(state: Site, *vms: Vm, name="{name}-{date:%Y%m%d-%H%M}", **options) -> Plan:
    given = Options(**{"repeat_after": DAY, **options})
    return plan_copies(state, vms or [SOURCE], [], [state.domain("vault")], given, name=CopyName(name), now=NOW)


def made(age: float, *, complete=True, place=TARGET, **changes) -> list:
    """Return a copy of the source, and its disk."""
    at = NOW - timedelta(seconds=age)
    own = disk(f"copy-{age}", place)
    copy = replace(vm(f"db-{age:g}", own), description=with_marker("", BackupCopy(ID, "db", at, complete)))
    return [replace(copy, **changes), own]


def begun(age: float, status="down", **changes) -> list:
    """Return an unfinished copy of the source, and its disk."""
    copy, own = made(age, description="Order database", status=status)
    return [replace(copy, name=str(WorkingName(ID, NOW - timedelta(seconds=age)))), replace(own, **changes)]


def test_a_copy_gets_its_name_from_the_template_and_a_place_on_the_target():
    [copy] = planned(site(TARGET, OWN, SOURCE)).copies
    assert (copy.name, copy.target, copy.at, copy.by_snapshot) == ("db-20260305-0930", TARGET, NOW, False)


@pytest.mark.parametrize(("status", "by_clone", "by_snapshot"), [("up", True, True), ("down", False, True)])
def test_what_runs_and_what_an_old_engine_cannot_clone_is_copied_through_a_snapshot(status, by_clone, by_snapshot):
    source = replace(SOURCE, status=status)
    [copy] = planned(site(TARGET, OWN, source), source, by_clone=by_clone).copies
    assert copy.by_snapshot is by_snapshot


def test_a_young_complete_copy_makes_another_needless_and_an_old_one_does_not():
    state = site(TARGET, OWN, SOURCE, *made(3600))
    plan = planned(state)
    assert not plan.work and plan.holding == {TARGET.id}
    assert plan.skipped[0].reason == "it has the copy db-3600 of 2026-03-05 08:30 UTC"
    assert planned(state, repeat_after=3600.0).copies
    assert planned(state, repeat_after=0.0).copies


@pytest.mark.parametrize("useless", [made(60, complete=False), made(60, place=MASTER)])
def test_a_copy_that_is_incomplete_or_elsewhere_does_not_count(useless):
    assert planned(site(TARGET, OWN, SOURCE, *useless)).copies


def test_a_half_made_copy_is_gone_on_with_under_its_own_time_and_older_ones_are_removed():
    state = site(TARGET, OWN, SOURCE, *begun(60, "image_locked"), *begun(600))
    [copy] = planned(state).copies
    assert (copy.name, copy.at) == ("db-20260305-0929", NOW - timedelta(seconds=60))
    assert copy.unfinished.status == "image_locked" and copy.size == 0
    assert [one.name for one in copy.leftovers.copies] == [f"lifeboat-{ID}-20260305T092000Z"]


@pytest.mark.parametrize(
    "useless",
    [begun(2 * DAY), begun(60, status="illegal"), begun(60, domain_ids=()), begun(60, **{"status": "illegal"})],
)
def test_a_half_made_copy_of_no_use_is_removed_and_another_made(useless):
    [copy] = planned(site(TARGET, OWN, SOURCE, *useless)).copies
    assert copy.unfinished is None and copy.at == NOW and len(copy.leftovers.copies) == 1


def test_snapshots_of_broken_runs_are_removed_and_those_of_others_are_not():
    ours, other = snapshot(snapshot_label(ID)), snapshot(snapshot_label("0" + ID[1:]))
    source = replace(SOURCE, snapshots=(ours, other, snapshot("before upgrade")))
    [copy] = planned(site(TARGET, OWN, source), source).copies
    assert copy.leftovers.snapshots == (ours,)
    plan = planned(site(TARGET, OWN, source, *made(60)), source)
    assert not plan.work and plan.tidying[0][1].snapshots == (ours,)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"status": "suspended"}, "VM db is suspended"),
        ({"status": "image_locked"}, "VM db is locked by another operation"),
        ({"snapshots": (PREVIEW,)}, "VM db is in preview"),
        ({"origin": "hosted_engine"}, "VM db is the hosted engine"),
    ],
)
def test_what_is_in_the_way_of_a_copy_is_told(changes, told):
    source = replace(SOURCE, **changes)
    with pytest.raises(EngineError, match=told):
        planned(site(TARGET, OWN, source), source)


def test_a_copy_that_has_an_obstacle_can_be_left_out():
    other = disk("other", MASTER)
    locked, app = replace(SOURCE, status="image_locked"), vm("app", other)
    plan = planned(site(TARGET, OWN, other, locked, app), locked, app, leave_out=True)
    assert [one.vm.name for one in plan.copies] == ["app"]
    assert [(one.name, one.outcome) for one in plan.left_out] == [("db", "failed")]


def test_a_shareable_disk_forbids_a_copy():
    shared = replace(OWN, shareable=True)
    with pytest.raises(EngineError, match="shareable disk own") as caught:
        planned(site(TARGET, shared, SOURCE))
    assert caught.value.kind == "rule"


def test_a_name_that_is_taken_is_told_also_by_another_copy_of_the_same_run():
    with pytest.raises(EngineError, match="the name db-20260305-0930 for the copy of VM db is taken by another VM"):
        planned(site(TARGET, OWN, SOURCE, vm("db-20260305-0930")))
    other = vm("app", OWN)
    with pytest.raises(EngineError, match="is taken by the copy of VM"):
        planned(site(TARGET, OWN, SOURCE, other), SOURCE, other, name="backup")


def test_room_is_counted_for_all_copies():
    tight = domain("vault", backup=True, available=3 << 30)
    second = disk("second", MASTER, actual_size=2 << 30)
    other = vm("app", second)
    assert planned(site(tight, OWN, second, SOURCE, other), other).copies
    third = disk("third", MASTER)
    with pytest.raises(EngineError, match=r"no room for VM \w+: vault has 0.0 GiB left for 1.0 GiB"):
        planned(site(tight, OWN, second, third, SOURCE, other, vm("web", third)), SOURCE, other, vm("web", third))


def test_a_thin_vm_s_copy_has_its_template_s_part_in_it():
    base = disk("base", MASTER, actual_size=4 << 30)
    golden = template("golden", base)
    thin = replace(SOURCE, template_id=golden.id)
    [copy] = planned(site(TARGET, OWN, base, golden, thin), thin).copies
    assert copy.size == 5 << 30


@pytest.mark.parametrize(
    "bad", ["{nam}", "{}", "{name.__class__}", "{name!x}", "{name", "{date:{name}}", "{name:d}", "{name[0]}"]
)
def test_a_template_with_anything_but_its_fields_is_refused(bad):
    with pytest.raises(EngineError, match="name_template"):
        CopyName(bad)


@pytest.mark.parametrize("template_", ["", "{name} copy", "{name}/{date:%d}", "{name}" + "x" * 254])
def test_a_name_that_no_vm_can_have_is_refused(template_):
    with pytest.raises(EngineError, match="cannot be called"):
        CopyName(template_).of(SOURCE, NOW)


@given(st.uuids().map(str), st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)))
def test_a_working_name_is_read_back_and_nothing_else_is_taken_for_one(source_id, at):
    name = WorkingName(source_id, at.replace(microsecond=0, tzinfo=UTC))
    assert WorkingName.read(str(name)) == name
    assert len(str(name)) <= 64
    assert WorkingName.read(f"x{name}") is None and WorkingName.read(f"lifeboat-{source_id}-20269905T000000Z") is None
    assert is_for_a_copy(snapshot_label(source_id), source_id) and not is_for_a_copy(
        f"{snapshot_label(source_id)}.", ID
    )


def test_copies_are_told_from_other_vms():
    plain = domain("plain")
    restored, own = made(63, place=plain)
    copies = [made(60), made(61, complete=False), begun(62)]
    state = site(TARGET, plain, OWN, SOURCE, restored, own, *[part for copy in copies for part in copy])
    assert all(is_copy(state, copy, []) for copy, _disk in copies)
    assert not is_copy(state, SOURCE, [TARGET]) and not is_copy(state, restored, [TARGET])
    assert is_copy(state, restored, [plain])


@given(
    st.lists(st.integers(0, 40), min_size=1, max_size=8),
    st.lists(st.integers(0, 100), min_size=1, max_size=3),
    st.integers(0, 10),
)
def test_no_target_is_ever_filled_beyond_its_critical_space(sizes, available, critical):
    targets = [
        domain(f"t{number}", available=size << 30, critical_space=critical << 30)
        for number, size in enumerate(available)
    ]
    room, written = Room(targets), dict.fromkeys((one.id for one in targets), 0)
    for size in sizes:
        needs = dict.fromkeys(written, size << 30)
        target = room.choose(needs)
        left = {one.id: (one.available or 0) - one.critical_space - written[one.id] for one in targets}
        assert (target is None) == (size > 0 and all(size << 30 > free for free in left.values()))
        if target is not None:
            assert left[target.id] == max(free for free in left.values())
            room.take(target, size << 30)
            written[target.id] += size << 30
            assert size == 0 or written[target.id] <= (target.available or 0) - target.critical_space


def test_sizes_follow_format_allocation_and_the_kind_of_the_target():
    block, file = domain("block"), domain("file", storage_type="nfs")
    thin = disk("thin", total_size=3 << 29, provisioned_size=10 << 30)
    raw = replace(thin, format="raw")
    preallocated = replace(raw, sparse=False)
    assert [moved_size(thin, one) for one in (file, block)] == [3 << 29, 2 << 30]
    assert [moved_size(raw, one) for one in (file, block)] == [3 << 29, 10 << 30]
    assert moved_size(preallocated, file) == 10 << 30
    grown = replace(thin, total_size=15 << 30)
    assert (moved_size(grown, file), copied_size(grown, file)) == (15 << 30, 10 << 30)
