# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of backup domains and their audit, over HTTPS."""

from __future__ import annotations

import uuid

from ovirt_simulator.engine import schema
from wire_client import east


def give_marks(site, *names):
    with site.engine.transaction() as context:
        for name in names:
            context.db.get_one(schema.StorageDomainStatic, east("domain", name)).backup = True


def begin_preview(site, vm):
    row = schema.Snapshot(id=str(uuid.UUID(int=9)), vm_id=east("vm", vm), type="regular", status="in_preview")
    with site.engine.transaction() as context:
        context.db.add(row)


def audit(play, site, **params):
    return play("backup_domain_info", auth=site.auth, **params)


def test_without_backup_domains_there_is_nothing_to_tell(play, primary):
    result = audit(play, primary)
    assert result["storage_domains"] == [] and result["audit"]["passed"] and not result["changed"]


def test_a_backup_domain_is_shown_with_what_lies_on_it(play, primary):
    give_marks(primary, "mixed-block")
    [shown] = audit(play, primary)["storage_domains"]
    assert (shown["name"], shown["data_center"]["name"], shown["status"]) == ("mixed-block", "east", "active")
    assert [(vm["name"], vm["status"]) for vm in shown["vms"]] == [("erp", "down")]
    assert [disk["name"] for disk in shown["disks"]] == ["erp_Disk1"]
    assert shown["available"] > 0 and shown["templates"] == [] and shown["violations"] == []


def test_the_age_of_an_ovf_store_is_never_guessed(play, primary):
    give_marks(primary, "mixed-block")
    [shown] = audit(play, primary)["storage_domains"]
    assert shown["ovf_store"]["age"] is None and shown["ovf_store"]["reason"]


def test_a_preview_that_somebody_began_fails_the_audit_and_not_the_module(play, primary):
    give_marks(primary, "mixed-block")
    begin_preview(primary, "erp")
    result = audit(play, primary)
    assert not result["audit"]["passed"] and result["audit"]["blocking"] == 1
    assert result["audit"]["lines"] == [
        "block: backup.preview: storage domain mixed-block has disks of VMs that are in preview of a snapshot: erp"
    ]
    [violation] = result["storage_domains"][0]["violations"]
    assert (violation["rule"], violation["subject"]) == ("backup.preview", "storage domain mixed-block")
    assert violation["remedy"] == "commit or undo the preview of these VMs: erp"


def test_what_only_warns_passes(play, primary):
    give_marks(primary, "mixed-block")
    with primary.engine.transaction() as context:
        context.db.get_one(schema.BaseDisk, east("disk", "erp_Disk1")).active_image.status = "locked"
    result = audit(play, primary)
    assert result["audit"]["passed"] and result["audit"]["warnings"] == 1
    assert result["audit"]["violations"][0]["rule"] == "backup.change_data"


def test_all_violations_of_all_domains_are_told(play, primary):
    give_marks(primary, "east-data", "vault")
    result = audit(play, primary)
    found = {(one["subject"], one["rule"]) for one in result["audit"]["violations"]}
    assert found == {
        ("storage domain east-data", "backup.master"),
        ("storage domain vault", "backup.running_vms"),
    }
    assert len(result["audit"]["lines"]) == result["audit"]["blocking"] == 2


def test_softening_reaches_the_audit(play, primary):
    give_marks(primary, "east-data")
    softened = [{"id": "backup.master", "severity": "warn", "reason": "handed over tonight"}]
    assert audit(play, primary, rules=softened)["audit"]["passed"]


def test_named_domains_and_one_data_center_can_be_picked(play, primary):
    give_marks(primary, "mixed-block", "mixed-file")
    picked = audit(play, primary, storage_domains=["mixed-file", "vault"])["storage_domains"]
    assert [one["name"] for one in picked] == ["mixed-file"]
    assert len(audit(play, primary, data_center="east")["storage_domains"]) == 2
    assert audit(play, primary, data_center="nowhere")["error_kind"] == "not_found"
    assert audit(play, primary, storage_domains=["nowhere"])["error_kind"] == "not_found"


def test_requests_grow_with_data_centers_only(play, primary):
    give_marks(primary, "mixed-block", "mixed-file")
    audit(play, primary)
    reads = [request for request in primary.requests if request.method == "GET"]
    assert len(reads) == 8 + 1
    assert not primary.writes
