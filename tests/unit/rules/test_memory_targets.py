# SPDX-License-Identifier: GPL-3.0-or-later
"""Which domain the engine would choose for a VM's memory."""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.rules.memory import memory_targets
from site_builder import disk, domain, site, vm

GIB = 1 << 30
A, B = domain("a"), domain("b")


def chosen(*domains, disks=(), memory=4 * GIB):
    web = vm("web", *disks, status="up", memory=memory)
    state = site(*disks, web, domains=tuple(domains))
    return [one.name for one in memory_targets(state, web)]


def test_most_disks_of_the_vm_win_over_everything_else():
    roomy = domain("roomy", storage_type="nfs", available=900 * GIB)
    disks = [disk("1", A), disk("2", A), disk("3", roomy)]
    assert chosen(A, roomy, disks=disks) == ["a"]


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"storage_type": "iscsi"}, {"storage_type": "localfs"}),
        ({"storage_type": "nfs"}, {"storage_type": "fcp"}),
        ({"available": 200 * GIB}, {"available": 100 * GIB}),
    ],
)
def test_ties_go_to_shared_then_file_then_free_space(better, worse):
    assert chosen(domain("a", **worse), domain("b", **better)) == ["b"]


@pytest.mark.parametrize(
    "unfit",
    [
        {"status": "maintenance"},
        {"type": "iso"},
        {"available": GIB},
        {"available": 10 * GIB, "critical_space": 20 * GIB},
        {"data_center_id": "dc-west"},
    ],
)
def test_what_is_unfit_is_passed_over_although_it_holds_the_disks(unfit):
    first = domain("a", **unfit)
    assert chosen(first, B, disks=[disk("1", first)]) == ["b"]


def test_a_domain_that_is_nearly_full_may_or_may_not_be_chosen():
    nearly_full = domain("a", available=4 * GIB)
    assert chosen(nearly_full, B, disks=[disk("1", nearly_full)]) == ["a", "b"]


def test_nearly_the_same_free_space_may_go_either_way():
    assert chosen(domain("a", available=100 * GIB), domain("b", available=101 * GIB)) == ["b", "a"]


def test_space_that_the_engine_does_not_know_may_or_may_not_do():
    unknown = domain("a", available=None)
    assert chosen(unknown, B, disks=[disk("1", unknown)]) == ["a", "b"]


def test_without_room_anywhere_there_is_no_target():
    assert chosen(domain("a", available=GIB)) == []


def test_a_vm_without_cluster_has_no_target():
    assert memory_targets(site(), vm("web", cluster_id=None)) == []
