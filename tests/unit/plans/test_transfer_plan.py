# SPDX-License-Identifier: GPL-3.0-or-later
"""What moves to a backup domain, in which order, and what is in the way."""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError
from ansible_collections.lifeboat.ovirt.plugins.module_utils.transfer import plan
from site_builder import MASTER, OTHER, disk, domain, site, template, vm

TARGET = domain("vault", backup=True)
SMALL, BIG = disk("small", MASTER), disk("big", MASTER, actual_size=5 << 30)


def obstacles(state, vms=(), templates=()):
    with pytest.raises(EngineError) as caught:
        plan(state, vms, templates, state.domain("vault"))
    assert caught.value.kind == "rejected"
    return str(caught.value)


def test_templates_come_first_then_the_biggest():
    base = disk("base", MASTER)
    state = site(TARGET, SMALL, BIG, base, vm("a", SMALL), vm("b", BIG), template("golden", base))
    assert [one.owner.name for one in plan(state, ["a", "b"], ["golden"], TARGET)] == ["golden", "b", "a"]


def test_what_is_on_the_target_already_does_not_move_again():
    there, away = disk("there", TARGET), disk("away", MASTER)
    state = site(TARGET, there, away, vm("a", there, away), vm("b", there))
    moves = {one.owner.name: [one.name for one in one.disks] for one in plan(state, ["a", "b"], [], TARGET)}
    assert moves == {"a": ["away"], "b": []}


def test_a_direct_lun_stays_where_it_is():
    lun = disk("lun", storage_type="lun")
    assert plan(site(TARGET, lun, vm("a", lun)), ["a"], [], TARGET)[0].disks == ()


def test_a_running_vm_is_in_the_way():
    assert "VM a is up" in obstacles(site(TARGET, SMALL, vm("a", SMALL, status="up")), ["a"])


def test_every_obstacle_of_every_entity_is_told_at_once():
    shared, locked = disk("shared", MASTER, shareable=True), disk("locked", MASTER, status="locked")
    told = obstacles(site(TARGET, shared, locked, vm("a", shared), vm("b", locked)), ["a", "b"])
    assert "shared of a is shareable" in told and "locked of b is locked" in told


def test_a_thin_vm_needs_its_template_on_the_target_or_with_it():
    base, own = disk("base", MASTER), disk("own", MASTER)
    golden = template("golden", base)
    state = site(TARGET, base, own, golden, vm("thin", own, template_id=golden.id))
    assert "golden" in obstacles(state, ["thin"])
    assert len(plan(state, ["thin"], ["golden"], TARGET)) == 2


def test_snapshots_with_memory_are_in_the_way():
    memory = disk("a_snapshot_memory", OTHER, content_type="memory_dump_volume", description="snapshot of a (vm-a)")
    assert "snapshots with memory" in obstacles(site(TARGET, SMALL, memory, vm("a", SMALL)), ["a"])


def test_a_target_that_is_too_small_is_told_with_both_sizes():
    tight = domain("vault", backup=True, available=3 << 30)
    told = obstacles(site(tight, SMALL, BIG, vm("a", SMALL), vm("b", BIG)), ["a", "b"])
    assert "3 GiB free" in told and "6 GiB are needed" in told


def test_a_source_copy_that_a_thin_vm_stands_on_is_kept():
    base, own = disk("base", MASTER), disk("own", MASTER)
    golden = template("golden", base)
    state = site(TARGET, base, own, golden, vm("thin", own, template_id=golden.id))
    assert plan(state, [], ["golden"], TARGET)[0].keep == {MASTER.id}


def test_a_template_that_has_all_its_copies_where_they_belong_is_done():
    base, own = disk("base", MASTER, TARGET), disk("own", MASTER)
    golden = template("golden", base)
    state = site(TARGET, base, own, golden, vm("thin", own, template_id=golden.id))
    assert plan(state, [], ["golden"], TARGET)[0].disks == ()


def test_an_unknown_vm_is_not_found():
    with pytest.raises(EngineError, match="VM nobody does not exist"):
        plan(site(TARGET), ["nobody"], [], TARGET)
