# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the engine's reader gives up on a document, and where it goes on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ovirt_simulator.ovf.loader import load
from ovirt_simulator.ovf.reader import read
from ovirt_simulator.ovf.values import OvfError

SAMPLES = Path(__file__).parents[3] / "data" / "ovf"
FULL = (SAMPLES / "02-ha-vm-two-domains-snapshots.ovf").read_text(encoding="utf-8")


def changed(pattern: str, replacement: str) -> str:
    text, found = re.subn(pattern, replacement, FULL, count=1, flags=re.DOTALL)
    assert found, f"{pattern} is not in the sample"
    return text


UNREADABLE = {
    "not well-formed": (r"</ovf:Envelope>", ""),
    "default namespace": (r"<ovf:Envelope ", '<ovf:Envelope xmlns="urn:x" '),
    "no references": (r"<References>.*</References>", ""),
    "file without href": (r' ovf:href="[^"]*"', ""),
    "file without id": (r'(<File [^>]*?) ovf:id="[^"]*"', r"\1"),
    "file without description": (r'(<File [^>]*?) ovf:description=""', r"\1"),
    "disk without id": (r' ovf:diskId="[^"]*"', ""),
    "section without type": (r'<Section xsi:type="ovf:SnapshotsSection_Type">', "<Section>"),
    "system without id": (r'<Section ovf:id="[^"]*"', "<Section"),
    "item without resource type": (r"<rasd:ResourceType>10</rasd:ResourceType>", ""),
    "memory without quantity": (r"(MegaBytes</rasd:AllocationUnits>\s*)<rasd:VirtualQuantity>\d+<", r"\1<rasd:X>0<"),
    "drive without instance": (r"(_os</rasd:Caption>\s*)<rasd:InstanceId>[^<]*</rasd:InstanceId>", r"\1"),
    "drive without resource": (r"<rasd:HostResource>[^<]*</rasd:HostResource>", ""),
    "drive without parent": (r"<rasd:Parent>[^<]*</rasd:Parent>", ""),
    "nic without connection": (r"<rasd:Connection>[^<]*</rasd:Connection>", ""),
    "nic with empty speed": (r"<rasd:speed>\d+<", "<rasd:speed><"),
    "video without type": (r"<Type>video</Type>", ""),
    "snapshot without id": (r'<Snapshot ovf:id="[^"]*"', "<Snapshot"),
    "snapshot of unknown type": (r"<Type>ACTIVE</Type>", "<Type>FRESH</Type>"),
    "snapshot without date": (r"(baseline</Description>\s*)<CreationDate>[^<]*</CreationDate>", r"\1"),
    "memory with too few ids": (r"<Memory>[^,]*,[^,]*,", "<Memory>"),
    "affinity group without name": (r'<AffinityGroup ovf:name="[^"]*"', "<AffinityGroup"),
    "user without domain": (r"dana.reyes@harbor.example-authz", "dana.reyes"),
    "user without roles": (r"<UserRoles>.*?</UserRoles>", ""),
    "text for a number": (r"<Priority>50<", "<Priority>high<"),
    "unknown volume format": (r'volume-format="COW"', 'volume-format="cow"'),
    "unknown interface": (r'disk-interface="[^"]*"', 'disk-interface="NVME"'),
    "unknown resume behavior": (r"<ResumeBehavior>KILL<", "<ResumeBehavior>kill<"),
    "malformed template id": (r"<TemplateId>[^<]*<", "<TemplateId>Blank<"),
    "unknown display": (r"<DefaultDisplayType>2<", "<DefaultDisplayType>5<"),
    "property without value": (r"<PredefinedProperties><", "<PredefinedProperties>alone<"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_document_is_unreadable(case: str) -> None:
    with pytest.raises(OvfError):
        read(changed(*UNREADABLE[case]))


TOLERATED = {
    "no version": (r' ovf:version="[^"]*"', ""),
    "no network section": (r"<NetworkSection>.*</NetworkSection>", ""),
    "empty parent": (r"<rasd:Parent>[^<]*</rasd:Parent>", "<rasd:Parent></rasd:Parent>"),
    "no speed": (r"<rasd:speed>\d+</rasd:speed>", ""),
    "drive on no domain": (r"<rasd:StorageId>[^<]*<", "<rasd:StorageId><"),
    "unparsable date": (r"<CreationDate>[^<]*<", "<CreationDate>yesterday<"),
    "unknown code": (r"<VmType>2<", "<VmType>77<"),
    "unknown nic model": (
        r"<rasd:ResourceSubType>3</rasd:ResourceSubType>",
        "<rasd:ResourceSubType>fast</rasd:ResourceSubType>",
    ),
    "device without id": (r"<rasd:InstanceId>[^<]*</rasd:InstanceId>(<Type>sound|\s*<Type>balloon)", r"\1"),
    "user property without value": (r"<UserDefinedProperties><", "<UserDefinedProperties>alone<"),
    "comment": (r"<Content ", "<!-- by hand --><Content "),
    "disk without file": (r"<File [^>]*></File>", ""),
    "upper-case true": (r"<AutoStartup>true<", "<AutoStartup>TRUE<"),
}


@pytest.mark.parametrize("case", TOLERATED)
def test_document_is_read_all_the_same(case: str) -> None:
    assert read(changed(*TOLERATED[case])).name == "beacon-db"


def test_volume_without_file_is_left_out() -> None:
    assert len(read(changed(r"<File [^>]*></File>", "")).volumes) == len(read(FULL).volumes) - 1


def test_loader_skips_external_vms() -> None:
    assert load(changed(r"<Origin>3<", "<Origin>4<")) is None


def test_loader_takes_what_the_reader_will_not() -> None:
    entity = load(changed(r"<Priority>50<", "<Priority>high<"))
    assert entity is not None and entity.name == "beacon-db"


@pytest.mark.parametrize("text", ["no XML", "<Envelope/>", changed(r'ovf:href="[^"]*"', 'ovf:href="short"')])
def test_loader_refuses_what_it_cannot_list(text: str) -> None:
    with pytest.raises(OvfError):
        load(text)
