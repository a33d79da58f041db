# SPDX-License-Identifier: GPL-3.0-or-later
"""An existing domain through its states over HTTPS."""

from __future__ import annotations

import pytest

from ovirt_simulator.engine import schema
from ovirt_simulator.engine.commands import ShutdownVm
from ovirt_simulator.storage import schema as stored
from wire_client import east

EAST = ["east-data", "vault", "east-nfs2", "nfs-vault", "mixed-block", "mixed-file"]
NFS2 = east("domain", "east-nfs2")


def bring(play, site, *names, **params):
    options = {"poll_interval": 0.01, **params}
    return play("storage_domain_state", auth=site.auth, storage_domains=list(names), **options)


def taken(result, name):
    return [step["action"] for step in result["steps"] if step["storage_domain"] == name]


def outcomes(result):
    return {one["name"]: one["outcome"] for one in result["entities"]}


def content(sites, volume):
    """Return the id of the domain that lies on a volume of an array."""
    return sites.arrays.work(lambda db: db.query(stored.Volume).filter_by(name=volume).one().domain_id)


@pytest.fixture
def quiet(primary):
    """The primary site after its only running VM is down."""
    primary.engine.execute(ShutdownVm(east("vm", "web")))
    return primary


@pytest.mark.parametrize("state", ["maintenance", "unattached", "removed"])
def test_leaves_once_then_leaves_alone(play, primary, state):
    first = bring(play, primary, NFS2, state=state)
    before = len(primary.writes)
    second = bring(play, primary, NFS2, state=state)
    assert (first["changed"], second["changed"]) == (True, False)
    assert second["counts"]["skipped"] == 1
    assert first["diff"] == {"before": {"east-nfs2": "active"}, "after": {"east-nfs2": state}}
    assert len(primary.writes) == before


def test_comes_back_with_its_data_center(play, primary):
    bring(play, primary, "east-nfs2", state="unattached")
    result = bring(play, primary, "east-nfs2", state="active", data_center="east")
    assert taken(result, "east-nfs2") == ["attach"]
    assert not bring(play, primary, "east-nfs2", state="active")["changed"]


def test_check_mode_predicts_and_sends_no_write(play, primary):
    result = bring(play, primary, "east-nfs2", state="unattached", check=True)
    assert taken(result, "east-nfs2") == ["update_ovf_store", "deactivate", "detach"]
    assert result["diff"]["after"] == {"east-nfs2": "unattached"}
    assert not primary.writes


def test_the_ovf_stores_are_written_before_the_domain_leaves(play, primary):
    result = bring(play, primary, "east-nfs2", state="maintenance")
    assert [entry.path.rpartition("/")[2] for entry in primary.writes] == ["updateovfstore", "deactivate"]
    assert set(result) >= {"changed", "steps", "vms_shut_down", "entities", "counts", "diff"}


def test_a_domain_whose_ovf_stores_cannot_be_written_stays(play, primary):
    primary.mishaps.add("POST", "/storagedomains/{domain}/updateovfstore", "status", status=400, detail="[no]")
    result = bring(play, primary, "east-nfs2", state="unattached")
    assert result["error_kind"] == "partial" and not result["changed"]
    assert not bring(play, primary, "east-nfs2")["changed"], "it is still active"


def test_a_domain_with_running_vms_stays_and_the_vms_are_named(play, primary):
    result = bring(play, primary, "vault", "east-nfs2", state="maintenance")
    assert result["error_kind"] == "rejected" and "web (up)" in result["msg"]
    assert outcomes(result) == {"vault": "failed", "east-nfs2": "skipped"}
    assert not primary.writes


class TestShutdown:
    def test_guests_are_shut_down_first(self, play, primary):
        result = bring(play, primary, "vault", state="maintenance", shutdown_vms=True)
        assert result["vms_shut_down"] == ["web"] and outcomes(result) == {"vault": "succeeded"}
        actions = [entry.path.rpartition("/")[2] for entry in primary.writes if entry.method == "POST"]
        assert actions == ["shutdown", "updateovfstore", "deactivate"]

    def test_check_mode_predicts_and_sends_no_write(self, play, primary):
        result = bring(play, primary, "vault", state="maintenance", shutdown_vms=True, check=True)
        assert result["changed"] and result["vms_shut_down"] == ["web"]
        assert not primary.writes

    def test_a_guest_that_does_not_heed_keeps_the_domain(self, play, primary):
        primary.hosts.set_guest("web", ignores_shutdown=True)
        options = {"shutdown_vms": True, "timeout": 1, "on_partial": "report"}
        result = bring(play, primary, "vault", "east-nfs2", state="maintenance", **options)
        assert result["failed"] and "cannot shut down 1 of 1: web" in result["msg"]
        assert outcomes(result) == {"vault": "failed", "east-nfs2": "skipped"}
        assert (result["changed"], result["steps"], result["vms_shut_down"]) == (False, [], [])
        assert not [entry for entry in primary.writes if entry.path.endswith("deactivate")]


