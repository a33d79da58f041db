# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading the archive that an OVF store holds."""

from __future__ import annotations

import json
import re
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO

from .document import Document
from .parsing import MOST_BYTES, OvfError
from .reader import read

# As the engine's Java writes a date; its own time zone cannot be told from its abbreviation.
_DATE = re.compile(r"\w{3} (\w{3} \d{1,2} \d\d:\d\d:\d\d) (?:UTC|GMT) (\d{4})")
_SUFFIX = ".ovf"


@dataclass(frozen=True)
class Store:
    """The documents in an archive by the ids of their entities; an OvfError stands for one that cannot be read.

    updated: when it was written, None where that cannot be told.
    """

    documents: Mapping[str, Document | OvfError]
    updated: datetime | None


def read_store(stream: IO[bytes]) -> Store:
    """Return what an archive holds, reading to its end and not what older contents follow; OvfError if it is none."""
    documents: dict[str, Document | OvfError] = {}
    updated = None
    try:
        for name, content in _members(stream):
            if name.endswith(_SUFFIX):
                documents[name.removesuffix(_SUFFIX).lower()] = _document(content)
            elif name == "info.json":
                updated = _written(content)
    except tarfile.TarError as exc:
        raise OvfError(f"it is no archive of OVF documents: {exc}") from exc
    return Store(documents, updated)


def _members(stream: IO[bytes]) -> Iterator[tuple[str, bytes | None]]:
    """Yield name and content of the files; None for one that is too big."""
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isreg() else None
            if content is not None:
                yield member.name, content.read() if member.size <= MOST_BYTES else None


def _document(content: bytes | None) -> Document | OvfError:
    if content is None:
        return OvfError("it is too big")
    try:
        return read(content)
    except OvfError as exc:
        return exc


def _written(content: bytes | None) -> datetime | None:
    try:
        found = _DATE.fullmatch(str(json.loads(content or b"")["Last Updated"]))
        return found and datetime.strptime(f"{found[1]} {found[2]}", "%b %d %H:%M:%S %Y").replace(tzinfo=UTC)
    except (ValueError, KeyError, TypeError):
        return None
