# SPDX-License-Identifier: GPL-3.0-or-later
"""What a caller says of a storage domain that is to be made or brought in, checked by itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .engine.errors import EngineError
from .model.site import Domain, Host

BLOCK_TYPES = frozenset({"iscsi", "fcp"})
FILE_TYPES = frozenset({"nfs", "glusterfs", "posixfs"})

_GIB_SHIFT = 30
_NFS_KEYS = ("nfs_version", "nfs_timeo", "nfs_retrans")
_PLACE_KEYS = {
    "nfs": ("address", "path", "mount_options", *_NFS_KEYS),
    "glusterfs": ("address", "path", "vfs_type", "mount_options"),
    "posixfs": ("address", "path", "vfs_type", "mount_options"),
}
_STORAGE_KEYS = ("address", "path", "vfs_type", "mount_options", *_NFS_KEYS)
_NEEDED = {"nfs": ("address", "path"), "glusterfs": ("path",), "posixfs": ("path", "vfs_type")}
_RANGES = {
    "nfs_timeo": (0, 65535),
    "nfs_retrans": (0, 65535),
    "warning_low_space_indicator": (0, 100),
    "critical_space_action_blocker": (0, 2**31 - 1),
}
_SETTING_KEYS = (
    "wipe_after_delete",
    "discard_after_delete",
    "warning_low_space_indicator",
    "critical_space_action_blocker",
)
_NAME = re.compile(r"[0-9a-zA-Z_-]{1,50}")


@dataclass(frozen=True)
class Wanted:
    """A storage domain as the caller wants it; `id` is None where any domain on its path is meant, or a new one."""

    id: str | None
    name: str | None
    storage_type: str
    backup: bool
    storage: Mapping[str, Any]
    settings: Mapping[str, Any]

    @classmethod
    def of(cls, item: Mapping[str, Any], id_: str | None) -> Wanted:
        """Return an entry of a module's list in which `faults` has found none."""
        kind = item["storage_type"]
        given = {key: item[key] for key in _PLACE_KEYS.get(kind, ()) if item.get(key) not in (None, "")}
        if kind == "glusterfs":
            given.setdefault("vfs_type", "glusterfs")
        settings = {key: item[key] for key in _SETTING_KEYS if item.get(key) is not None}
        return cls(id_, item.get("name") or None, kind, bool(item.get("backup")), given, settings)

    @property
    def on_blocks(self) -> bool:
        """Whether it lies on logical units, not on a path."""
        return self.storage_type in BLOCK_TYPES

    @property
    def place(self) -> str | None:
        """Return where a file domain lies, in the form of `Domain.place`."""
        return ":".join(str(self.storage[key]) for key in ("address", "path") if key in self.storage) or None

    @property
    def label(self) -> str:
        """Return how results name it."""
        return self.name or self.id or self.place or ""

    def lies_at(self, domain: Domain) -> bool:
        """Return whether a file domain that the engine knows lies where this one is wanted."""
        return not self.on_blocks and (domain.storage_type, domain.place) == (self.storage_type, self.place)

    def body(self, host: Host) -> dict[str, Any]:
        """Return what a request to add it says in any case, the place of a file domain included."""
        return {
            "type": "data",
            "backup": self.backup,
            "host": {"id": host.id},
            "storage": {"type": self.storage_type, **self.storage},
            **self.settings,
        }

    def changes_to(self, domain: Domain) -> dict[str, Any]:
        """Return what an update has to say, so that a domain that the engine knows is named and set as wanted."""
        current = {
            "wipe_after_delete": domain.wipe_after_delete,
            "discard_after_delete": domain.discard_after_delete,
            "warning_low_space_indicator": domain.low_space_percent,
            "critical_space_action_blocker": domain.critical_space >> _GIB_SHIFT,
        }
        changes = {key: value for key, value in self.settings.items() if current[key] != value}
        return {"name": self.name, **changes} if self.name and self.name != domain.name else changes


def read_all(
    items: Sequence[Mapping[str, Any]],
    faults_of: Callable[[Mapping[str, Any]], Iterator[str]],
    read: Callable[[Mapping[str, Any]], Wanted],
) -> list[Wanted]:
    """Return a module's list `storage_domains`; EngineError invalid names every entry that cannot be, and why."""
    if not items:
        raise EngineError("invalid", "storage_domains is empty", remedy="name at least one storage domain")
    found = [f"storage_domains[{index}]: {fault}" for index, item in enumerate(items) for fault in faults_of(item)]
    wanted = [] if found else [read(item) for item in items]
    for what in ("id", "name", "place"):
        values = [value for one in wanted if (value := getattr(one, what)) is not None]
        found += [f"storage_domains has the {what} {one} twice" for one in sorted(set(values)) if values.count(one) > 1]
    if found:
        raise EngineError("invalid", "; ".join(found), remedy="correct these entries; nothing was changed")
    return wanted


def faults(item: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with an entry, whether a domain is to be made or brought in."""
    kind, name = item["storage_type"], item.get("name")
    if name and not _NAME.fullmatch(name):
        yield f"{name!r} cannot be the name of a storage domain: letters, digits, _ and -, 50 at most"
    if kind not in BLOCK_TYPES | FILE_TYPES:
        yield f"a storage domain of type {kind} cannot be imported: the engine would make a new one of its path"
        return
    missing = [key for key in _NEEDED.get(kind, ()) if not item.get(key)]
    if missing:
        yield f"{kind} needs {' and '.join(missing)}"
    alien = [key for key in _STORAGE_KEYS if item.get(key) not in (None, "") and key not in _PLACE_KEYS.get(kind, ())]
    if alien:
        yield f"{', '.join(alien)} cannot be given for {kind}"
    if item.get("discard_after_delete") and kind in FILE_TYPES:
        yield f"discard_after_delete cannot be given for {kind}: only block storage discards"
    for key, (low, high) in _RANGES.items():
        if item.get(key) is not None and not low <= item[key] <= high:
            yield f"{key} has to be from {low} to {high}, not {item[key]}"