def test_a_whole_data_center_is_released_and_taken_back(play, quiet):
    first = bring(play, quiet, *EAST, state="unattached")
    assert first["counts"]["succeeded"] == 6
    assert quiet.writes[-1].path.endswith(east("domain", "east-data")), "the master leaves last"
    assert not bring(play, quiet, *EAST, state="unattached")["changed"]
    before = len(quiet.writes)
    back = bring(play, quiet, *EAST, state="active", data_center="east")
    assert back["counts"]["succeeded"] == 6
    assert east("domain", "east-data") in quiet.writes[before].body, "the first one named becomes the master"
    assert not bring(play, quiet, *EAST, state="active")["changed"]


def test_one_that_fails_does_not_stop_others_but_the_master(play, quiet):
    path = f"/datacenters/{{dc}}/storagedomains/{NFS2}/deactivate"
    quiet.mishaps.add("POST", path, "status", status=400, detail="[no]")
    result = bring(play, quiet, *EAST, state="unattached", on_partial="report")
    found = outcomes(result)
    assert (found.pop("east-nfs2"), found.pop("east-data")) == ("failed", "skipped")
    assert set(found.values()) == {"succeeded"} and result["error_kind"] == "partial"
    again = bring(play, quiet, *EAST, state="unattached")
    assert again["counts"] == {"succeeded": 2, "failed": 0, "skipped": 4, "unknown": 0}


class TestRemoval:
    @pytest.mark.parametrize("state", ["removed", "destroyed"])
    def test_only_an_id_may_be_gone_already(self, play, primary, state):
        bring(play, primary, "east-nfs2", state="maintenance")
        assert bring(play, primary, NFS2, state=state)["changed"]
        again = bring(play, primary, NFS2, state=state)
        assert not again["changed"] and again["counts"]["skipped"] == 1
        assert bring(play, primary, "east-nfs2", state=state)["error_kind"] == "not_found"

    @pytest.mark.parametrize(("options", "left"), [({}, NFS2), ({"format": True}, None)])
    def test_the_content_stays_unless_it_is_to_be_erased(self, play, sites, options, left):
        bring(play, sites["primary"], "east-nfs2", state="removed", **options)
        assert content(sites, "a-east-nfs2") == left

    def test_destroying_needs_a_domain_that_is_not_active(self, play, primary):
        assert bring(play, primary, "east-nfs2", state="destroyed")["error_kind"] == "rejected"
        assert not primary.writes

    def test_a_host_that_is_not_up_removes_nothing(self, play, primary):
        primary.hosts.lose(["east-h2"])
        result = bring(play, primary, "east-nfs2", state="removed", host="east-h2")
        assert "east-h2 is" in result["msg"] and not primary.writes


def test_a_disk_that_stays_locked_is_named_when_the_time_is_over(play, primary):
    with primary.engine.transaction() as context:
        row = context.db.get_one(schema.BaseDisk, east("disk", "erp_Disk2"))
        row.active_image.status = "locked"
    result = bring(play, primary, "mixed-file", state="maintenance", timeout=1)
    assert result["error_kind"] == "timeout" and "erp_Disk2 on storage domain mixed-file is locked" in result["msg"]
    assert not primary.writes


@pytest.mark.parametrize("state", ["active", "maintenance", "unattached", "removed", "destroyed"])
def test_a_mistyped_name_is_not_found_and_creates_nothing(play, primary, state):
    assert bring(play, primary, "east-nfs3", state=state)["error_kind"] == "not_found"
    assert not primary.writes


def test_an_empty_list_is_invalid(play, primary):
    assert bring(play, primary)["error_kind"] == "invalid"
