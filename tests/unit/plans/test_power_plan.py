# SPDX-License-Identifier: GPL-3.0-or-later
"""The order of boot groups, and what is refused before the first start."""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError
from ansible_collections.lifeboat.ovirt.plugins.module_utils.power import plan
from site_builder import disk, domain, site, vm

GROUPS = [{"name": "databases", "vms": ["db"]}, {"name": None, "vms": ["app", "web"]}]
STATE = site(vm("db"), vm("app"), vm("web"))


def test_groups_start_in_the_given_order_and_get_a_name():
    assert [group.name for group in plan(STATE, GROUPS, "running")] == ["databases", "group 2"]


def test_groups_shut_down_in_reverse_order():
    assert [group.name for group in plan(STATE, GROUPS, "stopped")] == ["group 2", "databases"]


def test_one_vm_on_a_backup_domain_forbids_every_start():
    backup = domain("vault", backup=True)
    on_backup = disk("one", backup)
    state = site(backup, on_backup, vm("db"), vm("app", on_backup), vm("web"))
    with pytest.raises(EngineError, match="app") as caught:
        plan(state, GROUPS, "running")
    assert caught.value.kind == "rule"
    assert plan(state, GROUPS, "stopped")


@pytest.mark.parametrize(
    ("groups", "told"),
    [
        ([], "names no VM"),
        ([{"vms": []}], "names no VM"),
        ([{"vms": ["db"]}, {"vms": ["db"]}], "more than once"),
        ([{"vms": ["nobody"]}], "does not exist"),
    ],
)
def test_groups_that_cannot_be_say_why(groups, told):
    with pytest.raises(EngineError, match=told):
        plan(STATE, groups, "running")
