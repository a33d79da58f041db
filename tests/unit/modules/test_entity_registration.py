# SPDX-License-Identifier: GPL-3.0-or-later
"""Registering over HTTPS what arrived at a site with two data centers."""

from __future__ import annotations

import copy
import socket
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select

from ansible_collections.lifeboat.ovirt.plugins.module_utils.progress import ENVIRONMENT, LONGEST_REPORT, Report
from arrived_world import DOMAINS, LEDGER_COPY, MAPPING, arrive, source
from ovirt_simulator.engine import schema
from ovirt_simulator.engine.groupings import AffinityGroup, AffinityLabel, Membership
from ovirt_simulator.site import simulated_sites

TEMPLATES = ["golden", "golden-2"]
ALL = ["web", "thin", "ledger", "guest", "press", *TEMPLATES]


@pytest.fixture(scope="module")
def arrived():
    return arrive()


@pytest.fixture
def site(arrived):
    with simulated_sites(arrived) as sites:
        yield sites["secondary"]


@pytest.fixture
def register(play, site):
    def run(**params):
        options = {"storage_domains": list(DOMAINS), "mapping": MAPPING, "unmapped_networks": "unplug"}
        return play("entity_registration", auth=site.auth, **{**options, **params})

    return run


def rows(site, table, **columns):
    with site.engine.transaction() as context:
        return list(context.db.scalars(select(table).filter_by(**columns)))


def outcomes(result):
    return {one["name"]: one["outcome"] for one in result["entities"]}


def reason(result, name):
    return next(one["reason"] for one in result["entities"] if one["name"] == name)


def profile_of(site, vm):
    [nic] = rows(site, schema.VmInterface, vm_id=source(vm))
    names = {one.id: one.name for one in rows(site, schema.VnicProfile)}
    return names.get(nic.vnic_profile_id), nic.plugged


def calls(site, *words):
    return [one.path for one in site.writes if all(word in one.path for word in words)]


def test_everything_comes_once_in_one_request_each(register, site):
    result = register()
    assert outcomes(result) == dict.fromkeys([*ALL, "loose"], "succeeded")
    sent = [path for path in calls(site) if path.endswith(("/register", "/disks"))]
    assert len(sent) == 8 and max(Counter(sent).values()) == 1
    kinds = [next(kind for kind in ("templates", "vms", "disks") if kind in path) for path in sent]
    assert kinds == ["templates", "templates", *["vms"] * 5, "disks"]
    assert source("golden", "template") in sent[0], "a base version comes before the others"
    assert len(site.requests) <= 8 + 6 * 3 + 30


def test_each_data_center_gets_its_clusters_and_networks(register, site):
    register()
    clusters = {one.id: one.name for one in rows(site, schema.Cluster)}
    found = {vm: clusters[rows(site, schema.VmStatic, id=source(vm))[0].cluster_id] for vm in ("web", "press")}
    assert found == {"web": "west-cl1", "press": "south-cl1"}
    assert (profile_of(site, "web"), profile_of(site, "press")) == (("west-lan", True), ("south-lan", True))


def test_a_second_run_changes_nothing(register, site):
    register()
    before = len(site.writes)
    again = register()
    assert not again["changed"] and len(site.writes) == before
    assert again["counts"] == {"succeeded": 0, "failed": 0, "skipped": 7, "unknown": 0} and again["repairs"] == []


def test_check_mode_predicts_and_sends_no_write(register, site):
    result = register(check=True)
    assert outcomes(result) == {**dict.fromkeys(ALL, "succeeded"), "floating disks": "unknown"}
    assert result["changed"] and not site.writes
    register(disks=[])
    assert outcomes(register(check=True))["loose"] == "succeeded"


def test_a_mapped_lun_is_really_attached(register, site):
    register(vms=["ledger"])
    [disk] = rows(site, schema.BaseDisk, storage_type="lun")
    assert disk.lun_id == LEDGER_COPY
    assert rows(site, schema.DiskAttachment, disk_id=disk.id)[0].vm_id == source("ledger")


def test_a_lun_that_no_host_sees_fails_its_vm_or_is_left_out(register, site):
    mapping = {**MAPPING, "luns": []}
    refused = register(mapping=mapping, vms=["ledger"], templates=[])
    assert refused["error_kind"] == "partial" and outcomes(refused) == {"ledger": "failed"}
    partial = register(mapping=mapping, vms=["ledger"], templates=[], allow_partial=True)
    assert outcomes(partial)["ledger"] == "succeeded" and rows(site, schema.BaseDisk, storage_type="lun") == []
    assert "came without" in reason(partial, "ledger")


