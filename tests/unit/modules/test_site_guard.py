# SPDX-License-Identifier: GPL-3.0-or-later
"""The fence check: the engine's word, the operator's word, and neither."""

from __future__ import annotations

import pytest

from ovirt_simulator.engine import schema


def guard(play, site, **params):
    return play("site_guard", auth=site.auth, site="primary", storage_domains=["vault"], **params)


def test_a_site_that_still_holds_the_domain_is_not_fenced_whatever_the_operator_says(play, primary):
    result = guard(play, primary, fenced="primary")
    assert result["error_kind"] == "rule" and "vault (active)" in result["msg"]


@pytest.mark.parametrize("state", ["maintenance", "unattached", "removed"])
def test_a_site_that_released_the_domain_proves_it_by_its_engine(play, primary, state):
    play("vm_power", auth=primary.auth, groups=[{"vms": ["web"]}], state="stopped", poll_interval=0.01)
    play("storage_domain_state", auth=primary.auth, storage_domains=["vault"], state=state, poll_interval=0.01)
    assert guard(play, primary)["proof"] == "engine"


def test_what_a_site_holds_can_be_asked_for(play, primary):
    result = play("site_guard", auth=primary.auth, site="primary", storage_domains=["vault", "gone"], report_only=True)
    assert (result["proof"], len(result["held"]), result["running"]) == (None, 1, ["web"])
    assert result["storage"] == ["3600a0980000000000000000000000a01", "3600a0980000000000000000000000a02"]
    primary.stop()
    assert guard(play, primary, fenced="primary", report_only=True)["error_kind"] == "unreachable"


def test_a_silent_site_whose_engine_sees_no_host_needs_the_operators_word(play, primary):
    primary.hosts.fence()
    assert "sees none of its hosts" in guard(play, primary)["msg"]
    assert guard(play, primary, fenced="primary")["proof"] == "operator"


def test_an_unreachable_engine_proves_nothing(play, primary):
    primary.stop()
    result = guard(play, primary)
    assert result["error_kind"] == "rule"
    assert "hosts no longer write" in result["msg"] and "fenced: primary" in result["remedy"]


def test_an_unreachable_engine_and_the_operators_word_pass(play, primary):
    primary.stop()
    assert guard(play, primary, fenced="primary")["proof"] == "operator"


def test_the_word_for_another_site_does_not_count(play, primary):
    assert guard(play, primary, fenced="secondary")["error_kind"] == "invalid"


def test_a_wrong_password_is_no_proof_of_anything(play, primary):
    auth = {**primary.auth, "password": "wrong"}
    result = play("site_guard", auth=auth, site="primary", storage_domains=["vault"], fenced="primary")
    assert result["error_kind"] == "auth"


def test_a_drill_and_a_recovery_in_earnest_do_not_meet(play, primary):
    def guard(name, **params):
        return play("drill_guard", auth=primary.auth, storage_domains=[{"id": vault, "name": name}], **params)

    with primary.engine.transaction() as context:
        row = context.db.query(schema.StorageDomainStatic).filter_by(name="vault").one()
        vault = row.id
    assert guard("vault", in_earnest=True)["reason"].startswith("no drill has left")
    assert guard("vault-drill")["error_kind"] == "rule"
    assert guard("vault-drill", copies_at={vault: "nfs.array-a.test:/drill"})["error_kind"] == "rule"
    with primary.engine.transaction() as context:
        context.db.get_one(schema.StorageDomainStatic, vault).name = "vault-drill"
    refused = guard("vault", in_earnest=True)
    assert refused["error_kind"] == "rule" and "clean_up_drill" in refused["remedy"]
    assert guard("vault-drill")["storage_domains"] == ["vault-drill"]


def test_what_lies_where_only_copies_are_is_of_a_drill_whatever_its_name_is(play, primary):
    with primary.engine.transaction() as context:
        domain = context.db.query(schema.StorageDomainStatic).filter_by(name="mixed-file").one().id
    wanted = {"auth": primary.auth, "storage_domains": [{"id": domain, "name": "mixed-file-drill"}]}
    place = "nfs.array-a.test:/mixed"
    earnest = {**wanted, "storage_domains": [{"id": domain, "name": "mixed-file"}], "in_earnest": True}
    assert play("drill_guard", **earnest, copies_at={domain: place})["error_kind"] == "rule"
    assert play("drill_guard", **earnest, copies_at={domain: f"{place}/drill"})["storage_domains"] == []
    assert play("drill_guard", **wanted, copies_at={domain: place})["storage_domains"] == ["mixed-file"]
    assert play("drill_guard", **wanted, copies_at={domain: f"{place}/drill"})["error_kind"] == "rule"
