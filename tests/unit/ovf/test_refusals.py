# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile, foreign and damaged documents get one clear error, at once."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.ovf import parsing
from ansible_collections.lifeboat.ovirt.plugins.module_utils.ovf.reader import OvfError, read
from ovf_documents import sample

TOP = Path(__file__).parents[3]
PLAIN = "01-plain-vm-two-disks.ovf"
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


def with_type(declaration: str, name: str = "plain") -> str:
    """Return a sample with a document type declaration, and its entity as the name of the VM."""
    text = sample(PLAIN).removeprefix(DECLARATION)
    return f"{DECLARATION}<!DOCTYPE x {declaration}>{text.replace('<Name>', f'<Name>{name}', 1)}"


@pytest.mark.parametrize(
    "document",
    [
        with_type(f'[<!ENTITY l0 "lol">{LAUGHS}]', "&l9;"),
        with_type('[<!ENTITY e SYSTEM "file:///etc/hostname">]', "&e;"),
        with_type('[<!ENTITY e SYSTEM "http://127.0.0.1:9/e">]', "&e;"),
        with_type('[<!ENTITY % e SYSTEM "http://127.0.0.1:9/e"> %e;]'),
        with_type('SYSTEM "http://127.0.0.1:9/x.dtd"'),
    ],
    ids=["bomb", "file", "address", "parameter entity", "external subset"],
)
def test_entities_and_type_declarations_are_refused_unread(document: str) -> None:
    with pytest.raises(OvfError, match="document type declaration"):
        read(document)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32", "utf-7", "cp037"])
def test_another_encoding_hides_no_declaration(encoding: str) -> None:
    hidden = with_type('[<!ENTITY e SYSTEM "file:///etc/hostname">]', "&e;").replace("UTF-8", encoding, 1)
    with pytest.raises(OvfError):
        read(hidden.encode(encoding))


def test_an_undeclared_entity_is_no_text() -> None:
    with pytest.raises(OvfError, match="well-formed"):
        read(sample(PLAIN).replace("<Name>", "<Name>&e;", 1))


def test_deep_nesting_is_refused() -> None:
    nested = f"<SpecParams>{'<a>' * 10_000}{'</a>' * 10_000}</SpecParams></Item>"
    with pytest.raises(OvfError, match="well-formed XML: .*depth"):
        read(sample(PLAIN).replace("</Item>", nested, 1))


@pytest.mark.parametrize(
    "document",
    [
        b" " * (parsing.MOST_BYTES + 1),
        b"<a>" * 2 * parsing.MOST_NODES,
        b"<a" + b' b=">"' * parsing.MOST_NODES,
        b"<a" + b"".join(b' b%d=">"' % number for number in range(4000)) + b"/>",
    ],
    ids=["bytes", "elements", "attributes", "attributes of one tag"],
)
def test_what_is_too_big_is_refused_before_it_is_parsed(document: bytes) -> None:
    began = time.process_time()
    with pytest.raises(OvfError, match="too big"):
        read(document)
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ("", "not well-formed XML"),
        ("not xml", "not well-formed XML"),
        (sample(PLAIN)[:-100], "not well-formed XML"),
        (b"\xff\xfe\0<", "not well-formed XML"),
        ("\ud800", "not well-formed XML"),
        ("<html><body/></html>", "no OVF document of oVirt"),
        (
            '<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1"><References/></Envelope>',
            "no OVF document of oVirt",
        ),
        (sample(PLAIN).replace(' xsi:type="ovf:SnapshotsSection_Type"', ""), "a section of its content has no type"),
        (sample(PLAIN).replace("<rasd:ResourceType>10<", "<rasd:ResourceType>ten<"), "the resource type of an item"),
        (sample(PLAIN).replace("<Priority>", "<Priority>1_"), "Priority is no number: '1_"),
        (sample(PLAIN).replace('"VirtIO_SCSI"', '"Tape"'), "the interface of a disk is unknown: 'Tape'"),
    ],
)
def test_a_damaged_or_foreign_document_is_told(document: str | bytes, told: str) -> None:
    with pytest.raises(OvfError, match="^(it|a|the|Priority) ") as refused:
        read(document)
    assert told in str(refused.value)


def test_the_package_can_be_imported_without_lxml() -> None:
    program = (
        "import sys; sys.modules['lxml'] = None\n"
        "from plugins.module_utils.engine.errors import LibraryMissing\n"
        "from plugins.module_utils.ovf.reader import read\n"
        "try: read('<a/>')\n"
        "except LibraryMissing as exc: print(exc.library)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=TOP, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "lxml"
