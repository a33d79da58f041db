# SPDX-License-Identifier: GPL-3.0-or-later
"""Which steps bring storage domains to a state, in which order, and what forbids them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.domain_state import plan
from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError
from site_builder import EAST, VAULT, disk, domain, site, vm

ON_VAULT = disk("one", VAULT)


def steps(state, names, wanted, place=None):
    return [(step.action, step.domain.name) for step in plan(state, names, wanted, place)]


@pytest.mark.parametrize(
    ("status", "wanted", "actions"),
    [
        ("active", "active", []),
        ("active", "maintenance", ["deactivate"]),
        ("active", "removed", ["deactivate", "detach", "remove"]),
        ("maintenance", "active", ["activate"]),
        ("maintenance", "unattached", ["detach"]),
        ("maintenance", "destroyed", ["destroy"]),
        ("inactive", "active", ["activate"]),
    ],
)
def test_an_attached_domain_takes_the_shortest_way(status, wanted, actions):
    assert [action for action, _name in steps(site(domain("vault", status=status)), ["vault"], wanted)] == actions


def test_an_unattached_domain_is_attached_to_the_given_data_center():
    state = site(domain("vault", status="unattached", data_center_id=None))
    assert steps(state, ["vault"], "active", "east") == [("attach", "vault")]


def test_attaching_without_a_data_center_is_invalid():
    state = site(domain("vault", status="unattached", data_center_id=None))
    with pytest.raises(EngineError, match="data_center is needed"):
        plan(state, ["vault"], "active", None)


def test_a_backup_domain_is_not_attached_as_the_first_domain():
    loose = domain("vault", status="unattached", data_center_id=None, backup=True)
    state = site(loose, data_centers=(replace(EAST, status="uninitialized"),))
    with pytest.raises(EngineError) as caught:
        plan(state, ["vault"], "active", "east")
    assert caught.value.kind == "rule"


def test_the_master_leaves_last_and_comes_back_first():
    assert [name for _action, name in steps(site(), ["data", "vault"], "maintenance")] == ["vault", "data"]
    down = site(domain("data", master=True, status="maintenance"), domain("vault", status="maintenance"))
    assert [name for _action, name in steps(down, ["vault", "data"], "active")] == ["data", "vault"]


def test_vms_that_run_there_forbid_maintenance_and_are_named():
    state = site(ON_VAULT, vm("web", ON_VAULT, status="up"))
    with pytest.raises(EngineError, match=r"web \(up\)") as caught:
        plan(state, ["vault"], "maintenance", None)
    assert "web" in caught.value.remedy


def test_a_suspended_vm_forbids_maintenance_only_by_its_lease():
    suspended = vm("web", ON_VAULT, status="suspended")
    assert steps(site(ON_VAULT, suspended), ["vault"], "maintenance") == [("deactivate", "vault")]
    with pytest.raises(EngineError, match="web"):
        plan(site(ON_VAULT, replace(suspended, lease_domain_id=VAULT.id)), ["vault"], "maintenance", None)


def test_a_domain_in_process_is_a_conflict():
    with pytest.raises(EngineError) as caught:
        plan(site(domain("vault", status="detaching")), ["vault"], "active", None)
    assert caught.value.kind == "conflict"


@pytest.mark.parametrize("wanted", ["active", "maintenance", "unattached"])
def test_a_mistyped_name_is_an_error_and_creates_nothing(wanted):
    with pytest.raises(EngineError, match="valt does not exist"):
        plan(site(), ["valt"], wanted, None)


@pytest.mark.parametrize("wanted", ["removed", "destroyed"])
def test_a_domain_that_is_gone_is_removed_already(wanted):
    assert plan(site(), ["gone"], wanted, None) == []


def test_an_active_domain_is_not_destroyed():
    with pytest.raises(EngineError, match="cannot become destroyed"):
        plan(site(), ["vault"], "destroyed", None)
