# SPDX-License-Identifier: GPL-3.0-or-later
"""Moving VMs and templates to a backup domain in one step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from .engine.bulk import each
from .engine.errors import EngineError, Entity
from .engine.session import Intent
from .engine.waiting import wait_until
from .model.loader import load_site
from .model.site import Disk, Domain, Site, Template, Vm
from .ovf_update import update_ovf_stores
from .results import EntityResult, raise_if_failed, report
from .rules.memory import MEMORY_CONTENT

if TYPE_CHECKING:
    from .engine.session import Session


@dataclass(frozen=True)
class Transfer:
    """What one VM or template still needs: the disks that are not, or not only, on the target.

    keep: ids of source domains whose copy of a template's disks must stay, because thin VMs there stand on it.
    """

    owner: Vm | Template
    disks: tuple[Disk, ...]
    keep: frozenset[str] = frozenset()

    @property
    def size(self) -> int:
        """Return the bytes that the target must take in."""
        return sum(disk.actual_size for disk in self.disks)


def plan(site: Site, vms: Sequence[str], templates: Sequence[str], target: Domain) -> list[Transfer]:
    """Return what each VM and template needs, templates first, then the biggest first.

    EngineError tells every obstacle of all of them at once, before anything moves.
    """
    wanted_templates = list({one.id: one for one in map(site.template, templates)}.values())
    wanted_vms = list({one.id: one for one in map(site.vm, vms)}.values())
    moving = {one.id for one in wanted_vms}
    transfers = [_template_transfer(site, one, target, moving) for one in wanted_templates]
    obstacles = [text for one in transfers for text in _disk_obstacles(one.owner, one.disks)]
    arriving = {one.id for one in wanted_templates}
    for vm in wanted_vms:
        disks = tuple(disk for disk in site.image_disks(vm) if disk.domain_ids != (target.id,))
        if disks:
            obstacles += _vm_obstacles(site, vm, disks, target, arriving)
        transfers.append(Transfer(vm, disks))
    needed = sum(one.size for one in transfers)
    if target.available is not None and needed > target.available:
        obstacles.append(
            f"storage domain {target.name} has {target.available >> 30} GiB free, {-(-needed >> 30)} GiB are needed"
        )
    if obstacles:
        raise EngineError("rejected", "; ".join(obstacles), remedy="clear these obstacles; nothing was moved")
    return sorted(transfers, key=lambda one: (isinstance(one.owner, Vm), -one.size))


def _template_transfer(site: Site, template: Template, target: Domain, moving: set[str]) -> Transfer:
    disks = tuple(disk for disk in site.image_disks(template) if disk.domain_ids != (target.id,))
    thin = [vm for vm in site.vms if vm.template_id == template.id and vm.id not in moving]
    keep = frozenset(id_ for vm in thin for disk in site.image_disks(vm) for id_ in disk.domain_ids) - {target.id}
    left = tuple(
        disk for disk in disks if target.id not in disk.domain_ids or set(disk.domain_ids) - keep - {target.id}
    )
    return Transfer(template, left, keep)


def _disk_obstacles(owner: Vm | Template, disks: Sequence[Disk]) -> list[str]:
    found = [f"disk {disk.name} of {owner.name} is {disk.status}" for disk in disks if disk.status != "ok"]
    found += [f"disk {disk.name} of {owner.name} is shareable" for disk in disks if disk.shareable]
    return found


def _vm_obstacles(site: Site, vm: Vm, disks: Sequence[Disk], target: Domain, arriving: set[str]) -> list[str]:
    found = _disk_obstacles(vm, disks)
    if vm.status != "down":
        found.append(f"VM {vm.name} is {vm.status}; it has to be down to be moved")
    template = next((one for one in site.templates if one.id == vm.template_id), None)
    if template is not None and template.id not in arriving:
        missing = [disk for disk in site.image_disks(template) if target.id not in disk.domain_ids]
        if missing:
            found.append(
                f"VM {vm.name} stands on template {template.name}, which is not on {target.name}: move it, too"
            )
    memory = [disk.name for disk in site.disks if disk.content_type in MEMORY_CONTENT and vm.id in disk.description]
    if memory:
        found.append(
            f"VM {vm.name} has snapshots with memory, whose disks would stay behind ({', '.join(sorted(memory))}): "
            "delete these snapshots first"
        )
    return found


def move(
    engine: Session,
    *,
    vms: Sequence[str],
    templates: Sequence[str],
    storage_domain: str,
    allow_non_backup: bool,
    concurrency: int,
    timeout: float,
    poll_interval: float,
    check_mode: bool,
) -> dict[str, Any]:
    """Move all image disks of the VMs and templates to the target, then write its OVF stores.

    A template's disk is copied, and its source copy removed where no thin VM stands on it (the engine cannot move it).
    EngineError partial names the entities that failed; the others have moved.
    """
    if not vms and not templates:
        raise EngineError("invalid", "neither vms nor templates are given", remedy="name what is to be moved")
    site = load_site(engine)
    target = _checked_target(site, storage_domain, allow_non_backup)
    transfers = plan(site, vms, templates, target)
    work = [transfer for transfer in transfers if transfer.disks]
    mover = _Mover(engine, target, timeout, poll_interval)
    outcomes: list[Any] = [None] * len(work)
    if not check_mode:
        outcomes = _run(engine, mover, work, concurrency)
    results = [
        EntityResult.of(one.owner.id, one.owner.name, outcome) for one, outcome in zip(work, outcomes, strict=True)
    ]
    results += [
        EntityResult(one.owner.id, one.owner.name, "skipped", f"already on {target.name}")
        for one in transfers
        if not one.disks
    ]
    if not check_mode and any(one.outcome == "succeeded" for one in results):
        results += mover.update_ovf_store()
    before = {one.owner.name: sorted(_domain_names(site, one.disks)) for one in work}
    result = report(
        results,
        before=before,
        after={name: [target.name] for name in before},
    )
    raise_if_failed("move", results, result)
    return result


def _run(engine: Session, mover: _Mover, work: Sequence[Transfer], concurrency: int) -> list[Any]:
    templates = [one for one in work if isinstance(one.owner, Template)]
    vms = [one for one in work if isinstance(one.owner, Vm)]
    # A thin VM can only follow when its template has arrived; a source copy can only go when the VM has left.
    copied = each(engine, templates, mover.copy_template, concurrency=concurrency)
    moved = each(engine, vms, mover.move_vm, concurrency=concurrency)
    arrived = [one for one, outcome in zip(templates, copied, strict=True) if not isinstance(outcome, EngineError)]
    freed = iter(each(engine, arrived, mover.free_template, concurrency=concurrency))
    copied = [outcome if isinstance(outcome, EngineError) else next(freed) for outcome in copied]
    return copied + moved


def _checked_target(site: Site, name: str, allow_non_backup: bool) -> Domain:
    target = site.domain(name)
    if target.type != "data" or target.status != "active":
        raise EngineError(
            "rejected",
            f"storage domain {target.name} is {target.status} and of type {target.type}",
            remedy="the target has to be an active data domain",
        )
    if not target.backup and not allow_non_backup:
        raise EngineError(
            "rejected",
            f"storage domain {target.name} is not a backup domain",
            remedy="mark it with backup_domain first, or set allow_non_backup: true",
        )
    return target


def _domain_names(site: Site, disks: Sequence[Disk]) -> set[str]:
    names = {domain.id: domain.name for domain in site.domains}
    return {names.get(id_, id_) for disk in disks for id_ in disk.domain_ids}


@dataclass(frozen=True)
class _Mover:
    engine: Session
    target: Domain
    timeout: float
    poll_interval: float

    def move_vm(self, transfer: Transfer) -> None:
        for disk in transfer.disks:
            self._act(disk, "move", transfer.owner)
            self._settle(disk, f"disk {disk.name} of {transfer.owner.name} to be moved")
            self._expect_on_target(disk)

    def copy_template(self, transfer: Transfer) -> None:
        for disk in transfer.disks:
            if self.target.id not in disk.domain_ids:
                self._act(disk, "copy", transfer.owner)
                self._settle(disk, f"disk {disk.name} of template {transfer.owner.name} to be copied")
                self._expect_on_target(disk)

    def free_template(self, transfer: Transfer) -> None:
        for disk in transfer.disks:
            for source in sorted(set(disk.domain_ids) - transfer.keep - {self.target.id}):
                self._remove_copy(disk, source)

    def update_ovf_store(self) -> list[EntityResult]:
        """Write the target's OVF stores and wait, so that what moved can be imported elsewhere at once.

        Returns a result for the target where that failed: what moved has moved all the same.
        """
        try:
            update_ovf_stores(self.engine, self.target, timeout=self.timeout, poll_interval=self.poll_interval)
        except EngineError as exc:
            return [EntityResult.of(self.target.id, self.target.name, exc)]
        return []

    def _act(self, disk: Disk, action: str, owner: Vm | Template) -> None:
        intent = Intent(
            doing=f"{action} disk {disk.name} of {owner.name} to storage domain {self.target.name}",
            entity=Entity("disk", disk.id, disk.name),
            landed=lambda: self._status(disk) == "locked" or self.target.id in self._places(disk),
            busy=lambda: self._status(disk) == "locked",
        )
        self.engine.act(f"disks/{disk.id}", action, {"storage_domain": {"id": self.target.id}}, intent)

    def _remove_copy(self, disk: Disk, source: str) -> None:
        intent = Intent(
            doing=f"remove the source copy of disk {disk.name}",
            entity=Entity("disk", disk.id, disk.name),
            landed=lambda: source not in self._places(disk),
            busy=lambda: self._status(disk) == "locked",
        )
        self.engine.remove(f"storagedomains/{source}/disks/{disk.id}", intent)
        wait_until(
            partial(self._places, disk),
            lambda places: source not in places,
            what=f"the source copy of disk {disk.name} to be removed",
            timeout=self.timeout,
            poll_interval=self.poll_interval,
            clock=self.engine.clock,
            sleep=self.engine.sleep,
        )

    def _status(self, disk: Disk) -> str:
        return str(self.engine.get(f"disks/{disk.id}").status)

    def _places(self, disk: Disk) -> tuple[str, ...]:
        return tuple(domain.id for domain in self.engine.get(f"disks/{disk.id}").storage_domains or ())

    def _settle(self, disk: Disk, what: str) -> None:
        wait_until(
            partial(self._status, disk),
            lambda status: status != "locked",
            what=what,
            timeout=self.timeout,
            poll_interval=self.poll_interval,
            clock=self.engine.clock,
            sleep=self.engine.sleep,
        )

    def _expect_on_target(self, disk: Disk) -> None:
        # The engine answers a transfer before it has begun: only the disk's place tells whether it came off.
        if self.target.id not in self._places(disk):
            raise EngineError(
                "rejected",
                f"disk {disk.name} is still where it was: its transfer to {self.target.name} failed",
                remedy="see the events of the engine for the reason, then run again",
                entity=Entity("disk", disk.id, disk.name),
            )
