# SPDX-License-Identifier: GPL-3.0-or-later
"""The archive of an OVF store is read to its end, and no further; damage in it is told, entity by entity."""

from __future__ import annotations

import io
import tarfile
from datetime import UTC, datetime

import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.ovf import store as reading
from ansible_collections.lifeboat.ovirt.plugins.module_utils.ovf.document import Document
from ansible_collections.lifeboat.ovirt.plugins.module_utils.ovf.reader import OvfError
from ansible_collections.lifeboat.ovirt.plugins.module_utils.ovf.store import read_store
from ovf_documents import NAMES, sample
from ovirt_simulator.ovf import store as written

DOMAIN = "142c77ba-d49d-4d6b-96ad-7271614e89cf"
MOMENT = 1770732007.0  # 2026-02-10 14:00:07 UTC


def packed(*documents: tuple[str, str]) -> bytes:
    return written.pack(DOMAIN, MOMENT, documents, {})


def with_member(name: str, type_: bytes, target: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo(name)
        member.type, member.linkname = type_, target
        archive.addfile(member)
    return buffer.getvalue()


def test_all_documents_are_read_and_when_they_were_written() -> None:
    found = read_store(io.BytesIO(packed(*((f"E{number}", sample(name)) for number, name in enumerate(NAMES)))))
    assert found.updated == datetime(2026, 2, 10, 14, 0, 7, tzinfo=UTC)
    assert list(found.documents) == ["e0", "e1", "e2", "e3", "e4"]
    assert all(isinstance(one, Document) for one in found.documents.values())


def test_older_contents_behind_the_archive_are_left_alone() -> None:
    older = packed(("old", sample(NAMES[0])))
    found = read_store(io.BytesIO(packed(("new", sample(NAMES[1]))) + older + bytes(1 << 20)))
    assert list(found.documents) == ["new"]


def test_one_damaged_document_hides_no_other() -> None:
    found = read_store(io.BytesIO(packed(("good", sample(NAMES[0])), ("bad", "<ovf/>"))))
    assert isinstance(found.documents["good"], Document) and isinstance(found.documents["bad"], OvfError)


def test_a_document_that_is_too_big_is_told_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_BYTES", 1000)
    found = read_store(io.BytesIO(packed(("big", sample(NAMES[0])))))
    assert "too big" in str(found.documents["big"])


@pytest.mark.parametrize("type_", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE])
def test_only_files_count(type_: bytes) -> None:
    assert read_store(io.BytesIO(with_member("a.ovf", type_, "/etc/passwd"))).documents == {}


def test_a_store_that_was_never_written_is_empty() -> None:
    assert read_store(io.BytesIO(bytes(1 << 20))).documents == {}


@pytest.mark.parametrize("content", [b"", b"rubbish" * 1000, packed(("a", sample(NAMES[0])))[:2000]])
def test_what_is_no_whole_archive_is_told(content: bytes) -> None:
    with pytest.raises(OvfError, match="no archive of OVF documents"):
        read_store(io.BytesIO(content))


@pytest.mark.parametrize(
    "info", ["", "[]", "{}", '{"Last Updated": null}', '{"Last Updated": "Tue Feb 10 15:00:07 CET 2026"}']
)
def test_a_date_that_cannot_be_told_is_none(info: str) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo("info.json")
        member.size = len(info)
        archive.addfile(member, io.BytesIO(info.encode()))
    assert read_store(io.BytesIO(buffer.getvalue())).updated is None
