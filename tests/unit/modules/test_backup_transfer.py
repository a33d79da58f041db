# SPDX-License-Identifier: GPL-3.0-or-later
"""Moving and copying VMs and templates to a backup domain over HTTPS: refusals, failures and second runs."""

from __future__ import annotations

import socket

import ovirtsdk4
import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.progress import ENVIRONMENT, LONGEST_REPORT, Report
from ansible_collections.lifeboat.ovirt.plugins.module_utils.transfer.naming import snapshot_label
from backup_marks import Marked
from ovirt_simulator.engine import schema
from ovirt_simulator.engine.commands import ShutdownVm
from wire_client import east

STORE = "/updateovfstore"


@pytest.fixture
def vault(primary):
    """The primary site with `vault` as a backup domain and nothing running from it."""
    primary.engine.execute(ShutdownVm(east("vm", "web")))
    with primary.engine.transaction() as context:
        context.db.get_one(schema.StorageDomainStatic, east("domain", "vault")).backup = True
    return primary


@pytest.fixture
def marked(vault):
    """The same site in terms of its domains, VMs and disks."""
    connection = ovirtsdk4.Connection(**vault.auth)
    yield Marked(vault, connection.system_service())
    connection.close(logout=False)


def transfer(play, site, method, **params):
    usual = {"storage_domains": ["vault"], "poll_interval": 0.01}
    return play("backup_transfer", auth=site.auth, method=method, **{**usual, **params})


def changes(site) -> list[str]:
    """Return the writes that the engine does not leave out when nothing has changed."""
    return [entry.path for entry in site.writes if not entry.path.endswith(STORE)]


def test_a_vm_and_a_template_move_in_one_step_and_a_second_run_only_has_the_stores_written(play, vault):
    result = transfer(play, vault, "move", vms=["db"], templates=["base"])
    assert result["counts"]["succeeded"] == 2
    assert result["diff"]["after"] == {"base": ["vault"], "db": ["vault"]}
    before = changes(vault)
    again = transfer(play, vault, "move", vms=["db"], templates=["base"])
    assert not again["changed"] and again["counts"]["skipped"] == 2
    assert changes(vault) == before and vault.writes[-1].path.endswith(STORE)


def test_check_mode_predicts_and_sends_no_write(play, vault):
    moved = transfer(play, vault, "move", vms=["db"], check=True)
    assert moved["diff"] == {"before": {"db": ["east-data"]}, "after": {"db": ["vault"]}}
    copied = transfer(play, vault, "copy", vms=["db"], name_template="{name}-copy", check=True)
    assert copied["diff"] == {"before": {}, "after": {"db-copy": ["vault"]}}
    assert copied["transfers"][0] | {"id": "", "size": 0} == {
        "id": "",
        "name": "db",
        "kind": "vm",
        "storage_domain": "vault",
        "copy": "db-copy",
        "size": 0,
    }
    assert not vault.writes


def test_a_target_that_is_no_backup_domain_is_refused_unless_allowed(play, vault):
    refused = transfer(play, vault, "move", vms=["db"], storage_domains=["east-nfs2"])
    assert refused["error_kind"] == "rejected" and "not a backup domain" in refused["msg"]
    assert not vault.writes
    assert transfer(play, vault, "move", vms=["db"], storage_domains=["east-nfs2"], allow_non_backup=True)["changed"]


def in_maintenance(marked: Marked) -> None:
    marked.attached("vault").deactivate()


def full(marked: Marked) -> None:
    with marked.site.engine.transaction() as context:
        context.db.get_one(schema.StorageDomainStatic, east("domain", "vault")).critical_space_action_blocker = 295


def set_vm(**values):
    def arrange(marked: Marked) -> None:
        with marked.site.engine.transaction() as context:
            row = context.db.get_one(schema.VmStatic, east("vm", "db"))
            for name, value in values.items():
                setattr(row, name, value)

    return arrange