class TestNics:
    def test_one_that_no_mapping_fits_fails_its_vm_and_says_so_again(self, register, site):
        for _again in range(2):
            result = register(unmapped_networks="fail")
            assert result["error_kind"] == "partial" and result["repairs"] == []
            assert [name for name, found in outcomes(result).items() if found == "failed"] == ["guest"]
            assert "NIC nic1 has no vNIC profile" in reason(result, "guest")

    def test_it_is_unplugged_on_request_and_counted_apart(self, register, site):
        result = register()
        assert [(one["vm"], one["nic"], one["action"]) for one in result["repairs"]] == [("guest", "nic1", "unplug")]
        assert profile_of(site, "guest") == (None, False)
        assert len(calls(site, "/nics/")) == 1

    def test_it_is_connected_to_a_given_profile_of_its_data_center(self, register, site):
        drill = {"network": "west-drill", "profile": "west-drill"}
        result = register(repair_profile=drill, unmapped_networks="fail")
        assert [one["action"] for one in result["repairs"]] == ["connect"]
        assert profile_of(site, "guest") == ("west-drill", True)

    def test_what_an_interrupted_run_left_is_repaired_by_the_next(self, register, site):
        register(unmapped_networks="fail")
        again = register()
        assert again["changed"] and outcomes(again)["guest"] == "succeeded"
        assert profile_of(site, "guest") == (None, False)

    def test_a_failed_repair_fails_its_vm(self, register, site):
        site.mishaps.add("PUT", "/vms/{vm}/nics/{nic}", "status", status=409, detail="[no]")
        result = register()
        assert [name for name, found in outcomes(result).items() if found == "failed"] == ["guest"]
        assert result["repairs"] == []


class TestBelongings:
    def test_groups_labels_roles_and_users_are_mapped(self, register, site):
        result = register(vms=["web"])
        [group] = rows(site, AffinityGroup, name="apart-here")
        [label] = rows(site, AffinityLabel, name="licensed-here")
        assert {one.group_id for one in rows(site, Membership, member_id=source("web"))} == {group.id, label.id}
        assert "bob" in reason(result, "web") and "ann" not in reason(result, "web")

    def test_what_the_engine_dropped_with_an_event_only_is_told_of_the_vm(self, register, site):
        result = register(mapping={**MAPPING, "affinity_groups": [], "user_domains": []}, vms=["web", "press"])
        assert "apart" in reason(result, "web") and "ann" in reason(result, "web")
        assert reason(result, "press") == "vm registered from plant"


def test_a_vm_that_is_nowhere_keeps_nobody_from_being_registered(register, site):
    given = {"vms": ["web", "nobody"], "disks": [], "inactive": "report"}
    foreseen = register(check=True, **{**given, "storage_domains": [*DOMAINS, "not-yet"]})
    assert outcomes(foreseen)["nobody"] == "unknown" and not foreseen.get("failed")
    assert register(**{**given, "inactive": "fail"})["error_kind"] == "not_found"
    assert outcomes(register(**given)).items() >= {"web": "succeeded", "nobody": "failed"}.items()


class TestRename:
    def test_a_drill_registers_under_new_names_and_finds_them_again(self, register, site):
        result = register(rename="{name}-drill", disks=[])
        names = {one.id: one.name for one in rows(site, schema.VmStatic)}
        assert names[source("web")] == "web-drill" and names[source("golden", "template")] == "golden-drill"
        assert outcomes(result)["web"] == "succeeded"
        assert outcomes(register(rename="{name}-drill", vms=["web"], templates=[], disks=[])) == {
            "web-drill": "skipped"
        }

    def test_a_pattern_without_the_name_is_refused(self, register, site):
        result = register(rename="drill")
        assert result["error_kind"] == "invalid" and "{name}" in result["msg"] and not site.requests


class TestDisks:
    def test_none_is_taken_from_beside_a_vm_that_stays_unregistered(self, register, site):
        result = register(vms=["web", "thin"])
        assert "loose" not in outcomes(result)
        assert any("press" in warning for warning in result["warnings"])
        assert rows(site, schema.BaseDisk, alias="press_Disk1") == []

    def test_a_named_one_is_taken_all_the_same(self, register, site):
        result = register(vms=[], templates=[], disks=["loose", "lost"])
        assert outcomes(result) == {"loose": "succeeded", "lost": "failed"}
        assert outcomes(register(vms=[], templates=[], disks=["loose"])) == {"loose": "skipped"}


