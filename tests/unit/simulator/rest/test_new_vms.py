# SPDX-License-Identifier: GPL-3.0-or-later
"""Making VMs and templates in every way that there is, and deleting them."""

from __future__ import annotations

import pytest
from ovirtsdk4 import types

from ovirt_simulator.site import SimulatedSite
from restricted import North, only, refused
from wire_client import Client

GOLDEN = types.Template(id=only("template", "golden"))
VAULT = types.StorageDomain(id=only("domain", "vault"))
CLEAN = only("snapshot", "kept/clean")


def of_snapshot(north: North, name: str, **disk: object) -> types.Vm:
    attachments = [types.DiskAttachment(disk=types.Disk(**disk))] if disk else None
    return north.make(name, snapshots=[types.Snapshot(id=CLEAN)], disk_attachments=attachments)


@pytest.mark.conforms("workloads 4.4", "workloads B.9")
def test_a_vm_needs_a_name_and_a_cluster(only_site: SimulatedSite) -> None:
    client = Client(only_site)
    assert client.post("/vms", "<vm><name>x</name></vm>").status == 400
    assert client.post("/vms", f"<vm><name>x</name><snapshots><snapshot id='{CLEAN}'/></snapshots></vm>").status == 400
    cluster = f"<cluster id='{only('cluster', 'north-cl1')}'/>"
    assert client.post("/vms", f"<vm>{cluster}</vm>").status == 400
    added = client.post("/vms", f"<vm><name>empty</name>{cluster}</vm>")
    assert (added.status, added.xml.findtext("status")) == (201, "down")
    assert client.post("/vms", f"<vm><name>empty</name>{cluster}</vm>").status == 409


@pytest.mark.conforms("workloads 4.4", "storage 6.2 k", "storage 6.2 m")
def test_a_thin_vm_goes_where_its_template_is(north: North) -> None:
    north.make("thin", template=GOLDEN)
    assert north.named("thin").template.id == GOLDEN.id
    assert north.places("thin_Disk1") == ["data"]
    north.mark("vault")
    north.make("thin2", template=GOLDEN, storage_domain=VAULT)
    assert north.places("thin2_Disk1") == ["vault"]
    elsewhere = types.StorageDomain(id=only("domain", "block"))
    text = "[The template has no disk copy on the target domain.]"
    assert refused(north.make, "thin3", template=GOLDEN, storage_domain=elsewhere) == (400, text)
    macs = {nic.mac.address for name in ("thin", "thin2") for nic in nics(north, name)}
    assert len(macs) == 2
    north.api.vms_service().vm_service(north.named("thin").id).start()


def nics(north: North, name: str) -> list[types.Nic]:
    found: list[types.Nic] = north.api.vms_service().vm_service(north.named(name).id).nics_service().list()
    return found


@pytest.mark.conforms("workloads 4.4", "storage 6.2 m")
def test_an_independent_vm_goes_anywhere(north: North) -> None:
    north.mark("vault")
    disk = types.Disk(id=only("disk", "golden_Disk1"), storage_domains=[VAULT])
    attachments = [types.DiskAttachment(disk=disk)]
    north.make("fat", template=GOLDEN, disk_attachments=attachments, query={"clone": "true"})
    assert north.places("fat_Disk1") == ["vault"]
    assert str(north.named("fat").template.id) == "00000000-0000-0000-0000-000000000000"


@pytest.mark.conforms("workloads 4.2", "storage 6.2 m")
def test_a_vm_of_a_snapshot(north: North) -> None:
    north.mark("vault")
    of_snapshot(north, "copy")
    assert (north.places("copy_Disk1"), set(north.plugged_of("copy"))) == (["vault"], {"copy_Disk1"})
    source = {"id": only("disk", "kept_Disk1"), "image_id": only("image", "kept_Disk1")}
    target = {"storage_domains": [types.StorageDomain(id=only("domain", "block"))]}
    form = {"format": types.DiskFormat.COW, "sparse": True}
    of_snapshot(north, "there", **source, **target, **form)
    assert north.places("there_Disk1") == ["block"]
    of_snapshot(north, "ignored", id=source["id"], **target, **form)
    assert north.places("ignored_Disk1") == ["vault"]
    text = "[Not every disk has a storage domain to go to.]"
    assert refused(of_snapshot, north, "x", image_id=source["image_id"], **target, **form) == (400, text)
    of_snapshot(north, "shapeless", **source, **target)
    assert north.disk("shapeless_Disk1").format is None


@pytest.mark.conforms("workloads 4.2")
def test_only_a_regular_snapshot_gives_a_vm(north: North) -> None:
    active = types.Snapshot(id=only("snapshot", "kept/active"))
    assert refused(north.make, "x", snapshots=[active])[0] == 409
    unknown = types.Snapshot(id=only("snapshot", "nowhere"))
    assert refused(north.make, "x", snapshots=[unknown])[0] == 400


@pytest.mark.conforms("workloads 4.3")
def test_a_clone_has_the_present_state_on_the_domain_that_was_asked_for(north: North) -> None:
    north.mark("vault")
    north.vm("plain").clone(vm=types.Vm(name="copy1"), storage_domain=VAULT)
    assert north.places("copy1_plain_Disk1") == ["vault"]
    assert set(north.snapshots("plain")) == {"Active VM"}
    north.vm("kept").clone(vm=types.Vm(name="copy2"))
    copied = north.api.vms_service().vm_service(north.named("copy2").id)
    assert [one.description for one in copied.snapshots_service().list()] == ["Active VM"]
    north.vm("kept").clone(vm=types.Vm(name="copy3"), discard_snapshots=False)
    copied = north.api.vms_service().vm_service(north.named("copy3").id)
    assert [one.description for one in copied.snapshots_service().list()] == ["clean", "with-memory", "Active VM"]
    assert refused(north.vm("plain").clone, vm=types.Vm(name="x"), discard_snapshots=False)[0] == 409
    assert refused(north.vm("plain").clone, vm=types.Vm(name="copy1"))[0] == 409
    assert refused(north.vm("plain").clone)[0] == 400
    assert refused(north.vm("nobody").clone, vm=types.Vm(name="x"))[0] == 404


