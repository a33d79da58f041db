# SPDX-License-Identifier: GPL-3.0-or-later
"""Making new storage domains over HTTPS, and everything that must not be overwritten by one."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from ovirt_simulator.engine import schema
from ovirt_simulator.engine.commands import ShutdownVm
from ovirt_simulator.scenario import identifier
from ovirt_simulator.storage import schema as stored

FREE, ALSO_FREE = "3600a0980000000000000000000000a21", "3600a0980000000000000000000000a22"
OF_VAULT = "3600a0980000000000000000000000a01"
SPARE = "iqn.2031-05.test.array-a:spare"
BLOCK = {"name": "new-block", "storage_type": "iscsi", "logical_units": [FREE, ALSO_FREE], "backup": True}
FILE = {
    "name": "new-file",
    "storage_type": "nfs",
    "address": "nfs.array-a.test",
    "path": "/empty",
    "backup": True,
    "warning_low_space_indicator": 4,
}


@pytest.fixture
def east(sites):
    """The primary site, whose hosts see the free logical units."""
    site = sites["primary"]
    with site.engine.transaction() as context:
        for host in ("east-h1", "east-h2"):
            where = (identifier("primary", "host", host), "10.10.1.10", 3260, SPARE)
            context.storage.login(*where, None, None)
    return site


def rows(site, table):
    with site.engine.transaction() as context:
        return list(context.db.scalars(select(table)))


def known(site):
    return {one.name: one for one in rows(site, schema.StorageDomainStatic)}


def held(sites) -> dict[str, Any]:
    """Return what lies on each volume of the arrays."""
    return sites.arrays.work(
        lambda db: {one.name: (one.domain_id, one.volume_group_id) for one in db.scalars(select(stored.Volume))}
    )


def make(play, site, *domains, **params):
    options = {"data_center": "east", "poll_interval": 0.01, **params}
    return play("storage_domain_create", auth=site.auth, storage_domains=list(domains), **options)


def release(play, site, name, state="removed", **params):
    options = {"storage_domains": [name], "state": state, "poll_interval": 0.01, **params}
    result = play("storage_domain_state", auth=site.auth, **options)
    assert result["changed"]


class TestMakes:
    def test_backup_domains_on_paths_and_logical_units_once(self, play, east):
        first = make(play, east, BLOCK, FILE)
        before = len(east.writes)
        second = make(play, east, BLOCK, FILE)
        assert first["changed"] and first["counts"]["succeeded"] == 2
        assert first["diff"]["after"] == {"new-block": "active", "new-file": "active"}
        for name in ("new-block", "new-file"):
            assert (known(east)[name].backup, known(east)[name].mapping.status) == (True, "active")
        assert known(east)["new-file"].warning_low_space_indicator == 4
        assert not second["changed"] and second["counts"]["skipped"] == 2 and len(east.writes) == before

    def test_check_mode_predicts_and_sends_no_write(self, play, east):
        result = make(play, east, BLOCK, FILE, check=True)
        assert result["changed"] and result["diff"]["before"]["new-block"] == "unknown to the engine"
        assert not east.writes

    def test_one_that_was_made_and_let_go_comes_back(self, play, east):
        make(play, east, FILE)
        release(play, east, "new-file", "unattached")
        result = make(play, east, FILE)
        assert result["entities"][0]["reason"] == "attach"

    def test_what_a_logical_unit_holds_is_destroyed_only_where_that_very_one_is_named(self, play, sites, east):
        east.engine.execute(ShutdownVm(identifier("primary", "vm", "web")))
        release(play, east, "vault")
        wanted = {**BLOCK, "logical_units": [OF_VAULT, OF_VAULT.replace("a01", "a02"), FREE]}
        before = held(sites)
        refused = make(play, east, {**wanted, "overwrite_luns": [OF_VAULT]})
        assert refused["error_kind"] == "rejected" and "a02 holds storage domain" in refused["msg"]
        assert held(sites) == before
        made = make(play, east, {**wanted, "overwrite_luns": wanted["logical_units"][:2]})
        assert made["counts"]["succeeded"] == 1
        requests = [entry.body for entry in east.requests if "override_luns" in entry.body]
        assert ["<override_luns>true" in body for body in requests] == [True]

    def test_without_need_the_engine_is_not_told_to_overwrite(self, play, east):
        make(play, east, {**BLOCK, "overwrite_luns": [FREE]})
        (body,) = [entry.body for entry in east.requests if "override_luns" in entry.body]
        assert "<override_luns>false" in body

    def test_a_host_that_does_not_see_the_logical_units_is_a_warning(self, play, sites):
        site = sites["primary"]
        with site.engine.transaction() as context:
            context.storage.login(identifier("primary", "host", "east-h1"), "10.10.1.10", 3260, SPARE, None, None)
        result = make(play, site, BLOCK, check=True)
        assert ["host east-h2 sees 0 of its 2" in warning for warning in result["warnings"]] == [True]


class TestRefuses:
    @pytest.mark.parametrize(
        ("wanted", "told"),
        [
            ({**BLOCK, "logical_units": [OF_VAULT]}, f"{OF_VAULT} belongs to storage domain vault"),
            (
                {**BLOCK, "logical_units": [OF_VAULT], "overwrite_luns": [OF_VAULT]},
                f"{OF_VAULT} belongs to storage domain vault",
            ),
            ({**BLOCK, "logical_units": ["3600nowhere"]}, "sees no logical unit 3600nowhere"),
            ({**BLOCK, "storage_type": "fcp"}, "over fcp"),
            ({**BLOCK, "name": "vault"}, "the name belongs to a storage domain on logical unit"),
            ({**FILE, "name": "vault"}, "knows storage domain vault as iscsi"),
            ({**FILE, "path": "/east-data"}, "is storage domain east-data"),
        ],
    )
    def test_what_is_in_use_before_anything_is_sent(self, play, east, wanted, told):
        result = make(play, east, wanted)
        assert result["error_kind"] == "rejected" and told in result["msg"]
        assert not east.writes

    def test_a_logical_unit_that_is_a_disk_even_if_it_is_named(self, play, east):
        with east.engine.transaction() as context:
            disk = context.db.scalars(select(schema.BaseDisk)).first()
            context.db.add(schema.Lun(id=FREE, volume_group_id=None, size=1, disk_id=disk.id))
        result = make(play, east, {**BLOCK, "overwrite_luns": [FREE]})
        assert f"{FREE} is the disk" in result["msg"] and not east.writes

    def test_a_path_that_holds_a_domain_and_leaves_everything_as_it_was(self, play, sites, east):
        release(play, east, "nfs-vault")
        wanted = {**FILE, "path": "/vault"}
        state, before = known(east).keys(), held(sites)
        connections = len(rows(east, schema.StorageServerConnection))
        result = make(play, east, wanted)
        vault = identifier("primary", "domain", "nfs-vault")
        assert result["error_kind"] == "partial" and f"holds storage domain nfs-vault ({vault})" in result["msg"]
        assert "storage_domain_import" in result["entities"][0]["remedy"]
        assert (known(east).keys(), held(sites)) == (state, before)
        assert len(rows(east, schema.StorageServerConnection)) == connections

    @pytest.mark.parametrize("wanted", [{**FILE, "path": "/nowhere"}, FILE], ids=["no export", "read-only"])
    def test_a_path_where_nothing_can_be_made_and_leaves_no_connection(self, play, sites, east, wanted):
        sites.arrays.set_read_only("a-empty", True)
        connections = len(rows(east, schema.StorageServerConnection))
        result = make(play, east, wanted)
        assert result["error_kind"] == "partial" and result["entities"][0]["remedy"]
        assert "new-file" not in known(east)
        assert len(rows(east, schema.StorageServerConnection)) == connections

    def test_a_first_domain_that_would_be_a_backup_domain_and_the_master(self, play, sites):
        site = sites["secondary"]
        release(play, site, "west-data", "unattached")
        where = {"address": "nfs.array-b.test"}
        refused = make(play, site, {**FILE, **where}, data_center="west")
        assert refused["error_kind"] == "rule"
        made = make(play, site, {**FILE, **where, "backup": False}, data_center="west")
        assert made["changed"] and known(site)["new-file"].master

    @pytest.mark.parametrize(
        ("wanted", "told"),
        [
            ({**BLOCK, "logical_units": []}, "iscsi needs logical_units"),
            ({**BLOCK, "overwrite_luns": [OF_VAULT]}, "none of its logical_units"),
            ({**FILE, "logical_units": [FREE]}, "logical_units cannot be given for nfs"),
            ({**FILE, "name": "two words"}, "cannot be the name"),
        ],
    )
    def test_an_entry_that_cannot_be(self, play, east, wanted, told):
        result = make(play, east, wanted)
        assert result["error_kind"] == "invalid" and told in result["msg"]
        assert not east.writes

    def test_a_logical_unit_for_two_domains(self, play, east):
        result = make(play, east, BLOCK, {**BLOCK, "name": "another"})
        assert result["error_kind"] == "invalid" and FREE in result["msg"]
