# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of boot groups, and what is refused before the first start."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError
from ansible_collections.lifeboat.ovirt.plugins.module_utils.markers import RanBefore, with_marker
from ansible_collections.lifeboat.ovirt.plugins.module_utils.power.plan import OTHERS, plan
from site_builder import VAULT, disk, domain, site, vm

GROUPS: list[dict[str, Any]] = [{"name": "databases", "vms": ["db"]}, {"name": None, "vms": ["app", "web"]}]
STATE = site(vm("db"), vm("app"), vm("web"))
RAN = with_marker("", RanBefore(datetime(2031, 5, 4, tzinfo=UTC)))


def names(order: Any) -> list[tuple[str, list[str]]]:
    return [(group.name, [one.name for one in group.vms]) for group in order.groups]


def test_groups_start_in_the_given_order_and_get_a_name() -> None:
    assert [group.name for group in plan(STATE, GROUPS, "running").groups] == ["databases", "group 2"]


def test_groups_shut_down_in_reverse_order() -> None:
    assert [group.name for group in plan(STATE, GROUPS, "stopped").groups] == ["group 2", "databases"]


def test_a_vm_waits_for_what_it_needs_and_on_the_way_down_for_those_that_need_it() -> None:
    needs = {"web": ["app", "db"]}
    assert plan(STATE, GROUPS, "running", dependencies=needs).needs == {"vm-web": {"vm-app", "vm-db"}}
    assert plan(STATE, GROUPS, "stopped", dependencies=needs).needs == {"vm-app": {"vm-web"}, "vm-db": {"vm-web"}}


def test_one_vm_on_a_backup_domain_forbids_every_start() -> None:
    backup = domain("vault", backup=True)
    on_backup = disk("one", backup)
    state = site(backup, on_backup, vm("db"), vm("app", on_backup), vm("web"))
    with pytest.raises(EngineError, match="app") as caught:
        plan(state, GROUPS, "running")
    assert caught.value.kind == "rule"
    assert plan(state, GROUPS, "stopped")
    order = plan(state, GROUPS, "running", leave_out=True)
    assert {id_: error.kind for id_, error in order.forbidden.items()} == {"vm-app": "rule"}


def test_vms_of_a_domain_that_no_group_names_come_last() -> None:
    one, two = disk("one", VAULT), disk("two", VAULT)
    state = site(one, two, vm("db", one), vm("left", two), vm("elsewhere"))
    order = plan(state, [{"vms": ["db"]}], "running", others_on=["vault"])
    assert names(order) == [("group 1", ["db"]), (OTHERS, ["left"])]


def test_a_vm_of_the_name_on_other_storage_is_a_stranger() -> None:
    one, two = disk("one", VAULT), disk("two", domain("data"))
    state = site(one, two, vm("db", one), vm("app", two), vm("web"))
    order = plan(state, GROUPS, "running", named_on=["vault"], absent="report")
    assert names(order) == [("databases", ["db"]), ("group 2", [])]
    assert order.groups[1].absent == ("app", "web")
    with pytest.raises(EngineError, match="VM app is another one"):
        plan(state, GROUPS, "running", named_on=["vault"])


def test_only_vms_that_ran_before_are_taken_when_asked() -> None:
    state = site(vm("db", description=RAN), vm("app"), vm("web", description=RAN))
    assert names(plan(state, GROUPS, "running", only_ran=True)) == [("databases", ["db"]), ("group 2", ["web"])]


def test_nothing_that_ran_before_is_no_error() -> None:
    assert plan(STATE, GROUPS, "running", only_ran=True).vms == []


def test_a_vm_that_is_not_there_can_be_its_own_failure() -> None:
    groups = [{"vms": ["db", "lost"]}, {"vms": ["web"]}]
    order = plan(STATE, groups, "running", dependencies={"web": ["lost"], "lost": ["db"]}, absent="report")
    assert order.groups[0].absent == ("lost",)
    assert order.needs == {"vm-web": {"lost"}}


@pytest.mark.parametrize(
    ("groups", "dependencies", "told"),
    [
        ([], {}, "names no VM"),
        ([{"vms": []}], {}, "names no VM"),
        ([{"vms": ["db"]}, {"vms": ["db"]}], {}, "more than once"),
        ([{"vms": ["nobody"]}], {}, "does not exist"),
        ([{"vms": ["db"], "ready": "tcp"}], {}, "needs a port"),
        ([{"vms": ["db"], "port": 80}], {}, "needs a port"),
        (GROUPS, {"db": ["web"]}, "VM db needs web, whose group comes later"),
        (GROUPS, {"nobody": ["db"]}, "nobody does not exist"),
        ([{"vms": ["db"]}], {"db": ["web"]}, "VM web is in none of the groups"),
        (
            GROUPS,
            {"app": ["web"], "web": ["app"]},
            "round in a circle: (app needs web needs app|web needs app needs web)",
        ),
        (GROUPS, {"app": ["app"]}, "round in a circle"),
    ],
)
def test_groups_that_cannot_be_say_why(groups: Any, dependencies: dict[str, list[str]], told: str) -> None:
    with pytest.raises(EngineError, match=told):
        plan(STATE, groups, "running", dependencies=dependencies)
