# SPDX-License-Identifier: GPL-3.0-or-later
"""The gate of a swap: what hosts see of storage, waiting for it, and what is missing on which host."""

from __future__ import annotations

import threading

import pytest
from ovirtsdk4 import types

from ovirt_simulator.scenario import identifier

VAULT = {
    "id": identifier("primary", "domain", "vault"),
    "name": "vault",
    "storage_type": "iscsi",
    "backup": True,
}
FILES = {"id": identifier("primary", "domain", "east-nfs2"), "name": "files", "storage_type": "nfs", "path": "/x"}
TARGETS = [{"target": "iqn.2031-05.test.array-b:vault", "address": "10.20.1.10"}]
QUICK = {"poll_interval": 0.05}
# The oldest SDK reads no count of working paths, only that a unit cannot be used.
TOLD_OF_PATHS = "no working path" if hasattr(types.LogicalUnit, "active_paths") else "cannot use the logical unit"


def ready(play, site, *domains, **params):
    given = {"data_center": "west", "storage_domains": list(domains or (VAULT,)), **QUICK, **params}
    return play("storage_ready_info", auth=site.auth, **given)


def login(play, site, **where):
    return play("iscsi_login", auth=site.auth, targets=TARGETS, **where)


def lacks(result):
    return {(one["storage_domain"], one["host"]): one["reason"] for one in result["missing"]}


def test_a_domain_that_nobody_sees_is_missing_on_every_host_that_is_up(play, secondary):
    result = ready(play, secondary)
    assert not result.get("failed") and not result["ready"]
    assert lacks(result) == dict.fromkeys([("vault", "west-h1"), ("vault", "west-h2")], "sees no logical unit of it")
    assert all("iscsi_login" in one["remedy"] for one in result["missing"])
    assert not secondary.writes


def test_names_the_one_host_that_does_not_see_it(play, sites, secondary):
    sites.arrays.replicate()
    login(play, secondary, host="west-h1")
    result = ready(play, secondary)
    assert not result["ready"] and list(lacks(result)) == [("vault", "west-h2")]
    login(play, secondary, data_center="west")
    result = ready(play, secondary)
    assert result["ready"] and result["missing"] == [] and result["storage_domains"][0]["logical_units"]


def test_paths_that_do_not_work_are_missing(play, sites, secondary):
    sites.arrays.replicate()
    login(play, secondary, data_center="west")
    sites.arrays.set_portal("10.20.1.10", reachable=False)
    assert TOLD_OF_PATHS in lacks(ready(play, secondary))["vault", "west-h1"]


def test_waits_until_the_array_has_swapped(play, sites, secondary):
    login(play, secondary, data_center="west")
    swap = threading.Timer(0.3, sites.arrays.replicate)
    swap.start()
    result = ready(play, secondary, deadline=30)
    swap.join()
    assert result["ready"] and result["elapsed"] >= 0.3
    assert len([one for one in secondary.requests if one.path.endswith("/storage")]) > 2


def test_fails_at_its_deadline_with_what_is_missing(play, secondary):
    result = ready(play, secondary, deadline=1, poll_interval=0.5)
    assert result["error_kind"] == "timeout" and result["ready"] is False and len(result["missing"]) == 2
    assert "vault: west-h1: sees no logical unit" in result["msg"]


def test_check_mode_does_not_wait_for_what_nobody_has_done(play, secondary):
    result = ready(play, secondary, deadline=600, check=True)
    assert not result.get("failed") and not result["ready"] and result["elapsed"] < 30


def test_of_file_storage_nothing_can_be_told_and_it_holds_nothing_up(play, secondary):
    result = ready(play, secondary, FILES)
    assert result["ready"] and result["storage_domains"][0]["ready"] is None
    assert "files" in result["warnings"][0]
    assert not [one for one in secondary.requests if one.path.endswith("/storage")]


def test_a_domain_that_is_active_already_is_ready(play, primary):
    result = ready(play, primary, VAULT, FILES, data_center="east")
    assert [one["ready"] for one in result["storage_domains"]] == [True, True]


def test_a_host_that_gives_no_answer_is_named(play, secondary):
    secondary.mishaps.add("GET", "/hosts/{id}/storage", "status", times=0, status=500)
    result = ready(play, secondary)
    assert not result["ready"] and "cannot read hosts/" in lacks(result)["vault", "west-h1"]


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"storage_domains": []}, "storage_domains is empty"),
        ({"storage_domains": [{**VAULT, "id": "vault"}]}, "storage_domains[0].id"),
        ({"storage_domains": [{**VAULT, "storage_type": "tape"}]}, "storage_domains[0].storage_type"),
        ({"deadline": -1}, "deadline"),
        ({"poll_interval": 0}, "poll_interval"),
    ],
)
def test_bad_input_is_named(play, secondary, params, told):
    result = ready(play, secondary, **params)
    assert result["error_kind"] == "invalid" and told in result["msg"]