class TestFailures:
    def test_one_refused_vm_does_not_stop_the_others(self, register, site):
        path = f"/storagedomains/{{domain}}/vms/{source('web')}/register"
        site.mishaps.add("POST", path, "status", status=400, detail="[something is wrong with it]")
        result = register()
        assert result["error_kind"] == "partial" and result["counts"]["failed"] == 1
        assert "something is wrong with it" in reason(result, "web")
        assert all(one["remedy"] for one in result["entities"] if one["outcome"] == "failed")
        assert outcomes(register())["web"] == "succeeded"

    def test_thin_vms_are_not_tried_after_their_template_failed(self, register, site):
        site.mishaps.add("POST", "/storagedomains/{domain}/templates/{template}/register", "status", status=400)
        result = register()
        assert {name for name, found in outcomes(result).items() if found == "failed"} == {*TEMPLATES, "thin"}
        assert not calls(site, source("thin"))

    def test_a_lost_answer_is_no_second_registration(self, register, site):
        site.mishaps.add("POST", "/storagedomains/{domain}/vms/{vm}/register", "reset_after", times=2)
        assert register()["counts"]["failed"] == 0
        assert max(Counter(calls(site, "/register")).values()) == 1

    def test_what_the_engine_only_claims_to_have_done_is_a_failure(self, register, site):
        path = f"/storagedomains/{{domain}}/vms/{source('web')}/register"
        site.mishaps.add("POST", path, "status", status=200, detail="")
        assert outcomes(register())["web"] == "failed"

    @pytest.mark.parametrize(
        ("params", "kind", "told"),
        [
            ({"storage_domains": []}, "invalid", "storage_domains is empty"),
            ({"vms": ["nobody"]}, "not_found", "nobody"),
            ({"cluster": "nowhere"}, "not_found", "nowhere"),
            ({"repair_profile": {"network": "x", "profile": "y"}}, "not_found", "x/y"),
            ({"mapping_yaml": "version: 1\n"}, "invalid", "both given"),
            ({"mapping": None, "mapping_yaml": "version: 1\nclusters: {}"}, "invalid", "mapping_yaml: clusters"),
            ({"mapping": {"version": 1, "clusters": [{"source": "a", "target": "b"}]}}, "not_found", "cluster b"),
            (
                {
                    "mapping": {
                        "version": 1,
                        "vnic_profiles": [
                            {"source": {"network": "a", "profile": "a"}, "target": {"network": "b", "profile": "b"}}
                        ],
                    }
                },
                "not_found",
                "vNIC profile b/b",
            ),
        ],
    )
    def test_bad_input_is_named_and_nothing_changes(self, register, site, params, kind, told):
        result = register(**params)
        assert (result["error_kind"], told in result["msg"]) == (kind, True), result["msg"]
        assert not site.writes


OFFICIAL = (Path(__file__).parents[2] / "data" / "official" / "disaster_recovery_vars.yml").read_text(encoding="utf-8")


def test_a_variable_file_of_the_official_role_drives_a_registration(register, site):
    # Over Fibre Channel, since the hosts of this world have no portal to log in to.
    text = OFFICIAL.replace("secondary_storage_type: iscsi", "secondary_storage_type: fcp")
    result = register(mapping=None, mapping_yaml=text)
    assert set(outcomes(result).values()) == {"succeeded"}, result
    found = {vm: profile_of(site, vm)[0] for vm in ("web", "guest", "press")}
    assert found == {"web": "west-lan", "guest": "west-drill", "press": "south-lan"}
    assert [one.lun_id for one in rows(site, schema.BaseDisk, storage_type="lun")] == [LEDGER_COPY]
    [body] = [one.body for one in site.writes if one.path.endswith(f"{source('web')}/register")]
    assert "<allow_partial_import>false" in body and "<reassign_bad_macs>true" in body
    assert any("dr_role_mappings[2]" in warning for warning in result["warnings"])


def test_whoever_watches_is_told_of_each_entity(register, site, monkeypatch, tmp_path):
    path = str(tmp_path / "progress")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as watching:
        watching.bind(path)
        monkeypatch.setenv(ENVIRONMENT, path)
        register(vms=["press"], templates=[], disks=[])
        told = [Report.decode(watching.recv(LONGEST_REPORT)) for _turn in range(2)]
    assert [(one.entity, one.state) for one in told] == [("VM press", "registering"), ("VM press", "registered")]


def test_no_password_of_a_lun_leaves_the_module(register, site):
    mapping = copy.deepcopy(MAPPING)
    mapping["luns"][0]["target"]["password"] = "lun-secret"
    assert "lun-secret" not in str(register(mapping=mapping, vms=["ledger"]))
