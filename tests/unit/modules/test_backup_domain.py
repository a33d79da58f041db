# SPDX-License-Identifier: GPL-3.0-or-later
"""The backup flag over HTTPS: rules first, then shutdowns, the master, and one request a domain."""

from __future__ import annotations

import pytest

from ovirt_simulator.engine import schema
from ovirt_simulator.engine.commands import RunVm
from wire_client import east

WEB_DOWN = [{"vms": ["web"]}]
ORDINARY = {"backup": False, "master": False}
BACKUP = {"backup": True, "master": False}
LOST = {"status": 409, "detail": "[There are running VMs.]"}


def mark(play, site, *names, **params):
    return play("backup_domain", auth=site.auth, storage_domains=list(names), **{"poll_interval": 0.01, **params})


def shut_web_down(play, site):
    return play("vm_power", auth=site.auth, groups=WEB_DOWN, state="stopped", poll_interval=0.01)


def set_row(site, table, kind, name, **values):
    with site.engine.transaction() as context:
        row = context.db.get_one(table, east(kind, name))
        for field, value in values.items():
            setattr(row, field, value)


def sent(site):
    return [(request.method, request.path.split("/")[-1]) for request in site.writes]


def test_a_running_vm_is_named_with_a_remedy_and_nothing_is_sent(play, primary):
    result = mark(play, primary, "vault")
    assert result["error_kind"] == "rule"
    assert "web (up)" in result["msg"] and "web" in result["remedy"]
    assert [one["rule"] for one in result["violations"]] == ["backup.running_vms"]
    assert not primary.writes


def test_marks_once_then_leaves_alone(play, primary):
    shut_web_down(play, primary)
    before = len(primary.writes)
    first, second = mark(play, primary, "vault"), mark(play, primary, "vault")
    assert (first["changed"], second["changed"]) == (True, False)
    assert len(primary.writes) == before + 1
    assert first["diff"] == {"before": {"vault": ORDINARY}, "after": {"vault": BACKUP}}
    assert first["storage_domains"][0]["actions"] == ["set the backup flag"]
    assert [(one["before"], one["after"], one["actions"]) for one in second["storage_domains"]] == [
        (BACKUP, BACKUP, [])
    ]


def test_success_and_refusal_return_the_same_keys(play, primary):
    refused, done = mark(play, primary, "vault"), mark(play, primary, "east-nfs2")
    assert set(done) - {"invocation"} <= set(refused)
    assert set(done["storage_domains"][0]) == set(refused["storage_domains"][0])
    assert refused["changed"] is False
    assert [one["rule"] for one in refused["storage_domains"][0]["violations"]] == ["backup.running_vms"]
    assert refused["storage_domains"][0]["after"] == ORDINARY


def test_check_mode_predicts_and_sends_no_write(play, primary):
    shut_web_down(play, primary)
    before = len(primary.writes)
    result = mark(play, primary, "vault", check=True)
    assert result["changed"] and result["diff"] == {"before": {"vault": ORDINARY}, "after": {"vault": BACKUP}}
    assert len(primary.writes) == before


def test_clearing_the_flag_lets_vms_start_again(play, primary):
    shut_web_down(play, primary)
    mark(play, primary, "vault")
    refused = play("vm_power", auth=primary.auth, groups=WEB_DOWN, poll_interval=0.01)
    assert refused["error_kind"] == "rule" and "vault" in refused["msg"]
    assert mark(play, primary, "vault", state="disabled")["changed"]
    assert not mark(play, primary, "vault", state="disabled")["changed"]
    assert play("vm_power", auth=primary.auth, groups=WEB_DOWN, poll_interval=0.01)["changed"]


def test_the_master_is_refused_although_the_engine_would_take_it(play, primary):
    result = mark(play, primary, "east-data")
    assert result["error_kind"] == "rule" and "backup.master" in {one["rule"] for one in result["violations"]}
    assert not primary.writes


def test_one_domain_that_is_refused_keeps_the_others_unchanged(play, primary):
    result = mark(play, primary, "east-nfs2", "vault")
    assert result["failed"] and not primary.writes


def test_an_unknown_domain_is_not_found(play, primary):
    result = mark(play, primary, "valt")
    assert result["error_kind"] == "not_found" and "valt" in result["msg"]
    assert not primary.writes


def test_naming_no_domain_is_invalid(play, primary):
    assert mark(play, primary)["error_kind"] == "invalid"


def test_a_domain_of_another_data_center_is_not_found_there(play, primary):
    assert mark(play, primary, "vault", data_center="west")["error_kind"] == "not_found"


@pytest.mark.parametrize("rule", ["backup.running_vms", "backup.nonsense"])
def test_a_softening_that_cannot_be_is_invalid_even_where_nothing_changes(play, primary, rule):
    softened = [{"id": rule, "severity": "warn", "reason": "because"}]
    assert mark(play, primary, "east-nfs2", state="disabled", rules=softened)["error_kind"] == "invalid"


def test_a_softened_rule_warns_and_the_flag_is_set(play, primary):
    set_row(primary, schema.BaseDisk, "disk", "erp_Disk1", shareable=True)
    softened = [{"id": "backup.shareable_disks", "severity": "warn", "reason": "moves next week"}]
    assert mark(play, primary, "mixed-block")["error_kind"] == "rule"
    result = mark(play, primary, "mixed-block", rules=softened)
    assert result["changed"] and "erp_Disk1" in str(result["warnings"])
    assert [one["rule"] for one in result["storage_domains"][0]["warnings"]] == ["backup.shareable_disks"]
    assert result["storage_domains"][0]["violations"] == []


