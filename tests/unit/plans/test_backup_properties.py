# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds of enabling and disabling on any site whatsoever."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.lifeboat.ovirt.plugins.module_utils.backup import after, plan, violations
from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError
from ansible_collections.lifeboat.ovirt.plugins.module_utils.model.site import Attachment, DataCenter, Site
from ansible_collections.lifeboat.ovirt.plugins.module_utils.rules.catalogue import CATALOGUE, audit, judge
from ansible_collections.lifeboat.ovirt.plugins.module_utils.rules.rule import blocking, enforce
from site_builder import CLUSTER, EAST, HOST, PREVIEW, disk, domain, snapshot, vm

SOFTENABLE = sorted(
    rule.id for rule in CATALOGUE if rule.action == "configure_backup" and rule.enforced_by == "collection"
)
PLACES = st.sampled_from([EAST.id, EAST.id, EAST.id, "dc-west", None])
CONTENTS = st.sampled_from([*["data"] * 6, "memory_dump_volume", "ovf_store", "hosted_engine_sanlock"])
SNAPSHOTS = st.sampled_from([(), (), (snapshot("weekly", with_memory=True),), (PREVIEW,)])
STATUSES = st.sampled_from(
    ["down", "down", "down", "up", "up", "suspended", "powering_down", "image_locked", "unknown"]
)
ORIGINS = st.sampled_from([*["ovirt"] * 8, "managed_hosted_engine"])


@st.composite
def domains(draw):
    """Draw some domains, at most one master in each data center."""
    found, mastered = [], set()
    for number in range(draw(st.integers(2, 6))):
        place = draw(PLACES)
        master = place not in mastered and place is not None and draw(st.booleans())
        mastered |= {place} if master else set()
        changes = {
            "type": draw(st.sampled_from([*["data"] * 6, "iso"])),
            "status": draw(st.sampled_from([*["active"] * 6, "maintenance", "locked"])) if place else "unattached",
            "master": master,
            "backup": draw(st.integers(0, 3)) == 0,
            "data_center_id": place,
        }
        found.append(domain(f"d{number}", **changes))
    return found


@st.composite
def sites(draw):
    """Draw a site of any shape, good or bad."""
    places = draw(domains())
    disks = [
        disk(
            f"k{number}",
            *draw(st.lists(st.sampled_from(places), max_size=2, unique=True)),
            status=draw(st.sampled_from([*["ok"] * 6, "locked"])),
            shareable=draw(st.integers(0, 5)) == 0,
            content_type=draw(CONTENTS),
            storage_type=draw(st.sampled_from(["image", "image", "lun"])),
        )
        for number in range(draw(st.integers(0, 5)))
    ]
    vms = []
    for number in range(draw(st.integers(0, 4))):
        used = draw(st.lists(st.sampled_from(disks), max_size=3, unique=True)) if disks else []
        lease = draw(st.sampled_from([None, None, *[one.id for one in places]]))
        changes = {"status": draw(STATUSES), "origin": draw(ORIGINS), "snapshots": draw(SNAPSHOTS)}
        attachments = tuple(Attachment(one.id, draw(st.booleans())) for one in used)
        vms.append(vm(f"v{number}", lease_domain_id=lease, attachments=attachments, **changes))
    east = replace(EAST, status=draw(st.sampled_from(["up", "up", "up", "uninitialized"])))
    west = DataCenter("dc-west", "west", "up", draw(st.sampled_from([(4, 7), (4, 4)])))
    return Site((east, west), (CLUSTER,), (HOST,), tuple(places), tuple(disks), tuple(vms))


def wishes(state):
    """Draw what to enable how: names, options, softened rules."""
    return st.tuples(
        st.lists(st.sampled_from([one.name for one in state.domains]), min_size=1, unique=True),
        st.fixed_dictionaries({"switch_master": st.booleans(), "shutdown_vms": st.booleans()}),
        st.lists(st.sampled_from(SOFTENABLE), max_size=2, unique=True),
    )


