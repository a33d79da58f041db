# SPDX-License-Identifier: GPL-3.0-or-later
"""What is registered, in which order, and what is not even tried."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError
from ansible_collections.lifeboat.ovirt.plugins.module_utils.mapping import Pair, Profile, refuse_clashes
from ansible_collections.lifeboat.ovirt.plugins.module_utils.registration.plan import (
    BLANK_TEMPLATE,
    Choice,
    Unregistered,
    chains,
    checked_pattern,
    is_data,
    left_behind,
    plan,
    remedy_for,
    renamed,
)
from ansible_collections.lifeboat.ovirt.plugins.module_utils.registration.repair import plan_repairs
from ansible_collections.lifeboat.ovirt.plugins.module_utils.registration.targets import resolved
from ansible_collections.lifeboat.ovirt.plugins.module_utils.registration.verify import Nic, Registered
from site_builder import VAULT

ALL = {"vm": Choice.of(None), "template": Choice.of(None)}
NOBODY = {"vm": {}, "template": {}}


def vm(name, **changes):
    return replace(Unregistered("vm", f"id-{name}", name, VAULT, template_id=BLANK_TEMPLATE), **changes)


def template(name, version=1):
    return Unregistered("template", f"id-{name}-{version}", name, VAULT, family=name, version=version)


def settled(planned):
    return {one.name: (one.outcome, one.reason) for one in planned.settled}


def test_versions_of_a_template_follow_their_base_and_different_bases_go_side_by_side():
    found = chains([template("a", 3), template("b"), template("a"), template("a", 2)])
    assert [[one.version for one in chain] for chain in found] == [[1, 2, 3], [1]]


def test_a_thin_vm_without_its_template_is_not_even_tried():
    planned = plan([vm("thin", template_id="id-golden-1"), vm("fat")], ALL, NOBODY, NOBODY)
    assert [one.name for one in planned.vms] == ["fat"]
    assert settled(planned)["thin"] == ("failed", "VM thin needs the template id-golden-1, which is not registered")


@pytest.mark.parametrize("place", ["waiting", "registered"])
def test_a_thin_vm_with_its_template_is_tried(place):
    golden = template("golden")
    waiting = [vm("thin", template_id=golden.id), *([golden] if place == "waiting" else [])]
    present = {"vm": {}, "template": {golden.id: "golden"} if place == "registered" else {}}
    assert [one.name for one in plan(waiting, ALL, present, NOBODY).vms] == ["thin"]


def test_what_is_registered_is_skipped_whichever_way_it_shows():
    present = {"vm": {"id-a": "a", "id-b": "b", "id-c": "c", "id-other": "other"}, "template": {}}
    choices = {**ALL, "vm": Choice.of(["a", "b", "id-c"])}
    planned = plan([vm("a")], choices, present, {"vm": {"id-b": "b", "id-other": "other"}, "template": {}})
    assert settled(planned) == dict.fromkeys("abc", ("skipped", "already registered")) and not planned.vms


def test_a_name_that_is_nowhere_is_not_found():
    with pytest.raises(EngineError, match="vm nobody is neither registered nor waiting"):
        plan([vm("a")], {**ALL, "vm": Choice.of(["a", "nobody"])}, NOBODY, NOBODY)


def test_a_name_that_is_nowhere_can_be_a_failure_of_its_own():
    planned = plan([vm("a")], {**ALL, "vm": Choice.of(["a", "nobody"])}, NOBODY, NOBODY, lost="failed")
    assert [one.name for one in planned.vms] == ["a"]
    [lost] = planned.settled
    assert (lost.name, lost.outcome) == ("nobody", "failed") and lost.reason and lost.remedy


def test_a_vm_that_was_registered_under_a_new_name_is_known_by_its_old_one():
    present = {"vm": {"id-a": "a-drill"}, "template": {}}
    planned = plan([], {**ALL, "vm": Choice.of(["a"])}, present, NOBODY, "{name}-drill")
    assert settled(planned) == {"a-drill": ("skipped", "already registered")}


def test_what_waits_and_is_not_registered_is_left_behind():
    assert left_behind([vm("a"), vm("b"), template("t")], {"vm": {"id-a"}, "template": ()}) == ["b", "t"]


def test_every_refusal_has_a_remedy_and_a_taken_name_its_own():
    refused = EngineError("rejected", "no")
    assert "rename" in remedy_for(vm("a"), refused, {"id-x": "a"}, "{name}")
    assert "unregistered_entity_info" in remedy_for(vm("a"), refused, {"id-a": "a", "id-x": "a"}, "{name}-drill")
    assert remedy_for(vm("a"), EngineError("conflict", "no", remedy="wait"), {}, "{name}") == "wait"


@pytest.mark.parametrize(
    ("content_type", "data"), [("data", True), (None, True), ("memory_dump_volume", False), ("ovf_store", False)]
)
def test_only_disks_with_data_are_floating_disks(content_type, data):
    assert is_data(content_type) is data


def test_a_pattern_without_a_place_for_the_name_is_refused():
    assert renamed(checked_pattern(None), "web") == "web"
    assert renamed(checked_pattern("drill-{name}"), "web") == "drill-web"
    with pytest.raises(EngineError, match="rename is 'drill'"):
        checked_pattern("drill")


KNOWN = (
    Profile("lan", "lan", "west", "p-west"),
    Profile("lan", "lan", "south", "p-south"),
    Profile("lan", "guests", "west", "p-guests"),
)


@pytest.mark.parametrize(
    ("target", "ids"),
    [
        (Profile("lan", "lan"), ["p-west", "p-south"]),
        (Profile("lan", "lan", "south"), ["p-south"]),
        (Profile("lan", "lan", id="p-guests"), ["p-guests"]),
        (Profile("lan", "guests", id="of-a-lost-engine"), ["p-guests"]),
        (Profile(id="p-west"), ["p-west"]),
    ],
)
def test_a_target_profile_is_found_by_its_id_or_else_by_its_names(target, ids):
    pairs = list(resolved([Pair(Profile("a", "a"), target)], KNOWN))
    assert [pair.target.id for pair in pairs] == ids
    refuse_clashes(pairs)


@pytest.mark.parametrize("target", [Profile("lan", "lan", "east"), Profile(id="x"), Profile("lan", "nothing")])
def test_a_target_profile_that_is_nowhere_is_told(target):
    with pytest.raises(EngineError, match="vNIC profile .* does not exist"):
        list(resolved([Pair(Profile("a", "a"), target)], KNOWN))


BARE = Registered(
    "id-a", "a", "down", "cl", (Nic("n1", "nic1", False), Nic("n2", "nic2", True), Nic("n3", "nic3", True))
)


def test_a_vm_with_a_bare_nic_fails_once_and_names_all_of_them():
    repairs, failures = plan_repairs([BARE], {}, unplug=False)
    assert not repairs and set(failures) == {"id-a"}
    assert "NIC nic2, nic3 has no vNIC profile" in str(failures["id-a"])


def test_a_profile_to_repair_with_comes_before_unplugging():
    repairs, failures = plan_repairs([BARE], {"id-a": KNOWN[0]}, unplug=True)
    assert [(one.nic, one.action, one.profile_id) for one in repairs] == [
        ("nic2", "connect", "p-west"),
        ("nic3", "connect", "p-west"),
    ]
    repairs, failures = plan_repairs([BARE], {}, unplug=True)
    assert [one.action for one in repairs] == ["unplug", "unplug"] and not failures
