# SPDX-License-Identifier: GPL-3.0-or-later
"""Preflight over HTTPS: a healthy plan, one that is sick in every way, sites that give no answer, and what it sends."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from ovirtsdk4 import types

from ovirt_simulator.engine import schema
from ovirt_simulator.scenario import identifier, load
from ovirt_simulator.site import simulated_sites
from recovery_plans import PLAN

DATA = Path(__file__).parents[2] / "data"
BOTH = {"source": "primary", "target": "secondary"}
WEB = {
    **PLAN,
    "groups": {"shop": {"domains": PLAN["groups"]["shop"]["domains"], "boot": [{"vms": ["web"]}]}},
    "sites": {"primary": {"data_center": "east"}, "secondary": {"data_center": "west", "host": "west-h1"}},
    "hooks": {},
}


def preflight(play, sites, path, **params):
    logins = {"auth": sites["secondary"].auth, "source_auth": sites["primary"].auth}
    return play("preflight_info", path=str(path), **{**logins, **BOTH, **params})


def written(folder, document=None):
    path = folder / "plan.yml"
    path.write_text(yaml.safe_dump(WEB if document is None else document, sort_keys=False))
    return path


def kinds(result):
    return {one["kind"] for one in result["findings"] if one["severity"] != "info"}


SICK = {
    ("host_down", "host west-h2"),
    ("plan_host_unusable", "host west-h2"),
    ("cluster_without_host", "cluster west-cl3"),
    ("domain_missing", "storage domain ghost"),
    ("domain_name_differs", "storage domain papers"),
    ("domain_place_differs", "storage domain papers"),
    ("domain_not_active", "storage domain loose"),
    ("domain_type_differs", "storage domain loose"),
    ("master_domain", "storage domain master"),
    ("domain_name_taken", "storage domain vault"),
    ("portal_dead", "portal 10.99.1.1:3260"),
    ("target_missing", "target iqn.2031-05.test.array-b:gone"),
    ("restore_domain_missing", "storage domain nowhere"),
    ("search_empty", "group odd"),
    ("vm_missing", "VM missing"),
    ("vm_elsewhere", "VM elsewhere"),
    ("vm_not_covered", "VM broken"),
    ("vm_not_started", "VM whole"),
    ("vm_not_started", "VM asleep"),
    ("vm_unprotected", "data center east"),
    ("group_incomplete", "group blocks, files, odd"),
    ("group_split", "group blocks, files, odd"),
    ("vm_in_preview", "VM looking"),
    ("vm_suspended", "VM asleep"),
    ("disk_illegal", "VM whole"),
    ("disk_shareable", "VM quorum"),
    ("cluster", "VM homeless"),
    ("disk_domain", "VM spread"),
    ("template", "VM thin"),
    ("memory_domain", "VM remembering"),
    ("vnic_profile", "VM exposed"),
    ("name_taken", "VM namesake"),
    ("mac_in_use", "VM clashing"),
    ("mac_out_of_pool", "VM exposed"),
    ("mac_out_of_pool", "VM whole"),
    ("mapping_target_missing", "mapping of east-cl2"),
    ("vm_too_large", "VM huge"),
    ("memory_short", "cluster west-cl1"),
    ("space_short", "storage domain data"),
    ("backup.running_vms", "storage domain kept"),
    ("rpo_exceeded", "replication"),
    ("hook_missing", f"hook {DATA / 'hooks' / 'gone.yml'}"),
    ("drill_profile_missing", "profile isolated"),
}


def test_finds_and_names_every_defect_of_two_sick_sites(play):
    with simulated_sites(load(DATA / "sick_sites.yml")) as sites:
        sites["secondary"].hosts.lose(["west-h2"])
        with sites["primary"].engine.transaction() as context:
            disk = context.db.get_one(schema.BaseDisk, identifier("primary", "disk", "whole_Disk1"))
            disk.active_image.status = "illegal"
        result = preflight(play, sites, DATA / "sick_plan.yml", rpo_seconds=4000, rpo_limit=300)
        assert not [entry for site in sites.values() for entry in site.writes]
    found = {(one["kind"], one["subject"]) for one in result["findings"]}
    assert found == SICK
    assert (result["verdict"], result["score"]) == ("blocked", 0)
    assert all(one["message"] and one["remedy"] for one in result["findings"])
    order = [one["severity"] for one in result["findings"]]
    assert order == sorted(order, key=["block", "warn", "info"].index)


def test_a_plan_that_fits_its_sites_is_ready_and_asks_little_of_them(play, sites, tmp_path):
    result = preflight(play, sites, written(tmp_path))
    assert (result["verdict"], result["score"], kinds(result)) == ("ready", 100, set())
    assert result["groups"] == [{"name": "shop", "vms": ["web"]}]
    assert [(one["name"], one["verdict"]) for one in result["workloads"]] == [("web", "ready")]
    sent = {name: len(site.requests) for name, site in sites.items()}
    assert sent["primary"] <= 20 and sent["secondary"] <= 20 + 1 + 2, "a portal and two hosts"
    assert not [entry for site in sites.values() for entry in site.writes]


def test_storage_that_hosts_should_see_and_paths_that_fail_are_found_where_they_are_logged_in(play, sites, tmp_path):
    targets = [{"target": "iqn.2031-05.test.array-b:vault", "address": "10.20.1.10"}]
    play("iscsi_login", auth=sites["secondary"].auth, data_center="west", targets=targets)
    path = written(tmp_path)
    assert kinds(preflight(play, sites, path)) == {"domain_not_seen"}
    sites.arrays.replicate()
    assert kinds(preflight(play, sites, path)) == set()
    sites.arrays.set_portal("10.20.1.10", reachable=False)
    # The oldest SDK reads no count of working paths.
    counted = {"paths_lost"} if hasattr(types.LogicalUnit, "active_paths") else set()
    assert kinds(preflight(play, sites, path)) == {"portal_dead", "target_missing", *counted}


def test_a_lost_source_degrades_and_a_lost_target_blocks(play, sites, tmp_path):
    path = written(tmp_path)
    sites["primary"].stop()
    result = preflight(play, sites, path)
    assert (result["verdict"], kinds(result)) == ("degraded", {"engine_unreachable"})
    wrong = {**sites["secondary"].auth, "password": "wrong-pass-word"}
    result = preflight(play, sites, path, auth=wrong)
    assert (result["verdict"], kinds(result)) == ("blocked", {"engine_unreachable", "login_refused"})
    assert "wrong-pass-word" not in str(result)


def test_what_a_search_found_is_kept_in_the_manifest_from_which_the_plan_resolves_it(play, sites, tmp_path):
    document = {**WEB, "groups": {"shop": {"domains": WEB["groups"]["shop"]["domains"], "vms": {"search": "name=web"}}}}
    path, manifest = written(tmp_path, document), tmp_path / "manifest.yml"
    unresolved = play("recovery_plan_info", path=str(path), **BOTH)
    assert unresolved["error_kind"] == "invalid" and "manifest" in unresolved["remedy"]
    result = preflight(play, sites, path, manifest=True)
    assert result["verdict"] == "ready"
    manifest.write_text(result["manifest"])
    run = play("recovery_plan_info", path=str(path), manifest=str(manifest), **BOTH)["run"]
    assert [one["vms"] for one in run["registrations"]] == [["web"]]
    kept = yaml.safe_load(result["manifest"])
    assert kept["searches"] == {"shop": ["web"]} and [one["name"] for one in kept["entities"]] == ["web"]


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ({"path": "/nowhere/plan.yml"}, "/nowhere/plan.yml"),
        ({"target": "tertiary"}, "tertiary"),
        ({"source": "secondary"}, "both secondary"),
        ({"groups": ["nobody"]}, "nobody"),
        ({"rules": [{"id": "backup.nothing", "severity": "warn", "reason": "so"}]}, "backup.nothing"),
    ],
)
def test_bad_input_is_named_and_nothing_is_sent(play, sites, tmp_path, params, told):
    result = preflight(play, sites, **{"path": written(tmp_path), **params})
    assert result["failed"] and told in result["msg"] and result["error_kind"] in ("invalid", "not_found")
    assert not sites["primary"].requests and not sites["secondary"].requests
