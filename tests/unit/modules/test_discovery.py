# SPDX-License-Identifier: GPL-3.0-or-later
"""Finding storage over HTTPS: targets behind portals, logins of hosts, and domains that the engine does not know."""

from __future__ import annotations

import pytest

from ovirt_simulator.engine import schema
from ovirt_simulator.engine.commands import ShutdownVm
from ovirt_simulator.scenario import identifier
from ovirt_simulator.storage.arrays import add_target

NEAR, FAR = {"address": "10.10.1.10"}, {"address": "10.10.1.11"}
SPARE = "iqn.2031-05.test.array-a:spare"
WEST = {"address": "10.20.1.10"}
VAULT, MIXED = "iqn.2031-05.test.array-b:vault", "iqn.2031-05.test.array-b:mixed"
CHAP = {"username": "mixed-user", "password": "mixed-secret"}


@pytest.fixture
def replica(sites):
    """The secondary site, with the primary's domains replicated to its array."""
    sites["primary"].engine.execute(ShutdownVm(identifier("primary", "vm", "web")))
    sites.arrays.replicate()
    return sites["secondary"]


@pytest.fixture
def vault_id():
    return identifier("primary", "domain", "vault")


def targets(*portals, target=SPARE, **chap):
    return [{"target": target, **portal, **chap} for portal in portals]


def login(play, site, *entries, **params):
    return play("iscsi_login", auth=site.auth, targets=list(entries), **params)


def search(play, site, *entries, **params):
    options = {"data_center": "west", **params}
    return play("unregistered_storage_domain_info", auth=site.auth, targets=list(entries), **options)


def outcomes(result):
    return {one["name"]: one["outcome"] for one in result["entities"]}


def sent(site, action):
    return [entry for entry in site.requests if entry.path.endswith(action)]


class TestTargets:
    def discover(self, play, site, *portals, **params):
        return play("iscsi_target_info", auth=site.auth, host="east-h1", portals=list(portals), **params)

    def test_lists_every_way_to_every_target_once_whatever_portals_are_asked(self, play, primary):
        result = self.discover(play, primary, NEAR, FAR)
        ways = [(one["target"].rpartition(":")[2], one["address"]) for one in result["iscsi_targets"]]
        assert sorted(ways) == [(name, at["address"]) for name in ("mixed", "spare", "vault") for at in (NEAR, FAR)]
        assert {(one["port"], one["portal"]) for one in result["iscsi_targets"]} == {
            (3260, "10.10.1.10:3260,1"),
            (3260, "10.10.1.11:3260,1"),
        }
        assert not primary.writes

    def test_tells_which_targets_the_host_is_logged_in_to(self, play, primary):
        assert SPARE not in self.discover(play, primary, NEAR)["logged_in"]
        login(play, primary, *targets(NEAR), host="east-h1")
        assert SPARE in self.discover(play, primary, NEAR)["logged_in"]

    def test_its_entries_are_what_a_login_takes(self, play, primary):
        found = self.discover(play, primary, NEAR)["iscsi_targets"]
        spare = [one for one in found if one["target"] == SPARE]
        assert login(play, primary, *spare, host="east-h1")["counts"]["succeeded"] == 1
        assert [entry.body.count("<portal>") for entry in sent(primary, "/iscsilogin")] == [1, 1]

    def test_a_dead_portal_of_which_another_one_tells_is_a_warning(self, play, sites, primary):
        sites.arrays.set_portal(**FAR, port=3260, reachable=False)
        result = self.discover(play, primary, FAR, NEAR)
        assert not result.get("failed") and outcomes(result)["10.10.1.11:3260"] == "skipped"
        assert ["10.10.1.11:3260" in warning for warning in result["warnings"]] == [True]

    def test_a_dead_portal_of_which_nobody_tells_fails_and_hides_nothing(self, play, primary):
        result = self.discover(play, primary, {"address": "10.99.1.1"}, NEAR)
        assert result["error_kind"] == "partial" and "10.99.1.1:3260" in result["msg"]
        assert result["counts"]["succeeded"] == 1 and result["iscsi_targets"]
        assert not self.discover(play, primary, {"address": "10.99.1.1"}, NEAR, on_partial="report").get("failed")

    @pytest.mark.parametrize(
        ("portals", "told"),
        [([], "portals is empty"), ([{"address": ""}], "portals[0]"), ([NEAR, {**NEAR, "port": 99999}], "portals[1]")],
    )
    def test_a_portal_that_cannot_be_is_invalid(self, play, primary, portals, told):
        result = self.discover(play, primary, *portals)
        assert result["error_kind"] == "invalid" and told in result["msg"]

    @pytest.mark.parametrize(("params", "kind"), [({}, "invalid"), ({"data_center": "nowhere"}, "not_found")])
    def test_somewhere_to_look_from_is_needed(self, play, primary, params, kind):
        result = play("iscsi_target_info", auth=primary.auth, portals=[NEAR], **params)
        assert result["error_kind"] == kind


