# SPDX-License-Identifier: GPL-3.0-or-later
"""Which steps bring storage domains to a state, in which order, and what forbids them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError
from ansible_collections.lifeboat.ovirt.plugins.module_utils.state_plan import Aim, plan
from site_builder import EAST, HOST, OTHER, PREVIEW, VAULT, disk, domain, site, template, vm

ON_VAULT = disk("one", VAULT)
LOOSE = domain("vault", status="unattached", data_center_id=None)
GONE = "6ab65b16-0f03-4b93-85a7-5bc3b8d52be0"
FRESH = replace(EAST, status="uninitialized")


def planned(state, names, wanted, **aim):
    return plan(state, names, Aim(wanted, **aim))


def actions(state, wanted, **aim):
    return [action for way in planned(state, ["vault"], wanted, **aim).ways for action in way.actions]


def waves(state, names, wanted, **aim):
    return [[way.domain.name for way in wave] for wave in planned(state, names, wanted, **aim).waves]


def refusal(*args, **aim):
    with pytest.raises(EngineError) as caught:
        planned(*args, **aim)
    return caught.value


@pytest.mark.parametrize(
    ("status", "wanted", "expected"),
    [
        ("active", "active", []),
        ("active", "maintenance", ["update_ovf_store", "deactivate"]),
        ("active", "removed", ["update_ovf_store", "deactivate", "detach", "remove"]),
        ("maintenance", "active", ["activate"]),
        ("maintenance", "unattached", ["detach"]),
        ("maintenance", "destroyed", ["destroy"]),
        ("inactive", "active", ["activate"]),
        ("inactive", "maintenance", ["deactivate"]),
        ("unknown", "destroyed", ["destroy"]),
    ],
)
def test_an_attached_domain_takes_the_shortest_way(status, wanted, expected):
    assert actions(site(domain("vault", status=status)), wanted) == expected


def test_only_a_data_domain_has_ovf_stores_to_write():
    assert actions(site(domain("vault", type="iso")), "maintenance") == ["deactivate"]


def test_an_unattached_domain_is_attached_to_the_given_data_center():
    assert actions(site(LOOSE), "active", data_center=EAST) == ["attach"]


def test_attaching_without_a_data_center_is_invalid():
    refused = refusal(site(LOOSE), ["vault"], "active")
    assert refused.kind == "invalid" and "data_center is needed" in str(refused)


def test_attaching_needs_a_host_that_is_up():
    refused = refusal(site(LOOSE, hosts=(replace(HOST, status="down"),)), ["vault"], "active", data_center=EAST)
    assert "no host of data center east is up" in str(refused)


@pytest.mark.parametrize("wanted", ["maintenance", "active"])
def test_a_domain_of_another_data_center_than_the_given_one_is_refused_even_where_nothing_is_to_do(wanted):
    refused = refusal(site(), ["vault"], wanted, data_center=replace(EAST, id="dc-west", name="west"))
    assert str(refused) == "storage domain vault is attached to data center east"


def test_a_backup_domain_is_not_attached_as_the_first_domain():
    state = site(replace(LOOSE, backup=True), data_centers=(FRESH,))
    assert refusal(state, ["vault"], "active", data_center=FRESH).kind == "rule"


def test_the_first_domain_of_a_data_center_is_one_that_may_be_its_master():
    other = replace(OTHER, status="unattached", data_center_id=None)
    state = site(replace(LOOSE, backup=True), other, data_centers=(FRESH,))
    assert waves(state, ["vault", "other"], "active", data_center=FRESH) == [["other"], ["vault"]]


@pytest.mark.parametrize("wanted", ["maintenance", "unattached", "removed"])
def test_the_master_leaves_after_all_others(wanted):
    assert waves(site(), ["data", "vault", "other"], wanted) == [["vault", "other"], ["data"]]


def test_the_master_comes_back_before_all_others():
    down = site(*(domain(name, status="maintenance", master=name == "data") for name in ("data", "other", "vault")))
    assert waves(down, ["vault", "data", "other"], "active") == [["data"], ["vault", "other"]]


def test_a_master_leaves_when_another_domain_can_take_over():
    assert waves(site(), ["data"], "unattached") == [["data"]]


@pytest.mark.parametrize("wanted", ["maintenance", "unattached"])
def test_a_master_does_not_leave_backup_domains_behind(wanted):
    state = site(replace(VAULT, backup=True), replace(OTHER, backup=True))
    refused = refusal(state, ["data", "other"], wanted)
    assert "none of those that stay can take over: vault" in str(refused) and "name them" in refused.remedy
    assert waves(state, ["data", "other", "vault"], wanted) == [["other", "vault"], ["data"]]


def test_nothing_is_detached_while_the_master_is_down():
    state = site(domain("data", master=True, status="maintenance"), domain("vault", status="maintenance"))
    refused = refusal(state, ["vault"], "unattached")
    assert "while the master data is maintenance" in str(refused) and refused.remedy.startswith("activate data")


def test_vms_that_run_there_forbid_maintenance_and_are_named():
    refused = refusal(site(ON_VAULT, vm("web", ON_VAULT, status="up")), ["vault"], "maintenance")
    assert "web (up)" in str(refused) and "web" in refused.remedy


@pytest.mark.parametrize("status", ["up", "paused", "unknown"])
def test_vms_that_run_there_forbid_that_a_domain_is_destroyed(status):
    lost = replace(VAULT, status="inactive")
    refused = refusal(site(lost, ON_VAULT, vm("web", ON_VAULT, status=status)), ["vault"], "destroyed")
    assert f"web ({status})" in str(refused)
    asked = planned(site(lost, ON_VAULT, vm("web", ON_VAULT, status="up")), ["vault"], "destroyed", shutdown_vms=True)
    assert [one.name for one in asked.shutdowns] == ["web"]


@pytest.mark.parametrize("status", ["down", "suspended", "image_locked"])
def test_a_lost_domain_can_be_destroyed_although_vms_without_a_process_lie_there(status):
    lost = replace(VAULT, status="inactive")
    assert actions(site(lost, ON_VAULT, vm("web", ON_VAULT, status=status)), "destroyed") == ["destroy"]


def test_their_guests_are_shut_down_where_that_is_wanted():
    found = planned(site(ON_VAULT, vm("web", ON_VAULT, status="up")), ["vault"], "maintenance", shutdown_vms=True)
    assert [one.name for one in found.shutdowns] == ["web"]


@pytest.mark.parametrize(
    "changes", [{"status": "paused"}, {"status": "up", "origin": "managed_hosted_engine"}, {"status": "migrating"}]
)
def test_what_does_not_hear_a_shutdown_stays_in_the_way(changes):
    refused = refusal(site(ON_VAULT, vm("web", ON_VAULT, **changes)), ["vault"], "maintenance", shutdown_vms=True)
    assert "web" in str(refused)


def test_a_suspended_vm_forbids_maintenance_only_by_its_lease():
    suspended = vm("web", ON_VAULT, status="suspended")
    assert actions(site(ON_VAULT, suspended), "maintenance")[-1] == "deactivate"
    refused = refusal(site(ON_VAULT, replace(suspended, lease_domain_id=VAULT.id)), ["vault"], "maintenance")
    assert "web (suspended)" in str(refused)


@pytest.mark.parametrize(
    ("owner", "told"),
    [
        (vm("web", ON_VAULT, delete_protected=True), "web on storage domain vault are protected"),
        (replace(template("base", ON_VAULT), delete_protected=True), "base on storage domain vault are protected"),
        (vm("desk-1", ON_VAULT, pool_id="pool"), "belong to a VM pool"),
        (vm("web", ON_VAULT, snapshots=(PREVIEW,)), "show a snapshot in preview"),
    ],
)
def test_what_a_detach_could_not_remove_is_found_before_the_domain_is_touched(owner, told):
    state = site(ON_VAULT, owner)
    assert told in str(refusal(state, ["vault"], "unattached"))
    assert actions(state, "maintenance")


def test_a_vm_that_a_detach_takes_apart_is_a_warning():
    elsewhere, base = disk("two", OTHER), disk("base", VAULT)
    golden = template("golden", base)
    torn, whole = vm("web", ON_VAULT, elsewhere), vm("app", ON_VAULT)
    thin = vm("thin", elsewhere, template_id=golden.id)
    state = site(ON_VAULT, elsewhere, base, golden, torn, whole, thin)
    alone, both = planned(state, ["vault"], "unattached"), planned(state, ["vault", "other"], "unattached")
    assert [one.split(",")[0] for one in alone.warnings] == [
        "VM web loses its disk one",
        "VM thin leaves the engine with its template golden",
    ]
    assert not both.warnings and not planned(state, ["vault"], "maintenance").warnings


@pytest.mark.parametrize("wanted", ["unattached", "removed"])
def test_a_local_domain_is_not_detached_since_the_engine_would_erase_it(wanted):
    state = site(domain("vault", storage_type="localfs"))
    assert "erases when it is detached" in str(refusal(state, ["vault"], wanted))
    assert actions(state, "maintenance") == ["update_ovf_store", "deactivate"]


def test_every_obstacle_of_every_domain_is_told_at_once():
    on_other = disk("two", OTHER)
    state = site(ON_VAULT, on_other, vm("web", ON_VAULT, status="up"), vm("db", on_other, status="up"))
    refused = refusal(state, ["vault", "other", "data"], "unattached")
    assert "web (up)" in str(refused) and "db (up)" in str(refused) and "nothing was changed" in refused.remedy
    outcomes = {one["name"]: one["outcome"] for one in refused.details["entities"]}
    assert outcomes == {"vault": "failed", "other": "failed", "data": "skipped"}


@pytest.mark.parametrize("status", ["locked", "detaching", "activating", "preparing_for_maintenance"])
def test_a_domain_that_the_engine_works_on_is_waited_for(status):
    found = planned(site(domain("vault", status=status)), ["vault"], "active")
    assert [one.name for one in found.unsettled] == ["vault"] and not found.ways


def test_a_locked_disk_is_waited_for_only_where_its_domain_leaves():
    state = site(disk("one", VAULT, status="locked"))
    assert [one.name for one in planned(state, ["vault"], "maintenance").unsettled] == ["vault"]
    resting = site(disk("one", VAULT, status="locked"), replace(VAULT, status="maintenance"))
    assert not planned(resting, ["vault"], "active").unsettled
    assert not planned(resting, ["vault"], "destroyed").unsettled, "lost storage may never give a lock back"


@pytest.mark.parametrize("wanted", ["active", "maintenance", "unattached", "removed", "destroyed"])
def test_a_mistyped_name_is_an_error(wanted):
    assert refusal(site(), ["valt"], wanted).kind == "not_found"


@pytest.mark.parametrize("wanted", ["removed", "destroyed"])
def test_an_id_that_the_engine_does_not_know_is_gone_already(wanted):
    found = planned(site(), [GONE, GONE], wanted)
    assert (found.gone, found.ways) == ((GONE,), [])


@pytest.mark.parametrize("wanted", ["active", "maintenance", "unattached"])
def test_an_id_that_the_engine_does_not_know_cannot_come_to_a_state(wanted):
    assert refusal(site(), [GONE], wanted).kind == "not_found"


def test_an_active_domain_is_not_destroyed():
    assert "cannot become destroyed" in str(refusal(site(), ["vault"], "destroyed"))


def test_removing_needs_a_host_that_is_up():
    assert "no host is up" in str(refusal(site(LOOSE, hosts=()), ["vault"], "removed"))
    assert "east-h1 is down" in str(refusal(site(LOOSE), ["vault"], "removed", host=replace(HOST, status="down")))
    assert actions(site(LOOSE, hosts=()), "destroyed") == ["destroy"]
