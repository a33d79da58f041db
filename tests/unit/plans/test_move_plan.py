# SPDX-License-Identifier: GPL-3.0-or-later
"""What moves to a backup domain, to which one, in which order, and what is in the way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError
from ansible_collections.lifeboat.ovirt.plugins.module_utils.model.site import Site, VmPool
from ansible_collections.lifeboat.ovirt.plugins.module_utils.transfer.move_plan import freeable, plan_moves
from ansible_collections.lifeboat.ovirt.plugins.module_utils.transfer.planning import Options, Plan, checked_targets
from site_builder import MASTER, OTHER, PREVIEW, disk, domain, site, snapshot, template, vm

TARGET = domain("vault", backup=True)
SMALL, BIG = disk("small", MASTER), disk("big", MASTER, actual_size=5 << 30)


def planned(state: Site, vms=(), templates=(), targets=("vault",), **options) -> Plan:
    chosen = [state.vm(name) for name in vms], [state.template(name) for name in templates]
    return plan_moves(state, *chosen, [state.domain(name) for name in targets], Options(**options))


def obstacles(state: Site, vms=(), templates=(), kind="rejected", **rest) -> str:
    with pytest.raises(EngineError) as caught:
        planned(state, vms, templates, **rest)
    assert caught.value.kind == kind and caught.value.remedy.endswith("nothing was begun")
    assert {one["outcome"] for one in caught.value.details["entities"]} <= {"failed", "skipped"}
    return str(caught.value)


def thin_site(*more, place=MASTER):
    """A thin VM whose template is elsewhere than the target."""
    base, own = disk("base", place), disk("own", MASTER)
    golden = template("golden", base)
    return site(TARGET, base, own, golden, vm("thin", own, template_id=golden.id), *more)


def test_the_biggest_comes_first():
    plan = planned(site(TARGET, SMALL, BIG, vm("a", SMALL), vm("b", BIG)), ["a", "b"])
    assert [move.vm.name for move in plan.moves] == ["b", "a"]


def test_what_is_on_the_target_already_does_not_move_again():
    there, away = disk("there", TARGET), disk("away", MASTER)
    plan = planned(site(TARGET, there, away, vm("a", there, away), vm("b", there)), ["a", "b"])
    assert [(move.vm.name, [one.name for one in move.disks]) for move in plan.moves] == [("a", ["away"])]
    assert [(one.name, one.reason) for one in plan.skipped] == [("b", "already on vault")]
    assert plan.holding == {TARGET.id}


def test_a_direct_lun_stays_where_it_is_with_a_warning():
    lun = disk("lun", storage_type="lun")
    plan = planned(site(TARGET, SMALL, lun, vm("a", SMALL, lun), vm("b", lun)), ["a", "b"])
    assert [one.name for move in plan.moves for one in move.disks] == ["small"]
    assert [one.reason for one in plan.skipped] == ["it has no disk with an image"]
    assert plan.warnings[0] == "direct LUN lun of VM a has no image and is not transferred"


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (site(TARGET, SMALL, vm("a", SMALL, snapshots=(PREVIEW,))), "VM a is in preview of a snapshot"),
        (site(TARGET, SMALL, vm("a", SMALL, status="image_locked")), "VM a is locked by another operation"),
        (site(TARGET, SMALL, vm("a", SMALL, snapshots=(snapshot("x", status="locked"),))), "VM a is locked"),
        (site(TARGET, SMALL, vm("a", SMALL, origin="managed_hosted_engine")), "VM a is the hosted engine"),
        (site(TARGET, SMALL, vm("a", SMALL, status="up")), "disk small is in use by a (up)"),
        (site(TARGET, replace(SMALL, shareable=True), vm("a", replace(SMALL, shareable=True))), "shareable disk small"),
        (site(TARGET, replace(SMALL, status="locked"), vm("a", SMALL)), "disk small of VM a is locked"),
    ],
)
def test_what_is_in_the_way_of_a_vm_is_told(state, told):
    with pytest.raises(EngineError) as caught:
        planned(state, ["a"])
    assert told in str(caught.value)


def test_every_obstacle_of_every_entity_is_told_at_once_and_beside_it():
    broken, busy = disk("broken", MASTER, status="illegal"), disk("busy", MASTER)
    state = site(TARGET, broken, busy, SMALL, vm("a", broken), vm("b", busy, status="suspended"), vm("c", SMALL))
    with pytest.raises(
        EngineError, match="broken of VM a is illegal; .*VM b is suspended|suspended.*illegal"
    ) as caught:
        planned(state, ["a", "b", "c"])
    told = {one["name"]: (one["outcome"], one["reason"]) for one in caught.value.details["entities"]}
    assert told["a"][0] == told["b"][0] == "failed"
    assert told["c"] == ("skipped", "not begun: others are in the way")


def test_what_has_an_obstacle_can_be_left_out_and_takes_with_it_what_stands_on_it():
    broken, own, busy = disk("broken", MASTER, status="illegal"), disk("own", MASTER), disk("busy", MASTER)
    golden = template("golden", broken)
    thin, idle = vm("thin", own, template_id=golden.id), vm("idle", busy, status="suspended")
    state = site(TARGET, broken, own, busy, SMALL, golden, thin, idle, vm("c", SMALL))
    plan = planned(state, ["thin", "idle", "c"], ["golden"], leave_out=True)
    assert [one.vm.name for one in plan.moves] == ["c"] and not plan.templates
    assert {one.name: one.outcome for one in plan.left_out} == dict.fromkeys(["golden", "thin", "idle"], "failed")
    assert "stands on template golden" in next(one.reason for one in plan.left_out if one.name == "thin")
    with pytest.raises(EngineError, match="VM idle is suspended") as caught:
        planned(state, ["idle"], leave_out=True)
    assert caught.value.kind == "partial", "whether others are left to be done makes no other failure of it"


def test_a_template_that_nobody_named_does_not_come_for_a_vm_that_is_left_out():
    base, own = disk("base", MASTER), disk("own", MASTER)
    golden = template("golden", base)
    state = site(
        TARGET, base, own, SMALL, golden, vm("thin", own, template_id=golden.id, status="paused"), vm("c", SMALL)
    )
    plan = planned(state, ["thin", "c"], include_templates=True, leave_out=True)
    assert [one.vm.name for one in plan.moves] == ["c"] and not plan.templates


def test_a_vm_that_hears_it_is_shut_down_when_asked_and_a_suspended_one_is_in_the_way():
    state = site(TARGET, SMALL, BIG, vm("a", SMALL, status="up"), vm("b", BIG, status="suspended"))
    assert [one.name for one in planned(state, ["a"], shutdown_vms=True).shutdowns] == ["a"]
    assert "VM b is suspended" in obstacles(state, ["a", "b"], kind="rule", shutdown_vms=True)


def test_a_thin_vm_needs_its_template_on_the_target_or_with_it():
    state = thin_site()
    assert "stands on template golden" in obstacles(state, ["thin"])
    for given in ({"templates": ["golden"]}, {"include_templates": True}):
        plan = planned(state, ["thin"], **given)
        assert [one.template.name for one in plan.templates] == ["golden"] and len(plan.moves) == 1


def test_a_template_that_comes_along_keeps_its_source_and_comes_once():
    base, own, other = disk("base", MASTER), disk("own", MASTER), disk("second", MASTER)
    golden = template("golden", base)
    thin = [vm(name, one, template_id=golden.id) for name, one in (("thin", own), ("thin2", other))]
    [copy] = planned(site(TARGET, base, own, other, golden, *thin), ["thin", "thin2"], include_templates=True).templates
    assert not copy.free


def test_snapshots_with_memory_are_in_the_way_unless_their_memory_shall_go():
    memory = disk("a_memory", OTHER, content_type="memory_dump_volume", description="snapshot of a (vm-a)")
    state = site(TARGET, SMALL, memory, vm("a", SMALL))
    assert "snapshots with memory" in obstacles(state, ["a"])
    assert [one.name for one in planned(state, ["a"], delete_memory=True).moves[0].memory] == ["a_memory"]


def test_a_pool_warns_only():
    plan = planned(site(TARGET, SMALL, vm("a", SMALL, pool_id="pool"), VmPool("pool", "desks")), ["a"])
    assert len(plan.moves) == 1 and "desks" in plan.warnings[0]


def test_a_softened_rule_lets_pass():
    shared = replace(SMALL, shareable=True)
    state = site(TARGET, shared, vm("a", shared))
    rules = [{"id": "backup.shareable_disks", "severity": "warn", "reason": "the cluster moves next week"}]
    plan = planned(state, ["a"], rules=rules)
    assert len(plan.moves) == 1 and "shareable disk small" in plan.warnings[0]


def test_room_is_counted_for_the_whole_list_with_the_critical_space():
    tight = domain("vault", backup=True, available=7 << 30, critical_space=2 << 30)
    state = site(tight, SMALL, BIG, vm("a", SMALL), vm("b", BIG))
    assert planned(state, ["b"]).moves
    assert "vault has 0.0 GiB left for 1.0 GiB" in obstacles(state, ["a", "b"])


def test_of_several_targets_each_vm_goes_to_the_one_with_most_space():
    second = domain("second", backup=True, available=96 << 30)
    state = site(TARGET, second, SMALL, BIG, vm("a", SMALL), vm("b", BIG))
    plan = planned(state, ["a", "b"], targets=("vault", "second"))
    assert {move.vm.name: move.target.name for move in plan.moves} == {"b": "vault", "a": "second"}


def test_a_vm_that_has_begun_to_move_goes_on_to_the_same_target():
    second = domain("second", backup=True, available=10 << 30)
    there, away = disk("there", second), disk("away", MASTER)
    [move] = planned(site(TARGET, second, there, away, vm("a", there, away)), ["a"], targets=("vault", "second")).moves
    assert (move.target.name, [one.name for one in move.disks]) == ("second", ["away"])


def test_a_target_in_another_data_center_is_none():
    far = domain("far", backup=True, data_center_id="dc-west")
    assert "no target is attached to the data center of VM a" in obstacles(
        site(far, SMALL, vm("a", SMALL)), ["a"], targets=("far",)
    )


def test_a_source_copy_that_a_thin_vm_stands_on_is_kept():
    state = thin_site()
    assert freeable(state, state.template("golden"), TARGET) == []
    [disk_] = freeable(state, state.template("golden"), TARGET, frozenset({"vm-thin"}))
    assert disk_.domain_ids == (MASTER.id,)


def test_a_template_that_has_all_its_copies_where_they_belong_is_done():
    base, own = disk("base", MASTER, TARGET), disk("own", MASTER)
    golden = template("golden", base)
    plan = planned(site(TARGET, base, own, golden, vm("thin", own, template_id=golden.id)), templates=["golden"])
    assert not plan.work and plan.skipped[0].reason == "already on vault"


@pytest.mark.parametrize(
    ("target", "told"),
    [
        (domain("vault", status="maintenance", backup=True), "is maintenance"),
        (domain("vault", type="iso"), "of type iso"),
        (domain("vault"), "is not a backup domain"),
    ],
)
def test_a_target_that_cannot_take_anything_is_refused(target, told):
    with pytest.raises(EngineError, match=told):
        checked_targets(site(target), ["vault"], allow_non_backup=False)
    assert checked_targets(site(domain("vault")), ["vault", "sd-vault"], allow_non_backup=True) == [domain("vault")]
