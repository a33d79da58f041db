# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine writes of a VM or template is read, and read right."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from ansible_collections.lifeboat.ovirt.plugins.module_utils.ovf.document import Document
from ansible_collections.lifeboat.ovirt.plugins.module_utils.ovf.reader import OvfError, read
from ovf_documents import NAMES, Mutator, document_of_size, sample, written_documents
from ovirt_simulator.ovf import document as written
from ovirt_simulator.ovf.reader import read as read_by_simulator
from ovirt_simulator.ovf.values import OvfError as SimulatorRefuses
from ovirt_simulator.ovf.writer import write

FIRST, SECOND = "142c77ba-d49d-4d6b-96ad-7271614e89cf", "845291c6-d486-4ae6-ad89-63909ddf1a17"
SAME_NAMES = (
    *("kind", "id", "name", "cluster_name", "os_type", "bios_type", "origin", "priority", "memory", "memory_max"),
    *("stateless", "high_availability", "lease_domain_id", "dedicated_hosts", "affinity_groups", "affinity_labels"),
)


def told(one: written.Document) -> dict[str, Any]:
    """Return what the writer was given, in the shape of what the reader returns."""
    is_template = one.kind == "template"
    return {
        **{name: getattr(one, name) for name in SAME_NAMES},
        "version_number": one.version_number if is_template else 1,
        "description": one.description or "",
        "processors": one.sockets * one.cores * one.threads,
        "template_id": one.template_id if one.template_id != one.id else None,
        "users": [(user.name, user.roles) for user in one.users],
        "nics": [
            (
                nic.id,
                nic.name,
                nic.network or None,
                nic.profile or None,
                nic.mac if not is_template else None,
                nic.model,
            )
            for nic in one.nics
        ],
        "chains": {disk_id: [v.id for v in one.volumes if v.disk_id == disk_id] for disk_id in one.disk_ids},
        "volumes": [
            (v.id, v.parent_id, v.template_image_id, v.snapshot_id, v.format or None, v.sparse, v.size, v.domain_ids)
            for v in one.volumes
        ],
        "disks": {(v.disk_id, v.alias, v.interface, v.bootable, v.shareable) for v in one.volumes},
        "luns": [
            (lun.id, lun.lun_id, lun.plugged, [(path.address, path.iqn, path.portal) for path in lun.connections])
            for lun in one.lun_disks
        ],
        "snapshots": [(snapshot.id, snapshot.type, snapshot.description) for snapshot in one.snapshots],
        "memory": [id_ for pair in one.memory_disk_ids for id_ in pair],
        "properties": (one.predefined_properties, one.user_properties),
    }


