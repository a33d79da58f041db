# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing existing storage domains into an engine over HTTPS, and everything that must not come in."""

from __future__ import annotations

from typing import Any

import pytest
from ovirtsdk4 import types
from sqlalchemy import select

from ovirt_simulator.engine import schema
from ovirt_simulator.engine.commands import ShutdownVm
from ovirt_simulator.engine.commands.connections import AddStorageServerConnection
from ovirt_simulator.scenario import identifier
from ovirt_simulator.storage import schema as stored

PORTAL = {"address": "10.20.1.10"}
VAULT_TARGET, MIXED_TARGET = "iqn.2031-05.test.array-b:vault", "iqn.2031-05.test.array-b:mixed"
CHAP = {"username": "mixed-user", "password": "mixed-secret"}
NOBODY = "6ab65b16-0f03-4b93-85a7-5bc3b8d52be0"


def east(name):
    return identifier("primary", "domain", name)


VAULT = {"id": east("vault"), "storage_type": "iscsi", "backup": True}
MIXED = {"id": east("mixed-block"), "storage_type": "iscsi", "backup": True}
NFS = {
    "id": east("nfs-vault"),
    "storage_type": "nfs",
    "address": "nfs.array-b.test",
    "path": "/vault",
    "backup": True,
}
EMPTY = {**NFS, "id": NOBODY, "path": "/empty"}


@pytest.fixture
def west(sites):
    """The secondary site, to whose array the primary's domains are replicated."""
    sites["primary"].engine.execute(ShutdownVm(identifier("primary", "vm", "web")))
    sites.arrays.replicate()
    return sites["secondary"]


def rows(site, table):
    with site.engine.transaction() as context:
        return list(context.db.scalars(select(table)))


def state(site) -> dict[str, Any]:
    """Return everything that the engine knows of storage."""
    tables = (schema.StorageDomainStatic, schema.StoragePoolIsoMap, schema.StorageServerConnection, schema.Lun)
    return {
        table.__name__: [{key.name: getattr(row, key.name) for key in table.__table__.columns} for row in found]
        for table in tables
        for found in [rows(site, table)]
    }


def domain(site, domain_id):
    return next((one for one in rows(site, schema.StorageDomainStatic) if one.id == domain_id), None)


def login(site, target=VAULT_TARGET, hosts=("west-h1", "west-h2"), username=None, password=None):
    """Log hosts in, as iscsi_login does."""
    with site.engine.transaction() as context:
        for host in hosts:
            where = (identifier("secondary", "host", host), PORTAL["address"], 3260, target)
            context.storage.login(*where, username, password)


def bring_in(play, site, *domains, **params):
    options = {"data_center": "west", "take_over": True, "poll_interval": 0.01, **params}
    return play("storage_domain_import", auth=site.auth, storage_domains=list(domains), **options)


def empty_data_center(play, site):
    """Take its only domain, the master, from the data center."""
    options = {"storage_domains": ["west-data"], "state": "unattached", "poll_interval": 0.01}
    assert play("storage_domain_state", auth=site.auth, **options)["changed"]


