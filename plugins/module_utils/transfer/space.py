# SPDX-License-Identifier: GPL-3.0-or-later
"""What disks take on a target, and which target has room for them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ..model.site import Disk, Domain

_GIB = 1 << 30
_BLOCK = frozenset({"iscsi", "fcp"})


def moved_size(disk: Disk, target: Domain) -> int:
    """Return the bytes that a disk with all its snapshots takes on a domain."""
    return _on(target, disk, max(disk.total_size, disk.actual_size))


def copied_size(disk: Disk, target: Domain) -> int:
    """Return the bytes that a copy of a disk takes on a domain: its snapshots and its template's part in one."""
    size = max(disk.total_size, disk.actual_size)
    return _on(target, disk, min(size, disk.provisioned_size) if disk.provisioned_size else size)


def _on(target: Domain, disk: Disk, written: int) -> int:
    block = target.storage_type in _BLOCK
    # A raw volume cannot be thin on block storage, and a thin one takes whole extents there.
    if not disk.sparse or (block and disk.format == "raw"):
        return max(written, disk.provisioned_size)
    return -(-written // _GIB) * _GIB if block else written


class Room:
    """What is left on each target while the work is planned piece by piece, the critical space kept free.

    A domain whose free space is not known takes everything.
    """

    def __init__(self, targets: Sequence[Domain]) -> None:
        self._targets = list(targets)
        self._left = {
            one.id: None if one.available is None else one.available - one.critical_space for one in self._targets
        }

    def choose(self, sizes: Mapping[str, int], preferred: Iterable[str] = ()) -> Domain | None:
        """Return the target with most free space of those that the work fits on, None where it fits on none.

        sizes: what the work takes on each target that comes into question, by domain id. preferred: targets to take
        before all others if it fits there.
        """
        fitting = [one for one in self._targets if one.id in sizes and self._fits(one.id, sizes[one.id])]
        better = [one for one in fitting if one.id in set(preferred)]
        return max(better or fitting, key=self._free, default=None)

    def take(self, target: Domain, size: int) -> None:
        """Count what will be written to a target."""
        left = self._left[target.id]
        if left is not None:
            self._left[target.id] = left - size

    def told(self, sizes: Mapping[str, int]) -> str:
        """Return how much is left where, and how much is needed there, for a message."""
        return ", ".join(
            f"{one.name} has {max(0, self._left[one.id] or 0) / _GIB:.1f} GiB left for {sizes[one.id] / _GIB:.1f} GiB"
            for one in self._targets
            if one.id in sizes
        )

    def _fits(self, id_: str, size: int) -> bool:
        left = self._left[id_]
        return left is None or size == 0 or size <= left

    def _free(self, target: Domain) -> float:
        left = self._left[target.id]
        return float("inf") if left is None else left
