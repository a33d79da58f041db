# SPDX-License-Identifier: GPL-3.0-or-later
"""What gives domains their backup flag, and by what site they are judged."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.backup import plan, violations
from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError
from ansible_collections.lifeboat.ovirt.plugins.module_utils.model.site import DataCenter
from site_builder import EAST, MASTER, OTHER, VAULT, disk, domain, site, vm

ON_VAULT = disk("one", VAULT)
WEST = DataCenter("dc-west", "west", "up", (4, 7))


def rules_of(found):
    return {one.rule for of_domain in found.values() for one in of_domain}


def test_an_id_that_the_engine_does_not_know_has_no_flag_to_clear_but_a_name_has_to_exist():
    state = site()
    assert plan(state, ["6f0d7a3e-0b52-4f0c-9d5e-2f6f5a3c9b10"], False).changes == ()
    for reference, backup in (("6f0d7a3e-0b52-4f0c-9d5e-2f6f5a3c9b10", True), ("mistyped", False)):
        with pytest.raises(EngineError, match="does not exist"):
            plan(state, [reference], backup)


def test_only_domains_with_another_flag_change_each_once():
    state = site(domain("vault", backup=True))
    planned = plan(state, ["vault", "other", "sd-other"], True)
    assert [change.domain.name for change in planned.changes] == ["other"]
    assert [domain.name for domain in planned.named] == ["vault", "other"]


def test_domains_are_judged_as_the_site_will_be_after_all_changes():
    state = site(domain("data", master=True, status="maintenance"))
    alone = violations(state, plan(state, ["vault"], True), None)
    together = violations(state, plan(state, ["vault", "other"], True), None)
    assert not alone["sd-vault"]
    assert rules_of(together) == {"backup.last_regular"}


def test_clearing_the_flag_violates_nothing():
    state = site(domain("vault", backup=True, status="locked"))
    assert violations(state, plan(state, ["vault"], False), None) == {}


def test_what_a_backup_domain_violates_by_now_only_warns():
    shared = disk("quorum", domain("vault", backup=True), shareable=True)
    state = site(domain("vault", backup=True), shared)
    planned = plan(state, ["vault"], True)
    assert not planned.changed
    assert {one.severity for one in violations(state, planned, None)["sd-vault"]} == {"warn"}


@pytest.mark.parametrize(("name", "place"), [("nowhere", None), ("vault", "west")])
def test_an_unknown_domain_or_data_center_is_not_found(name, place):
    with pytest.raises(EngineError) as caught:
        plan(site(), [name], True, place)
    assert caught.value.kind == "not_found"


def test_a_domain_of_another_data_center_is_not_found_there():
    with pytest.raises(EngineError, match="not attached to data center east"):
        plan(site(domain("vault", data_center_id=None)), ["vault"], True, "east")


def test_the_data_center_tells_equal_names_apart():
    twin = replace(VAULT, id="sd-vault-west", data_center_id=WEST.id)
    state = site(twin, data_centers=(EAST, WEST))
    with pytest.raises(EngineError, match="ambiguous"):
        plan(state, ["vault"], True)
    assert plan(state, ["vault"], True, "west").named == (twin,)


def test_the_master_hands_over_to_a_domain_that_may_be_master():
    state = site(domain("aaa", status="maintenance"), domain("bbb", backup=True))
    planned = plan(state, ["data"], True, switch_master=True)
    assert [(one.old.name, one.new.name) for one in planned.successions] == [("data", "other")]
    assert rules_of(violations(state, planned, None)) == set()


def test_the_master_never_hands_over_to_what_becomes_a_backup_too():
    state = site()
    planned = plan(state, ["data", "other"], True, switch_master=True)
    assert planned.successions[0].new.name == "vault"
    everything = plan(state, ["data", "other", "vault"], True, switch_master=True)
    assert everything.successions == ()
    assert rules_of(violations(state, everything, None)) == {"backup.master", "backup.last_regular"}


def test_an_old_data_center_cannot_switch_and_says_how_to_go_through_maintenance():
    old = site(data_centers=(replace(EAST, version=(4, 4)),))
    with pytest.raises(EngineError, match="compatibility version is 4.4") as caught:
        plan(old, ["data"], True, switch_master=True)
    assert caught.value.kind == "rejected" and "one of other, vault" in caught.value.remedy


def test_a_backup_domain_that_became_the_master_hands_over():
    state = site(replace(MASTER, backup=True))
    planned = plan(state, ["data"], True, switch_master=True)
    assert planned.changed and not planned.changes


def test_what_runs_from_the_domain_or_has_its_lease_there_is_shut_down_once():
    both = vm("web", ON_VAULT, status="up", lease_domain_id=VAULT.id)
    lease = vm("db", status="powering_up", lease_domain_id=VAULT.id)
    state = site(ON_VAULT, both, lease, vm("resting", ON_VAULT))
    planned = plan(state, ["vault"], True, shutdown_vms=True)
    assert {one.name for one in planned.shutdowns} == {"web", "db"} and len(planned.shutdowns) == 2
    assert rules_of(violations(state, planned, None)) == set()


@pytest.mark.parametrize("status", ["suspended", "image_locked", "paused", "unknown", "not_responding"])
def test_who_does_not_hear_a_shutdown_stays_in_the_way(status):
    state = site(ON_VAULT, vm("web", ON_VAULT, status=status))
    planned = plan(state, ["vault"], True, shutdown_vms=True)
    assert planned.shutdowns == ()
    assert rules_of(violations(state, planned, None)) == {"backup.running_vms"}


def test_the_hosted_engine_is_never_shut_down():
    state = site(ON_VAULT, vm("HostedEngine", ON_VAULT, status="up", origin="managed_hosted_engine"))
    assert plan(state, ["vault"], True, shutdown_vms=True).shutdowns == ()


def test_nobody_is_shut_down_for_taking_the_flag_away():
    state = site(ON_VAULT, vm("web", ON_VAULT, status="up"), replace(OTHER, backup=True))
    planned = plan(state, ["other", "vault"], False, shutdown_vms=True, switch_master=True)
    assert planned.shutdowns == () and planned.successions == ()