class TestWhatComesIn:
    def test_several_domains_at_once_and_once_only(self, play, west):
        login(west)
        login(west, MIXED_TARGET, **CHAP)
        first = bring_in(play, west, VAULT, MIXED, NFS)
        before = len(west.writes)
        second = bring_in(play, west, VAULT, MIXED, NFS)
        assert first["counts"]["succeeded"] == 3 and first["changed"]
        for one in (VAULT, MIXED, NFS):
            row = domain(west, one["id"])
            assert (row.backup, row.mapping.status) == (True, "active")
        assert second["counts"]["skipped"] == 3 and not second["changed"]
        assert len(west.writes) == before

    def test_check_mode_predicts_and_sends_no_write(self, play, west):
        login(west)
        result = bring_in(play, west, VAULT, NFS, check=True)
        assert result["changed"] and result["counts"]["succeeded"] == 2
        assert result["diff"]["before"] == dict.fromkeys([VAULT["id"], NFS["id"]], "unknown to the engine")
        assert not west.writes

    def test_names_and_settings_are_those_that_are_wanted(self, play, west):
        login(west)
        settings = {"wipe_after_delete": True, "warning_low_space_indicator": 7, "critical_space_action_blocker": 3}
        block, file = {**VAULT, "name": "replica", **settings}, {**NFS, "name": "nfs-replica", **settings}
        bring_in(play, west, block, file)
        for one in (block, file):
            row = domain(west, one["id"])
            assert {"name": row.name, **{key: getattr(row, key) for key in settings}} == {
                "name": one["name"],
                **settings,
            }
        assert not bring_in(play, west, block, file)["changed"]
        west.requests.clear()
        assert bring_in(play, west, {**block, "warning_low_space_indicator": 8}, file)["changed"]
        assert [entry.method for entry in west.writes] == ["PUT"]

    def test_a_known_domain_gets_what_it_lacks_only(self, play, west):
        bring_in(play, west, NFS)
        release = {"storage_domains": ["nfs-vault"], "poll_interval": 0.01}
        for lack in ("maintenance", "unattached"):
            play("storage_domain_state", auth=west.auth, state=lack, **release)
            west.requests.clear()
            assert bring_in(play, west, NFS)["entities"][0]["reason"] in ("activate", "attach")
            assert len(west.writes) == 1

    def test_any_domain_on_a_path_where_the_caller_does_not_care(self, play, west):
        result = bring_in(play, west, {**NFS, "id": None, "identity": "any"})
        assert result["entities"][0]["id"] == NFS["id"]
        assert not bring_in(play, west, {**NFS, "id": None, "identity": "any"})["changed"]

    def test_one_that_fails_stops_no_other(self, play, west):
        login(west)
        result = bring_in(play, west, EMPTY, VAULT)
        assert result["error_kind"] == "partial"
        assert {one["id"]: one["outcome"] for one in result["entities"]} == {NOBODY: "failed", VAULT["id"]: "succeeded"}
        reported = bring_in(play, west, EMPTY, VAULT, on_partial="report")
        assert not reported.get("failed") and reported["counts"]["skipped"] == 1

    def test_a_host_that_sees_the_domain_is_found(self, play, west):
        login(west, hosts=["west-h2"])
        assert bring_in(play, west, VAULT)["changed"]
        imported = next(entry for entry in west.writes if entry.path.endswith("/storagedomains"))
        assert identifier("secondary", "host", "west-h2") in imported.body

    def test_an_obstacle_of_one_stops_no_other_where_the_caller_wants_that(self, play, west):
        for check in (True, False):
            taken = {**VAULT, "name": "west-data"}
            result = bring_in(play, west, taken, NFS, on_obstacle="leave_out", check=check)
            assert result["error_kind"] == "partial" and result["changed"]
            outcomes = {one["id"]: one["outcome"] for one in result["entities"]}
            assert outcomes == {VAULT["id"]: "failed", NFS["id"]: "succeeded"}
            assert result["diff"]["after"]["west-data"] == "unknown to the engine"
        assert domain(west, NFS["id"]).mapping.status == "active"


class TestMasterOrder:
    def test_into_an_empty_data_center_one_goes_first_that_is_no_backup(self, play, west):
        empty_data_center(play, west)
        login(west)
        result = bring_in(play, west, VAULT, {**NFS, "backup": False})
        assert result["counts"]["succeeded"] == 2
        assert [one.id for one in rows(west, schema.StorageDomainStatic) if one.master] == [NFS["id"]]

    def test_into_an_empty_data_center_backup_domains_alone_are_refused(self, play, west):
        empty_data_center(play, west)
        login(west)
        before = state(west)
        west.requests.clear()
        result = bring_in(play, west, VAULT, NFS)
        assert result["error_kind"] == "rule" and "master" in result["msg"]
        assert not [entry for entry in west.writes if not entry.path.endswith("discover")]
        assert state(west) == before

    def test_where_the_first_fails_the_others_are_not_begun(self, play, west):
        empty_data_center(play, west)
        result = bring_in(play, west, NFS, {**EMPTY, "backup": False})
        assert result["counts"]["failed"] == 2
        assert "not begun" in {one["id"]: one["reason"] for one in result["entities"]}[NFS["id"]]
        assert domain(west, NFS["id"]) is None

    def test_a_master_in_maintenance_comes_back_first(self, play, west):
        bring_in(play, west, NFS)
        for name in ("nfs-vault", "west-data"):
            options = {"storage_domains": [name], "state": "maintenance", "poll_interval": 0.01}
            play("storage_domain_state", auth=west.auth, **options)
        refused = bring_in(play, west, NFS)
        assert refused["error_kind"] == "rejected" and "no active master" in refused["msg"]
        data = {
            "id": identifier("secondary", "domain", "west-data"),
            "storage_type": "nfs",
            "address": "nfs.array-b.test",
            "path": "/west-data",
        }
        assert bring_in(play, west, NFS, data)["counts"]["succeeded"] == 2