def heard(one: Document) -> dict[str, Any]:
    """Return the same of what the reader returns."""
    volumes = [volume for disk in one.disks for volume in disk.volumes]
    return {
        **{name: getattr(one, name) for name in SAME_NAMES},
        "version_number": one.version_number,
        "description": one.description,
        "processors": one.processors,
        "template_id": one.template_id,
        "users": [(user.principal, user.roles) for user in one.users],
        "nics": [(nic.id, nic.name, nic.network, nic.profile, nic.mac, nic.model) for nic in one.nics],
        "chains": {disk.id: [volume.id for volume in disk.volumes] for disk in one.disks},
        "volumes": [
            (v.id, v.parent_id, v.template_volume_id, v.snapshot_id, v.format, v.sparse, v.size, v.domain_ids)
            for v in volumes
        ],
        "disks": {(disk.id, disk.alias, disk.interface, disk.bootable, disk.shareable) for disk in one.disks},
        "luns": [
            (lun.id, lun.lun_id, lun.plugged, [(path.address, path.target, path.portal) for path in lun.connections])
            for lun in one.lun_disks
        ],
        "snapshots": [(snapshot.id, snapshot.type, snapshot.description) for snapshot in one.snapshots],
        "memory": list(one.memory_disk_ids),
        "properties": tuple(
            ";".join(f"{key}={value}" for key, value in pairs)
            for pairs in (one.predefined_properties, one.user_properties)
        ),
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_is_read_as_the_simulated_engine_reads_it(name: str) -> None:
    assert heard(read(sample(name))) == told(read_by_simulator(sample(name)))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(written_documents())
def test_whatever_the_simulated_engine_writes_is_read_back(document: written.Document) -> None:
    text = write(document)
    found = read(text)
    assert heard(found) == told(document)
    assert [nic.linked for nic in found.nics] == [nic.linked for nic in document.nics]
    assert found.exported == datetime.fromtimestamp(document.exported or 0.0, UTC)


def test_a_vm_with_snapshots() -> None:
    document = read(sample("02-ha-vm-two-domains-snapshots.ovf"))
    assert document.high_availability and document.lease_domain_id == SECOND
    assert [(len(disk.volumes), disk.format, disk.domain_ids) for disk in document.disks] == [
        (3, "cow", (FIRST,)),
        (2, "cow", (SECOND,)),
    ]
    assert [volume.format for volume in document.disks[0].volumes] == ["cow", "cow", "raw"]
    assert [(nic.profile, nic.network, nic.linked, nic.plugged) for nic in document.nics][2] == (
        None,
        None,
        True,
        False,
    )
    assert document.memory_disk_ids == ("1bc3d93b-aa46-4356-aaf7-067277ae01b3", "e5895b2c-6a40-4862-8fb2-a0f1a5f96904")
    assert (document.affinity_groups, document.affinity_labels) == (("db-spread", "near-storage"), ("licensed-db",))
    assert document.exported == datetime(2026, 2, 10, 14, 0, 3, tzinfo=UTC)


def test_a_login_with_an_at_sign_is_told_apart_from_what_the_engine_makes_of_it() -> None:
    plain, odd = read(sample("02-ha-vm-two-domains-snapshots.ovf")).users
    assert (plain.login, plain.domain) == plain.looked_up_as == ("dana.reyes", "harbor.example-authz")
    assert (odd.login, odd.domain) == ("ops@harbor.example", "internal-authz")
    assert odd.looked_up_as == ("ops", "harbor.example")


def test_a_template_and_the_thin_vm_on_it() -> None:
    template, thin = read(sample("03-template-one-disk.ovf")), read(sample("04-thin-vm-from-template.ovf"))
    assert template.kind == "template" and template.template_id is None
    assert template.disks[0].domain_ids == (FIRST, SECOND)
    assert thin.template_id == template.id and thin.stateless
    assert thin.disks[0].template_volume_id == template.disks[0].volumes[0].id


def test_direct_luns_pinning_and_properties() -> None:
    document = read(sample("05-vm-direct-lun-custom-properties.ovf"))
    over_iscsi, over_fibre = document.lun_disks
    assert [path.address for path in over_iscsi.connections] == ["10.40.0.11", "10.40.0.12"]
    assert (over_iscsi.shareable, over_iscsi.plugged) == (True, True)
    assert (over_fibre.connections, over_fibre.plugged) == ((), False)
    assert document.dedicated_hosts == ("b35b423e-5cf0-45ad-bf6c-1234af0ccfa1",)
    assert document.user_properties == (("maint_window", "sun-0300"), ("owner_team", "erp"))


def test_devices_of_the_host_are_named() -> None:
    text = sample("01-plain-vm-two-disks.ovf").replace(
        "<Type>rng</Type><Device>virtio</Device>", "<Type>hostdev</Type><Device>pci_0000_3b_00_0</Device>"
    )
    assert read(text).host_devices == ("pci_0000_3b_00_0",)


def test_a_chain_is_put_in_order_whatever_order_it_is_written_in() -> None:
    document = read(sample("02-ha-vm-two-domains-snapshots.ovf"))
    source = read_by_simulator(sample("02-ha-vm-two-domains-snapshots.ovf"))
    shuffled = written.Document(**{**vars(source), "volumes": source.volumes[::-1]})
    assert {disk.id: disk.volumes for disk in read(write(shuffled)).disks} == {
        disk.id: disk.volumes for disk in document.disks
    }


@pytest.mark.parametrize(
    ("os_type", "architecture"),
    [("rhel_9x64", "x86_64"), ("other_linux_ppc64", "ppc64"), ("other_linux_s390x", "s390x"), ("", None)],
)
def test_the_operating_system_tells_the_architecture(os_type: str, architecture: str | None) -> None:
    text = sample("01-plain-vm-two-disks.ovf").replace("rhel_9x64", os_type)
    assert read(text).architecture == architecture


def removable(text: str) -> list[tuple[int, int]]:
    """Return where the elements without children and the attributes are, each kind of them once."""
    pattern = re.compile(r'<([\w:]+)[^<>]*>[^<>]*</\1>| ([\w:-]+)="[^"<>]*"')
    found = pattern.finditer(text, text.index("?>"))
    return list({match[1] or match[2]: match.span() for match in found}.values())


def refuses(reader: Any, text: str, error: type[Exception]) -> bool:
    try:
        reader(text)
    except error:
        return True
    return False


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("left", ["nothing", "its frame"])
def test_what_the_engine_cannot_read_is_refused_and_nothing_else(name: str, left: str) -> None:
    """Take every element and attribute away, or only its text: the simulated engine decides as the real one does."""
    text = sample(name)
    wrong = []
    for begin, end in removable(text):
        part = text[begin:end]
        rest = "" if left == "nothing" else re.sub(r'(?<=>)[^<>]+(?=<)|(?<=")[^"]+(?=")', "", part, count=1)
        damaged = text[:begin] + rest + text[end:]
        if refuses(read, damaged, OvfError) != refuses(read_by_simulator, damaged, SimulatorRefuses):
            wrong.append(part)
    assert wrong == []


def test_mutilated_documents_are_read_or_refused_and_never_break_the_reader() -> None:
    mutator = Mutator(seed=20310517)
    outcomes = {refuses(read, mutator.next(), OvfError) for _unused in range(800)}
    assert outcomes == {True, False}


def test_a_document_of_a_size_has_that_size() -> None:
    assert 15_000 <= len(document_of_size(15_000)) < 15_500
