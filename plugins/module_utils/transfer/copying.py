# SPDX-License-Identifier: GPL-3.0-or-later
"""Making independent copies of VMs.

A copy has a working name until everything of it is on the target. The one request that gives it its own name writes the
marker, too: at every moment a copy is either complete or recognizably unfinished, and the next run goes on from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..engine.errors import EngineError, Entity
from ..engine.parts import Part
from ..engine.query import search_equals
from ..engine.records import Record
from ..engine.session import Intent
from ..markers import BackupCopy, with_marker
from ..model.site import Vm
from .naming import WorkingName
from .planning import Copy, Leftovers
from .source_snapshot import SourceSnapshot, is_busy
from .work import Workshop


@dataclass(frozen=True)
class Copier:
    """Carries copies out; raises EngineError."""

    shop: Workshop

    def copy(self, copy: Copy) -> None:
        """Return when the copy is complete and the source as it was, without what earlier runs left.

        A VM that runs is copied through a snapshot of ours, not by the engine's own clone action: nobody could tell
        whose the snapshot is that the action takes, where the engine fails to remove it.
        """
        snapshot = SourceSnapshot(self.shop, copy.vm)
        uses_snapshot = copy.by_snapshot or bool(copy.leftovers.snapshots)
        try:
            self._remove_copies(copy.leftovers.copies)
            self._finish(copy, self._made(copy, snapshot))
        except EngineError as exc:
            self._tell(copy, "failed", finished=True)
            if uses_snapshot:
                _drop_after(snapshot, exc)
            raise
        if uses_snapshot:
            self._tell(copy, "removing the snapshot")
            snapshot.drop()
        self._tell(copy, "copied", finished=True)

    def tidy(self, vm: Vm, leftovers: Leftovers) -> None:
        """Remove what earlier runs left of copying a VM."""
        self._remove_copies(leftovers.copies)
        if leftovers.snapshots:
            SourceSnapshot(self.shop, vm).drop()

    def _made(self, copy: Copy, snapshot: SourceSnapshot) -> Part:
        if copy.unfinished is not None:
            return self._arrived(copy, None)
        if copy.leftovers.snapshots:
            snapshot.drop()
        if not copy.by_snapshot:
            return self._arrived(copy, self._clone(copy))
        self._tell(copy, "taking a snapshot")
        self._clone_snapshot(copy, snapshot.take())
        return self._arrived(copy, None)

    def _clone(self, copy: Copy) -> str | None:
        """Begin to clone a VM that is down, and return the id of the job, None where it is not known."""
        # Of the new VM only the name is read: a description, say, would be ignored in silence.
        body = {
            "vm": {"name": _working_name(copy)},
            "storage_domain": {"id": copy.target.id},
            "discard_snapshots": True,
        }
        intent = Intent(
            doing=f"clone VM {copy.vm.name} to storage domain {copy.target.name}",
            entity=_entity(copy.vm),
            landed=lambda: self._begun(copy) is not None,
            busy=lambda: is_busy(self.shop, copy.vm),
        )
        job = self.shop.engine.act(f"vms/{copy.vm.id}", "clone", body, intent, timeout=self.shop.timeout).job
        return job.id if job is not None else None

    def _clone_snapshot(self, copy: Copy, snapshot_id: str) -> None:
        vm, engine = copy.vm, self.shop.engine
        # An entry counts only with the volume in the snapshot, and then it has to tell everything of the disk.
        entries = [
            {
                "disk": {
                    "id": one.id,
                    "image_id": one.image_id,
                    "format": one.format,
                    "sparse": one.sparse,
                    "storage_domains": [{"id": copy.target.id}],
                }
            }
            for one in engine.list(f"vms/{vm.id}/snapshots/{snapshot_id}/disks", entity=_entity(vm))
        ]
        body = {
            "name": _working_name(copy),
            "cluster": {"id": vm.cluster_id},
            "snapshots": [{"id": snapshot_id}],
            "disk_attachments": entries,
            "high_availability": {"enabled": False},
            "delete_protected": False,
        }
        intent = Intent(
            doing=f"clone a snapshot of VM {vm.name} to storage domain {copy.target.name}",
            entity=_entity(vm),
            landed=lambda: self._begun(copy),
            busy=lambda: is_busy(self.shop, vm),
        )
        engine.add("vms", "vm", body, intent, timeout=self.shop.timeout)

    def _begun(self, copy: Copy) -> Record | None:
        name = _working_name(copy)
        return next((one for one in self.shop.engine.list("vms", search=search_equals("name", name))), None)

    def _arrived(self, copy: Copy, job_id: str | None) -> Part:
        """Return the copy as soon as the engine has made it; EngineError rejected where that is not all of it.

        job_id: of a job that may still bring a copy that does not show.
        """
        name = _working_name(copy)

        def look(parts: Sequence[Part]) -> Part | None:
            self._tell(copy, "copying")
            return next((part for part in parts if part.text("name") == name), None)

        def failed(found: Part | None) -> str | None:
            coming = found is not None or (job_id is not None and self._is_at_work(job_id))
            return None if coming else "the engine has given it up, see its events"

        made = self.shop.vms.until(
            search_equals("name", name),
            look,
            _is_at_rest,
            what=f"the copy of VM {copy.vm.name} on {copy.target.name}",
            failed=failed,
            status=lambda found: "absent" if found is None else found.text("status"),
            timeout=self.shop.timeout,
            entity=_entity(copy.vm),
        )
        images = [one for one in _disks(made) if one.text("storage_type") == "image"]
        whole = [one for one in images if one.text("status") == "ok" and _places(one) == [copy.target.id]]
        if made is None or len(whole) != len(copy.disks) or len(images) != len(whole):
            raise EngineError(
                "rejected",
                f"the copy of VM {copy.vm.name} is not whole on {copy.target.name}",
                remedy="see the events of the engine for the reason, then run again: that removes it",
                entity=_entity(copy.vm),
            )
        return made

    def _is_at_work(self, job_id: str) -> bool:
        job = self.shop.engine.find(f"jobs/{job_id}")
        return job is not None and job.status == "started"

    def _finish(self, copy: Copy, made: Part) -> None:
        self._tell(copy, "finishing")
        working = _working_name(copy)
        for disk in _disks(made):
            path, alias = f"vms/{made.id}/diskattachments/{disk.id}", disk.text("alias") or ""
            if disk.text("storage_type") == "lun":
                self._detach(copy, path)
            elif alias.startswith(working):
                self._rename(copy, path, copy.name + alias.removeprefix(working))
        marker = BackupCopy(copy.vm.id, copy.vm.name, copy.at, complete=True)
        changes: dict[str, Any] = {
            "name": copy.name,
            "description": with_marker(copy.vm.description, marker),
            "high_availability": {"enabled": False},
            "delete_protected": False,
        }
        if made.part("lease") is not None:
            changes["lease"] = {}
        path = f"vms/{made.id}"
        intent = Intent(
            doing=f"complete the copy {copy.name} of VM {copy.vm.name}",
            entity=Entity("vm", made.id, copy.name),
            landed=lambda: self.shop.engine.get(path).name == copy.name,
            busy=lambda: self.shop.engine.get(path).status == "image_locked",
        )
        self.shop.engine.update(path, "vm", changes, intent)

    def _detach(self, copy: Copy, path: str) -> None:
        intent = Intent(
            doing=f"detach a direct LUN from the copy of VM {copy.vm.name}",
            entity=_entity(copy.vm),
            landed=lambda: self.shop.engine.find(path) is None,
        )
        self.shop.engine.remove(path, intent, detach_only=True)

    def _rename(self, copy: Copy, path: str, alias: str) -> None:
        """Call a disk after the copy; the engine has called it after the working name."""
        intent = Intent(
            doing=f"rename a disk of the copy of VM {copy.vm.name} to {alias}",
            entity=_entity(copy.vm),
            landed=lambda: self.shop.engine.get(path, follow="disk").disk.alias == alias,
        )
        self.shop.engine.update(path, "disk_attachment", {"disk": {"alias": alias}}, intent)

    def _remove_copies(self, copies: Sequence[Vm]) -> None:
        for vm in copies:
            self._remove_copy(f"vms/{vm.id}", vm)

    def _remove_copy(self, path: str, vm: Vm) -> None:
        intent = Intent(
            doing=f"remove the unfinished copy {vm.name}",
            entity=_entity(vm),
            landed=lambda: self.shop.engine.find(path) is None,
        )
        try:
            self.shop.engine.remove(path, intent)
        except EngineError as exc:
            if exc.kind != "not_found":
                raise

    def _tell(self, copy: Copy, state: str, finished: bool = False) -> None:
        # How much of a copy has arrived, the engine does not tell.
        done = 1 if finished else None
        self.shop.progress.report(f"VM {copy.vm.name}", state, done, done)


def _drop_after(snapshot: SourceSnapshot, failure: EngineError) -> None:
    """Remove the snapshot after a failure; EngineError tells of both where that fails, too."""
    try:
        snapshot.drop()
    except EngineError as exc:
        raise EngineError(
            failure.kind,
            f"{failure}; its snapshot is still there: {exc}",
            remedy="run again, which removes the snapshot",
            entity=failure.entity,
            unknown=failure.unknown,
        ) from failure


def _working_name(copy: Copy) -> str:
    return copy.unfinished.name if copy.unfinished else str(WorkingName(copy.vm.id, copy.at))


def _is_at_rest(made: Part | None) -> bool:
    locked = any(one.text("status") == "locked" for one in _disks(made))
    return made is not None and made.text("status") != "image_locked" and not locked


def _disks(made: Part | None) -> list[Part]:
    attachments = made.parts("disk_attachments") if made is not None else []
    return [disk for one in attachments if (disk := one.part("disk")) is not None]


def _places(disk: Part) -> list[str]:
    return [domain.id for domain in disk.parts("storage_domains")]


def _entity(vm: Vm) -> Entity:
    return Entity("vm", vm.id, vm.name)