class TestToldBeforeTheFirstWrite:
    """Nothing is sent, and every obstacle of every domain is told."""

    def refused(self, play, west, *domains, **params):
        before = state(west)
        west.requests.clear()
        result = bring_in(play, west, *domains, **params)
        assert state(west) == before
        assert not [entry for entry in west.writes if not entry.path.endswith("/unregisteredstoragedomainsdiscover")]
        assert result["error_kind"] == "rejected" and not result["changed"]
        assert {one["outcome"] for one in result["entities"]} == {"failed"}
        return {one["id"]: one["reason"] for one in result["entities"]}

    def test_a_name_that_another_domain_has_and_a_logical_unit_that_no_host_sees(self, play, west):
        reasons = self.refused(play, west, {**VAULT}, {**NFS, "name": "west-data"})
        assert "host west-h1, host west-h2 sees no logical unit" in reasons[VAULT["id"]]
        assert "the name west-data belongs to another" in reasons[NFS["id"]]

    def test_a_name_on_the_storage_that_another_domain_has(self, play, west):
        login(west)
        with west.engine.transaction() as context:
            context.db.get_one(
                schema.StorageDomainStatic, identifier("secondary", "domain", "west-data")
            ).name = "vault"
        reasons = self.refused(play, west, VAULT)
        assert "the name vault belongs to another" in reasons[VAULT["id"]]
        assert bring_in(play, west, {**VAULT, "name": "replica"})["changed"]

    @pytest.mark.parametrize(
        ("resting", "params", "told"),
        [
            (["west-h2"], {"host": "west-h2"}, "host west-h2 is maintenance"),
            (["west-h1", "west-h2"], {}, "no host of data center west is up"),
        ],
    )
    def test_a_host_in_maintenance(self, play, west, resting, params, told):
        login(west)
        with west.engine.transaction() as context:
            for host in resting:
                context.db.get_one(schema.Vds, identifier("secondary", "host", host)).status = "maintenance"
        reasons = self.refused(play, west, VAULT, NFS, **params)
        assert all(told in reason for reason in reasons.values()) and len(reasons) == 2

    def test_a_format_that_the_data_center_does_not_support(self, play, west):
        login(west)
        self.make_old(west)
        assert "format v5" in self.refused(play, west, VAULT)[VAULT["id"]]

    def test_a_path_that_belongs_to_another_domain(self, play, west):
        reasons = self.refused(play, west, {**NFS, "path": "/west-data"})
        assert "is storage domain west-data" in reasons[NFS["id"]]

    @staticmethod
    def make_old(west):
        with west.engine.transaction() as context:
            pool = context.db.get_one(schema.StoragePool, identifier("secondary", "data_center", "west"))
            pool.compatibility_version = "4.2"

    def test_a_format_that_only_the_import_shows_is_told_then_and_the_import_undone(self, play, west):
        login(west, MIXED_TARGET, **CHAP)
        self.make_old(west)
        before = state(west)
        result = bring_in(play, west, MIXED, NFS)
        assert result["counts"]["failed"] == 2
        assert all("format v5" in one["reason"] and "undone" in one["reason"] for one in result["entities"])
        assert state(west) == before


class TestLeavesTheEngineAsItWas:
    @pytest.fixture
    def refused(self, play, west):
        """Return a function that sees an import of one domain fail, and returns what is told of it."""

        def refused(wanted, **params):
            before = state(west)
            result = bring_in(play, west, wanted, **params)
            assert result["error_kind"] == "partial" and result["counts"]["failed"] == 1
            assert result["entities"][0]["remedy"]
            assert state(west) == before
            return result["msg"]

        return refused

    def test_an_empty_path(self, refused):
        assert "holds no data domain; nothing was created" in refused(EMPTY)

    def test_a_path_that_nobody_exports(self, refused):
        assert "cannot mount the path" in refused({**EMPTY, "path": "/nowhere"})

    def test_a_domain_on_the_path_whose_name_another_one_has(self, refused, west):
        with west.engine.transaction() as context:
            known = context.db.get_one(schema.StorageDomainStatic, identifier("secondary", "domain", "west-data"))
            known.name = "nfs-vault"
        assert "nfs-vault" in refused(NFS)

    def test_another_domain_on_the_path(self, refused, sites):
        told = refused({**NFS, "id": NOBODY})
        assert f"holds domain {NFS['id']} instead of {NOBODY}" in told and "nothing was formatted" in told
        held = sites.arrays.work(lambda db: db.scalar(select(stored.Volume.domain_id).filter_by(name="b-nfs-vault")))
        assert held == NFS["id"]

    def test_a_logical_unit_that_cannot_be_written(self, refused, west, sites):
        login(west)
        sites.arrays.set_read_only("b-vault", True)
        told = refused(VAULT)
        assert "cannot attach" in told and "the import was undone" in told

    @pytest.mark.parametrize("wanted", [VAULT, NFS], ids=["iscsi", "nfs"])
    def test_a_domain_of_another_data_center_that_is_not_taken_over(self, play, refused, west, wanted):
        login(west)
        assert "belongs to a data center of another engine" in refused(wanted, take_over=False)
        assert bring_in(play, west, wanted)["changed"]

    def test_a_known_domain_of_another_data_center_stays_known(self, play, west, sites):
        """It was let go here, and another engine has taken it since."""
        bring_in(play, west, NFS)
        play("storage_domain_state", auth=west.auth, storage_domains=["nfs-vault"], state="unattached")
        sites.arrays.replicate("a-nfs-vault")
        before = state(west)
        result = bring_in(play, west, NFS, take_over=False)
        assert "another engine" in result["msg"] and state(west) == before


