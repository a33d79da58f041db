# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of simulated sites and their arrays as text, so that two ways to the same end can be compared."""

from __future__ import annotations

import difflib
import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Engine as Database
from sqlalchemy import Float, Table, select

from ovirt_simulator.engine import schema
from ovirt_simulator.ovf.store import unpack
from ovirt_simulator.site import Sites
from ovirt_simulator.storage import schema as storage_schema

# An engine's own work. A lock that is left is a difference, so that table stays.
_WORK = frozenset({"audit_log", "command_entities", "job", "pending_steps", "sso_tokens", "step"})

_MADE = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b[0-9a-f]{2}(?::[0-9a-f]{2}){5}\b")
_TIME = re.compile(r"\d{4}[/-]\d\d[/-]\d\d[ T]\d\d:\d\d:\d\d|[A-Z][a-z]{2} [A-Z][a-z]{2} +\d+ [\d:]{8} UTC \d{4}")
# A marker in a description ends in a checksum over all of it, its time included.
_CHECKSUM = re.compile(r"(?<=some timeZ)([^\[\]]*) #[0-9a-f]{8}\]")
# Counts how often a VM was changed, so it tells a detour from the straight way to the same end; also in OVF documents.
_COUNTERS = frozenset({("vm_static", "generation")})
_COUNTED = re.compile(r"(?<=<Generation>)\d+(?=</Generation>)")


def rows(sites: Sites) -> list[str]:
    """Return every row of all databases as a line, once all that is due is done and the hosts have reported."""
    for site in sites.values():
        site.engine.settle()
        site.hosts.monitor()
    found = list(_rows("arrays", sites.storage.database, storage_schema.Base.metadata.sorted_tables))
    for name, site in sites.items():
        tables = (table for table in schema.Base.metadata.sorted_tables if table.name not in _WORK)
        found += _rows(name, site.engine.database, tables)
    return found


def made(lines: Iterable[str]) -> frozenset[str]:
    """Return the identifiers and MAC addresses that occur in rows."""
    return frozenset(token for line in lines for token in _MADE.findall(line))


def canonical(lines: Iterable[str], known: frozenset[str]) -> list[str]:
    """Return rows with what was made since, and is not known, called by what the rows around it say."""
    kept = list(lines)
    around: dict[str, list[str]] = defaultdict(list)
    for line in kept:
        for token in set(_MADE.findall(line)) - known:
            around[token].append(_MADE.sub(lambda match: match[0] if match[0] in known else "new", line))
    names = {token: f"new-{_digest(sorted(seen))}" for token, seen in around.items()}
    return sorted(_MADE.sub(lambda match: names.get(match[0], match[0]), line) for line in kept)


def difference(wanted: Iterable[str], found: Iterable[str], known: frozenset[str]) -> str | None:
    """Return how rows differ from those of an undisturbed run, None where they do not; known: see canonical."""
    texts = [canonical(lines, known) for lines in (wanted, found)]
    return "\n".join(difflib.unified_diff(*texts, "undisturbed", "disturbed and run again", "", "", 0, "")) or None


def _rows(where: str, database: Database, tables: Iterable[Table]) -> Iterator[str]:
    with database.connect() as connection:
        for table in tables:
            columns = [column for column in table.columns if (table.name, column.name) not in _COUNTERS]
            for row in connection.execute(select(table)).mappings():
                values = (f"{column.name}={_text(column.type, row[column.name])}" for column in columns)
                yield f"{where}.{table.name}: {', '.join(values)}"


def _text(kind: Any, value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(kind, Float):  # all of them are moments
        return "some time"
    if isinstance(value, bytes):
        value = unpack(value)
    return _COUNTED.sub("some", _CHECKSUM.sub(r"\1 #checksum]", _TIME.sub("some time", str(value))))


def _digest(lines: list[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:8]
