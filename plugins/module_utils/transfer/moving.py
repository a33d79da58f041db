# SPDX-License-Identifier: GPL-3.0-or-later
"""Moving the disks of VMs, and copying and freeing those of templates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..engine.errors import EngineError, Entity
from ..engine.parts import Part
from ..engine.query import search_equals
from ..engine.session import Intent
from ..engine.waiting import wait_until
from ..model.site import Disk, Domain, Snapshot, Vm
from .planning import Move, Owner, TemplateCopy
from .work import Workshop


@dataclass(frozen=True)
class DiskTransfer:
    """One disk on its way; action: `move` or `copy`, which adds a place to a template's disk."""

    disk: Disk
    owner: Owner
    target: Domain
    action: str


def disk_moves(move: Move) -> list[DiskTransfer]:
    """Return the work of a move, disk by disk."""
    return [DiskTransfer(disk, move.vm, move.target, "move") for disk in move.disks]


def disk_copies(copy: TemplateCopy) -> list[DiskTransfer]:
    """Return the work of a template's copy, disk by disk."""
    return [DiskTransfer(disk, copy.template, copy.target, "copy") for disk in copy.disks]


@dataclass(frozen=True)
class _Seen:
    status: str
    places: tuple[str, ...]


@dataclass(frozen=True)
class Mover:
    """Carries single pieces out; raises EngineError."""

    shop: Workshop

    def transfer(self, piece: DiskTransfer) -> None:
        """Bring a disk to its target, and return when it is there."""
        try:
            self._transfer(piece)
        except EngineError:
            self._tell(piece, "failed", finished=True)
            raise
        self._tell(piece, "there", finished=True)

    def _tell(self, piece: DiskTransfer, state: str, finished: bool = False) -> None:
        self.shop.progress.report(f"disk {piece.disk.name} of {piece.owner.name}", state, int(finished), 1)

    def _transfer(self, piece: DiskTransfer) -> None:
        disk, target = piece.disk, piece.target
        entity = Entity("disk", disk.id, disk.name)
        doing = f"{piece.action} disk {disk.name} of {piece.owner.name} to storage domain {target.name}"
        intent = Intent(
            doing=doing,
            entity=entity,
            landed=lambda: self._read(disk).status == "locked" or target.id in self._read(disk).places,
            busy=lambda: self._read(disk).status == "locked",
        )
        self.shop.engine.act(f"disks/{disk.id}", piece.action, {"storage_domain": {"id": target.id}}, intent)

        def look(parts: Sequence[Part]) -> _Seen:
            self._tell(piece, "moving" if piece.action == "move" else "copying")
            return _pick(parts, disk)

        seen = self.shop.disks.until(
            search_equals("id", disk.id),
            look,
            lambda seen: seen.status != "locked",
            what=f"disk {disk.name} of {piece.owner.name} to get to {target.name}",
            timeout=self.shop.timeout,
            status=lambda seen: seen.status,
            entity=entity,
        )
        # The engine answers before it has begun: only the disk's place tells whether the transfer came off.
        if seen.status != "ok" or target.id not in seen.places:
            raise EngineError(
                "rejected",
                f"cannot {doing}: the transfer failed, and the disk is where it was",
                remedy="see the events of the engine for the reason, then run again",
                entity=entity,
            )

    def delete_memory(self, vm: Vm, memory: Sequence[Disk]) -> list[str]:
        """Delete the memory of a VM's snapshots, or the snapshots where the engine does not part with it.

        Return the names of what was deleted, for the report.
        """
        deleted = []
        # With one disk of a pair the engine deletes both, and the snapshot keeps its disks.
        for disk in sorted(memory, key=lambda one: one.content_type):
            if self.shop.engine.find(f"disks/{disk.id}") is None:
                continue
            snapshot = _snapshot_of(vm, disk)
            name = f"snapshot {snapshot.description}" if snapshot else f"disk {disk.name}"
            try:
                self._remove(f"disks/{disk.id}", f"the memory of {name} of VM {vm.name}")
                deleted.append(f"the memory of {name}")
            except EngineError as exc:
                if snapshot is None or exc.kind not in ("rejected", "conflict"):
                    raise
                self._remove(f"vms/{vm.id}/snapshots/{snapshot.id}", f"{name} of VM {vm.name}")
                deleted.append(name)
        return deleted

    def free(self, copy: TemplateCopy, disks: Sequence[Disk]) -> None:
        """Remove copies of a template's disks, after a look whether those on the target are whole.

        disks: with the places that shall go as their domain_ids.
        """
        for disk in disks:
            place = f"storagedomains/{copy.target.id}/disks/{disk.id}"
            if self.shop.engine.get(place, doing=f"verify disk {disk.name} on {copy.target.name}").status != "ok":
                raise EngineError(
                    "rejected",
                    f"disk {disk.name} of template {copy.template.name} is not whole on {copy.target.name}; "
                    "its other copies stay",
                    remedy="see the events of the engine, then run again",
                    entity=Entity("disk", disk.id, disk.name),
                )
        for disk in disks:
            for source in disk.domain_ids:
                self._remove_place(disk, source)

    def _remove_place(self, disk: Disk, source: str) -> None:
        intent = Intent(
            doing=f"remove the source copy of disk {disk.name}",
            entity=Entity("disk", disk.id, disk.name),
            landed=lambda: source not in self._read(disk).places,
            busy=lambda: self._read(disk).status == "locked",
        )
        self.shop.engine.remove(f"storagedomains/{source}/disks/{disk.id}", intent)
        self.shop.disks.until(
            search_equals("id", disk.id),
            lambda parts: _pick(parts, disk),
            lambda seen: source not in seen.places,
            what=f"the source copy of disk {disk.name} to be removed",
            timeout=self.shop.timeout,
            status=lambda seen: seen.status,
        )

    def _remove(self, path: str, what: str) -> None:
        engine = self.shop.engine
        engine.remove(path, Intent(doing=f"delete {what}", landed=lambda: engine.find(path) is None))
        wait_until(
            lambda: engine.find(path),
            lambda found: found is None,
            what=f"{what} to be deleted",
            timeout=self.shop.timeout,
            poll_interval=self.shop.poll_interval,
            status=lambda found: "still there",
            clock=engine.clock,
            sleep=engine.sleep,
        )

    def _read(self, disk: Disk) -> _Seen:
        record = self.shop.engine.get(f"disks/{disk.id}")
        return _Seen(str(record.status), tuple(domain.id for domain in record.storage_domains or ()))


def _snapshot_of(vm: Vm, memory: Disk) -> Snapshot | None:
    named = [
        one for one in vm.snapshots if one.with_memory and one.description and one.description in memory.description
    ]
    return max(named, key=lambda one: len(one.description), default=None)


def _pick(parts: Sequence[Part], disk: Disk) -> _Seen:
    found = next((part for part in parts if part.id == disk.id), None)
    if found is None:
        raise EngineError("not_found", f"disk {disk.name} is gone", entity=Entity("disk", disk.id, disk.name))
    return _Seen(found.text("status") or "illegal", tuple(domain.id for domain in found.parts("storage_domains")))