class TestLogin:
    def test_logs_every_up_host_in_once(self, play, primary):
        first = login(play, primary, *targets(NEAR, FAR), data_center="east")
        requests = len(sent(primary, "/iscsilogin"))
        second = login(play, primary, *targets(NEAR, FAR), data_center="east")
        assert first["changed"] and set(outcomes(first)) == {f"{SPARE} on east-h1", f"{SPARE} on east-h2"}
        assert first["counts"]["succeeded"] == 2 and requests == 4
        assert not second["changed"] and second["counts"]["skipped"] == 2
        assert len(sent(primary, "/iscsilogin")) == requests

    def test_check_mode_predicts_and_sends_no_write(self, play, primary):
        result = login(play, primary, *targets(NEAR), host="east-h1", check=True)
        assert result["changed"] and result["diff"]["after"] == {"logged_in": [f"{SPARE} on east-h1"]}
        assert not primary.writes

    def test_a_further_portal_is_a_change_until_the_host_uses_it(self, play, primary):
        login(play, primary, *targets(NEAR), host="east-h1")
        assert login(play, primary, *targets(NEAR, FAR), host="east-h1")["changed"]
        assert not login(play, primary, *targets(NEAR, FAR), host="east-h1")["changed"]

    def test_one_of_two_portals_dead_works_with_a_warning_each_time(self, play, sites, primary):
        sites.arrays.set_portal(**FAR, port=3260, reachable=False)
        first = login(play, primary, *targets(NEAR, FAR), host="east-h1")
        second = login(play, primary, *targets(NEAR, FAR), host="east-h1")
        assert (first["changed"], second["changed"]) == (True, False)
        for result in (first, second):
            assert not result.get("failed") and "10.10.1.11:3260" in result["warnings"][0]

    def test_a_refused_chap_login_names_target_portal_and_host_and_stops_no_other(self, play, replica):
        refused = targets(WEST, target=MIXED, username="mixed-user", password="not-the-secret")
        result = login(play, replica, *refused, *targets(WEST, target=VAULT), host="west-h1")
        assert result["error_kind"] == "partial" and "CHAP" in result["remedy"]
        assert all(word in result["msg"] for word in (MIXED, "10.20.1.10:3260", "west-h1"))
        assert outcomes(result) == {f"{MIXED} on west-h1": "failed", f"{VAULT} on west-h1": "succeeded"}
        assert "not-the-secret" not in str(result)

    def test_a_host_that_is_not_up_is_left_out_with_a_warning(self, play, primary):
        primary.hosts.lose(["east-h2"])
        result = login(play, primary, *targets(NEAR), data_center="east")
        assert result["counts"]["succeeded"] == 1 and "east-h2" in result["warnings"][0]
        named = login(play, primary, *targets(NEAR), host="east-h2")
        assert named["error_kind"] == "rejected" and "east-h2" in named["msg"]

    def test_a_target_without_logical_units_is_no_change_and_a_warning(self, play, sites, primary):
        bare = "iqn.2031-05.test.array-a:bare"
        sites.arrays.work(lambda db: add_target(db, "array-a", bare))
        result = login(play, primary, *targets(NEAR, target=bare), host="east-h1")
        assert not result["changed"] and "no logical unit" in result["warnings"][0]

    def test_an_empty_list_is_invalid(self, play, primary):
        result = login(play, primary, host="east-h1")
        assert result["error_kind"] == "invalid" and "empty" in result["msg"]
        assert not primary.writes


