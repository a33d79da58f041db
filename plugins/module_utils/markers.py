# SPDX-License-Identifier: GPL-3.0-or-later
"""Notes of this collection in the description of a VM or template, the one text that survives detach and import. Pure.

A marker stands in brackets at the end of the description:

    Billing database [lifeboat.ovirt backup 1: complete 2026-11-26T01:16:28Z of erp-db 6f1c7a1e-... #5cfbc4f9]

The number is the version of the form, the hash a checksum: it gives away a marker that was edited or cut by mistake.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import TypeAlias

# What the engine takes (VmBase, VM_DESCRIPTION_SIZE), counted like Java does: in units of UTF-16.
LONGEST_DESCRIPTION = 255

_LONGEST_NAME = 64
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_OURS = re.compile(r"(?: ?\[lifeboat\.ovirt [^\[\]]*\])+\s*\Z")
_LAST = re.compile(r"\[(lifeboat\.ovirt [^\[\]]*) #[0-9a-f]{8}\]\s*\Z")
_AT = r"(?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)"


@dataclass(frozen=True)
class BackupCopy:
    """A VM or template that is a backup copy; at: when the copy began, in UTC, to the second.

    complete: False until everything of the copy has arrived. source_name: of the source at that time; a name of more
    than 64 characters is cut, and what no name of the engine's holds is replaced by an underscore.
    """

    source_id: str
    source_name: str
    at: datetime
    complete: bool

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", _to_the_second(self.at))
        name = "".join(one if one.isalpha() or one in "0123456789._+-" else "_" for one in self.source_name)
        object.__setattr__(self, "source_name", _cut(name, _LONGEST_NAME) or "_")

    def __str__(self) -> str:
        state = "complete" if self.complete else "incomplete"
        return _signed(f"backup 1: {state} {self.at.strftime(_TIME)} of {self.source_name} {self.source_id}")


@dataclass(frozen=True)
class RanBefore:
    """A VM that ran when its site was given up or handed over; at: when, in UTC, to the second."""

    at: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", _to_the_second(self.at))

    def __str__(self) -> str:
        return _signed(f"ran 1: {self.at.strftime(_TIME)}")


Marker: TypeAlias = "BackupCopy | RanBefore"


def read(description: str | None) -> Marker | None:
    """Return the marker at the end of a description; None without one, and for one that this module did not write."""
    found = _LAST.search(description or "")
    if found is None:
        return None
    for form, build in _FORMS.items():
        fields = form.fullmatch(found[1])
        if fields is not None:
            try:
                marker = build(fields.groupdict())
            except ValueError:
                return None
            # Only the one spelling that belongs to these fields has their checksum.
            return marker if str(marker) == found[0].rstrip() else None
    return None


def with_marker(description: str | None, marker: Marker) -> str:
    """Return the description with this marker in the place of any other.

    The rest stays as far as the engine takes it: it loses its end where both are too long together, and characters
    that are neither ASCII nor letters become question marks.
    """
    text = "".join(one if one.isascii() or one.isalpha() else "?" for one in without_marker(description))
    text = _cut(text, LONGEST_DESCRIPTION - _length(str(marker)) - 1)
    return f"{text} {marker}" if text else str(marker)


def without_marker(description: str | None) -> str:
    """Return the description without any marker at its end, damaged ones included."""
    return _OURS.sub("", description or "")


def _backup_copy(fields: Mapping[str, str]) -> BackupCopy:
    return BackupCopy(fields["id"], fields["name"], _time(fields["at"]), fields["state"] == "complete")


def _ran_before(fields: Mapping[str, str]) -> RanBefore:
    return RanBefore(_time(fields["at"]))


_FORMS: dict[re.Pattern[str], Callable[[Mapping[str, str]], Marker]] = {
    re.compile(
        rf"lifeboat\.ovirt backup 1: (?P<state>complete|incomplete) {_AT} of (?P<name>\S+) (?P<id>[0-9A-Za-z-]{{1,36}})"
    ): _backup_copy,
    re.compile(rf"lifeboat\.ovirt ran 1: {_AT}"): _ran_before,
}


def _signed(text: str) -> str:
    content = f"lifeboat.ovirt {text}"
    return f"[{content} #{sha256(content.encode()).hexdigest()[:8]}]"


def _to_the_second(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)


def _time(text: str) -> datetime:
    return datetime.strptime(text, _TIME).replace(tzinfo=UTC)


def _length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _cut(text: str, length: int) -> str:
    return text.encode("utf-16-le")[: 2 * length].decode("utf-16-le", "ignore")
