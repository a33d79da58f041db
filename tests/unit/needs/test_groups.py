# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to travel together is found, and no more than that."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.lifeboat.ovirt.plugins.module_utils.needs.groups import consistency_groups
from ansible_collections.lifeboat.ovirt.plugins.module_utils.ovf.document import (
    Disk,
    Document,
    Memory,
    Snapshot,
    Volume,
)

Groups = list[tuple[set[str], set[str]]]


def disk(id_: str, *domains: str) -> Disk:
    volume = Volume(f"{id_}-v", None, None, "s", "cow", True, 1, 1, domains)
    return Disk(id_, id_, "virtio_scsi", True, True, False, "image", (volume,))


def vm(name: str, *domains: str, **more: Any) -> Document:
    disks = tuple(disk(f"{name}-{number}", domain) for number, domain in enumerate(domains))
    return Document("vm", name, name, disks=disks, **more)


def template(name: str, *copies: str, **more: Any) -> Document:
    return Document("template", name, name, disks=(disk(f"{name}-d", *copies),), **more)


def groups(*documents: Document) -> Groups:
    return [(set(one.domain_ids), set(one.member_ids)) for one in consistency_groups(documents)]


def test_a_vm_with_disks_on_two_domains_ties_them() -> None:
    assert groups(vm("db", "a", "b"), vm("web", "b"), vm("mail", "c")) == [
        ({"a", "b"}, {"db", "web"}),
        ({"c"}, {"mail"}),
    ]


def test_a_template_ties_its_thin_vms() -> None:
    assert groups(template("golden", "a"), vm("thin", "b", template_id="golden")) == [({"a", "b"}, {"golden", "thin"})]
    assert groups(template("golden", "a", "b"), vm("thin", "b", template_id="golden"), vm("web", "a")) == [
        ({"b"}, {"golden", "thin"}),
        ({"a"}, {"web"}),
    ]


def test_a_version_of_a_template_needs_its_base() -> None:
    assert groups(template("v1", "a"), template("v2", "b", template_id="v1")) == [({"a", "b"}, {"v1", "v2"})]


def test_a_lease_ties_only_where_it_is_used() -> None:
    assert groups(vm("db", "a", lease_domain_id="l", high_availability=True)) == [({"a", "l"}, {"db"})]
    assert groups(vm("db", "a", lease_domain_id="l")) == [({"a"}, {"db"})]


def test_the_memory_of_a_snapshot_ties() -> None:
    snapshot = Snapshot("s", "REGULAR", "", Memory("m", ("x", "y")))
    assert groups(vm("db", "a", snapshots=(snapshot,))) == [({"a", "m"}, {"db"})]


def test_what_has_no_disks_belongs_to_no_group() -> None:
    assert groups(vm("bare"), vm("web", "a")) == [({"a"}, {"web"})]


def test_a_template_that_nobody_has_read_ties_nothing() -> None:
    assert groups(vm("thin", "a", template_id="gone")) == [({"a"}, {"thin"})]


DOMAINS = st.sampled_from("abcdefgh")
VMS = st.lists(st.lists(DOMAINS, min_size=1, max_size=3), max_size=12)


@settings(max_examples=60, deadline=None)
@given(VMS)
def test_groups_are_the_connected_parts(places: list[list[str]]) -> None:
    """Merge sets that overlap until none do, which is slow and obviously right."""
    expected: list[set[str]] = []
    for domains in places:
        merged = set(domains).union(*(one for one in expected if one & set(domains)))
        expected = [one for one in expected if not one & merged] + [merged]
    found = groups(*(vm(f"vm{number}", *domains) for number, domains in enumerate(places)))
    assert sorted(map(sorted, (domains for domains, _members in found))) == sorted(map(sorted, expected))
    for domains, members in found:
        assert members == {f"vm{number}" for number, one in enumerate(places) if set(one) <= domains}
