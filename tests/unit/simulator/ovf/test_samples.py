# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents that the real engine's classes have read and written: ours do the same with them."""

from __future__ import annotations

import io
import json
import re
import tarfile
from pathlib import Path

import pytest

from ovirt_simulator.ovf import store
from ovirt_simulator.ovf.loader import load
from ovirt_simulator.ovf.reader import read
from ovirt_simulator.ovf.writer import write

SAMPLES = Path(__file__).parents[3] / "data" / "ovf"
NAMES = sorted(path.name for path in SAMPLES.glob("*.ovf"))
DOMAIN = "142c77ba-d49d-4d6b-96ad-7271614e89cf"


def text_of(name: str) -> str:
    return (SAMPLES / name).read_text(encoding="utf-8")


def on_one_line(text: str) -> str:
    return re.sub(r">\s+<", "><", text).strip()


@pytest.mark.parametrize("name", NAMES)
def test_what_is_read_is_written_back_in_every_element_attribute_and_order(name: str) -> None:
    assert write(read(text_of(name))) == on_one_line(text_of(name))


@pytest.mark.parametrize("name", NAMES)
def test_loader_and_reader_agree_on_what_the_document_is_about(name: str) -> None:
    document, entity = read(text_of(name)), load(text_of(name))
    assert entity is not None
    assert (entity.kind, entity.name) == (document.kind, document.name)
    memory = {disk_id for pair in document.memory_disk_ids for disk_id in pair}
    luns = {disk.id for disk in document.lun_disks}
    assert entity.disk_ids == {*document.disk_ids, *luns, *memory}


def test_a_vm_with_snapshots_names_chains_memory_lease_and_people() -> None:
    document = read(text_of("02-ha-vm-two-domains-snapshots.ovf"))
    assert document.high_availability
    assert document.lease_domain_id == "845291c6-d486-4ae6-ad89-63909ddf1a17"
    assert [len([one for one in document.volumes if one.disk_id == id_]) for id_ in document.disk_ids] == [3, 2]
    assert document.volumes[0].parent_id == document.volumes[1].id
    assert document.memory_disk_ids == (
        ("1bc3d93b-aa46-4356-aaf7-067277ae01b3", "e5895b2c-6a40-4862-8fb2-a0f1a5f96904"),
    )
    assert [user.name for user in document.users] == [
        "dana.reyes@harbor.example-authz",
        "ops@harbor.example@internal-authz",
    ]
    assert [(nic.network, nic.profile) for nic in document.nics][0] == ("tide-lan", "tide-lan")
    assert (document.nics[2].network, document.nics[2].profile) == ("", "")
    assert document.nics[2].device is not None and not document.nics[2].device.plugged


def test_a_template_is_told_from_a_vm_and_may_lie_on_several_domains() -> None:
    document = read(text_of("03-template-one-disk.ovf"))
    assert document.kind == "template"
    assert document.template_id == document.id
    assert len(document.volumes[0].domain_ids) == 2
    assert document.nics[0].mac is None


def test_a_thin_vm_depends_on_its_template_and_on_its_volume() -> None:
    thin, template = read(text_of("04-thin-vm-from-template.ovf")), read(text_of("03-template-one-disk.ovf"))
    assert thin.template_id == template.id
    assert thin.volumes[0].template_image_id == thin.volumes[0].parent_id == template.volumes[0].id


def test_direct_luns_keep_their_paths_and_one_without_is_fibre_channel() -> None:
    document = read(text_of("05-vm-direct-lun-custom-properties.ovf"))
    over_iscsi, over_fibre = document.lun_disks
    assert [path.address for path in over_iscsi.connections] == ["10.40.0.11", "10.40.0.12"]
    assert over_fibre.connections == ()
    assert (document.predefined_properties, document.user_properties) == (
        "sap_agent=true;viodiskcache=writethrough",
        "maint_window=sun-0300;owner_team=erp",
    )


def test_the_archive_holds_the_engines_info_and_statuses() -> None:
    running = "7dd69878-0a8a-4c34-97af-75c1cbfe571b"
    moment = 1770732007.0  # 2026-02-10 14:00:07 UTC
    payload = store.pack(DOMAIN, moment, [("a", "<A/>")], {running: "up"}, [("b", "<B/>")])
    assert len(payload) % 512 == 0
    content = store.unpack(payload)
    assert content.documents == {"a": "<A/>", "b": "<B/>"}
    assert content.statuses == {running: "up"}
    names, texts = members(payload)
    assert names == ["info.json", "a.ovf", "metadata.json", "b.ovf"]
    assert json.loads(texts["info.json"]) == json.loads(text_of("info.json"))
    assert json.loads(texts["metadata.json"]) == json.loads(text_of("metadata.json"))


def members(payload: bytes) -> tuple[list[str], dict[str, str]]:
    with tarfile.open(fileobj=io.BytesIO(payload)) as archive:
        found = {}
        for member in archive:
            stream = archive.extractfile(member)
            assert stream is not None
            found[member.name] = stream.read().decode()
    return list(found), found


def test_the_description_of_a_store_is_the_engines_text() -> None:
    moment = 1770732007.0
    assert store.describe(DOMAIN, moment, 112128) == (
        '{"Updated":true,"Size":112128,"Last Updated":"Tue Feb 10 14:00:07 UTC 2026",'
        f'"Storage Domains":[{{"uuid":"{DOMAIN}"}}],"Disk Description":"OVF_STORE"}}'
    )
    facts = store.read_description(store.describe(DOMAIN, moment, 112128))
    assert facts == store.StoreDescription((DOMAIN,), True, moment, 112128)
    unfinished = store.read_description(store.describe(DOMAIN, None, None))
    assert unfinished == store.StoreDescription((DOMAIN,), False, None, None)
    assert store.read_description(store.new_description()) is None


def test_what_is_no_archive_is_refused() -> None:
    with pytest.raises(ValueError, match="not an archive"):
        store.unpack(b"\0" * 100 + b"rubbish")
