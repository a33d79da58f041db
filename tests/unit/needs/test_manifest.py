# SPDX-License-Identifier: GPL-3.0-or-later
"""What documents said is kept whole, and a damaged manifest says where."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings

from ansible_collections.lifeboat.ovirt.plugins.module_utils.document import parse
from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError
from ansible_collections.lifeboat.ovirt.plugins.module_utils.needs.manifest import read_manifest, write_manifest
from ansible_collections.lifeboat.ovirt.plugins.module_utils.ovf.document import (
    Disk,
    Document,
    LunConnection,
    LunDisk,
    Memory,
    Nic,
    Snapshot,
    User,
    Volume,
)
from ansible_collections.lifeboat.ovirt.plugins.module_utils.ovf.reader import read
from ovf_documents import NAMES, sample, written_documents
from ovirt_simulator.ovf import document as written
from ovirt_simulator.ovf.writer import write

PAGE = Path(__file__).parents[3] / "docs" / "manifest.md"
WRITTEN = "2031-05-04T03:00:00+00:00"
IN_FULL = """
version: 1
entities:
  - kind: vm
    id: 3599b113-6b12-40e6-849f-e994f936648e
    name: web
    nics:
      - {id: n1, name: nic1, model: virtio, linked: true, plugged: true}
    user_properties: [[owner, erp]]
"""


def test_the_samples_are_kept_whole_as_yaml_and_as_json() -> None:
    documents = [read(sample(name)) for name in NAMES]
    text = write_manifest(documents, WRITTEN)
    for form in (text, json.dumps(yaml.safe_load(text))):
        found = read_manifest(parse(form, "manifest"))
        assert found.documents == {one.id: one for one in documents}
        assert found.written == datetime(2031, 5, 4, 3, tzinfo=UTC)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(written_documents())
def test_whatever_a_document_says_is_kept(document: written.Document) -> None:
    found = read(write(document))
    assert read_manifest(parse(write_manifest([found], WRITTEN), "manifest")).documents == {found.id: found}


def test_the_order_of_the_documents_does_not_matter() -> None:
    documents = [read(sample(name)) for name in NAMES]
    assert write_manifest(documents, WRITTEN) == write_manifest(documents[::-1], WRITTEN)


def test_what_is_left_out_has_its_default() -> None:
    [found] = read_manifest(parse(IN_FULL, "manifest")).documents.values()
    assert (found.cluster_name, found.disks, found.nics[0].network) == ("", (), None)
    assert found.user_properties == (("owner", "erp"),)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("version: 1", "version: 2"), "version has to be from 1 to 1"),
        (("version: 1\n", ""), "the document lacks the key version"),
        (("kind: vm", "kind: disk"), "entities[0].kind has to be one of vm, template"),
        (("    name: web\n", ""), "entities[0] lacks the key name"),
        (("linked: true", "linked: 1"), "entities[0].nics[0].linked has to be true or false"),
        (("plugged: true", "plugged: true, vlan: 7"), "entities[0].nics[0].vlan is not known"),
        (("[[owner, erp]]", "[[owner]]"), "entities[0].user_properties[0] has to be a list of two texts"),
        (("name: web", "name: web\n    memory: -1"), "entities[0].memory has to be at least 0"),
        (("name: web", "name: web\n    exported: today"), "entities[0].exported has to be a time"),
        (("name: web", "name: web\n    exported: '2031-05-04T03:00:00'"), "entities[0].exported needs a time zone"),
        (("entities:", "entities: {}\nothers:"), "others is not known"),
    ],
)
def test_an_error_names_its_place(change: tuple[str, str], told: str) -> None:
    with pytest.raises(EngineError) as refused:
        read_manifest(parse(IN_FULL.replace(*change), "manifest.yml"))
    assert refused.value.kind == "invalid" and f"manifest.yml: {told}" in str(refused.value)


def test_an_entity_that_stands_twice_is_an_error() -> None:
    text = IN_FULL + IN_FULL.partition("entities:\n")[2]
    with pytest.raises(EngineError, match=r"entities\[1\] is a second entry"):
        read_manifest(parse(text, "manifest"))


def test_the_page_of_the_format_names_every_key() -> None:
    page = PAGE.read_text(encoding="utf-8")
    types = (Document, Disk, Volume, LunDisk, LunConnection, Nic, Snapshot, Memory, User)
    missing = {one.name for type_ in types for one in fields(type_) if f"`{one.name}`" not in page}
    assert missing == set()