class TestWhatIsTold:
    @pytest.mark.skipif(not hasattr(types.LogicalUnit, "active_paths"), reason="this SDK does not read them")
    def test_a_dead_path_is_a_warning(self, play, sites):
        """One of the two portals is dead, over which the hosts had logged in to the vault."""
        primary = sites["primary"]
        primary.engine.execute(ShutdownVm(identifier("primary", "vm", "web")))
        options = {"storage_domains": ["vault"], "state": "removed", "poll_interval": 0.01}
        play("storage_domain_state", auth=primary.auth, **options)
        sites.arrays.set_portal("10.10.1.11", reachable=False)
        result = bring_in(play, primary, VAULT, data_center="east")
        assert result["counts"]["succeeded"] == 1
        assert any("1 of 2 paths" in warning and "east-h1" in warning for warning in result["warnings"])

    def test_a_host_that_does_not_see_the_logical_units_is_a_warning_that_names_it(self, play, west):
        login(west, hosts=["west-h1"])
        result = bring_in(play, west, VAULT)
        assert result["counts"]["succeeded"] == 1
        (warning,) = result["warnings"]
        assert "host west-h2 sees 0 of its 2 logical units" in warning

    def test_a_domain_that_stays_behind(self, play, west):
        west.mishaps.add("DELETE", "/storagedomains/{domain}", "status", status=400, detail="[no]")
        result = bring_in(play, west, {**NFS, "id": NOBODY})
        assert "stays behind imported and unattached as nfs-vault" in result["msg"]
        assert domain(west, NFS["id"]) is not None

    def test_a_connection_that_stays_behind(self, play, west):
        leave_connection(west, EMPTY["path"], "west-h1")
        west.mishaps.add("DELETE", "/storageconnections/{connection}", "status", status=400, detail="[no]", times=0)
        result = bring_in(play, west, EMPTY)
        assert "connection may stay behind" in result["msg"]

    @pytest.mark.parametrize("host", ["west-h1", "west-h2"], ids=["mounted", "not mounted"])
    def test_a_connection_that_an_earlier_failure_left_is_used(self, play, west, host):
        leave_connection(west, NFS["path"], host)
        result = bring_in(play, west, NFS, host="west-h1")
        assert result["counts"]["succeeded"] == 1, result
        assert [one.path for one in rows(west, schema.StorageServerConnection)].count(NFS["path"]) == 1
        assert domain(west, NFS["id"]).connection_id is not None


def leave_connection(site, path, host):
    command = AddStorageServerConnection(
        NOBODY, "nfs", identifier("secondary", "host", host), {"address": NFS["address"], "path": path}
    )
    site.engine.execute(command)


class TestWhatCannotBe:
    @pytest.mark.parametrize(
        ("wanted", "told"),
        [
            ({**VAULT, "id": "vault"}, "not the id of a storage domain"),
            ({"storage_type": "localfs", "path": "/local"}, "type localfs cannot be imported"),
            ({**NFS, "discard_after_delete": True}, "only block storage discards"),
        ],
    )
    def test_is_invalid_and_nothing_is_sent(self, play, west, wanted, told):
        result = bring_in(play, west, wanted, NFS)
        assert result["error_kind"] == "invalid" and told in result["msg"] and "storage_domains[0]" in result["msg"]
        assert not west.writes

    @pytest.mark.parametrize(
        ("params", "told"), [({"data_center": "nowhere"}, "nowhere"), ({"host": "nobody"}, "nobody")]
    )
    def test_an_unknown_place_is_not_found(self, play, west, params, told):
        result = bring_in(play, west, NFS, **params)
        assert result["error_kind"] == "not_found" and told in result["msg"]


def test_in_check_mode_a_domain_that_a_login_may_bring_to_light_is_unknown(play, west):
    result = bring_in(play, west, VAULT, check=True)
    assert [one["outcome"] for one in result["entities"]] == ["unknown"]
    assert "until a host is logged in" in result["entities"][0]["reason"]


def test_a_flag_that_was_changed_since_is_kept_where_that_is_wanted(play, west):
    bring_in(play, west, {**NFS, "backup": False})
    assert "set its backup flag" in bring_in(play, west, NFS)["msg"]
    assert bring_in(play, west, NFS, keep_flags=True)["counts"]["skipped"] == 1
