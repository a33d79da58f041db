# SPDX-License-Identifier: GPL-3.0-or-later
"""What an import lacks, and every obstacle that is told before the first write."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError
from ansible_collections.lifeboat.ovirt.plugins.module_utils.storage_import import plan, read_wanted
from site_builder import EAST, MASTER, OTHER, domain, site

ID = "6ab65b16-0f03-4b93-85a7-5bc3b8d52be0"
BLOCK = {"id": ID, "storage_type": "iscsi", "name": "replica"}
FILE = {"id": ID, "storage_type": "nfs", "address": "filer.test", "path": "/exp/a"}


def actions(state, item, place=EAST):
    wanted = read_wanted([item])
    return plan(state, wanted, place, frozenset({ID}))[0].actions


def test_an_unknown_domain_is_imported_and_attached():
    assert actions(site(), BLOCK) == ("import", "attach")


@pytest.mark.parametrize(
    ("name", "known", "lacking"),
    [
        ("replica", {}, ()),
        ("replica", {"status": "unattached", "data_center_id": None}, ("attach",)),
        ("replica", {"status": "maintenance"}, ("activate",)),
        ("old", {}, ("rename",)),
    ],
)
def test_a_known_domain_gets_only_what_it_lacks(name, known, lacking):
    assert actions(site(domain(name, id=ID, **known)), BLOCK) == lacking


@pytest.mark.parametrize(
    ("item", "told"),
    [
        (BLOCK | {"id": "vault"}, "not a UUID"),
        (BLOCK | {"id": None}, "needs the id"),
        (FILE | {"id": None}, "neither id nor identity"),
        (FILE | {"path": None}, "nfs needs path"),
        (FILE | {"storage_type": "posixfs"}, "posixfs needs vfs_type"),
    ],
)
def test_an_entry_that_cannot_be_is_invalid_and_names_the_key(item, told):
    with pytest.raises(EngineError, match=told) as caught:
        read_wanted([item])
    assert caught.value.kind == "invalid"
    assert "storage_domains[0]" in str(caught.value)


@pytest.mark.parametrize("items", [[], [BLOCK, BLOCK]])
def test_an_empty_list_or_a_domain_named_twice_is_invalid(items):
    with pytest.raises(EngineError) as caught:
        read_wanted(items)
    assert caught.value.kind == "invalid"


def test_all_obstacles_are_told_at_once():
    state = site(domain("replica"), domain("busy", id=ID, status="locked"))
    wanted = read_wanted([BLOCK | {"id": "11111111-1111-4111-8111-111111111111"}, BLOCK | {"name": None}])
    with pytest.raises(EngineError) as caught:
        plan(state, wanted, EAST, frozenset())
    assert "the name replica belongs to another" in str(caught.value)
    assert "the host sees no logical unit" in str(caught.value)
    assert "busy is locked" in str(caught.value)


def test_the_first_domain_of_a_data_center_cannot_be_a_backup_domain():
    fresh = replace(EAST, status="uninitialized")
    state = site(replace(MASTER, data_center_id=None), replace(OTHER, data_center_id=None), data_centers=(fresh,))
    with pytest.raises(EngineError) as caught:
        plan(state, read_wanted([FILE | {"backup": True}]), fresh, frozenset())
    assert caught.value.kind == "rule"


def test_a_domain_that_is_no_backup_goes_first_into_a_new_data_center():
    fresh = replace(EAST, status="uninitialized")
    other = FILE | {"id": "11111111-1111-4111-8111-111111111111", "path": "/exp/b", "backup": False}
    steps = plan(site(data_centers=(fresh,)), read_wanted([FILE | {"backup": True}, other]), fresh, frozenset())
    assert [step.wanted.backup for step in steps] == [False, True]
