# SPDX-License-Identifier: GPL-3.0-or-later
"""Which copies go, and that what must stay stays on any site whatsoever."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.lifeboat.ovirt.plugins.module_utils.copies import find_copies, places
from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError
from ansible_collections.lifeboat.ovirt.plugins.module_utils.markers import BackupCopy, RanBefore, read, with_marker
from ansible_collections.lifeboat.ovirt.plugins.module_utils.model.site import VmPool
from ansible_collections.lifeboat.ovirt.plugins.module_utils.retention import Policy, plan
from ansible_collections.lifeboat.ovirt.plugins.module_utils.transfer.naming import WorkingName
from site_builder import MASTER, VAULT, disk, domain, site, snapshot, vm

NOW = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)
DAY = 86400
SAFE = replace(VAULT, backup=True)
SECOND = domain("second", backup=True)
ASLEEP = domain("asleep", backup=True, status="maintenance")


def copy(name, age, *, of="db", complete=True, on=SAFE, **changes):
    """Return a VM that is a copy of that age in days, and its disk."""
    marker = BackupCopy(f"vm-{of}", of, NOW - timedelta(days=age), complete)
    own = disk(name, on, **changes.pop("disk", {}))
    return [vm(name, own, description=with_marker("", marker), **changes), own]


def judged(*parts, newest=1, **policy):
    """Return the verdicts by the names of the VMs."""
    built = site(SAFE, *parts)
    verdicts = plan(find_copies(built, places(built, []), []), Policy(newest, **policy), NOW)
    return {one.copy.vm.name: one for one in verdicts}


def kept(*parts, **policy):
    return sorted(name for name, verdict in judged(*parts, **policy).items() if verdict.keep)


DAILY = [part for age in range(40) for part in copy(f"d{age:02}", age)]


def test_the_newest_are_kept_of_each_source():
    of_app = copy("a1", 30, of="app") + copy("a2", 40, of="app")
    assert kept(*DAILY, *of_app, newest=2) == ["a1", "a2", "d00", "d01"]


def test_days_weeks_and_months_keep_in_addition():
    # 26 November 2026 is a Thursday: the newest of the week before is that of Sunday, four days ago.
    assert kept(*DAILY, newest=1, days=3) == ["d00", "d01", "d02"]
    assert kept(*DAILY, newest=1, weeks=3) == ["d00", "d04", "d11"]
    assert kept(*DAILY, newest=1, months=3) == ["d00", "d26"]
    assert kept(*DAILY, newest=2, days=3, weeks=2, months=2) == ["d00", "d01", "d02", "d04", "d26"]


def test_numbers_beyond_all_time_keep_everything():
    incomplete = copy("incomplete", 9, complete=False)
    assert len(kept(*DAILY, *incomplete, days=10**15, weeks=10**15, incomplete=10**15)) == 41


def test_reason_is_that_of_the_strongest_rule():
    verdicts = judged(*DAILY, newest=2, days=3, weeks=3, months=3)
    assert [verdicts[name].reason for name in ("d01", "d02", "d04", "d26", "d30")] == [
        "it is one of the newest 2",
        "it is younger than 3 days",
        "it is the newest of the week 2026-W47",
        "it is the newest of the month 2026-10",
        "no rule keeps it",
    ]


def test_incomplete_copy_goes_when_it_is_too_old_for_a_transfer_and_does_not_count():
    young, old = copy("young", 0.5, complete=False), copy("old", 3, complete=False)
    assert kept(*young, *old, *copy("good", 9), newest=1) == ["good", "young"]
    assert kept(*old, newest=1, incomplete=4 * DAY) == ["old"]


def test_unfinished_copy_is_known_by_its_working_name_whatever_its_description_says():
    """A clone has the description of its source, and that may be a VM which was brought back from a copy."""
    id_ = "6f1c7a1e-0000-4000-8000-000000000001"
    begun, own = copy("begun", 9, of="older")
    begun = replace(begun, name=str(WorkingName(id_, NOW - timedelta(days=2))))
    for incomplete, keep in ((DAY, False), (3 * DAY, True)):
        [verdict] = judged(begun, own, replace(vm("db"), id=id_), incomplete=incomplete).values()
        assert verdict.copy.marker == BackupCopy(id_, "db", NOW - timedelta(days=2), complete=False)
        assert verdict.keep is keep


def test_last_good_copy_stays_where_newer_ones_are_incomplete():
    assert kept(*copy("i", 2, complete=False), *copy("g1", 100), *copy("g2", 200), newest=1) == ["g1"]


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "up"},
        {"status": "image_locked"},
        {"disk": {"status": "locked"}},
        {"disk": {"status": "illegal"}},
        {"disk": {"shareable": True}},
        {"disk": {"storage_type": "lun"}},
        {"on": MASTER},
        {"on": ASLEEP},
        {"pool_id": "pool-1"},
        {"snapshots": (snapshot("s", status="locked"),)},
    ],
    ids=str,
)
def test_copy_with_a_flaw_neither_goes_nor_counts(changes):
    flawed = copy("flawed", 50, **changes)
    beside = disk("beside", SAFE)
    flawed[0] = replace(flawed[0], attachments=(*flawed[0].attachments, *vm("x", beside).attachments))
    newer = copy("newer", 1, **changes)
    parts = [*flawed, beside, *newer, ASLEEP, VmPool("pool-1", "pool"), *copy("g1", 60), *copy("g2", 70)]
    verdicts = judged(*parts, newest=1)
    assert verdicts["flawed"].keep and verdicts["g1"].keep and not verdicts["g2"].keep
    assert verdicts["flawed"].reason != "no rule keeps it"


def test_disk_of_two_vms_is_nobodys_copy():
    [one, own] = copy("one", 50)
    assert kept(one, own, vm("other", own), *copy("g1", 1), newest=1) == ["g1", "one"]


def test_protected_copy_stays_and_counts():
    assert kept(*copy("held", 1, delete_protected=True), *copy("g1", 2), newest=1) == ["held"]


@pytest.mark.parametrize("description", ["", "erp", "[lifeboat.ovirt backup 1: complete]", str(RanBefore(NOW))])
def test_vm_without_the_marker_of_a_copy_is_none(description):
    own = disk("own", SAFE)
    assert judged(vm("own", own, description=description), own) == {}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"newest": 0}, "keep "),
        ({"newest": 1, "days": -1}, "keep_days"),
        ({"newest": 1, "weeks": -1}, "keep_weeks"),
        ({"newest": 1, "months": -1}, "keep_months"),
        ({"newest": 1, "incomplete": -1}, "incomplete_age"),
    ],
)
def test_nonsense_policy_is_refused(given, said):
    with pytest.raises(EngineError, match=said) as caught:
        Policy(**given)
    assert caught.value.kind == "invalid"


def test_sources_are_picked_by_name_or_id_and_unknown_ones_are_told():
    built = site(SAFE, *copy("c1", 1), *copy("c2", 1, of="app"), vm("web"))
    found = {name: [one.vm.name for one in find_copies(built, [SAFE], [name])] for name in ("db", "vm-app", "web")}
    assert found == {"db": ["c1"], "vm-app": ["c2"], "web": []}
    with pytest.raises(EngineError, match="neither a VM nobody nor a copy"):
        find_copies(built, [SAFE], ["nobody"])


def test_copies_of_a_vm_are_found_by_the_name_that_it_has_now():
    built = site(SAFE, *copy("c1", 1), *copy("c2", 1, of="app"), replace(vm("erp"), id="vm-db"))
    found = {name: [one.vm.name for one in find_copies(built, [SAFE], [name])] for name in ("db", "erp", "app")}
    assert found == {"db": ["c1"], "erp": ["c1"], "app": ["c2"]}


PLACES = st.sampled_from([SAFE, SAFE, SAFE, SECOND, ASLEEP, MASTER])
STATUSES = st.sampled_from([*["down"] * 6, "up", "image_locked"])
DISK_STATUSES = st.sampled_from([*["ok"] * 6, "locked", "illegal"])


@st.composite
def any_sites(draw):
    """Draw a site with copies, near-copies and ordinary VMs."""
    parts = [SECOND, ASLEEP, MASTER]
    for number in range(draw(st.integers(0, 14))):
        name = f"m{number}"
        disks = [
            disk(f"{name}-{n}", draw(PLACES), status=draw(DISK_STATUSES), shareable=draw(st.integers(0, 9)) == 0)
            for n in range(draw(st.sampled_from([1, 1, 1, 2, 0])))
        ]
        age = timedelta(hours=draw(st.integers(-48, 24 * 90)))
        marker = BackupCopy(f"src-{draw(st.integers(0, 2))}", "src", NOW - age, draw(st.integers(0, 3)) > 0)
        text = with_marker("", draw(st.sampled_from([*[marker] * 6, RanBefore(NOW)])))
        text += draw(st.sampled_from([*[""] * 8, " edited"]))
        changes = {"status": draw(STATUSES), "delete_protected": draw(st.integers(0, 9)) == 0}
        parts += [vm(name, *disks, description=text, **changes), *disks]
    return site(SAFE, *parts)


@settings(max_examples=150, deadline=None)
@given(
    any_sites(),
    st.builds(Policy, st.integers(1, 5), st.integers(0, 30), st.integers(0, 4), st.integers(0, 4)),
)
def test_enough_copies_are_left_and_nothing_else_is_touched(built, policy):
    verdicts = plan(find_copies(built, places(built, []), []), policy, NOW)
    assert len({one.copy.vm.id for one in verdicts}) == len(verdicts)
    before, after = Counter(), Counter()
    for verdict in verdicts:
        marker = read(verdict.copy.vm.description)
        before[marker.source_id] += verdict.copy.good
        after[marker.source_id] += verdict.copy.good and verdict.keep
        if not verdict.keep:
            disks = built.image_disks(verdict.copy.vm)
            assert isinstance(marker, BackupCopy) and verdict.copy.vm.status == "down" and disks
            assert all(one.status == "ok" and one.domain_ids[0] in built.backup_ids for one in disks)
            assert marker.complete or (NOW - marker.at).total_seconds() >= policy.incomplete
    assert all(after[source] >= min(policy.newest, before[source]) for source in before)
