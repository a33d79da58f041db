# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps a VM or template of an export domain out, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ovirt_simulator.engine import domains, schema
from ovirt_simulator.engine.command import Command, Refusal
from ovirt_simulator.engine.commands import (
    DeactivateStorageDomainWithOvfUpdate,
    ImportVm,
    ImportVmTemplate,
    RemoveVmFromImportExport,
)
from ovirt_simulator.engine.faults import answer
from ovirt_simulator.engine.runtime import Context, Engine
from ovirt_simulator.scenario import DEFAULT, identifier
from ovirt_simulator.site import simulated_sites

SCENARIO = DEFAULT.parent / "export_domain.yml"
FRESH = "5c1f2a9e-7c2b-4e0d-9a55-1d6f0d3b7a10"


def id_of(kind: str, name: str) -> str:
    return identifier("only", kind, name)


ATTIC, VAULT, DATA = (id_of("domain", name) for name in ("attic", "vault", "data"))
PLAIN, THIN, LAYERED = (id_of("vm", name) for name in ("plain", "thin", "layered"))
GOLDEN, CLUSTER, HERE = id_of("template", "golden"), id_of("cluster", "south-cl1"), id_of("vm", "here")


@pytest.fixture
def engine() -> Iterator[Engine]:
    with simulated_sites(SCENARIO) as sites:
        yield sites["only"].engine


@pytest.fixture
def slow_engine() -> Iterator[Engine]:
    """The same where a copy takes longer than any test."""
    with simulated_sites(SCENARIO, profile="realistic") as sites:
        yield sites["only"].engine


@pytest.fixture(scope="module")
def untouched() -> Iterator[Engine]:
    """One engine for all that is refused: nothing of it stays."""
    with simulated_sites(SCENARIO) as sites:
        yield sites["only"].engine


def vm(id_: str = PLAIN, **options: Any) -> ImportVm:
    names = {PLAIN: "plain", THIN: "thin", LAYERED: "layered"}
    given = {"entity_name": names[id_], "new_id": id_, "target_id": VAULT, "cluster_id": CLUSTER, **options}
    return ImportVm(ATTIC, id_, **given)


def golden(**options: Any) -> ImportVmTemplate:
    given = {"entity_name": "golden", "new_id": GOLDEN, "target_id": VAULT, "cluster_id": CLUSTER, **options}
    return ImportVmTemplate(ATTIC, GOLDEN, **given)


def refused(engine: Engine, command: Command) -> tuple[int, str]:
    with pytest.raises(Refusal) as caught:
        engine.execute(command)
    return answer(caught.value)[0], caught.value.messages[0].removeprefix("ACTION_TYPE_FAILED_")


def refused_after(engine: Engine, given: Callable[[Context], None], command: Command) -> list[object]:
    """Return how a command is refused after a change, and take the change back."""
    with pytest.raises(Refusal) as caught, engine.transaction() as context:
        given(context)
        context.db.flush()
        command.validate(context)
    return [answer(caught.value)[0], caught.value.messages[0].removeprefix("ACTION_TYPE_FAILED_")]


def with_row(table: type[Any], key: str, **values: Any) -> Callable[[Context], None]:
    """Return a change of a row."""

    def work(context: Context) -> None:
        for name, value in values.items():
            setattr(context.db.get_one(table, key), name, value)

    return work


def with_status(domain_id: str, status: str) -> Callable[[Context], None]:
    return lambda context: domains.set_status(domains.find(context, domain_id), status)


def nothing(context: Context) -> None:
    """Leave everything as it is."""


def stray_image(context: Context) -> None:
    """Have an image on the target that the engine does not know, as an earlier import can leave it."""
    source, target = (domains.contents_of(context, domains.find(context, id_)) for id_ in (ATTIC, VAULT))
    source.copy_disk(id_of("disk", "plain_Disk1"), target)


def lost_image(context: Context) -> None:
    domains.contents_of(context, domains.find(context, ATTIC)).remove_disk(id_of("disk", "plain_Disk2"))


def taken_address(context: Context) -> None:
    document = domains.contents_of(context, domains.find(context, ATTIC)).document(PLAIN) or ""
    mac = document.partition("<rasd:MACAddress>")[2].partition("<")[0]
    context.db.query(schema.VmInterface).filter_by(vm_id=HERE).one().mac = mac


