# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes from an export domain, in which order, and what is said of the rest."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError
from ansible_collections.lifeboat.ovirt.plugins.module_utils.export_plan import (
    Exported,
    ExportedDisk,
    Plan,
    Task,
    check_space,
    plan,
    without_taken_disks,
)
from site_builder import CLUSTER, OTHER, disk, domain, site, template, vm

ATTIC = domain("attic", type="export", used=50 << 30)
TARGET = domain("vault", backup=True)


def task(**changes: Any) -> Task:
    options = {"names": {}, "exclude": frozenset(), "collapse": False, "target": TARGET, **changes}
    return Task(source=ATTIC, cluster=CLUSTER, **options)


def machine(name: str, template_id: str | None = None) -> Exported:
    return Exported("vm", f"vm-{name}", name, template_id)


def golden(name: str = "golden", version: int = 1) -> Exported:
    return Exported("template", f"tpl-{name}", name, version=version)


def judged(state, *found: Exported, waiting=(), **changes) -> Plan:
    return plan(state, task(**changes), found, waiting)


def only(planned: Plan) -> tuple[str, str]:
    """Return outcome and reason of the one that does not come."""
    [settled] = planned.settled
    assert settled.outcome == "skipped" or settled.remedy
    return settled.outcome, settled.reason or ""


def test_base_templates_come_before_versions_and_templates_before_vms():
    found = [machine("b"), golden("second", 2), machine("a"), golden()]
    assert [step.one.name for step in judged(site(), *found).steps] == ["golden", "second", "a", "b"]


def test_a_version_may_have_the_name_of_its_base():
    second = Exported("template", "tpl-2", "golden", version=2)
    assert len(judged(site(), golden(), second).steps) == 2


def test_what_is_on_the_target_is_done():
    own = disk("own", TARGET)
    assert only(judged(site(TARGET, own, vm("a", own)), machine("a"))) == ("skipped", "already on vault")


def test_what_lies_unregistered_on_the_target_is_done():
    outcome, reason = only(judged(site(), machine("a"), waiting=["vm-a"]))
    assert outcome == "skipped" and "not registered" in reason


@pytest.mark.parametrize("status", ["image_locked"])
def test_what_is_locked_is_awaited(status):
    own = disk("own", TARGET, status="locked")
    [step] = judged(site(TARGET, own, vm("a", own, status=status)), machine("a")).steps
    assert step.under_way


def test_half_an_import_is_named():
    own = disk("own", TARGET, status="illegal")
    outcome, reason = only(judged(site(TARGET, own, vm("a", own)), machine("a")))
    assert outcome == "failed" and "half an import" in reason and "own" in reason


def test_the_original_elsewhere_is_in_the_way_of_its_export_copy():
    own = disk("own", OTHER)
    outcome, reason = only(judged(site(own, vm("a", own)), machine("a")))
    assert outcome == "failed" and "disks on other" in reason


def test_with_a_new_name_the_copy_of_what_is_elsewhere_comes_as_a_clone_once():
    own, copied = disk("own", OTHER), disk("copied", TARGET)
    state = site(TARGET, own, vm("a", own))
    [step] = judged(state, golden(), machine("a", "tpl-golden"), names={"a": "a-old"}).steps[1:]
    assert (step.name, step.clone, step.under_way) == ("a-old", True, False)
    clone = replace(vm("clone", copied), name="a-old")
    assert (
        "as a-old"
        in only(judged(site(TARGET, own, copied, vm("a", own), clone), machine("a"), names={"a": "a-old"}))[1]
    )
    locked = replace(clone, status="image_locked")
    again = judged(site(TARGET, own, copied, vm("a", own), locked), machine("a"), names={"a": "a-old"})
    assert [(step.clone, step.under_way) for step in again.steps] == [(True, True)]


def test_a_clone_needs_a_free_name_and_the_template_on_the_export_domain():
    own, other = disk("own", OTHER), disk("other", OTHER)
    taken = replace(vm("taken", other), name="a-old")
    state = site(own, other, vm("a", own), taken)
    assert "of the name a-old" in only(judged(state, machine("a"), names={"a": "a-old"}))[1]
    thin = judged(site(own, vm("a", own)), machine("a", "tpl-golden"), names={"a": "a-old"})
    assert "which collapsing needs" in only(thin)[1]


def test_a_thin_vm_does_not_stand_on_the_clone_of_its_template():
    base = disk("base", OTHER)
    state = site(base, template("golden", base))
    planned = judged(state, golden(), machine("a", "tpl-golden"), names={"golden": "golden-old"})
    assert [step.one.name for step in planned.steps] == ["golden"] and "no copy on vault" in only(planned)[1]


