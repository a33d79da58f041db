# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots over the wire: taking, deleting, going back, and the memory that belongs to them."""

from __future__ import annotations

import pytest
from ovirtsdk4 import types

from ovirt_simulator.engine import domains, ovf_store, schema
from ovirt_simulator.ovf import store
from ovirt_simulator.site import SimulatedSite
from restricted import North, only, refused
from wire_client import Client

pytestmark = pytest.mark.conforms("workloads 4.1")

CLEAN, WITH_MEMORY = only("snapshot", "kept/clean"), only("snapshot", "kept/with-memory")
ACTIVE, BEFORE = "Active VM", "Active VM before the preview"


def take(north: North, vm: str, description: str, memory: bool = False, *disks: str) -> types.Snapshot:
    attachments = [types.DiskAttachment(disk=types.Disk(id=only("disk", alias))) for alias in disks]
    wanted = types.Snapshot(
        description=description, persist_memorystate=memory, disk_attachments=attachments if disks else None
    )
    return north.vm(vm).snapshots_service().add(wanted)


def preview(north: North, vm: str, snapshot_id: str, memory: bool = False) -> None:
    north.vm(vm).preview_snapshot(snapshot=types.Snapshot(id=snapshot_id), restore_memory=memory)


def test_the_scenario_shows_snapshots_with_memory_and_one_in_preview(north: North) -> None:
    assert north.snapshots("kept") == {
        "clean": ("regular", "ok", False),
        "with-memory": ("regular", "ok", True),
        ACTIVE: ("active", "ok", False),
    }
    assert north.snapshots("looking") == {
        "before": ("regular", "in_preview", False),
        BEFORE: ("preview", "ok", False),
        ACTIVE: ("active", "ok", False),
    }
    followed = north.api.vms_service().list(search="name=kept", follow="snapshots.disks")[0]
    assert {one.id: [disk.alias for disk in one.disks] for one in followed.snapshots}[CLEAN] == ["kept_Disk1"]


def test_a_running_vm_is_frozen_with_its_memory(north: North) -> None:
    taken = take(north, "plain", "night", memory=True)
    assert (taken.description, taken.vm.id) == ("night", only("vm", "plain"))
    assert north.snapshots("plain")["night"] == ("regular", "ok", True)
    pair = [north.disk("plain_snapshot_memory"), north.disk("plain_snapshot_metadata")]
    assert [str(one.content_type) for one in pair] == ["memory_dump_volume", "memory_metadata_volume"]
    assert all(text in pair[0].description for text in ("night", "plain", only("vm", "plain")))


def test_memory_is_kept_only_of_a_vm_that_runs(north: North) -> None:
    take(north, "kept", "cold", memory=True)
    assert north.snapshots("kept")["cold"] == ("regular", "ok", False)


def test_a_snapshot_can_leave_disks_out(north: North, only_site: SimulatedSite) -> None:
    taken = take(north, "plain", "one disk", False, "plain_Disk2")
    disks = Client(only_site).get(f"/vms/{only('vm', 'plain')}/snapshots/{taken.id}/disks").xml
    assert [(disk.findtext("alias"), disk.findtext("image_id")) for disk in disks] == [
        ("plain_Disk2", only("image", "plain_Disk2"))
    ]


def test_a_shareable_disk_is_in_no_snapshot(north: North) -> None:
    taken = take(north, "quorum1", "s")
    service = north.vm("quorum1").snapshots_service().snapshot_service(taken.id)
    assert [disk.alias for disk in service.disks_service().list()] == ["quorum1_Disk1"]


def test_a_snapshot_needs_a_description(only_site: SimulatedSite) -> None:
    reply = Client(only_site).post(f"/vms/{only('vm', 'kept')}/snapshots", "<snapshot/>")
    assert (reply.status, reply.xml.findtext("reason")) == (400, "Incomplete parameters")


def test_the_new_layer_takes_the_identifier_that_was_sent(north: North) -> None:
    layer = "11111111-2222-4333-8444-555555555555"
    attachment = types.DiskAttachment(disk=types.Disk(id=only("disk", "kept_Disk1"), image_id=layer))
    wanted = types.Snapshot(description="x", disk_attachments=[attachment])
    north.vm("kept").snapshots_service().add(wanted)
    assert north.disk("kept_Disk1").image_id == layer