def taken_disk(context: Context) -> None:
    context.db.add(schema.BaseDisk(id=id_of("disk", "plain_Disk2"), alias="twin", storage_type="lun"))


VMS: dict[str, tuple[Callable[[Context], None], ImportVm, int, str]] = {
    "1 no cluster": (nothing, vm(cluster_id=None), 400, "CLUSTER_CAN_NOT_BE_EMPTY"),
    "2 no BIOS type": (with_row(schema.Cluster, CLUSTER, bios_type=None), vm(), 409, "CLUSTER_BIOS_TYPE_NOT_SET"),
    "3 cluster of another center": (
        nothing,
        vm(cluster_id=id_of("cluster", "elsewhere-cl1")),
        400,
        "CLUSTER_IS_NOT_VALID",
    ),
    "4 address in use": (taken_address, vm(), 409, "CANNOT_ADD_IFACE_DUE_TO_MAC_DUPLICATES"),
    "6 center not up": (
        with_row(schema.StoragePool, id_of("data_center", "south"), status="maintenance"),
        vm(),
        409,
        "STORAGE_POOL_STATUS_ILLEGAL",
    ),
    "7 target not active": (with_status(VAULT, "maintenance"), vm(), 409, "STORAGE_DOMAIN_STATUS_ILLEGAL2"),
    "7 target an export domain": (nothing, vm(target_id=ATTIC), 400, "STORAGE_DOMAIN_TYPE_ILLEGAL"),
    "8 clone of a VM with snapshots": (
        nothing,
        vm(LAYERED, clone=True, new_id=FRESH, name="twin"),
        400,
        "IMPORT_CLONE_NOT_COLLAPSED",
    ),
    "14 VM exists": (nothing, vm(new_id=HERE), 409, "VM_CANNOT_IMPORT_VM_EXISTS"),
    "15 disk exists": (taken_disk, vm(), 409, "IMPORT_DISKS_ALREADY_EXIST"),
    "16 template missing": (nothing, vm(THIN), 400, "TEMPLATE_DOES_NOT_EXIST"),
    "17 image on the target": (stray_image, vm(), 409, "STORAGE_DOMAIN_ALREADY_CONTAINS_DISK"),
    "19 image missing": (lost_image, vm(), 400, "VM_IMAGE_DOES_NOT_EXIST"),
    "20 name taken": (with_row(schema.VmStatic, HERE, name="plain"), vm(), 409, "VM_CANNOT_IMPORT_VM_NAME_EXISTS"),
    "24 architecture": (
        with_row(schema.Cluster, CLUSTER, architecture="ppc64"),
        vm(),
        400,
        "VM_CANNOT_IMPORT_VM_ARCHITECTURE_NOT_SUPPORTED_BY_CLUSTER",
    ),
    "25 no room for all disks together": (
        with_row(schema.StorageDomainStatic, VAULT, available=3 << 30, critical_space_action_blocker=0),
        vm(),
        409,
        "DISK_SPACE_LOW_ON_STORAGE_DOMAIN",
    ),
}


@pytest.mark.conforms("export-domain 5.1", "export-domain 11")
@pytest.mark.parametrize("case", VMS)
def test_a_vm_is_refused(untouched: Engine, case: str) -> None:
    given, command, *expected = VMS[case]
    assert refused_after(untouched, given, command) == expected


@pytest.mark.conforms("export-domain 5.1")
def test_a_thin_vm_needs_its_template_unlocked_and_on_the_very_target(engine: Engine) -> None:
    engine.execute(golden(target_id=DATA))
    engine.settle()
    assert refused(engine, vm(THIN)) == (400, "TEMPLATE_NOT_FOUND_ON_DESTINATION_DOMAIN")
    with engine.transaction() as context:
        context.db.get_one(schema.VmStatic, GOLDEN).status = "locked"
    assert refused(engine, vm(THIN, target_id=DATA)) == (409, "VM_TEMPLATE_IMAGE_IS_LOCKED")


