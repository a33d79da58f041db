# SPDX-License-Identifier: GPL-3.0-or-later
"""The archive of an OVF store, and the description of the volume that it lies on."""

from __future__ import annotations

import io
import json
import tarfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from .codes import VM_STATUSES, word

_TITLE = "OVF_STORE"
_DATE = "%a %b %d %H:%M:%S %Z %Y"


@dataclass(frozen=True)
class StoreContent:
    """What an archive holds: the document of each entity by its id, and the statuses of VMs that were not down."""

    documents: dict[str, str] = field(default_factory=dict)
    statuses: dict[str, str] = field(default_factory=dict)


def pack(
    domain_id: str,
    now: float,
    registered: Iterable[tuple[str, str]],
    statuses: Mapping[str, str],
    unregistered: Iterable[tuple[str, str]] = (),
) -> bytes:
    """Return the archive for (entity id, document) pairs; those still unregistered come after the statuses."""
    info = {"Last Updated": date_text(now), "Storage Domains": [{"uuid": domain_id}]}
    codes = {vm_id: VM_STATUSES[status] for vm_id, status in statuses.items()}
    members = [("info.json", json.dumps(info, indent=2))]
    members += [(f"{id_}.ovf", text) for id_, text in registered]
    members.append(("metadata.json", json.dumps({"VM Status": codes}, indent=2)))
    members += [(f"{id_}.ovf", text) for id_, text in unregistered]
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, text in members:
            data = text.encode()
            member = tarfile.TarInfo(name)
            member.size, member.mtime = len(data), int(now)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def unpack(payload: bytes) -> StoreContent:
    """Return what an archive holds; raise ValueError if it is none."""
    documents: dict[str, str] = {}
    codes: dict[str, int] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(payload)) as archive:
            for member in archive:
                stream = archive.extractfile(member)
                text = stream.read().decode() if stream is not None else ""
                if member.name.endswith(".ovf"):
                    documents[member.name.removesuffix(".ovf")] = text
                elif member.name == "metadata.json":
                    codes = json.loads(text).get("VM Status", {})
    except tarfile.TarError as exc:
        raise ValueError("not an archive") from exc
    return StoreContent(documents, {id_: word(VM_STATUSES, str(code), "down") for id_, code in codes.items()})


@dataclass(frozen=True)
class StoreDescription:
    """What the description of a store's volume says about its content."""

    domain_ids: tuple[str, ...]
    updated: bool
    last_updated: float | None
    size: int | None


def new_description() -> str:
    """Return the description of a store that was never written."""
    return json.dumps({"DiskAlias": _TITLE, "DiskDescription": _TITLE}, separators=(",", ":"))


def describe(domain_id: str, last_updated: float | None, size: int | None) -> str:
    """Return the description after a write of so many bytes, or with size None the one while a write goes on."""
    facts: dict[str, object] = {"Updated": size is not None}
    if size is not None:
        facts["Size"] = size
    facts["Last Updated"] = date_text(last_updated) if last_updated is not None else None
    facts["Storage Domains"] = [{"uuid": domain_id}]
    facts["Disk Description"] = _TITLE
    return json.dumps(facts, separators=(",", ":"))


def read_description(text: str) -> StoreDescription | None:
    """Return what a description says; None for one that is not of a store."""
    try:
        facts = json.loads(text)
        domains = tuple(one["uuid"] for one in facts["Storage Domains"])
        updated, size = bool(facts["Updated"]), facts.get("Size")
    except (ValueError, KeyError, TypeError):
        return None
    return StoreDescription(domains, updated, _date_of(facts.get("Last Updated")), size)


def date_text(moment: float) -> str:
    """Write a time as the engine's host, which is in UTC, does here."""
    return time.strftime("%a %b %-d %H:%M:%S UTC %Y", time.gmtime(moment))


def _date_of(text: str | None) -> float | None:
    if not text:
        return None
    try:
        return datetime.strptime(text, _DATE).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None