@pytest.mark.parametrize(
    ("vm", "code", "text"),
    [
        ("asleep", 409, "The status suspended of the VM rules this out."),
        ("looking", 409, "The VM looking previews a snapshot."),
        ("HostedEngine", 400, "The VM HostedEngine does not allow this action."),
    ],
)
def test_who_cannot_be_frozen(north: North, vm: str, code: int, text: str) -> None:
    assert refused(take, north, vm, "no") == (code, f"[{text}]")


def test_a_vm_that_runs_stateless_cannot_be_frozen(north: North) -> None:
    north.vm("fleeting").start()
    assert refused(take, north, "fleeting", "no")[0] == 409


def test_a_deleted_snapshot_is_gone_with_its_memory_and_the_disk_stays_whole(
    north: North, only_site: SimulatedSite
) -> None:
    total = north.disk("kept_Disk1").total_size
    north.vm("kept").snapshots_service().snapshot_service(WITH_MEMORY).remove()
    assert set(north.snapshots("kept")) == {"clean", ACTIVE}
    assert [one for one in north.api.disks_service().list() if one.alias.startswith("kept_snapshot")] == []
    assert north.disk("kept_Disk1").total_size == total
    client = Client(only_site)
    assert client.get(f"/vms/{only('vm', 'kept')}/snapshots/{WITH_MEMORY}").status == 404
    north.vm("kept").start()
    assert north.status("kept") == "up"
    north.vm("kept").snapshots_service().snapshot_service(CLEAN).remove()
    assert set(north.snapshots("kept")) == {ACTIVE}
    assert north.disk("kept_Disk1").image_id == only("image", "kept_Disk1")


def test_only_a_regular_snapshot_can_be_deleted(north: North) -> None:
    active = north.vm("kept").snapshots_service().snapshot_service(only("snapshot", "kept/active"))
    assert refused(active.remove)[0] == 409
    before = north.vm("looking").snapshots_service().snapshot_service(only("snapshot", "looking/before"))
    assert refused(before.remove) == (409, "[The VM looking previews a snapshot.]")


def test_preview_and_undo_leave_everything_as_it_was(north: North) -> None:
    image = north.disk("kept_Disk1").image_id
    preview(north, "kept", CLEAN)
    assert north.status("kept") == "down"
    assert north.snapshots("kept") == {
        "clean": ("regular", "in_preview", False),
        "with-memory": ("regular", "ok", True),
        BEFORE: ("preview", "ok", False),
        ACTIVE: ("active", "ok", False),
    }
    assert north.disk("kept_Disk1").image_id != image
    assert refused(preview, north, "kept", CLEAN)[0] == 409
    north.vm("kept").undo_snapshot()
    assert set(north.snapshots("kept")) == {"clean", "with-memory", ACTIVE}
    assert north.disk("kept_Disk1").image_id == image


def test_preview_and_commit_lose_what_came_later(north: North) -> None:
    preview(north, "kept", CLEAN)
    north.vm("kept").commit_snapshot()
    assert north.snapshots("kept") == {"clean": ("regular", "ok", False), ACTIVE: ("active", "ok", False)}
    assert [one for one in north.api.disks_service().list() if one.alias.startswith("kept_snapshot")] == []
    assert refused(north.vm("kept").commit_snapshot)[0] == 409
    assert refused(north.vm("kept").undo_snapshot)[0] == 409


def test_a_restore_answers_when_it_is_over(north: North, only_site: SimulatedSite) -> None:
    service = north.vm("kept").snapshots_service().snapshot_service(CLEAN)
    service.restore()
    assert set(north.snapshots("kept")) == {"clean", ACTIVE}
    jobs = Client(only_site).get("/jobs?search=correlation_id%3DRestoreSnapshot").xml
    assert [job.findtext("status") for job in jobs] == ["finished"]


def test_restored_memory_is_what_the_next_start_resumes_from(north: North) -> None:
    preview(north, "kept", WITH_MEMORY, memory=True)
    assert north.snapshots("kept")[ACTIVE] == ("active", "ok", True)
    north.vm("kept").start()
    assert north.status("kept") == "up"
    assert north.snapshots("kept")[ACTIVE] == ("active", "ok", False)
    assert north.snapshots("kept")["with-memory"] == ("regular", "in_preview", True)


