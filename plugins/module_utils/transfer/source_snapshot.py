# SPDX-License-Identifier: GPL-3.0-or-later
"""The snapshot through which a running VM is copied: taken, found again by its label, and removed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..engine.errors import EngineError, Entity
from ..engine.parts import Part
from ..engine.query import search_equals
from ..engine.records import Record
from ..engine.session import Intent
from ..model.site import Vm
from .naming import is_for_a_copy, snapshot_label
from .work import Workshop


def is_busy(shop: Workshop, vm: Vm) -> bool:
    """Return whether the engine works on a VM or one of its snapshots."""
    seen = shop.engine.get(f"vms/{vm.id}", follow="snapshots")
    return seen.status == "image_locked" or any(one.snapshot_status == "locked" for one in seen.snapshots or ())


@dataclass(frozen=True)
class SourceSnapshot:
    """Of one VM; raises EngineError."""

    shop: Workshop
    vm: Vm

    def take(self) -> str:
        """Take it and return its id when it is complete."""
        # Its memory could land on any domain, a backup domain among them.
        body = {"description": snapshot_label(self.vm.id), "persist_memorystate": False}
        intent = Intent(
            doing=f"take a snapshot of VM {self.vm.name}",
            entity=self._entity,
            landed=lambda: next(iter(self._taken()), None),
            busy=lambda: is_busy(self.shop, self.vm),
        )
        id_: str = self.shop.engine.add(f"vms/{self.vm.id}/snapshots", "snapshot", body, intent).id
        self.shop.vms.until(
            search_equals("id", self.vm.id),
            lambda parts: self._status(parts, id_),
            lambda status: status == "ok",
            what=f"the snapshot of VM {self.vm.name} to be complete",
            failed=lambda status: "the engine has given it up" if status is None else None,
            timeout=self.shop.timeout,
            entity=self._entity,
        )
        return id_

    def drop(self) -> None:
        """Remove it, and whatever earlier runs left; return when nothing of that is there."""
        for snapshot in self._taken():
            self._remove(snapshot.id)

    def _taken(self) -> list[Record]:
        path = f"vms/{self.vm.id}/snapshots"
        found = self.shop.engine.list(path, doing=f"read the snapshots of VM {self.vm.name}", entity=self._entity)
        return [one for one in found if is_for_a_copy(one.description or "", self.vm.id)]

    def _remove(self, id_: str) -> None:
        path = f"vms/{self.vm.id}/snapshots/{id_}"

        def landed() -> bool:
            found = self.shop.engine.find(path)
            return found is None or found.snapshot_status == "locked"

        intent = Intent(
            doing=f"remove the snapshot that was taken to copy VM {self.vm.name}",
            entity=self._entity,
            landed=landed,
            busy=lambda: is_busy(self.shop, self.vm),
        )
        try:
            self.shop.engine.remove(path, intent, timeout=self.shop.timeout)
        except EngineError as exc:
            if exc.kind != "not_found":
                raise
            return
        self.shop.vms.until(
            search_equals("id", self.vm.id),
            lambda parts: self._status(parts, id_),
            lambda status: status is None,
            what=f"the snapshot that was taken to copy VM {self.vm.name} to be removed",
            failed=lambda status: "the engine has given it up" if status == "ok" else None,
            timeout=self.shop.timeout,
            entity=self._entity,
        )

    def _status(self, parts: Sequence[Part], id_: str) -> str | None:
        snapshots = [one for part in parts if part.id == self.vm.id for one in part.parts("snapshots")]
        return next((one.text("snapshot_status") or "ok" for one in snapshots if one.id == id_), None)

    @property
    def _entity(self) -> Entity:
        return Entity("vm", self.vm.id, self.vm.name)