def enabled(state, names, options, softened):
    """Return the site after enabling, the same one where that is refused."""
    rules = [{"id": id_, "severity": "warn", "reason": "drawn"} for id_ in softened]
    try:
        planned = plan(state, names, True, **options)
        enforce([one for found in violations(state, planned, rules).values() for one in found])
    except EngineError as exc:
        assert exc.kind in ("rule", "rejected") and exc.remedy
        return state
    return after(state, planned)


SITES_AND_WISHES = sites().flatmap(lambda state: st.tuples(st.just(state), wishes(state)))


def broken(state, one):
    """Return what a backup domain must not be, said once more and without the rules' own code."""
    there = [disk for disk in state.disks if one.id in disk.domain_ids]
    images = {disk.id for disk in there if disk.storage_type == "image"}
    users = [vm for vm in state.vms if any(used.disk_id in images for used in vm.attachments)]
    running = any(
        used.disk_id in images and used.plugged for vm in users if vm.status != "down" for used in vm.attachments
    )
    regular = [other for other in state.domains if not other.backup and other.type == "data"]
    found = {
        "backup.running_vms": running,
        "backup.leases": any(vm.lease_domain_id == one.id and vm.status != "down" for vm in state.vms),
        "backup.master": one.master,
        "backup.last_regular": one.data_center_id is not None
        and not any(o.status == "active" and o.data_center_id == one.data_center_id for o in regular),
        "backup.first_domain": any(
            center.id == one.data_center_id and center.status == "uninitialized" for center in state.data_centers
        ),
        "backup.hosted_engine": any("hosted_engine" in vm.origin for vm in users)
        or any(disk.content_type.startswith("hosted_engine") for disk in there),
        "backup.data_domain": one.type != "data",
        "backup.preview": any(PREVIEW in vm.snapshots for vm in users),
        "backup.shareable_disks": any(disk.shareable and disk.content_type == "data" for disk in there),
        "backup.in_process": one.status == "locked" or any(disk.status == "locked" for disk in there),
    }
    return {rule for rule, is_so in found.items() if is_so}


@settings(max_examples=150, deadline=None)
@given(SITES_AND_WISHES)
def test_enabling_leaves_nothing_broken_that_nobody_softened(drawn):
    state, (names, options, softened) = drawn
    later = enabled(state, names, options, softened)
    for before, now in zip(state.domains, later.domains, strict=True):
        if now.backup and not before.backup:
            assert broken(later, now) <= set(softened)


@settings(max_examples=150, deadline=None)
@given(sites())
def test_what_is_judged_blocking_is_what_is_broken(state):
    for domain_now in state.domains:
        flagged = after(state, plan(state, [domain_now.name], True))
        one = flagged.domain(domain_now.name)
        found = {violation.rule for violation in blocking(judge(flagged, "configure_backup", one, one.name))}
        assert found == broken(flagged, one)


@settings(max_examples=80, deadline=None)
@given(SITES_AND_WISHES)
def test_enabling_makes_no_backup_domain_worse_without_telling(drawn):
    state, (names, options, softened) = drawn
    later = enabled(state, names, options, softened)
    for before, now in zip(state.domains, later.domains, strict=True):
        if before.backup and "backup.last_regular" not in softened:
            worse = {one.rule for one in audit(later, now)} - {one.rule for one in audit(state, before)}
            assert worse <= {"backup.last_regular"}


@settings(max_examples=80, deadline=None)
@given(SITES_AND_WISHES)
def test_enabling_twice_is_enabling_once(drawn):
    state, wish = drawn
    once = enabled(state, *wish)
    assert enabled(once, *wish) == once


@settings(max_examples=80, deadline=None)
@given(SITES_AND_WISHES)
def test_disabling_always_works_and_touches_only_the_flag(drawn):
    state, (names, options, _softened) = drawn
    planned = plan(state, names, False, **options)
    assert violations(state, planned, None) == {}
    later = after(state, planned)
    assert [one.name for one in later.domains if one.backup] == [
        one.name for one in state.domains if one.backup and one.name not in names
    ]
    assert replace(later, domains=()) == replace(state, domains=())
    assert not plan(later, names, False).changed
