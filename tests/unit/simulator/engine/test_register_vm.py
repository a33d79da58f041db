# SPDX-License-Identifier: GPL-3.0-or-later
"""Registering VMs that lie on an attached domain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ovirt_simulator.engine import schema
from simulated_world import TO_WEST, World


@pytest.fixture
def arrived(world: World) -> World:
    """`vault` with the VM `web` at the secondary site."""
    world.fill_vault()
    world.import_vault()
    return world


def edit_ovf(world: World, vm: str, change: Callable[[str], str]) -> None:
    with world.secondary.look() as context:
        found = context.db.get_one(schema.UnregisteredOvf, (world.primary.id("vm", vm), world.vault))
        found.ovf = change(found.ovf)


def test_a_vm_keeps_its_identity_and_leaves_the_unregistered(arrived: World) -> None:
    site, source = arrived.secondary, arrived.primary
    site.run(arrived.register("web"))
    web = site.get(schema.VmStatic, source.id("vm", "web"))
    assert (web.name, web.status, web.description, web.cluster_id) == (
        "web",
        "down",
        "Web front end",
        site.id("cluster", "west-cl1"),
    )
    disk = site.get(schema.BaseDisk, source.id("disk", "web_Disk1"))
    assert [(image.id, image.active, image.status) for image in disk.images] == [
        (source.id("image", "web_Disk1"), True, "ok")
    ]
    assert disk.images[0].provisioned_size == 20 << 30
    attachment = site.get(schema.DiskAttachment, (web.id, disk.id))
    assert (attachment.bootable, attachment.plugged, attachment.interface) == (True, True, "virtio_scsi")
    with site.look() as context:
        assert (
            context.db.query(schema.UnregisteredOvf).count() == context.db.query(schema.UnregisteredDisk).count() == 0
        )
        assert [one.type for one in context.db.query(schema.Snapshot)] == ["active"]
        [nic] = context.db.query(schema.VmInterface)
        assert (nic.mac, nic.vnic_profile_id) == ("56:6f:0a:00:00:00", None)
    assert 174 in site.events()


@pytest.mark.conforms("workloads B.1")
def test_registering_takes_its_time_and_the_vm_is_locked_meanwhile(slow_world: World) -> None:
    slow_world.primary.engine.execute(slow_world.primary.deactivate("east-nfs2"))
    slow_world.import_vault()
    site = slow_world.secondary
    seen: list[str] = []

    def look(seconds: float) -> None:
        seen.append(site.get(schema.VmStatic, slow_world.primary.id("vm", "web")).status)
        slow_world.clock.sleep(seconds)

    site.engine.sleep = look
    before = slow_world.clock.now
    job = site.engine.execute(slow_world.register("web"))
    assert slow_world.clock.now - before == pytest.approx(1.2, abs=0.05)
    assert set(seen) == {"image_locked"}
    finished = site.get(schema.Job, job or "")
    assert (finished.status, finished.description) == ("finished", "Registering VM web")


@pytest.mark.conforms("storage 6.2 m")
def test_a_backup_domain_is_no_reason_to_refuse(arrived: World) -> None:
    assert arrived.secondary.get(schema.StorageDomainStatic, arrived.vault).backup
    arrived.secondary.run(arrived.register("web"))


@pytest.mark.parametrize(
    ("given", "mappings", "found"),
    [
        (True, {"clusters": [["east-cl1", "elsewhere"]]}, True),
        (False, {"clusters": [["east-cl1", "west-cl1"]]}, True),
        (False, {"clusters": [["east-cl1", "elsewhere"]]}, False),
        (False, {}, False),
    ],
)
def test_the_cluster_is_the_given_one_or_the_mapped_one_or_the_same_name(
    arrived: World, given: bool, mappings: dict[str, Any], found: bool
) -> None:
    site = arrived.secondary
    command = arrived.register("web", cluster=site.id("cluster", "west-cl1") if given else None, mappings=mappings)
    if found:
        site.run(command)
    else:
        assert site.refused(command) == (400, ("ACTION_TYPE_FAILED_CLUSTER_CAN_NOT_BE_EMPTY",))


def test_a_cluster_of_the_documents_own_name_serves_if_the_mapped_one_does_not_exist(arrived: World) -> None:
    site = arrived.secondary
    site.set(schema.Cluster, "cluster", "west-cl1", name="east-cl1")
    site.run(arrived.register("web", mappings={"clusters": [["east-cl1", "elsewhere"]]}))


PROFILES: dict[str, tuple[Any, str | None]] = {
    "by id": ({"id": "WEST"}, "west-lan"),
    "by names": ({"network": "west-lan", "profile": "west-lan"}, "west-lan"),
    "to none": ({"network": "", "profile": ""}, None),
    "unknown id": ({"id": "none"}, None),
    "unknown names": ({"network": "west-lan", "profile": "none"}, None),
    "without target": (None, None),
}


@pytest.mark.parametrize("case", PROFILES)
def test_a_nic_gets_the_mapped_profile_or_none(arrived: World, case: str) -> None:
    site = arrived.secondary
    target, expected = PROFILES[case]
    if target == {"id": "WEST"}:
        target = {"id": site.id("profile", "west-lan/west-lan")}
    site.run(arrived.register("web", mappings={**TO_WEST, "vnic_profiles": [["east-lan", "east-lan", target]]}))
    with site.look() as context:
        [nic] = context.db.query(schema.VmInterface)
    assert nic.vnic_profile_id == (site.id("profile", f"{expected}/{expected}") if expected else None)


def test_a_nic_without_mapping_falls_back_to_the_profile_of_the_same_names(arrived: World) -> None:
    site = arrived.secondary
    site.set(schema.Network, "network", "west-lan", name="east-lan")
    site.set(schema.VnicProfile, "profile", "west-lan/west-lan", name="east-lan")
    site.run(arrived.register("web", mappings={**TO_WEST, "vnic_profiles": [["other", "other", {"id": "x"}]]}))
    with site.look() as context:
        [nic] = context.db.query(schema.VmInterface)
    assert nic.vnic_profile_id == site.id("profile", "west-lan/west-lan")


def test_an_address_in_use_is_refused_or_replaced(arrived: World) -> None:
    site = arrived.secondary
    with site.look() as context:
        context.db.add(schema.VmInterface(id="n", vm_id=schema.BLANK_TEMPLATE, name="n", mac="56:6f:0a:00:00:00"))
    message = "ACTION_TYPE_FAILED_CANNOT_ADD_IFACE_DUE_TO_MAC_DUPLICATES"
    assert site.refused(arrived.register("web")) == (409, (message,))
    site.run(arrived.register("web", reassign_bad_macs=True))
    with site.look() as context:
        [nic] = context.db.query(schema.VmInterface).filter_by(name="nic1")
    assert nic.mac == "56:6f:0b:00:00:00"


@pytest.mark.conforms("workloads B.10")
def test_repeating_is_refused_by_the_vms_own_addresses_or_by_its_existence(arrived: World) -> None:
    site = arrived.secondary
    site.run(arrived.register("web"))
    message = "ACTION_TYPE_FAILED_CANNOT_ADD_IFACE_DUE_TO_MAC_DUPLICATES"
    assert site.refused(arrived.register("web")) == (409, (message,))
    again = arrived.register("web", reassign_bad_macs=True)
    assert site.refused(again) == (409, ("VM_CANNOT_IMPORT_VM_EXISTS",))


def test_an_id_that_nobody_knows_breaks_the_check(arrived: World) -> None:
    assert arrived.secondary.refused(arrived.register("nobody")) == (500, ("CAN_DO_ACTION_GENERAL_FAILURE",))


EDITS: dict[str, tuple[int, Callable[[str], str]]] = {
    "ACTION_TYPE_FAILED_OVF_CONFIGURATION_NOT_SUPPORTED": (
        409,
        lambda text: text.replace("<Priority>1<", "<Priority>x<"),
    ),
    "ACTION_TYPE_FAILED_CORRUPTED_VM_SNAPSHOT_ID": (
        500,
        lambda text: (
            text.partition('vm_snapshot_id="')[0] + 'vm_snapshot_id="' + text.partition('vm_snapshot_id="')[2][36:]
        ),
    ),
    "ACTION_TYPE_FAILED_MAX_MEMORY_CANNOT_BE_SMALLER_THAN_MEMORY_SIZE": (
        400,
        lambda text: text.replace("<MaxMemorySizeMb>8192<", "<MaxMemorySizeMb>1<"),
    ),
    "ACTION_TYPE_FAILED_VM_CANNOT_IMPORT_VM_ARCHITECTURE_NOT_SUPPORTED_BY_CLUSTER": (
        400,
        lambda text: text.replace("rhel_9x64", "rhel_9_ppc64"),
    ),
    "ACTION_TYPE_FAILED_TEMPLATE_DOES_NOT_EXIST": (
        400,
        lambda text: text.replace(
            f"<TemplateId>{schema.BLANK_TEMPLATE}<", "<TemplateId>11111111-1111-1111-1111-111111111111<"
        ),
    ),
}


@pytest.mark.parametrize("message", EDITS)
def test_a_document_is_refused(arrived: World, message: str) -> None:
    code, change = EDITS[message]
    edit_ovf(arrived, "web", change)
    assert arrived.secondary.refused(arrived.register("web")) == (code, (message,))


def test_names_are_unique_and_may_be_changed_on_the_way(arrived: World) -> None:
    site = arrived.secondary
    with site.look() as context:
        cluster = site.id("cluster", "west-cl1")
        context.db.add(schema.VmStatic(id="other", name="web", cluster_id=cluster))
    assert site.refused(arrived.register("web")) == (409, ("VM_CANNOT_IMPORT_VM_NAME_EXISTS",))
    site.run(arrived.register("web", name="web-drill"))
    assert site.get(schema.VmStatic, arrived.primary.id("vm", "web")).name == "web-drill"


def test_the_data_center_and_the_domain_have_to_be_at_work(arrived: World) -> None:
    site = arrived.secondary
    with site.look() as context:
        context.db.get_one(schema.StoragePoolIsoMap, arrived.vault).status = "maintenance"
    message = "ACTION_TYPE_FAILED_STORAGE_DOMAIN_STATUS_ILLEGAL2"
    assert site.refused(arrived.register("web")) == (409, (message,))
    with site.look() as context:
        context.db.get_one(schema.StoragePoolIsoMap, arrived.vault).status = "active"
    site.set(schema.StoragePool, "data_center", "west", status="problematic")
    assert site.refused(arrived.register("web")) == (409, ("ACTION_TYPE_FAILED_STORAGE_POOL_STATUS_ILLEGAL",))


def test_a_second_registration_of_the_same_vm_meets_the_lock(slow_world: World) -> None:
    slow_world.import_vault()
    site = slow_world.secondary
    answers: list[tuple[int, tuple[str, ...]]] = []

    def again(seconds: float) -> None:
        answers.append(site.refused(slow_world.register("web")))
        slow_world.clock.sleep(seconds)

    site.engine.sleep = again
    site.engine.execute(slow_world.register("web"))
    assert answers[0] == (409, ("ACTION_TYPE_FAILED_VM_IS_BEING_IMPORTED",))