class TestUnregistered:
    def test_merges_what_the_hosts_find_with_where_it_lies(self, play, replica, vault_id):
        mixed = targets(WEST, target=MIXED, **CHAP)
        result = search(play, replica, *targets(WEST, target=VAULT), *mixed)
        found = {one["name"]: one for one in result["storage_domains"]}
        assert set(found) == {"vault", "mixed-block"} and found["vault"]["id"] == vault_id
        units = {one["id"][-3:]: one["target"] for one in found["vault"]["logical_units"]}
        assert units == {"b01": VAULT, "b02": VAULT}
        assert all(one["hosts"] == ["west-h1", "west-h2"] for one in found.values())
        assert len(sent(replica, "/unregisteredstoragedomainsdiscover")) == 4, "two hosts, two sets of credentials"

    def test_in_check_mode_it_lists_what_the_hosts_see_without_logging_in(self, play, replica, vault_id):
        assert search(play, replica, *targets(WEST, target=VAULT), check=True)["storage_domains"] == []
        login(play, replica, *targets(WEST, target=VAULT), host="west-h2")
        before = len(replica.writes)
        result = search(play, replica, *targets(WEST, target=VAULT), check=True)
        assert [(one["id"], one["hosts"]) for one in result["storage_domains"]] == [(vault_id, ["west-h2"])]
        assert len(replica.writes) == before

    def test_a_domain_that_one_host_does_not_see_is_a_warning_that_names_the_host(self, play, replica):
        replica.hosts.set_path("west-h2", "array-b", reachable=False)
        replica.hosts.recover()
        result = search(play, replica, *targets(WEST, target=VAULT), on_partial="report")
        assert [one["hosts"] for one in result["storage_domains"]] == [["west-h1"]]
        assert any("vault" in one and "west-h2" in one and "west-h1" not in one for one in result["warnings"])

    def test_a_dead_portal_is_a_warning_where_another_leads_to_the_same_targets(self, play, replica):
        dead = {"address": "10.20.1.99"}
        result = search(play, replica, *targets(dead, WEST, target=VAULT), hosts=["west-h1"])
        assert [one["name"] for one in result["storage_domains"]] == ["vault"]
        assert "10.20.1.99" in result["warnings"][0] and result["counts"]["skipped"] == 1
        alone = search(play, replica, *targets(dead, target=VAULT), hosts=["west-h1"])
        assert alone["error_kind"] == "partial" and "10.20.1.99" in alone["msg"]

    def test_tells_why_a_wanted_domain_is_not_there(self, play, replica, vault_id):
        unit, mixed = "3600a0980000000000000000000000b11", identifier("primary", "domain", "mixed-block")
        wanted = [
            {"id": vault_id},
            {"id": mixed, "logical_units": [unit]},
            {"id": mixed},
            {"name": "west-data"},
            {"name": "nobody"},
        ]
        result = search(play, replica, *targets(WEST, target=VAULT), storage_domains=wanted)
        reasons = [one["reason"] for one in result["missing"]]
        assert f"logical unit {unit} is not seen by host west-h1, host west-h2" in reasons[0]
        assert "no logical unit of it is seen by host west-h1, host west-h2" in reasons[1]
        assert "knows it already" in reasons[2] and "found: vault" in reasons[3]

    def test_a_logical_unit_that_the_engine_uses_otherwise_is_named(self, play, replica, vault_id):
        unit = "3600a0980000000000000000000000b02"
        with replica.engine.transaction() as context:
            context.db.add(schema.Lun(id=unit, volume_group_id=None, size=1))
        result = search(play, replica, *targets(WEST, target=VAULT), storage_domains=[{"id": vault_id}])
        assert result["storage_domains"] == []
        assert unit in result["missing"][0]["reason"]

    @pytest.mark.parametrize(
        ("params", "told"),
        [
            ({"hosts": ["west-h1"]}, "targets is empty"),
            ({"hosts": ["west-h1"], "storage_type": "fcp", "storage_domains": [{}]}, "storage_domains[0]"),
            ({"data_center": None, "storage_type": "fcp"}, "neither host nor data_center"),
        ],
    )
    def test_what_cannot_be_looked_for_is_invalid(self, play, replica, params, told):
        result = search(play, replica, **params)
        assert result["error_kind"] == "invalid" and told in result["msg"]
        assert not replica.writes
