# SPDX-License-Identifier: GPL-3.0-or-later
"""Mappings: the format, its errors, and what a register request says of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lifeboat.ovirt.plugins.module_utils.document import Node, dump, parse
from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError
from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.records import to_struct
from ansible_collections.lifeboat.ovirt.plugins.module_utils.mapping import (
    Lun,
    Pair,
    Profile,
    SiteMapping,
    as_document,
    read_mapping,
    refuse_clashes,
)

EAST_LAN = Profile("lan", "servers", "east")
WEST_LAN = Profile("lan", "servers", "west")
NORTH_LAN = Profile("lan", "servers", "north")
FULL = SiteMapping(
    clusters=(Pair("c1", "c2"), Pair("spare", None)),
    vnic_profiles=(Pair(EAST_LAN, WEST_LAN), Pair(Profile(), Profile("lan", "none", id="p-1"))),
    affinity_groups=(Pair("g1", "g2"),),
    affinity_labels=(Pair("l1", "l2"),),
    roles=(Pair("Boss", "UserRole"),),
    user_domains=(Pair("ldap-a", "ldap-b"),),
    luns=(Pair(Lun("u1"), Lun("u2", "iscsi", "10.0.0.1", 3260, "1", "iqn.x", "me", "secret")),),
)


def refusal(section, *pairs):
    with pytest.raises(EngineError) as caught:
        read_mapping(Node({"version": 1, section: list(pairs)}, "", "mapping"))
    assert caught.value.kind == "invalid"
    return str(caught.value)


# The engine lets nobody name anything with control characters.
texts = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=9).map(str.strip).filter(bool)
names = st.lists(st.builds(Pair, texts, st.none() | texts), unique_by=lambda pair: pair.source, max_size=3).map(tuple)
profiles = st.builds(Profile, texts, texts, st.none() | texts, st.none() | texts)
profile_pairs = st.lists(
    st.builds(Pair, profiles, st.none() | profiles),
    unique_by=lambda pair: (pair.source.network, pair.source.profile),
    max_size=3,
).map(tuple)


@given(st.builds(SiteMapping, names, profile_pairs, names, names, names, names))
def test_what_is_written_as_yaml_reads_as_the_same_mapping(mapping):
    assert read_mapping(parse(dump(as_document(mapping)), "the file")) == mapping


def test_the_example_in_the_documentation_is_a_mapping():
    page = (Path(__file__).parents[3] / "docs" / "mapping.md").read_text(encoding="utf-8")
    example = page.split("```yaml\n", 1)[1].split("```", 1)[0]
    mapping = read_mapping(parse(example, "the page"))
    assert mapping.profile("", "").profile == "guests" and mapping.undecided() == ["affinity_groups: databases-apart"]


def test_a_full_mapping_reads_as_the_same_mapping():
    assert read_mapping(parse(dump(as_document(FULL)), "the file")) == FULL


@pytest.mark.parametrize(
    ("section", "pairs", "told"),
    [
        ("clusters", ["c1"], "mapping: clusters[0] has to be a mapping, not a text"),
        ("clusters", [{"source": "a"}, {"sorce": "b"}], "mapping: clusters[1].sorce is not known"),
        ("clusters", [{"target": "b"}], "mapping: clusters[0] lacks the key source"),
        ("roles", [{"source": "a", "target": ["b"]}], "mapping: roles[0].target has to be a text, not a list"),
        ("roles", [{"source": "a"}, {"source": "a"}], "mapping: roles[1] maps a a second time"),
        ("cluster", [], "mapping: cluster is not known"),
        ("vnic_profiles", [{"source": {"network": "n"}}], "mapping: vnic_profiles[0].source needs both"),
        (
            "vnic_profiles",
            [{"source": {}, "target": {"network": "n"}}],
            "mapping: vnic_profiles[0].target needs network",
        ),
        ("vnic_profiles", [{"source": {}, "target": {}}], "mapping: vnic_profiles[0].target needs network and profile"),
        ("luns", [{"source": {"id": ""}}], "mapping: luns[0].source.id is empty"),
        ("luns", [{"source": {"id": "a", "type": "nfs"}}], "mapping: luns[0].source.type has to be one of iscsi, fcp"),
        ("luns", [{"source": {"id": "a", "port": "x"}}], "mapping: luns[0].source.port has to be a whole number"),
    ],
)
def test_an_error_names_the_place(section, pairs, told):
    assert refusal(section, *pairs).startswith(told)


@pytest.mark.parametrize("version", [None, 2, "one"])
def test_another_version_of_the_format_is_refused(version):
    with pytest.raises(EngineError, match="mapping: .*version"):
        read_mapping(Node({"version": version}, "", "mapping"))


def test_what_is_undecided_is_listed_and_not_sent():
    assert FULL.undecided() == ["clusters: spare"]
    assert FULL.registration()["cluster_mappings"] == [{"from": {"name": "c1"}, "to": {"name": "c2"}}]
    assert FULL.target("clusters", "c1") == "c2" and FULL.target("clusters", "spare") is None


def test_every_list_of_a_request_is_one_that_the_sdk_can_write():
    found = FULL.registration(logins=[("ann", "ldap-b")])
    assert len(found) == 7
    to_struct("registration_configuration", found)


def test_an_empty_mapping_asks_for_nothing():
    assert SiteMapping().registration(logins=[("ann", "internal-authz")]) == {}


def test_of_two_data_centers_with_the_same_names_the_one_of_the_entity_counts():
    north = Profile("lan", "servers", "east2")
    mapping = SiteMapping(vnic_profiles=(Pair(EAST_LAN, WEST_LAN), Pair(north, NORTH_LAN)))
    refuse_clashes(mapping.vnic_profiles)
    assert mapping.profile("lan", "servers", "north") == NORTH_LAN
    assert mapping.profile("lan", "other", "north") is None
    for place in ("west", "north"):
        [sent] = mapping.registration(data_center=place)["vnic_profile_mappings"]
        assert sent["from"] == {"name": "servers", "network": {"name": "lan"}}


def test_a_profile_mapped_twice_for_one_data_center_is_a_clash():
    other = Profile("lan", "guests", "west")
    with pytest.raises(EngineError, match="lan/servers to lan/servers of data center west and to lan/guests"):
        refuse_clashes([Pair(EAST_LAN, WEST_LAN), Pair(Profile("lan", "servers", "east2"), other)])


def test_a_user_domain_becomes_an_entry_for_each_login_that_the_target_knows():
    pairs = (
        Pair("ldap-a", "ldap-b"),
        Pair("corp", "corp-rec"),
        Pair("old", None),
        Pair("internal-authz", "internal-authz"),
    )
    logins = [("ann", "ldap-b"), ("bob", "corp-rec"), ("admin", "internal-authz")]
    sent = SiteMapping(user_domains=pairs).registration(logins=logins)["domain_mappings"]
    assert {one["from"]["name"]: one["to"]["name"] for one in sent} == {"ann": "ldap-b", "bob": "corp-rec"}


def test_a_login_of_two_domains_gets_no_entry_so_that_nobody_inherits_from_a_namesake():
    mapping = SiteMapping(user_domains=(Pair("ldap-a", "ldap-b"),))
    assert mapping.registration(logins=[("ann", "ldap-b"), ("ann", "internal-authz")]) == {}


def test_a_lun_brings_its_connection_and_never_shows_its_password():
    [sent] = FULL.registration()["lun_mappings"]
    assert sent["from"]["lun_storage"]["logical_units"][0]["id"] == "u1"
    assert sent["to"]["lun_storage"]["logical_units"][0]["password"] == "secret"
    assert FULL.lun("u1").id == "u2" and FULL.lun("u2") is None
    assert "secret" not in repr(FULL)
