# SPDX-License-Identifier: GPL-3.0-or-later
"""The backup flag over HTTPS: rules first, then one request a domain."""

from __future__ import annotations

WEB_DOWN = [{"vms": ["web"]}]


def mark(play, site, *names, **params):
    return play("backup_domain", auth=site.auth, storage_domains=list(names), **params)


def shut_web_down(play, site):
    return play("vm_power", auth=site.auth, groups=WEB_DOWN, state="stopped", poll_interval=0.01)


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
    assert first["diff"]["after"] == {"vault": {"backup": True}}
    assert [(one["before"], one["after"]) for one in second["storage_domains"]] == [(True, True)]


def test_check_mode_predicts_and_sends_no_write(play, primary):
    shut_web_down(play, primary)
    before = len(primary.writes)
    result = mark(play, primary, "vault", check=True)
    assert result["changed"] and result["diff"]["before"] == {"vault": {"backup": False}}
    assert len(primary.writes) == before


def test_clearing_the_flag_lets_vms_start_again(play, primary):
    shut_web_down(play, primary)
    mark(play, primary, "vault")
    refused = play("vm_power", auth=primary.auth, groups=WEB_DOWN, poll_interval=0.01)
    assert refused["error_kind"] == "rule" and "vault" in refused["msg"]
    assert mark(play, primary, "vault", state="disabled")["changed"]
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


def test_softening_what_the_engine_enforces_is_invalid(play, primary):
    softened = [{"id": "backup.running_vms", "severity": "warn", "reason": "because"}]
    assert mark(play, primary, "vault", rules=softened)["error_kind"] == "invalid"
