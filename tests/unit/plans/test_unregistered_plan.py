# SPDX-License-Identifier: GPL-3.0-or-later
"""What hosts are asked to look for, how their answers are merged, and why a domain is not among them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.host_storage import Unit
from ansible_collections.lifeboat.ovirt.plugins.module_utils.iscsi import read_targets
from ansible_collections.lifeboat.ovirt.plugins.module_utils.unregistered_domains import (
    Candidate,
    Sought,
    merge,
    plan,
    visible_candidates,
    why_missing,
)
from site_builder import HOST, VAULT, site

LOST, NEIGHBOUR = "6ab65b16-0f03-4b93-85a7-5bc3b8d52be0", "11111111-1111-4111-8111-111111111111"
FAR = replace(HOST, id="h-far", name="east-h2")
FOUND = Candidate(LOST, "lost", "data", "iscsi", "v5", "vg-lost")
UNIT = Unit("lun1", "iscsi", target="iqn.t", volume_group_id="vg-lost", storage_domain_id=LOST)


def test_one_request_asks_for_all_targets_behind_the_same_portal_with_the_same_credentials():
    near, far = {"address": "10.0.0.1"}, {"address": "10.0.0.2"}
    secret = {"username": "someone", "password": "a-secret"}
    items = [
        {"target": "a", **near},
        {"target": "a", **far},
        {"target": "b", **near},
        {"target": "c", **near, **secret},
    ]
    searches = plan([HOST, FAR], read_targets(items))
    asked = [(one.host.name, one.portal.address, one.targets) for one in searches]
    expected = [("10.0.0.1", ("a", "b")), ("10.0.0.2", ("a",)), ("10.0.0.1", ("c",))]
    assert asked == [(host.name, *rest) for host in (HOST, FAR) for rest in expected]


def test_a_domain_that_several_hosts_find_is_one_with_all_of_its_logical_units():
    more = replace(UNIT, id="lun2")
    seen = {HOST.id: (UNIT,), FAR.id: (UNIT, more, replace(UNIT, id="lun3", storage_domain_id=NEIGHBOUR))}
    (one,) = merge([HOST, FAR], {HOST.id: [FOUND], FAR.id: [FOUND]}, seen)
    assert one["hosts"] == [HOST.name, FAR.name]
    assert [unit["id"] for unit in one["logical_units"]] == ["lun1", "lun2"]


def test_what_hosts_see_already_are_domains_that_the_engine_does_not_know():
    views = (UNIT, replace(UNIT, id="lun2", storage_domain_id=VAULT.id), Unit("free", "iscsi"))
    assert [one.id for one in visible_candidates(site(), views, "iscsi")] == [LOST]
    assert visible_candidates(site(), views, "fcp") == []


def reason(seen, sought, found=()):
    told = why_missing(site(), [HOST], {HOST.id: tuple(seen)}, found, sought)
    return None if told is None else told["reason"]


NAMED = Sought(LOST, None, ("lun1",))
AS_DISK = replace(UNIT, id="lun2", storage_domain_id=None, disk_id="d1")


@pytest.mark.parametrize(
    ("seen", "sought", "told"),
    [
        ([], Sought(VAULT.id, None), "knows it already: storage domain vault is active"),
        ([], Sought(None, "vault"), "knows it already"),
        ([], Sought(None, "lost"), "found: none"),
        ([], Sought(LOST, None), "no logical unit of it is seen by host east-h1"),
        ([UNIT], Sought(LOST, None), "not complete or cannot be read; in sight: logical unit lun1"),
        ([replace(UNIT, active_paths=0)], Sought(LOST, None), "no path to logical unit lun1 works"),
        (
            [UNIT, replace(UNIT, id="lun2", storage_domain_id=None, disk_id="d1")],
            Sought(LOST, None),
            "lun2 is the disk d1",
        ),
        ([], NAMED, "lun1 is not seen by host east-h1"),
        ([Unit("lun1", "iscsi")], NAMED, "lun1 holds no volume group"),
        ([replace(UNIT, storage_domain_id=NEIGHBOUR)], NAMED, f"volume group vg-lost of storage domain {NEIGHBOUR}"),
        ([replace(UNIT, storage_domain_id=None)], NAMED, "volume group vg-lost of no storage domain"),
        ([UNIT], NAMED, "not complete or cannot be read"),
    ],
)
def test_why_a_domain_is_missing(seen, sought, told):
    assert told in reason(seen, sought)


def test_in_check_mode_nothing_is_said_of_names():
    assert "names are unknown" in reason([UNIT], Sought(None, "lost"), [{"id": LOST, "name": None}])


@pytest.mark.parametrize("sought", [Sought(LOST, None), Sought(None, "lost"), Sought(LOST, "another name")])
def test_a_domain_that_was_found_is_not_missing(sought):
    assert reason([UNIT], sought, [{"id": LOST, "name": "lost"}]) is None