@pytest.mark.conforms("export-domain 5.1")
def test_an_export_domain_of_another_center_does_not_have_the_vm(engine: Engine) -> None:
    with engine.transaction() as context:
        attic = domains.find(context, ATTIC)
        pool = context.db.get_one(schema.StoragePool, id_of("data_center", "elsewhere"))
        cluster = context.db.get_one(schema.Cluster, CLUSTER)
        host = context.db.query(schema.Vds).filter_by(cluster_id=cluster.id).first()
        assert attic.mapping is not None and host is not None
        attic.mapping.storage_pool_id, host.cluster_id = pool.id, id_of("cluster", "elsewhere-cl1")
    assert refused(engine, vm()) == (400, "VM_NOT_FOUND_ON_EXPORT_DOMAIN")
    assert refused(engine, golden()) == (400, "STORAGE_DOMAIN_NOT_EXIST")


@pytest.mark.conforms("export-domain 5.1")
def test_a_backup_domain_takes_in_whatever_comes(engine: Engine) -> None:
    for command in (golden(), vm(THIN), vm(), vm(LAYERED)):
        engine.execute(command)
        engine.settle()
    with engine.transaction() as context:
        assert domains.find(context, VAULT).backup
        assert {context.db.get_one(schema.VmStatic, id_).status for id_ in (PLAIN, THIN, LAYERED)} == {"down"}


TEMPLATES: dict[str, tuple[Callable[[Context], None], ImportVmTemplate, int, str]] = {
    "1 no cluster": (nothing, golden(cluster_id=None), 400, "CLUSTER_CAN_NOT_BE_EMPTY"),
    "3 export domain busy": (with_status(ATTIC, "locked"), golden(), 409, "OBJECT_LOCKED"),
    "4 target not active": (with_status(VAULT, "maintenance"), golden(), 409, "STORAGE_DOMAIN_STATUS_ILLEGAL2"),
    "5 id used by a VM": (nothing, golden(new_id=HERE), 409, "VMT_CANNOT_IMPORT_TEMPLATE_EXISTS"),
    "8 no room": (
        with_row(schema.StorageDomainStatic, VAULT, available=1 << 30),
        golden(),
        409,
        "DISK_SPACE_LOW_ON_STORAGE_DOMAIN",
    ),
}


@pytest.mark.conforms("export-domain 5.2", "export-domain 11")
@pytest.mark.parametrize("case", TEMPLATES)
def test_a_template_is_refused(untouched: Engine, case: str) -> None:
    given, command, *expected = TEMPLATES[case]
    assert refused_after(untouched, given, command) == expected


@pytest.mark.conforms("export-domain 5.2")
def test_a_template_of_the_same_name_or_disk_is_in_the_way_of_another_and_a_clone_has_neither(engine: Engine) -> None:
    engine.execute(golden())
    engine.settle()
    with engine.transaction() as context:
        context.db.get_one(schema.VmStatic, GOLDEN).entity_type = "vm"
    assert refused(engine, golden(new_id=FRESH)) == (409, "IMPORT_DISKS_ALREADY_EXIST")
    with engine.transaction() as context:
        context.db.get_one(schema.VmStatic, GOLDEN).entity_type = "template"
    assert refused(engine, golden(new_id=FRESH)) == (409, "VM_CANNOT_IMPORT_TEMPLATE_NAME_EXISTS")
    engine.execute(golden(new_id=FRESH, clone=True, name="twin"))


@pytest.mark.conforms("export-domain 6")
def test_a_second_import_of_a_vm_meets_the_lock_of_the_first_and_clones_do_not(slow_engine: Engine) -> None:
    slow_engine.execute(vm())
    assert refused(slow_engine, vm(new_id=FRESH)) == (409, "NAME_ALREADY_USED")
    assert refused(slow_engine, vm(name="other")) == (409, "VM_IS_BEING_IMPORTED")
    slow_engine.execute(vm(clone=True, new_id=FRESH, name="twin"))
    assert refused(slow_engine, RemoveVmFromImportExport(ATTIC, PLAIN)) == (409, "VM_IS_BEING_IMPORTED")


def test_a_domain_that_is_in_maintenance_is_not_removed_from(engine: Engine) -> None:
    engine.execute(DeactivateStorageDomainWithOvfUpdate(ATTIC, id_of("data_center", "south")))
    engine.settle()
    assert refused(engine, RemoveVmFromImportExport(ATTIC, PLAIN)) == (409, "STORAGE_DOMAIN_STATUS_ILLEGAL")
