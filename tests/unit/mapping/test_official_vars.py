# SPDX-License-Identifier: GPL-3.0-or-later
"""The variable files of the official role, with their oddities."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.document import Node, parse
from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError
from ansible_collections.lifeboat.ovirt.plugins.module_utils.mapping import Lun, Pair, Profile
from ansible_collections.lifeboat.ovirt.plugins.module_utils.official_vars import convert, is_official

FILE = Path(__file__).parents[2] / "data" / "official" / "disaster_recovery_vars.yml"


@pytest.fixture
def file():
    return parse(FILE.read_text(encoding="utf-8"), "the variables")


def converted(target=None, **variables):
    return convert(Node(variables, "", "the variables"), target)


def test_a_variable_file_is_told_from_a_mapping(file):
    assert is_official(file)
    assert not is_official(Node({"version": 1, "clusters": []}, "", "mapping"))
    assert not is_official(Node(["dr_x"], "", "mapping"))


def test_quoted_booleans_are_booleans(file):
    found = convert(file)
    assert (found.allow_partial, found.reassign_bad_macs) == (False, True)
    assert converted(dr_partial_import="yes", dr_reset_mac_pool=False).allow_partial is True
    assert converted(dr_partial_import="", dr_cluster_mappings=None).allow_partial is None


def test_blank_targets_are_undecided_and_numbers_are_names(file):
    mapping = convert(file).mapping
    assert mapping.clusters[1:] == (Pair("north-cl1", "south-cl1"), Pair("retired", None), Pair("2024", "west-cl1"))
    assert mapping.user_domains == (Pair("internal-authz", "internal-authz"), Pair("corp-authz", None))
    assert mapping.affinity_groups == mapping.affinity_labels == ()


def test_what_cannot_be_sent_is_left_out_and_told(file):
    found = convert(file)
    assert found.mapping.roles == (Pair("VmManager", "UserVmManager"),)
    assert found.notes == (
        "dr_role_mappings[2] maps VmManager a second time, to UserRole: left out",
        "dr_role_mappings[3] names no source for PowerUserRole: left out",
        "dr_lun_mappings[1] has no known storage type for 3600a0980000000000000000000000d12: "
        "STORAGE TYPE COULD NOT BE FETCHED!",
    )


def test_profiles_keep_their_data_centers_and_at_the_target_their_ids(file):
    profiles = convert(file).mapping.vnic_profiles
    assert profiles[1] == Pair(Profile("east-drill", "east-drill", "east"), Profile("west-drill", "west-drill", "west"))
    assert profiles[2].target == Profile(id="9a5ccba2-e13d-5654-a629-da11061c6bd5")
    assert profiles[3].target is None and all(pair.source.id is None for pair in profiles)


def test_two_data_centers_may_have_profiles_of_the_same_names():
    names = {"primary_network_name": "a", "primary_profile_name": "a"}
    entries = [{**names, "primary_network_dc": dc, "secondary_profile_id": f"p-{dc}"} for dc in ("east", "north")]
    assert len(converted(dr_network_mappings=[*entries, entries[0]]).mapping.vnic_profiles) == 2


def test_direct_luns_bring_their_connection(file):
    first, second = convert(file).mapping.luns
    portal = {"address": "10.20.1.10", "port": 3260, "portal": "1", "target": "iqn.2031-05.test.array-b:spare"}
    assert first.target == Lun("3600a0980000000000000000000000d11", "iscsi", **portal)
    assert second.target == Lun("3600a0980000000000000000000000d12")


def test_a_failback_turns_the_mapping_round(file):
    found = convert(file, "primary")
    assert found.mapping.clusters == (Pair("west-cl1", "east-cl1"), Pair("south-cl1", "north-cl1"))
    assert found.mapping.luns[0].target.username == "ledger"
    assert found.mapping.luns[0].target.password is None
    assert "dr_lun_mappings[0] has no password for 3600a0980000000000000000000000d01 yet" in found.notes
    assert "dr_cluster_mappings[2] names no source for retired: left out" in found.notes


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"dr_cluster_mappings": "x"}, "the variables: dr_cluster_mappings has to be a list"),
        ({"dr_cluster_mappings": ["x"]}, "the variables: dr_cluster_mappings[0] has to be a mapping"),
        ({"dr_cluster_mappings": [{"primary_name": ["x"]}]}, "dr_cluster_mappings[0].primary_name has to be a text"),
        ({"dr_partial_import": "perhaps"}, "the variables: dr_partial_import has to be true or false"),
        (
            {
                "dr_lun_mappings": [
                    {"primary_logical_unit_id": "a"},
                    {"secondary_logical_unit_id": "b", "secondary_logical_unit_port": "x"},
                ]
            },
            "dr_lun_mappings[1].secondary_logical_unit_port has to be a port",
        ),
    ],
)
def test_an_error_names_the_place(variables, told):
    with pytest.raises(EngineError) as caught:
        converted(**variables)
    assert caught.value.kind == "invalid" and told in str(caught.value)


def test_a_site_that_the_file_does_not_know_is_refused():
    with pytest.raises(EngineError, match="knows no site west"):
        converted("west", dr_cluster_mappings=[])