def in_preview(marked: Marked) -> None:
    row = {"vm_id": east("vm", "db"), "type": "regular", "status": "in_preview", "description": "weekly"}
    with marked.site.engine.transaction() as context:
        context.db.add(schema.Snapshot(id=east("snapshot", "weekly"), **row))


def shareable(marked: Marked) -> None:
    with marked.site.engine.transaction() as context:
        context.db.get_one(schema.BaseDisk, east("disk", "db_Disk1")).shareable = True


@pytest.mark.parametrize(
    ("arrange", "kind", "told"),
    [
        (in_maintenance, "rejected", "storage domain vault is maintenance"),
        (full, "rejected", "no room for VM db"),
        (set_vm(status="image_locked"), "rejected", "VM db is locked by another operation"),
        (in_preview, "rejected", "VM db is in preview of a snapshot"),
        (shareable, "rule", "shareable disk db_Disk1"),
        (set_vm(name="app-copy"), "rejected", "the name app-copy for the copy of VM app is taken"),
        (set_vm(status="suspended"), "rejected", "VM db is suspended"),
    ],
)
def test_what_is_in_the_way_is_told_before_anything_is_begun(play, vault, marked, arrange, kind, told):
    arrange(marked)
    written = len(vault.writes)
    ids = [east("vm", name) for name in ("db", "app")]
    result = transfer(play, vault, "copy", vms=ids, name_template="{name}-copy")
    assert result["error_kind"] == kind and told in result["msg"] and result["remedy"]
    assert "taken" in told or transfer(play, vault, "move", vms=ids)["failed"]
    assert len(vault.writes) == written


@pytest.mark.parametrize("check", [True, False])
def test_what_is_in_the_way_of_one_vm_can_be_left_out(play, vault, marked, check):
    in_preview(marked)
    options = {"on_obstacle": "leave_out", "on_partial": "report", "check": check}
    result = transfer(play, vault, "copy", vms=["db", "erp"], **options)
    outcomes = {one["name"]: one["outcome"] for one in result["entities"]}
    assert result["error_kind"] == "partial" and result["changed"]
    assert outcomes == {"db": "failed", "erp": "succeeded"} and [one["name"] for one in result["transfers"]] == ["erp"]
    assert bool(vault.writes) is not check


def test_a_running_vm_is_shut_down_for_its_move_when_asked(play, vault, marked):
    play("vm_power", auth=vault.auth, groups=[{"vms": ["db"]}], poll_interval=0.01)
    vault.requests.clear()
    refused = transfer(play, vault, "move", vms=["db", "app"])
    assert refused["error_kind"] == "rule" and "VM db is up" in refused["msg"]
    assert not vault.writes
    moved = transfer(play, vault, "move", vms=["db", "app"], shutdown_vms=True)
    assert moved["counts"]["succeeded"] == 2 and marked.status("db") == "down"


def test_a_disk_that_the_engine_does_not_move_makes_its_vm_fail_and_the_other_moves(play, vault):
    vault.mishaps.add("POST", "/disks/{id}/move", "status", status=400, detail="[no]")
    result = transfer(play, vault, "move", vms=["db", "app"], concurrency=1, on_partial="report")
    assert result["error_kind"] == "partial" and not result.get("failed")
    assert result["counts"]["failed"] == 1 and result["counts"]["succeeded"] == 1


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({}, "invalid"),
        ({"vms": ["nobody"]}, "not_found"),
        ({"vm_search": "cluster.name=east-cl1"}, "invalid"),
        ({"vm_search": "cluster=nowhere"}, "not_found"),
        ({"vms": ["db"], "storage_domains": []}, "invalid"),
        ({"vms": ["db"], "name_template": "{host}"}, "invalid"),
        ({"vms": ["db"], "rules": [{"id": "backup.none", "severity": "warn", "reason": "x"}]}, "invalid"),
    ],
)
def test_what_is_asked_for_wrongly_is_said_clearly(play, vault, given, kind):
    result = transfer(play, vault, "copy", **given)
    assert result["error_kind"] == kind and result["remedy"]
    assert not vault.writes