def test_what_a_backup_domain_violates_by_now_is_told_and_changes_nothing(play, primary):
    mark(play, primary, "mixed-block")
    set_row(primary, schema.BaseDisk, "disk", "erp_Disk1", shareable=True)
    before = len(primary.writes)
    again = mark(play, primary, "mixed-block")
    assert not again["changed"] and "erp_Disk1" in str(again["warnings"])
    assert len(primary.writes) == before


def test_the_master_hands_over_first_once_and_the_diff_shows_both(play, primary):
    first = mark(play, primary, "east-data", switch_master=True)
    assert sent(primary) == [("POST", "setmaster"), ("PUT", east("domain", "east-data"))]
    assert first["diff"]["before"] == {"east-data": {"backup": False, "master": True}, "east-nfs2": ORDINARY}
    assert first["diff"]["after"] == {"east-data": BACKUP, "east-nfs2": {"backup": False, "master": True}}
    assert first["storage_domains"][0]["actions"][0] == "made east-nfs2 the master domain of data center east"
    again = mark(play, primary, "east-data", switch_master=True)
    assert not again["changed"] and len(primary.writes) == 2


def test_check_mode_predicts_the_new_master_and_sends_no_write(play, primary):
    result = mark(play, primary, "east-data", switch_master=True, check=True)
    assert result["changed"] and result["diff"]["after"]["east-nfs2"]["master"]
    assert not primary.writes


def test_an_old_data_center_cannot_switch_and_the_remedy_goes_through_maintenance(play, primary):
    set_row(primary, schema.StoragePool, "data_center", "east", compatibility_version="4.4")
    result = mark(play, primary, "east-data", switch_master=True)
    assert result["error_kind"] == "rejected" and "4.4" in result["msg"]
    assert "maintenance" in result["remedy"] and "east-nfs2" in result["remedy"]
    assert not primary.writes


def test_a_refused_switch_fails_and_leaves_the_flag(play, primary):
    primary.mishaps.add("POST", "/datacenters/{id}/setmaster", "status", status=409, detail="[Tasks are running.]")
    result = mark(play, primary, "east-data", switch_master=True)
    assert result["error_kind"] == "rejected" and "Tasks are running" in result["msg"]
    assert result["storage_domains"][0]["after"] == {"backup": False, "master": True} and not result["changed"]


def test_guests_are_shut_down_first_never_powered_off(play, primary):
    result = mark(play, primary, "vault", shutdown_vms=True)
    assert result["changed"] and result["vms_shut_down"] == ["web"]
    assert sent(primary) == [("POST", "shutdown"), ("PUT", east("domain", "vault"))]
    again = mark(play, primary, "vault", shutdown_vms=True)
    assert not again["changed"] and again["vms_shut_down"] == []


def test_check_mode_predicts_the_shutdown_and_sends_no_write(play, primary):
    result = mark(play, primary, "vault", shutdown_vms=True, check=True)
    assert result["changed"] and result["vms_shut_down"] == ["web"]
    assert not primary.writes


def test_a_guest_that_ignores_the_shutdown_is_waited_for_and_left_running(play, primary):
    set_row(primary, schema.VmStatic, "vm", "web", guest_ignores_shutdown=True)
    result = mark(play, primary, "vault", shutdown_vms=True, timeout=1)
    assert result["error_kind"] == "partial" and "web" in result["msg"]
    assert sent(primary) == [("POST", "shutdown")]
    assert result["storage_domains"][0]["after"] == ORDINARY


def before(site, monkeypatch, method, path_end, happen):
    """Let something happen each time before the engine gets a certain request."""
    meet = site.mishaps.meet

    def met(arrived, path):
        if arrived == method and path.endswith(path_end):
            happen()
        return meet(arrived, path)

    monkeypatch.setattr(site.mishaps, "meet", met)


def test_a_vm_that_starts_in_between_is_the_same_rule_with_the_same_message(play, primary, monkeypatch):
    early = mark(play, primary, "vault")
    shut_web_down(play, primary)
    before(primary, monkeypatch, "PUT", "", lambda: primary.engine.execute(RunVm(east("vm", "web"))))
    late = mark(play, primary, "vault")
    assert late["error_kind"] == "rule"
    assert late["violations"] == early["violations"]
    assert (late["msg"], late["remedy"]) == (early["msg"], early["remedy"])
    assert not late["changed"]


def test_a_refusal_that_no_rule_explains_keeps_the_engines_words(play, primary):
    primary.mishaps.add("PUT", "/storagedomains/{id}", "status", **LOST)
    result = mark(play, primary, "east-nfs2")
    assert result["error_kind"] == "rejected" and "There are running VMs." in result["msg"]


def test_a_vm_that_starts_again_after_the_shutdowns_is_seen_before_the_flag(play, primary, monkeypatch):
    def start_again():
        if ("POST", "shutdown") in sent(primary):
            primary.engine.execute(RunVm(east("vm", "web")))

    before(primary, monkeypatch, "GET", "/datacenters", start_again)
    result = mark(play, primary, "vault", shutdown_vms=True)
    assert result["error_kind"] == "rule"
    assert [one["rule"] for one in result["violations"]] == ["backup.running_vms"]
    assert result["changed"] and result["vms_shut_down"] == ["web"]
    assert sent(primary) == [("POST", "shutdown")]


def test_of_several_domains_the_ones_before_a_refusal_are_told_as_done(play, primary):
    primary.mishaps.add("PUT", "/storagedomains/{id}", "status", at=2, **LOST)
    result = mark(play, primary, "east-nfs2", "nfs-vault")
    assert result["failed"] and result["changed"]
    assert [one["after"]["backup"] for one in result["storage_domains"]] == [True, False]


def test_a_lost_answer_is_looked_up(play, primary):
    primary.mishaps.add("PUT", "/storagedomains/{id}", "reset_after")
    assert mark(play, primary, "east-nfs2")["changed"]
    assert len(primary.writes) == 1
