# SPDX-License-Identifier: GPL-3.0-or-later
"""What is proposed for the names of two sites, and how it is written for somebody to complete."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lifeboat.ovirt.plugins.module_utils.document import parse
from ansible_collections.lifeboat.ovirt.plugins.module_utils.mapping import (
    Lun,
    Pair,
    Profile,
    SiteMapping,
    read_mapping,
)
from ansible_collections.lifeboat.ovirt.plugins.module_utils.mapping_proposal import mapping_of, propose, render
from ansible_collections.lifeboat.ovirt.plugins.module_utils.site_names import ClusterName, SiteNames, Unit

NOTHING = SiteMapping()
LAN, MGMT = Profile("east-lan", "east-lan", "east", "p1"), Profile("ovirtmgmt", "ovirtmgmt", "east", "p2")
WEST_LAN, WEST_MGMT = Profile("west-lan", "west-lan", "west", "q1"), Profile("ovirtmgmt", "ovirtmgmt", "west", "q2")


def proposed(source, target, free=(), decided=NOTHING):
    """Return the proposals as {str(source): (target, by)}."""
    return {str(one.source): (one.target, one.by) for one in propose(source, target, free, decided)}


def test_the_same_name_comes_before_a_similar_one():
    names = SiteNames(affinity_groups=("db", "DB-Apart", "web"))
    found = proposed(names, SiteNames(affinity_groups=("db", "Db", "db_apart")))
    assert found == {"db": ("db", "name"), "DB-Apart": ("db_apart", "spelling"), "web": (None, None)}


def test_the_only_cluster_of_the_architecture_takes_all():
    source = SiteNames(clusters=(ClusterName("a", architecture="x86_64"), ClusterName("p", architecture="ppc64")))
    target = SiteNames(clusters=(ClusterName("b", architecture="x86_64"), ClusterName("s", architecture="s390x")))
    assert proposed(source, target) == {"a": ("b", "only_candidate"), "p": (None, None)}


def test_the_one_profile_that_is_left_takes_the_one_that_is_left():
    found = proposed(SiteNames(vnic_profiles=(LAN, MGMT)), SiteNames(vnic_profiles=(WEST_LAN, WEST_MGMT)))
    assert {key: (str(target), by) for key, (target, by) in found.items()} == {
        "east-lan/east-lan of data center east": ("west-lan/west-lan of data center west", "only_candidate"),
        "ovirtmgmt/ovirtmgmt of data center east": ("ovirtmgmt/ovirtmgmt of data center west", "name"),
    }


def test_two_profiles_are_not_merged_into_one():
    other = replace(LAN, profile="guests")
    found = proposed(SiteNames(vnic_profiles=(LAN, other)), SiteNames(vnic_profiles=(WEST_LAN,)))
    assert {by for _target, by in found.values()} == {None}


def test_of_two_data_centers_with_the_same_names_the_one_of_the_same_name_counts():
    target = SiteNames(vnic_profiles=(WEST_MGMT, replace(MGMT, id="r")))
    [one] = propose(SiteNames(vnic_profiles=(MGMT,)), target, (), NOTHING)
    assert one.target.data_center == "east"
    [none] = propose(SiteNames(vnic_profiles=(replace(MGMT, data_center="north"),)), target, (), NOTHING)
    assert none.target is None and len(none.candidates) == 2


def test_a_copy_of_a_lun_is_never_guessed():
    source = SiteNames(luns=(Unit(Lun("u1"), 50), Unit(Lun("u2"), 60), Unit(Lun("u3"))))
    free = (Unit(Lun("c1", "iscsi"), 50), Unit(Lun("u2", "fcp"), 60))
    first, second, third = propose(source, SiteNames(), free, NOTHING)
    assert first.target is None and first.candidates == (Lun("c1", "iscsi"),)
    assert second.target == Lun("u2", "fcp")
    assert third.target is None and len(third.candidates) == 2


def test_roles_that_both_sites_have_are_left_out():
    assert proposed(SiteNames(roles=("UserRole", "Boss")), SiteNames(roles=("UserRole",))) == {"Boss": (None, None)}


def test_what_is_decided_stays_and_what_is_undecided_is_proposed_anew():
    decided = SiteMapping(
        clusters=(Pair("c", "chosen"), Pair("gone", "kept"), Pair("open", None)),
        vnic_profiles=(Pair(Profile("east-lan", "east-lan"), Profile("ovirtmgmt", "ovirtmgmt")),),
        luns=(Pair(Lun("u1"), Lun("u9")),),
    )
    source = SiteNames(
        clusters=(ClusterName("c"), ClusterName("open")), vnic_profiles=(LAN,), luns=(Unit(Lun("u1", "iscsi")),)
    )
    found = mapping_of(propose(source, SiteNames(clusters=(ClusterName("open"),)), (), decided))
    assert set(found.clusters) == {Pair("c", "chosen"), Pair("gone", "kept"), Pair("open", "open")}
    assert (found.vnic_profiles, found.luns) == (decided.vnic_profiles, decided.luns)


names = st.lists(st.sampled_from(["a", "A", "b", "no", "# x", "1", "ü", "a: b", "'"]), unique=True, max_size=4).map(
    tuple
)
sites = st.builds(
    SiteNames,
    names.map(lambda found: tuple(ClusterName(name) for name in found)),
    names.map(lambda found: tuple(Profile(name, name, "dc") for name in found)),
    names,
    names,
    names,
    names,
    names.map(lambda found: tuple(Unit(Lun(name), 1) for name in found)),
)


@given(sites, sites)
def test_what_is_written_reads_as_the_same_mapping(source, target):
    proposals = propose(source, target, target.luns, NOTHING)
    assert read_mapping(parse(render(proposals), "the file")) == mapping_of(proposals)


def test_a_comment_stands_where_somebody_must_choose_or_check():
    source = SiteNames(clusters=(ClusterName("c1"),), affinity_groups=("db", "lone"))
    target = SiteNames(clusters=(ClusterName("c2"),), affinity_groups=("d\nb",))
    lines = render(propose(source, target, (), NOTHING)).splitlines()
    assert "  # taken for being the only candidate: please check" in lines
    assert "  # taken for its similar spelling: please check" in lines
    assert '  # please decide; there are "d\\nb"' in lines
    nobody = render(propose(source, SiteNames(), (), NOTHING)).splitlines()
    assert "  # please decide: nothing here could take its place" in nobody
