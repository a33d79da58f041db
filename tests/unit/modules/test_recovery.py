# SPDX-License-Identifier: GPL-3.0-or-later
"""The other site over HTTPS: find the replicated storage, import it, register what is on it."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from ovirt_simulator.engine import schema
from ovirt_simulator.scenario import identifier

PORTAL = {"address": "10.20.1.10"}
TARGET = "iqn.2031-05.test.array-b:vault"


@pytest.fixture
def replica(play, sites):
    """The secondary site, with the primary's vault (VM web, and what moved there) replicated to its array."""
    primary = sites["primary"]
    play("vm_power", auth=primary.auth, groups=[{"vms": ["web"]}], state="stopped", poll_interval=0.01)
    play("backup_domain", auth=primary.auth, storage_domains=["vault"])
    moved = play(
        "backup_transfer",
        auth=primary.auth,
        vms=["db"],
        templates=["base"],
        method="move",
        storage_domains=["vault"],
        poll_interval=0.01,
    )
    assert not moved.get("failed"), moved
    sites.arrays.replicate()
    return sites["secondary"]


@pytest.fixture
def vault_id():
    return identifier("primary", "domain", "vault")


def rows(site, table):
    """Return a table of the engine's database, as it is."""
    with site.engine.transaction() as context:
        return list(context.db.scalars(select(table)))


def login(play, site, **params):
    target = {"target": TARGET, **PORTAL, **params}
    return play("iscsi_login", auth=site.auth, data_center="west", targets=[target])


def wanted(vault_id, **changes):
    return {"id": vault_id, "storage_type": "iscsi", "backup": True, **changes}


def bring_in(play, site, *domains, **params):
    options = {"data_center": "west", "take_over": True, "poll_interval": 0.01, **params}
    return play("storage_domain_import", auth=site.auth, storage_domains=list(domains), **options)


def register(play, site, **params):
    lan = {side: {"network": f"{side}-lan", "profile": f"{side}-lan"} for side in ("east", "west")}
    mapping = {
        "version": 1,
        "clusters": [{"source": "east-cl1", "target": "west-cl1"}],
        "vnic_profiles": [{"source": lan["east"], "target": lan["west"]}],
    }
    options = {"storage_domains": ["vault"], "mapping": mapping, **params}
    return play("entity_registration", auth=site.auth, **options)


class TestRegistration:
    @pytest.fixture
    def imported(self, play, replica, vault_id):
        login(play, replica)
        assert bring_in(play, replica, wanted(vault_id))["changed"]
        replica.requests.clear()
        return replica

    def test_registers_everything_once_templates_first(self, play, imported):
        first = register(play, imported)
        assert {one["name"] for one in first["entities"]} == {"web", "db", "base"}
        assert first["counts"]["succeeded"] == 3
        assert "/templates/" in imported.writes[0].path
        before = len(imported.writes)
        again = register(play, imported)
        assert not again["changed"] and len(imported.writes) == before

    def test_check_mode_predicts_and_sends_no_write(self, play, imported):
        result = register(play, imported, check=True)
        assert result["changed"] and set(result["diff"]["after"]["registered"]) == {"web", "db", "base"}
        assert not imported.writes

    def test_check_mode_before_the_import_says_unknown_and_does_not_fail(self, play, replica):
        result = register(play, replica, check=True)
        assert not result.get("failed") and result["counts"]["unknown"] == 1
        assert "unknown until" in result["entities"][0]["reason"]

    def test_chosen_vms_only(self, play, imported):
        result = register(play, imported, vms=["web"], templates=[])
        assert [one["name"] for one in result["entities"]] == ["web"]

    def test_the_mapped_profile_is_on_the_nic(self, play, imported):
        register(play, imported)
        profiles = {one.id: one.name for one in rows(imported, schema.VnicProfile)}
        nics = [one for one in rows(imported, schema.VmInterface) if one.vm_id == identifier("primary", "vm", "web")]
        assert [profiles[nic.vnic_profile_id] for nic in nics] == ["west-lan"]

    @pytest.mark.parametrize(
        ("params", "told"),
        [
            ({"vms": ["nobody"]}, "nobody"),
            ({"cluster": "nowhere"}, "nowhere"),
            ({"mapping": {"version": 1, "clusters": [{"source": "a", "target": "nowhere"}]}}, "nowhere"),
            ({"storage_domains": ["valt"]}, "valt"),
        ],
    )
    def test_what_does_not_exist_is_not_found_and_nothing_is_registered(self, play, imported, params, told):
        result = register(play, imported, **params)
        assert result["error_kind"] == "not_found" and told in result["msg"]
        assert not imported.writes

    def test_a_vm_whose_registration_fails_does_not_stop_the_others(self, play, imported):
        imported.mishaps.add("POST", "/storagedomains/{domain}/vms/{vm}/register", "status", status=400, detail="[no]")
        result = register(play, imported)
        assert result["error_kind"] == "partial"
        assert (result["counts"]["failed"], result["counts"]["succeeded"]) == (1, 2)

    def test_the_vms_run_after_the_promotion(self, play, imported):
        register(play, imported)
        groups = [{"vms": ["db"]}, {"vms": ["web"]}]
        refused = play("vm_power", auth=imported.auth, groups=groups, poll_interval=0.01)
        assert refused["error_kind"] == "rule"
        play("backup_domain", auth=imported.auth, storage_domains=["vault"], state="disabled")
        started = play("vm_power", auth=imported.auth, groups=groups, poll_interval=0.01)
        assert started["counts"]["succeeded"] == 2
