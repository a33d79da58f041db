# SPDX-License-Identifier: GPL-3.0-or-later
"""Backup copies listed and removed over HTTPS."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from xml.sax.saxutils import escape

import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.ansible_glue import credentials
from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError
from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.session import Session
from ansible_collections.lifeboat.ovirt.plugins.module_utils.markers import BackupCopy, with_marker
from ansible_collections.lifeboat.ovirt.plugins.module_utils.retention import prune
from ovirt_simulator.engine import schema
from wire_client import Client, east

NOW = datetime.now(UTC)
VAULT = east("domain", "vault")
TEXT = """Copied & <kept> "here" ]]>\n- by R\N{LATIN SMALL LETTER O WITH DIAERESIS}da\N{EN DASH}"""
FAST = {"poll_interval": 0.01}


def make_copy(site, client, name, age, *, of="db", complete=True):
    """Clone a VM to `vault`, and mark it as a copy of that age in days."""
    action = f"""<action><vm><name>{name}</name></vm><storage_domain id="{VAULT}"/></action>"""
    assert client.post(f"/vms/{east('vm', of)}/clone", action).status == 200
    found = client.get(f"/vms?search=name%3D{name}").xml
    marker = BackupCopy(east("vm", of), of, NOW - timedelta(days=age), complete)
    text = escape(with_marker(TEXT, marker)).encode("ascii", "xmlcharrefreplace").decode()
    change(client, found[0].get("id"), f"<description>{text}</description>")


def change(client, id_, body):
    reply = client.send("PUT", f"/vms/{id_}", f"<vm>{body}</vm>")
    assert reply.status == 200, reply.text


def id_of(client, name):
    return client.get(f"/vms?search=name%3D{name}").xml[0].get("id")


@pytest.fixture
def client(primary):
    return Client(primary)


@pytest.fixture
def filled(primary, client):
    """Return the primary site with copies on the backup domain `vault`, where an ordinary VM runs, too."""
    with primary.engine.transaction() as context:
        context.db.get_one(schema.StorageDomainStatic, VAULT).backup = True
    for age in (1, 2, 3):
        make_copy(primary, client, f"db-{age}", age)
    make_copy(primary, client, "db-broken", 2.5, complete=False)
    make_copy(primary, client, "app-9", 9, of="app")
    primary.requests.clear()
    return primary


def outcomes(result):
    return {one["name"]: one["outcome"] for one in result["entities"]}


def test_copies_are_listed_with_what_is_known_of_them(play, filled):
    result = play("backup_copy_info", auth=filled.auth)
    assert [one["name"] for one in result["copies"]] == ["app-9", "db-1", "db-2", "db-broken", "db-3"]
    newest = result["copies"][1]
    assert newest["source"] == {"id": east("vm", "db"), "name": "db"}
    assert newest["at"] == (NOW - timedelta(days=1)).isoformat(timespec="seconds")
    taken = datetime.fromisoformat(newest["at"])
    assert 0 <= (datetime.now(UTC) - taken).total_seconds() - newest["age"] < 60
    assert newest["storage_domains"] == ["vault"] and newest["size"] == 8 << 30
    assert newest["complete"] and newest["registered"] and newest["usable"] and newest["reason"] is None
    assert [one["usable"] for one in result["copies"]] == [True, True, True, False, True]
    assert not filled.writes


def test_list_can_be_narrowed(play, filled):
    of_app = play("backup_copy_info", auth=filled.auth, vms=["app"])
    elsewhere = play("backup_copy_info", auth=filled.auth, storage_domains=["east-nfs2"])
    assert [one["name"] for one in of_app["copies"]] == ["app-9"]
    assert elsewhere["copies"] == []
    assert play("backup_copy_info", auth=filled.auth, vms=["nobody"])["error_kind"] == "not_found"
    assert play("backup_copy_info", auth=filled.auth, storage_domains=["nowhere"])["error_kind"] == "not_found"


def test_old_copies_go_once_and_everything_else_stays(play, filled, client):
    before = {one.get("id") for one in client.get("/vms").xml}
    gone = {id_of(client, name) for name in ("db-2", "db-3", "db-broken")}
    predicted = play("backup_prune", auth=filled.auth, keep=1, **FAST, check=True)
    assert not filled.writes
    result = play("backup_prune", auth=filled.auth, keep=1, **FAST)
    assert outcomes(result) == outcomes(predicted)
    assert sorted(name for name, outcome in outcomes(result).items() if outcome == "succeeded") == [
        "db-2",
        "db-3",
        "db-broken",
    ]
    assert sorted(result["diff"]["before"]) == ["app-9", "db-1", "db-2", "db-3", "db-broken"]
    assert sorted(result["diff"]["after"]) == ["app-9", "db-1"]
    assert before - {one.get("id") for one in client.get("/vms").xml} == gone
    assert sum(request.path.endswith("/updateovfstore") for request in filled.writes) == 1
    written = len(filled.writes)
    again = play("backup_prune", auth=filled.auth, keep=1, **FAST)
    assert not again["changed"] and again["counts"]["skipped"] == 2 and len(filled.writes) == written


def test_copy_that_changes_under_way_stays_and_is_told(filled, client):
    def somebody_takes_them():
        change(client, id_of(client, "db-2"), "<description>now in use</description>")
        disk = client.get(f"/vms/{id_of(client, 'db-3')}/diskattachments").xml[0].get("id")
        move = f'<action><storage_domain id="{east("domain", "east-data")}"/></action>'
        assert client.post(f"/disks/{disk}/move", move).status == 200
        return NOW

    rules = {"keep": 1, "keep_days": 0, "keep_weeks": 0, "keep_months": 0, "incomplete_age": 0}
    with (
        Session(credentials({"auth": filled.auth})) as engine,
        pytest.raises(EngineError, match="has changed meanwhile") as caught,
    ):
        prune(
            engine,
            storage_domains=[],
            vms=["db"],
            vm_search=None,
            **rules,
            concurrency=2,
            timeout=10,
            poll_interval=0.01,
            check_mode=False,
            clock=somebody_takes_them,
        )
    assert outcomes(caught.value.details) == {
        "db-1": "skipped",
        "db-2": "failed",
        "db-3": "failed",
        "db-broken": "succeeded",
    }


def test_copy_that_cannot_be_looked_at_again_stays_and_is_told(play, filled):
    filled.mishaps.add("GET", "/vms/{id}", "status", status=500, detail="[busy]")
    result = play("backup_prune", auth=filled.auth, keep=2, vms=["db"], concurrency=1, **FAST)
    assert result["error_kind"] == "partial" and sorted(outcomes(result).values()) == [
        "failed",
        "skipped",
        "skipped",
        "succeeded",
    ]
    reported = play("backup_prune", auth=filled.auth, keep=1, on_partial="report", **FAST)
    assert not reported.get("failed") and reported["changed"]


def test_copy_that_the_engine_does_not_remove_makes_no_other_fail(play, filled):
    filled.mishaps.add("DELETE", "/vms/{id}", "status", status=409, detail="[protected]")
    result = play("backup_prune", auth=filled.auth, keep=1, concurrency=1, **FAST)
    assert result["error_kind"] == "partial"
    assert result["counts"] == {"succeeded": 2, "failed": 1, "skipped": 2, "unknown": 0}


def test_removal_whose_answer_is_lost_is_found_done(play, filled):
    filled.mishaps.add("DELETE", "/vms/{id}", "reset_after")
    result = play("backup_prune", auth=filled.auth, keep=2, **FAST)
    assert result["counts"]["succeeded"] == 2 and result["changed"]


def test_search_picks_the_vms_whose_copies_are_judged(play, filled):
    result = play("backup_prune", auth=filled.auth, keep=1, vm_search="name=app", check=True)
    assert outcomes(result) == {"app-9": "skipped"}
    nothing = play("backup_prune", auth=filled.auth, keep=1, vm_search="name=nobody", check=True)
    misread = play("backup_prune", auth=filled.auth, keep=1, vm_search="nmae=app", check=True)
    assert (nothing["error_kind"], misread["error_kind"]) == ("not_found", "invalid")


def test_nonsense_is_refused_before_anything_is_read(play, primary):
    result = play("backup_prune", auth=primary.auth, keep=0)
    assert result["error_kind"] == "invalid" and "keep" in result["msg"]
    assert not primary.requests


def test_copy_can_be_brought_back_and_is_an_ordinary_vm_then(play, filled, client):
    options = {"storage_domains": ["east-data"], "allow_non_backup": True, **FAST}
    moved = play("backup_transfer", auth=filled.auth, method="move", vms=["db-1"], **options)
    assert moved["counts"]["succeeded"] == 1, moved
    assert client.post(f"/vms/{id_of(client, 'db-1')}/start").status == 200
    pruned = play("backup_prune", auth=filled.auth, keep=1, vms=["db"], **FAST)
    assert outcomes(pruned) == {"db-2": "skipped", "db-broken": "succeeded", "db-3": "succeeded"}
    search = {"vm_search": "name=db-*", "storage_domains": ["vault"]}
    copied = play("backup_transfer", auth=filled.auth, method="copy", **search, check=True)
    assert outcomes(copied) == {"db-1": "succeeded"}


def test_copies_that_an_imported_domain_brings_are_listed(play, filled, client, sites):
    shut = play("vm_power", auth=filled.auth, groups=[{"vms": ["web"]}], state="stopped", **FAST)
    assert not shut.get("failed")
    assert client.post(f"/storagedomains/{VAULT}/updateovfstore").status == 200
    sites.arrays.replicate()
    west = sites["secondary"]
    target = {"target": "iqn.2031-05.test.array-b:vault", "address": "10.20.1.10"}
    play("iscsi_login", auth=west.auth, data_center="west", targets=[target])
    domain = {"id": VAULT, "storage_type": "iscsi", "backup": True}
    options = {"data_center": "west", "take_over": True, **FAST}
    imported = play("storage_domain_import", auth=west.auth, storage_domains=[domain], **options)
    assert not imported.get("failed"), imported
    copies = play("backup_copy_info", auth=west.auth)["copies"]
    assert [one["name"] for one in copies] == ["app-9", "db-1", "db-2", "db-broken", "db-3"]
    assert copies[1]["source"] == {"id": east("vm", "db"), "name": "db"} and copies[1]["complete"]
    assert copies[1]["registered"] is False and copies[1]["size"] is None and copies[1]["reason"]