def test_an_id_of_the_other_kind_is_in_the_way():
    found = Exported("template", "vm-a", "a")
    assert only(judged(site(vm("a")), found))[0] == "failed"


def test_a_name_is_taken_by_what_is_there_and_by_what_comes():
    taken = replace(vm("other"), name="a")
    assert "of the name a" in only(judged(site(taken), machine("a")))[1]
    twin = Exported("vm", "vm-z", "a")
    planned = judged(site(), machine("a"), twin)
    assert len(planned.steps) == 1 and "of the name a" in only(planned)[1]


@pytest.mark.parametrize("key", ["a", "vm-a"])
def test_a_new_name_clears_the_way(key):
    [step] = judged(site(replace(vm("other"), name="a")), machine("a"), names={key: "a-old"}).steps
    assert (step.name, step.one.name) == ("a-old", "a")


def test_a_template_and_a_vm_may_share_a_name():
    assert len(judged(site(), golden("a"), machine("a")).steps) == 2


@pytest.mark.parametrize("by", ["a", "vm-a"])
def test_what_is_excluded_stays(by):
    assert only(judged(site(), machine("a"), exclude=frozenset([by]))) == ("skipped", "excluded")


@pytest.mark.parametrize("given", [{"names": {"nobody": "x"}}, {"exclude": frozenset(["nobody"])}])
def test_a_name_that_nothing_there_has_is_invalid(given):
    with pytest.raises(EngineError, match="nobody") as caught:
        judged(site(), machine("a"), **given)
    assert caught.value.kind == "invalid"


def test_a_thin_vm_comes_with_its_template_or_after_it():
    assert len(judged(site(), golden(), machine("a", "tpl-golden")).steps) == 2
    base = disk("base", TARGET)
    present = template("golden", base)
    assert len(judged(site(TARGET, base, present), machine("a", "tpl-golden")).steps) == 1


def test_a_thin_vm_cannot_come_without_its_template():
    assert "template tpl-golden is not in the engine" in only(judged(site(), machine("a", "tpl-golden")))[1]
    base = disk("base", OTHER)
    elsewhere = judged(site(base, template("golden", base)), machine("a", "tpl-golden"))
    assert "has no copy on vault" in only(elsewhere)[1]
    planned = judged(site(), golden(), machine("a", "tpl-golden"), waiting=["tpl-golden"])
    remedies = [one.remedy for one in planned.settled if one.outcome == "failed"]
    assert remedies == ["register the template with entity_registration, then run again"]


def test_a_collapsed_vm_needs_its_template_on_the_export_domain_only():
    outcome, reason = only(judged(site(), machine("a", "tpl-golden"), collapse=True))
    assert outcome == "failed" and "not on attic" in reason
    planned = judged(site(), golden(), machine("a", "tpl-golden"), collapse=True, exclude=frozenset(["golden"]))
    assert [step.one.name for step in planned.steps] == ["a"]


DISKS = {"vm-a": [ExportedDisk("disk-a", "a_Disk1", 30 << 30)], "tpl-golden": [ExportedDisk("disk-g", "g", 40 << 30)]}


def test_disks_without_their_owner_keep_it_out_and_what_stands_on_it():
    planned = judged(site(), golden(), machine("a", "tpl-golden"), machine("b"))
    left = without_taken_disks(task(), planned, DISKS, {"disk-g"})
    assert [step.one.name for step in left.steps] == ["b"]
    assert [one.name for one in left.settled] == ["golden", "a"]
    assert all(one.outcome == "failed" and one.remedy for one in left.settled)


@pytest.mark.parametrize(
    ("available", "critical", "fits"), [(50 << 30, 0, True), (49 << 30, 0, False), (54 << 30, 5 << 30, False)]
)
def test_all_together_has_to_fit_but_is_no_more_than_is_used_there(available, critical, fits):
    wanted = task(target=domain("vault", available=available, critical_space=critical))
    planned = judged(site(), golden(), machine("a"))
    if fits:
        check_space(wanted, planned, DISKS)
        return
    with pytest.raises(EngineError, match="50 GiB are needed") as caught:
        check_space(wanted, planned, DISKS)
    assert caught.value.kind == "rejected" and caught.value.remedy


def test_nothing_to_import_needs_no_space():
    full = task(target=domain("vault", available=0, critical_space=5 << 30))
    check_space(full, Plan((), ()), {})
