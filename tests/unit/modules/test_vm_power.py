# SPDX-License-Identifier: GPL-3.0-or-later
"""Boot groups over HTTPS."""

from __future__ import annotations


def power(play, site, *groups, **params):
    named = [{"name": f"g{number}", "vms": list(vms)} for number, vms in enumerate(groups, 1)]
    return play("vm_power", auth=site.auth, groups=named, **{"poll_interval": 0.01, **params})


def starts(site):
    return [request.path for request in site.writes if request.path.endswith("/start")]


def test_groups_start_in_order_and_are_seen_up(play, primary):
    result = power(play, primary, ["db"], ["app"])
    assert result["counts"]["succeeded"] == 2
    ids = {one["name"]: one["id"] for one in result["entities"]}
    assert [path.split("/")[-2] for path in starts(primary)] == [ids["db"], ids["app"]]


def test_a_second_run_changes_nothing(play, primary):
    power(play, primary, ["db"])
    again = power(play, primary, ["db"])
    assert not again["changed"] and again["counts"]["skipped"] == 1
    assert len(starts(primary)) == 1


def test_check_mode_predicts_and_sends_no_write(play, primary):
    result = power(play, primary, ["db"], check=True)
    assert result["changed"] and result["diff"] == {"before": {"db": "down"}, "after": {"db": "up"}}
    assert not primary.writes


def test_a_shutdown_waits_until_the_guest_is_down(play, primary):
    result = power(play, primary, ["web"], state="stopped")
    assert result["changed"] and result["entities"][0]["outcome"] == "succeeded"
    assert not power(play, primary, ["web"], state="stopped")["changed"]


def test_an_unknown_vm_is_not_found_and_nothing_starts(play, primary):
    result = power(play, primary, ["db", "nobody"])
    assert result["error_kind"] == "not_found" and "nobody" in result["msg"]
    assert not primary.writes


def test_a_vm_that_the_engine_refuses_fails_alone_and_stops_the_next_group(play, primary):
    primary.mishaps.add("POST", "/vms/{id}/start", "status", status=409, detail="[no]")
    result = power(play, primary, ["db"], ["app"])
    outcomes = {one["name"]: one["outcome"] for one in result["entities"]}
    assert result["error_kind"] == "partial" and outcomes == {"db": "failed", "app": "skipped"}
    assert "not tried" in next(one["reason"] for one in result["entities"] if one["name"] == "app")