def test_only_a_vm_that_is_down_goes_back(north: North) -> None:
    taken = take(north, "plain", "x")
    assert refused(preview, north, "plain", taken.id) == (409, "[VMs are not down: plain.]")
    unknown = "99999999-2222-4333-8444-555555555555"
    assert refused(preview, north, "kept", unknown)[0] == 400


def test_a_vm_in_preview_starts_and_its_disk_does_not_move(north: North) -> None:
    disk = north.api.disks_service().disk_service(only("disk", "looking_Disk1"))
    target = types.StorageDomain(id=only("domain", "data"))
    assert refused(disk.move, storage_domain=target) == (409, "[The VM looking previews a snapshot.]")
    north.vm("looking").start()
    assert north.status("looking") == "up"


def test_the_backup_flag_forbids_none_of_this(north: North) -> None:
    north.mark("vault")
    preview(north, "kept", CLEAN)
    assert refused(north.vm("kept").start)[0] == 400
    north.vm("kept").commit_snapshot()
    take(north, "kept", "new")
    north.vm("kept").snapshots_service().snapshot_service(CLEAN).remove()
    north.vm("looking").undo_snapshot()
    assert set(north.snapshots("looking")) == {"before", ACTIVE}


def test_memory_moves_as_a_pair_of_disks_also_to_a_backup_domain(north: North) -> None:
    north.mark("vault")
    for alias in ("kept_snapshot_memory", "kept_snapshot_metadata"):
        assert north.places(alias) == ["data"]
        service = north.api.disks_service().disk_service(north.disk(alias).id)
        service.move(storage_domain=types.StorageDomain(id=only("domain", "vault")))
        assert north.places(alias) == ["vault"]
    assert north.snapshots("kept")["with-memory"] == ("regular", "ok", True)


def test_deleting_one_disk_of_the_memory_takes_both(north: North) -> None:
    north.api.disks_service().disk_service(north.disk("kept_snapshot_metadata").id).remove()
    assert north.snapshots("kept")["with-memory"] == ("regular", "ok", False)
    assert [one for one in north.api.disks_service().list() if one.alias.startswith("kept_snapshot")] == []


def test_some_memory_cannot_be_deleted(north: North) -> None:
    disks = north.api.disks_service()
    assert refused(disks.disk_service(north.disk("asleep_hibernation_memory").id).remove)[0] == 409
    preview(north, "kept", WITH_MEMORY)
    assert refused(disks.disk_service(north.disk("kept_snapshot_memory").id).remove)[0] == 409


def test_detaching_the_memory_s_domain_leaves_the_snapshot_without_it(north: North, only_site: SimulatedSite) -> None:
    taken = take(north, "plain", "night", memory=True)
    pair = ("plain_snapshot_memory", "plain_snapshot_metadata")
    ids = [north.disk(alias).id for alias in pair]
    for one in ids:
        target = types.StorageDomain(id=only("domain", "block"))
        north.api.disks_service().disk_service(one).move(storage_domain=target)
    center = north.api.data_centers_service().data_center_service(only("data_center", "north"))
    attached = center.storage_domains_service().storage_domain_service(only("domain", "block"))
    attached.deactivate()
    attached.remove()
    assert north.snapshots("plain")["night"] == ("regular", "ok", False)
    assert north.status("plain") == "up"
    center.storage_domains_service().add(types.StorageDomain(id=only("domain", "block")))
    assert north.snapshots("plain")["night"] == ("regular", "ok", False)
    domain = north.api.storage_domains_service().storage_domain_service(only("domain", "block"))
    assert {one.id for one in domain.disks_service().list(unregistered=True)} == set(ids)
    preview_after_shutdown(north, taken.id)


