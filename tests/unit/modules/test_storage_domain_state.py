# SPDX-License-Identifier: GPL-3.0-or-later
"""An existing domain through its states over HTTPS."""

from __future__ import annotations

import pytest


def bring(play, site, *names, **params):
    options = {"poll_interval": 0.01, **params}
    return play("storage_domain_state", auth=site.auth, storage_domains=list(names), **options)


@pytest.mark.parametrize("state", ["maintenance", "unattached", "removed"])
def test_leaves_once_then_leaves_alone(play, primary, state):
    first = bring(play, primary, "east-nfs2", state=state)
    before = len(primary.writes)
    second = bring(play, primary, "east-nfs2", state=state)
    assert (first["changed"], second["changed"]) == (True, False)
    assert len(primary.writes) == before


def test_comes_back_with_its_data_center(play, primary):
    bring(play, primary, "east-nfs2", state="unattached")
    result = bring(play, primary, "east-nfs2", state="active", data_center="east")
    assert [step["action"] for step in result["steps"]] == ["attach"]
    assert not bring(play, primary, "east-nfs2", state="active")["changed"]


def test_check_mode_predicts_and_sends_no_write(play, primary):
    result = bring(play, primary, "east-nfs2", state="unattached", check=True)
    assert [step["action"] for step in result["steps"]] == ["deactivate", "detach"]
    assert not primary.writes


def test_a_domain_with_running_vms_stays_and_the_vms_are_named(play, primary):
    result = bring(play, primary, "vault", state="maintenance")
    assert result["error_kind"] == "rejected" and "web (up)" in result["msg"]
    assert not primary.writes


def test_destroying_needs_a_domain_that_is_not_active(play, primary):
    assert bring(play, primary, "east-nfs2", state="destroyed")["error_kind"] == "rejected"
    bring(play, primary, "east-nfs2", state="maintenance")
    assert bring(play, primary, "east-nfs2", state="destroyed")["changed"]


def test_a_mistyped_name_is_not_found_and_creates_nothing(play, primary):
    assert bring(play, primary, "east-nfs3")["error_kind"] == "not_found"
    assert not primary.writes


def test_an_empty_list_is_invalid(play, primary):
    assert bring(play, primary)["error_kind"] == "invalid"