@pytest.mark.conforms("workloads 4.3", "storage 6.2 j")
def test_a_clone_shares_what_is_shareable_unless_the_flag_forbids_that(north: North) -> None:
    north.vm("quorum1").clone(vm=types.Vm(name="q3"))
    assert set(north.plugged_of("q3")) == {"q3_quorum1_Disk1", "quorum"}
    north.vm("plain").stop()
    north.mark("data")
    north.vm("quorum1").clone(vm=types.Vm(name="q4"))
    assert set(north.plugged_of("q4")) == {"q4_quorum1_Disk1"}


@pytest.mark.conforms("workloads 4.3")
def test_the_source_of_a_clone_is_locked_and_shows_a_snapshot_while_it_runs(slow_north: North) -> None:
    slow_north.vm("plain").clone(vm=types.Vm(name="copy1"))
    assert str(slow_north.named("copy1").status) == "image_locked"
    assert any(text.startswith("Auto-generated") for text in slow_north.snapshots("plain"))
    assert slow_north.status("plain") == "up"
    assert refused(slow_north.vm("plain").suspend) == (409, "[The VM plain is being cloned.]")


@pytest.mark.conforms("workloads 4.5", "storage 6.2 m")
def test_a_template_of_a_vm_and_its_end(north: North) -> None:
    templates = north.api.templates_service()
    north.mark("vault")
    disk = types.Disk(id=only("disk", "leased_Disk1"), storage_domains=[VAULT])
    source = types.Vm(id=only("vm", "leased"), disk_attachments=[types.DiskAttachment(disk=disk)])
    made = templates.add(types.Template(name="stone", vm=source))
    assert (made.status, north.status("leased")) == (types.TemplateStatus.OK, "down")
    running = types.Template(name="x", vm=types.Vm(id=only("vm", "plain")))
    assert refused(templates.add, running)[0] == 409
    assert refused(templates.add, types.Template(name="stone", vm=types.Vm(id=source.id)))[0] == 409
    north.make("thin", template=types.Template(id=made.id))
    assert north.places("thin_Disk1") == ["vault"]
    service = templates.template_service(made.id)
    assert refused(service.remove) == (409, "[VMs depend on the template: thin.]")
    north.api.vms_service().vm_service(north.named("thin").id).remove()
    service.remove()
    assert refused(service.get)[0] == 404
    blank = templates.template_service("00000000-0000-0000-0000-000000000000")
    assert refused(blank.remove)[0] == 409


@pytest.mark.conforms("workloads 5.6")
def test_a_deleted_vm_is_gone_at_once_with_disks_and_memory(north: North, only_site: SimulatedSite) -> None:
    north.vm("kept").remove()
    assert Client(only_site).get(f"/vms/{only('vm', 'kept')}").status == 404
    assert [one.alias for one in north.api.disks_service().list() if one.alias.startswith("kept")] == []
    north.vm("looking").remove()
    north.vm("quorum1").remove()
    assert north.disk("quorum").shareable


@pytest.mark.conforms("workloads 5.6")
def test_the_disks_of_a_deleted_vm_stay_locked_for_a_while(slow_north: North) -> None:
    slow_north.vm("leased").remove()
    assert refused(slow_north.vm("leased").get)[0] == 404
    assert str(slow_north.disk("leased_Disk1").status) == "locked"


@pytest.mark.conforms("workloads 5.6")
def test_who_cannot_be_deleted(north: North) -> None:
    assert refused(north.vm("plain").remove) == (409, "[The VM plain is running.]")
    assert refused(north.vm("asleep").remove) == (409, "[A suspended VM cannot be removed.]")
    assert refused(north.vm("kept").remove, detach_only=True) == (409, "[The VM has snapshots.]")
    assert refused(north.vm("desk-1").remove, detach_only=True) == (409, "[The disks depend on a template.]")
    north.vm("leased").update(types.Vm(delete_protected=True))
    assert refused(north.vm("leased").remove) == (409, "[Delete protection is switched on.]")
    north.vm("fleeting").remove(detach_only=True)
    assert str(north.disk("fleeting_Disk1").status) == "ok"


@pytest.mark.conforms("workloads 2.5")
def test_a_vm_of_a_configuration_takes_its_floating_disks_unless_the_flag_forbids_that(
    north: North, only_site: SimulatedSite
) -> None:
    client = Client(only_site)
    shown = client.get(f"/vms/{only('vm', 'leased')}?all_content=true").xml
    data = shown.findtext("initialization/configuration/data")
    assert data is not None
    north.vm("leased").remove(detach_only=True)
    import_of(north, data)
    assert north.plugged("leased") == {"leased_Disk1": True}
    north.vm("leased").remove(detach_only=True)
    north.vm("plain").stop()
    north.mark("data")
    import_of(north, data)
    assert north.plugged("leased") == {}
    assert 175 in [event.code for event in north.api.events_service().list()]


def import_of(north: North, data: str) -> None:
    configuration = types.Configuration(type=types.ConfigurationType.OVF, data=data)
    body = types.Vm(
        cluster=types.Cluster(id=only("cluster", "north-cl1")),
        initialization=types.Initialization(configuration=configuration),
    )
    north.api.vms_service().add(body)