def test_half_of_the_memory_keeps_the_configuration_as_it_was(north: North, only_site: SimulatedSite) -> None:
    disks = north.api.disks_service()
    block = types.StorageDomain(id=only("domain", "block"))
    disks.disk_service(north.disk("kept_snapshot_metadata").id).move(storage_domain=block)
    leave_and_return(north, "block")
    assert north.snapshots("kept")["with-memory"] == ("regular", "ok", True)
    north.vm("kept").update(types.Vm(comment="new"))
    assert "<Memory>" in configuration_in_store(only_site, "kept")
    disks.disk_service(north.disk("kept_snapshot_memory").id).remove()
    assert north.snapshots("kept")["with-memory"] == ("regular", "ok", False)
    assert "<Memory>" not in configuration_in_store(only_site, "kept")


def configuration_in_store(site: SimulatedSite, vm: str) -> str:
    with site.engine.transaction() as context:
        domain = domains.find(context, only("domain", "vault"))
        ovf_store.update(context, domain)
        row = context.db.query(schema.OvfStore).filter_by(storage_domain_id=domain.id).first()
        assert row is not None
        image = domains.contents_of(context, domain).images(row.disk_id)[0]
        return store.unpack(image.payload or b"").documents[only("vm", vm)]


def preview_after_shutdown(north: North, snapshot_id: str) -> None:
    north.vm("plain").shutdown()
    preview(north, "plain", snapshot_id, memory=True)
    assert north.snapshots("plain")[ACTIVE] == ("active", "ok", False)


def leave_and_return(north: North, domain: str) -> None:
    center = north.api.data_centers_service().data_center_service(only("data_center", "north"))
    attached = center.storage_domains_service().storage_domain_service(only("domain", domain))
    attached.deactivate()
    attached.remove()
    center.storage_domains_service().add(types.StorageDomain(id=only("domain", domain)))


def test_a_registered_vm_has_its_snapshots_and_their_memory_back(north: North, only_site: SimulatedSite) -> None:
    target = types.StorageDomain(id=only("domain", "vault"))
    for alias in ("kept_snapshot_memory", "kept_snapshot_metadata"):
        north.api.disks_service().disk_service(north.disk(alias).id).move(storage_domain=target)
    north.vm("kept").update(types.Vm(comment="so that its configuration is written anew"))
    north.vm("looking").undo_snapshot()
    before = {**north.snapshots("kept")}
    leave_and_return(north, "vault")
    assert Client(only_site).get(f"/vms/{only('vm', 'kept')}").status == 404
    domain = north.api.storage_domains_service().storage_domain_service(only("domain", "vault"))
    domain.vms_service().vm_service(only("vm", "kept")).register(cluster=types.Cluster(name="north-cl1"))
    assert north.snapshots("kept") == before
    assert north.places("kept_snapshot_memory") == ["vault"]
    preview(north, "kept", WITH_MEMORY, memory=True)
    north.vm("kept").commit_snapshot()
    north.vm("kept").start()
    assert north.status("kept") == "up"


def test_memory_left_on_a_domain_that_stays_is_found_again_while_that_is_active(north: North) -> None:
    north.vm("looking").undo_snapshot()
    leave_and_return(north, "vault")
    assert north.places("kept_snapshot_memory") == ["data"]
    domain = north.api.storage_domains_service().storage_domain_service(only("domain", "vault"))
    domain.vms_service().vm_service(only("vm", "kept")).register(cluster=types.Cluster(name="north-cl1"))
    assert north.snapshots("kept")["with-memory"] == ("regular", "ok", True)


def test_a_domain_with_a_vm_in_preview_cannot_be_detached(north: North) -> None:
    center = north.api.data_centers_service().data_center_service(only("data_center", "north"))
    attached = center.storage_domains_service().storage_domain_service(only("domain", "vault"))
    attached.deactivate()
    assert refused(attached.remove) == (409, "[VMs with a disk on the domain preview a snapshot: looking.]")


def test_locks_and_statuses_while_a_snapshot_is_being_taken(slow_north: North) -> None:
    slow_north.vm("plain").snapshots_service().add(types.Snapshot(description="slow"))
    assert slow_north.snapshots("plain")["slow"][1] == "locked"
    assert refused(take, slow_north, "plain", "second") == (409, "[A snapshot of the VM plain is being taken.]")
    preview(slow_north, "kept", CLEAN)
    assert slow_north.status("kept") == "image_locked"
    assert refused(slow_north.vm("kept").start) == (409, "[The VM kept is locked.]")
