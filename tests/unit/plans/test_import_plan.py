# SPDX-License-Identifier: GPL-3.0-or-later
"""What an import lacks, with which host it is made, and every obstacle that is told before the first write."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError
from ansible_collections.lifeboat.ovirt.plugins.module_utils.host_storage import Unit
from ansible_collections.lifeboat.ovirt.plugins.module_utils.import_plan import Sight, plan, read_wanted
from ansible_collections.lifeboat.ovirt.plugins.module_utils.unregistered_domains import Candidate
from site_builder import EAST, HOST, MASTER, OTHER, domain, site

ID, OTHER_ID = "6ab65b16-0f03-4b93-85a7-5bc3b8d52be0", "11111111-1111-4111-8111-111111111111"
BLOCK = {"id": ID, "storage_type": "iscsi", "name": "replica"}
FILE = {"id": ID, "storage_type": "nfs", "address": "filer.test", "path": "/exp/a"}
FIRST, SECOND = (Unit(name, "iscsi", storage_domain_id=ID, paths=2, active_paths=2) for name in ("lun1", "lun2"))
FAR = replace(HOST, id="h-far", name="east-h2")
SIGHT = Sight((HOST,), seen={HOST.id: (FIRST, SECOND)})
FRESH = replace(EAST, status="uninitialized")


def planned(state, *items, place=EAST, sight=SIGHT):
    return plan(state, read_wanted(items), place, sight)


def actions(state, item):
    return planned(state, item).steps[0].actions


def obstacles(*args, **options):
    with pytest.raises(EngineError) as caught:
        planned(*args, **options)
    assert "nothing was changed" in caught.value.remedy
    return str(caught.value)


def test_an_unknown_domain_is_imported_and_attached():
    assert actions(site(), BLOCK) == ("import", "attach")


@pytest.mark.parametrize(
    ("name", "known", "lacking"),
    [
        ("replica", {}, ()),
        ("replica", {"status": "unattached", "data_center_id": None}, ("attach",)),
        ("replica", {"status": "maintenance"}, ("activate",)),
        ("old", {}, ("update",)),
    ],
)
def test_a_known_domain_gets_only_what_it_lacks(name, known, lacking):
    assert actions(site(domain(name, id=ID, **known)), BLOCK) == lacking


def test_settings_that_differ_are_an_update():
    known = domain("replica", id=ID, low_space_percent=10, critical_space=5 << 30)
    same = {"warning_low_space_indicator": 10, "critical_space_action_blocker": 5, "wipe_after_delete": False}
    assert actions(site(known), BLOCK | same) == ()
    for change in (
        {"warning_low_space_indicator": 0},
        {"critical_space_action_blocker": 0},
        {"wipe_after_delete": True},
    ):
        assert actions(site(known), BLOCK | same | change) == ("update",)


@pytest.mark.parametrize(
    ("item", "told"),
    [
        (BLOCK | {"id": "vault"}, "not a UUID"),
        (BLOCK | {"id": None}, "needs the id"),
        (BLOCK | {"path": "/a"}, "path cannot be given for iscsi"),
        (BLOCK | {"name": "white space"}, "cannot be the name"),
        (BLOCK | {"name": "n" * 51}, "cannot be the name"),
        (BLOCK | {"warning_low_space_indicator": 101}, "from 0 to 100"),
        (BLOCK | {"critical_space_action_blocker": -1}, "from 0"),
        (FILE | {"id": None}, "neither id nor identity"),
        (FILE | {"path": None}, "nfs needs path"),
        (FILE | {"nfs_timeo": 70000}, "from 0 to 65535"),
        (FILE | {"vfs_type": "nfs4"}, "vfs_type cannot be given for nfs"),
        (FILE | {"storage_type": "posixfs"}, "posixfs needs vfs_type"),
        (FILE | {"storage_type": "localfs"}, "type localfs cannot be imported"),
        (FILE | {"discard_after_delete": True}, "only block storage discards"),
    ],
)
def test_an_entry_that_cannot_be_is_invalid_and_names_the_key(item, told):
    with pytest.raises(EngineError, match=told) as caught:
        read_wanted([item])
    assert caught.value.kind == "invalid"
    assert "storage_domains[0]" in str(caught.value)


def test_all_entries_that_cannot_be_are_named_at_once():
    with pytest.raises(EngineError) as caught:
        read_wanted([FILE, BLOCK | {"id": "vault"}, FILE | {"path": None}])
    assert "storage_domains[1]" in str(caught.value) and "storage_domains[2]" in str(caught.value)


@pytest.mark.parametrize(
    ("items", "told"),
    [
        ([], "is empty"),
        ([BLOCK, FILE], f"the id {ID} twice"),
        ([FILE, FILE | {"id": OTHER_ID}], "the place filer.test:/exp/a twice"),
        ([BLOCK, FILE | {"id": OTHER_ID, "name": "replica"}], "the name replica twice"),
    ],
)
def test_an_empty_list_or_a_domain_named_twice_is_invalid(items, told):
    with pytest.raises(EngineError, match=told) as caught:
        read_wanted(items)
    assert caught.value.kind == "invalid"


def test_all_obstacles_are_told_at_once():
    state = site(domain("replica"), domain("busy", id=ID, status="locked"))
    told = obstacles(state, BLOCK | {"id": OTHER_ID}, BLOCK | {"name": None})
    assert "the name replica belongs to another" in told
    assert "host east-h1 sees no logical unit" in told
    assert "busy is locked" in told


@pytest.mark.parametrize(
    ("known", "told"),
    [
        ({"type": "export"}, "is of type export"),
        ({"storage_type": "fcp"}, "as fcp"),
        ({"data_center_id": "elsewhere"}, "attached to another data center"),
        ({"backup": True}, "clear its backup flag with backup_domain"),
        ({"status": "unattached", "data_center_id": None, "storage_format": "v6"}, "does not support its format v6"),
    ],
)
def test_what_the_engine_knows_of_a_domain_may_be_an_obstacle(known, told):
    assert told in obstacles(site(domain("replica", id=ID, **known)), BLOCK)


def test_a_path_is_told_to_belong_to_another_domain():
    state = site(domain("old", storage_type="nfs", place="filer.test:/exp/a"))
    assert "is storage domain old" in obstacles(state, FILE)


@pytest.mark.parametrize(
    ("version", "storage_format", "supported"),
    [((4, 2), "v4", True), ((4, 2), "v5", False), ((4, 3), "v5", True), ((4, 8), "v3", True), ((4, 8), "v6", False)],
)
def test_the_format_is_held_against_the_version_of_the_data_center(version, storage_format, supported):
    found = {ID: Candidate(ID, "vault", "data", "iscsi", storage_format, None)}
    arguments = {"place": replace(EAST, version=version), "sight": replace(SIGHT, candidates=found)}
    if supported:
        assert planned(site(), BLOCK, **arguments).steps
    else:
        assert f"format {storage_format}" in obstacles(site(), BLOCK, **arguments)


class TestLeaveOut:
    """Those that have obstacles are left out, where the caller wants that."""

    GOOD, BAD = FILE | {"id": OTHER_ID}, BLOCK
    BLIND = Sight((HOST,), seen={HOST.id: ()})

    def plan(self, *items, state=None, place=EAST):
        return plan(state or site(), read_wanted(items), place, self.BLIND, leave_out=True)

    def test_the_others_are_brought_in(self):
        result = self.plan(self.GOOD, self.BAD)
        assert list(result.left_out) == ["replica"] and "sees no logical unit" in str(result.left_out["replica"])
        assert len(result.steps) == 2

    def test_where_all_have_one_nothing_is_begun(self):
        with pytest.raises(EngineError, match="sees no logical unit"):
            self.plan(self.BAD)

    def test_one_that_is_left_out_makes_no_master(self):
        with pytest.raises(EngineError) as caught:
            self.plan(self.GOOD | {"backup": True}, self.BAD, state=site(data_centers=(FRESH,)), place=FRESH)
        assert caught.value.kind == "rule"


def test_two_domains_with_one_name_on_their_storages_are_told():
    found = {id_: Candidate(id_, "vault", "data", "iscsi", "v5", None) for id_ in (ID, OTHER_ID)}
    seen = {HOST.id: (FIRST, replace(SECOND, storage_domain_id=OTHER_ID))}
    items = [{"id": id_, "storage_type": "iscsi"} for id_ in found]
    told = obstacles(site(), *items, sight=Sight((HOST,), seen=seen, candidates=found))
    assert told.count("the same name") == 2


def test_logical_units_without_a_path_that_works_are_not_seen():
    dead = {HOST.id: tuple(replace(unit, active_paths=0) for unit in (FIRST, SECOND))}
    assert "over a path that works" in obstacles(site(), BLOCK, sight=Sight((HOST,), seen=dead))


def test_the_host_that_sees_most_of_a_domain_imports_it_and_the_others_are_named():
    sight = Sight((HOST, FAR), seen={HOST.id: (FIRST,), FAR.id: (FIRST, SECOND)})
    result = planned(site(hosts=(HOST, FAR)), BLOCK, sight=sight)
    assert result.steps[0].host == FAR
    assert [f"host {HOST.name} sees 1 of its 2" in warning for warning in result.warnings] == [True]


def test_a_path_that_is_lost_is_a_warning():
    sight = Sight((HOST,), seen={HOST.id: (replace(FIRST, active_paths=1), SECOND)})
    assert ["1 of 2 paths" in one for one in planned(site(), BLOCK, sight=sight).warnings] == [True]


def test_an_engine_that_does_not_tell_active_paths_is_no_warning():
    sight = Sight((HOST,), seen={HOST.id: (replace(FIRST, active_paths=None),)})
    assert planned(site(), BLOCK, sight=sight).warnings == ()


@pytest.mark.parametrize("status", ["maintenance", "problematic", "not_operational"])
def test_a_data_center_without_active_master_takes_nothing(status):
    assert "no active master" in obstacles(site(), BLOCK, place=replace(EAST, status=status))


def test_a_master_that_comes_back_leads():
    state = site(replace(MASTER, id=OTHER_ID, status="maintenance"))
    items = [BLOCK, {"id": OTHER_ID, "storage_type": "iscsi"}]
    result = planned(state, *items, place=replace(EAST, status="maintenance"))
    assert [step.wanted.id for step in result.leaders] == [OTHER_ID]
    assert [step.wanted.id for step in result.steps] == [OTHER_ID, ID]


def test_the_first_domain_of_a_data_center_cannot_be_a_backup_domain():
    state = site(replace(MASTER, data_center_id=None), replace(OTHER, data_center_id=None), data_centers=(FRESH,))
    with pytest.raises(EngineError) as caught:
        planned(state, FILE | {"backup": True}, place=FRESH)
    assert caught.value.kind == "rule"
    assert caught.value.details["violations"] and caught.value.details["entities"]


def test_those_that_are_no_backup_lead_into_a_new_data_center():
    other = FILE | {"id": OTHER_ID, "path": "/exp/b", "backup": False}
    result = planned(site(data_centers=(FRESH,)), FILE | {"backup": True}, other, place=FRESH)
    assert [step.wanted.backup for step in result.steps] == [False, True]
    assert result.leaders == result.steps[:1]
