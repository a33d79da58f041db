# SPDX-License-Identifier: GPL-3.0-or-later
"""Moving VMs and templates to a backup domain over HTTPS."""

from __future__ import annotations

import pytest


@pytest.fixture
def vault(play, primary):
    """The primary site with `vault` as a backup domain and nothing running from it."""
    play("vm_power", auth=primary.auth, groups=[{"vms": ["web"]}], state="stopped", poll_interval=0.01)
    play("backup_domain", auth=primary.auth, storage_domains=["vault"])
    primary.requests.clear()
    return primary


def move(play, site, **params):
    return play("backup_transfer", auth=site.auth, **{"storage_domain": "vault", "poll_interval": 0.01, **params})


def test_a_vm_and_a_template_move_in_one_step(play, vault):
    result = move(play, vault, vms=["db"], templates=["base"])
    assert result["counts"]["succeeded"] == 2
    again = move(play, vault, vms=["db"], templates=["base"], check=True)
    assert not again["changed"]
    assert any(request.path.endswith("/updateovfstore") for request in vault.writes)


def test_a_second_run_changes_nothing(play, vault):
    move(play, vault, vms=["app"])
    before = len(vault.writes)
    again = move(play, vault, vms=["app"])
    assert not again["changed"] and again["counts"]["skipped"] == 1
    assert len(vault.writes) == before


def test_check_mode_predicts_and_sends_no_write(play, vault):
    result = move(play, vault, vms=["db"], check=True)
    assert result["diff"] == {"before": {"db": ["east-data"]}, "after": {"db": ["vault"]}}
    assert not vault.writes


def test_a_target_that_is_no_backup_domain_is_refused_unless_allowed(play, vault):
    refused = move(play, vault, vms=["db"], storage_domain="east-nfs2")
    assert refused["error_kind"] == "rejected" and "not a backup domain" in refused["msg"]
    assert not vault.writes
    assert move(play, vault, vms=["db"], storage_domain="east-nfs2", allow_non_backup=True)["changed"]


def test_a_running_vm_is_in_the_way_and_nothing_moves(play, vault):
    play("vm_power", auth=vault.auth, groups=[{"vms": ["db"]}], poll_interval=0.01)
    vault.requests.clear()
    result = move(play, vault, vms=["db", "app"])
    assert result["error_kind"] == "rejected" and "VM db is up" in result["msg"]
    assert not vault.writes


def test_a_disk_that_the_engine_does_not_move_makes_its_vm_fail_and_the_other_moves(play, vault):
    vault.mishaps.add("POST", "/disks/{id}/move", "status", status=400, detail="[no]")
    result = move(play, vault, vms=["db", "app"], concurrency=1)
    assert result["error_kind"] == "partial"
    assert result["counts"]["failed"] == 1 and result["counts"]["succeeded"] == 1


@pytest.mark.parametrize(("given", "kind"), [({}, "invalid"), ({"vms": ["nobody"]}, "not_found")])
def test_nothing_to_move_or_an_unknown_vm_is_said_clearly(play, vault, given, kind):
    assert move(play, vault, **given)["error_kind"] == kind
    assert not vault.writes


def test_a_store_that_is_not_written_is_told_beside_what_moved(play, vault):
    vault.mishaps.add("POST", "/storagedomains/{id}/updateovfstore", "status", status=400, detail="[no]")
    result = move(play, vault, vms=["db"])
    assert result["error_kind"] == "partial"
    assert [(one["name"], one["outcome"]) for one in result["entities"]] == [("db", "succeeded"), ("vault", "failed")]