def test_a_store_that_is_not_written_is_told_beside_what_moved_and_written_by_the_next_run(play, vault):
    vault.mishaps.add("POST", "/storagedomains/{id}/updateovfstore", "status", status=400, detail="[no]")
    result = transfer(play, vault, "move", vms=["db"])
    assert result["error_kind"] == "partial"
    assert [(one["name"], one["outcome"]) for one in result["entities"]] == [("db", "succeeded"), ("vault", "failed")]
    again = transfer(play, vault, "move", vms=["db"])
    assert not again["changed"] and vault.writes[-1].status == 200


def test_memory_of_snapshots_is_deleted_when_asked(play, vault, marked):
    marked.vm("db").start()
    marked.vm("db").snapshots_service().add(ovirtsdk4.types.Snapshot(description="running", persist_memorystate=True))
    marked.vm("db").stop()
    refused = transfer(play, vault, "move", vms=["db"])
    assert "snapshots with memory" in refused["msg"] and "memory_snapshots: delete" in refused["remedy"]
    moved = transfer(play, vault, "move", vms=["db"], memory_snapshots="delete")
    assert moved["entities"][0]["reason"] == "deleted the memory of snapshot running"
    left = [one for one in marked.vm("db").snapshots_service().list() if one.description == "running"]
    assert len(left) == 1 and not left[0].persist_memorystate


def test_a_snapshot_goes_with_its_memory_where_the_engine_keeps_that(play, vault, marked):
    marked.vm("db").start()
    marked.vm("db").snapshots_service().add(ovirtsdk4.types.Snapshot(description="running", persist_memorystate=True))
    marked.vm("db").stop()
    vault.mishaps.add("DELETE", "/disks/{id}", "status", status=409, detail="[kept]", times=1)
    moved = transfer(play, vault, "move", vms=["db"], memory_snapshots="delete")
    assert moved["entities"][0]["reason"] == "deleted snapshot running"
    assert [one.description for one in marked.vm("db").snapshots_service().list()] == ["Active VM"]


def test_it_tells_how_far_it_has_got_to_whoever_watches(play, vault, tmp_path, monkeypatch):
    path = str(tmp_path / "progress")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as watching:
        watching.bind(path)
        watching.settimeout(5)
        monkeypatch.setenv(ENVIRONMENT, path)
        transfer(play, vault, "copy", vms=["db"])
        told = []
        while not told or not told[-1].finished:
            told.append(Report.decode(watching.recv(LONGEST_REPORT)))
    assert {one.entity for one in told} == {"VM db"}
    assert [one.state for one in told if one.state != "copying"] == ["finishing", "copied"]


def test_the_snapshot_of_a_running_vm_is_removed_after_a_failure_too(play, vault, marked):
    marked.vm("db").start()
    vault.mishaps.add("POST", "/vms", "status", status=400, detail="[no]")
    failed = transfer(play, vault, "copy", vms=["db"])
    assert failed["error_kind"] == "partial" and "[no]" not in failed["msg"] and "no" in failed["msg"]
    assert [one.description for one in marked.vm("db").snapshots_service().list()] == ["Active VM"]


def test_a_snapshot_that_cannot_be_removed_is_told_and_removed_by_the_next_run(play, vault, marked):
    marked.vm("db").start()
    vault.mishaps.add("POST", "/vms", "status", status=400, detail="[no]")
    vault.mishaps.add("DELETE", "/vms/{vm}/snapshots/{snapshot}", "status", status=400, detail="[not now]")
    failed = transfer(play, vault, "copy", vms=["db"])
    assert "its snapshot is still there" in failed["msg"]
    descriptions = [one.description for one in marked.vm("db").snapshots_service().list()]
    assert snapshot_label(east("vm", "db")) in descriptions
    assert transfer(play, vault, "copy", vms=["db"])["counts"]["succeeded"] == 1
    assert [one.description for one in marked.vm("db").snapshots_service().list()] == ["Active VM"]
