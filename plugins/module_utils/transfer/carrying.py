# SPDX-License-Identifier: GPL-3.0-or-later
"""Carrying a plan out, step by step; one entity that fails holds nobody else up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..engine.bulk import each
from ..engine.errors import EngineError
from ..model.loader import load_site
from ..ovf_update import update_ovf_stores
from ..power.bring import shut_down
from .copying import Copier
from .move_plan import freeable
from .moving import DiskTransfer, Mover, disk_copies, disk_moves
from .planning import Move, Plan
from .work import Workshop, on_each_target

_REQUESTS_AT_ONCE = 8


def carry_out(shop: Workshop, plan: Plan, shutdown_timeout: float) -> dict[str, Any]:
    """Return what became of each VM, template and target, by id: the EngineError that it met, or what to say of it."""
    carrier = _Carrier(shop, plan, shutdown_timeout)
    carrier.carry_out()
    return carrier.outcomes


@dataclass(frozen=True)
class _Carrier:
    shop: Workshop
    plan: Plan
    shutdown_timeout: float
    outcomes: dict[str, Any] = field(default_factory=dict)

    def carry_out(self) -> None:
        self._shut_down()
        self._transfer_disks([piece for copy in self.plan.templates for piece in disk_copies(copy)])
        self._move()
        self._free_templates()
        self._copy()
        self._update_ovf_stores()

    def _note(self, id_: str, outcome: object) -> None:
        """Keep the first failure of an entity, else the last thing to say of it."""
        if not self._has_failed(id_):
            self.outcomes[id_] = outcome if outcome is not None else self.outcomes.get(id_)

    def _note_all(self, ids: Sequence[str], outcome: object) -> None:
        for id_ in ids:
            self._note(id_, outcome)

    def _has_failed(self, id_: str) -> bool:
        return isinstance(self.outcomes.get(id_), EngineError)

    def _shut_down(self) -> None:
        if not self.plan.shutdowns:
            return
        try:
            shut_down(
                self.shop.engine,
                self.plan.shutdowns,
                timeout=self.shutdown_timeout,
                poll_interval=self.shop.poll_interval,
            )
        except EngineError as exc:
            if exc.kind != "partial":
                self._note_all([vm.id for vm in self.plan.shutdowns], exc)
            for one in exc.details.get("entities", ()):
                if one["outcome"] in ("failed", "unknown"):
                    self._note(one["id"], EngineError("timeout", one["reason"], remedy=one["remedy"]))

    def _move(self) -> None:
        """Move the VMs that are down and whose template has arrived."""
        ready = [move for move in self.plan.moves if self._is_ready(move)]
        parting = [move for move in ready if move.memory]
        mover = Mover(self.shop)
        deleted = each(
            self.shop.engine,
            parting,
            lambda move: mover.delete_memory(move.vm, move.memory),
            concurrency=_REQUESTS_AT_ONCE,
        )
        for move, outcome in zip(parting, deleted, strict=True):
            told = outcome if isinstance(outcome, EngineError) else f"deleted {', '.join(outcome)}"
            self._note(move.vm.id, told)
        pieces = [piece for move in ready if not self._has_failed(move.vm.id) for piece in disk_moves(move)]
        self._transfer_disks(sorted(pieces, key=lambda piece: -piece.disk.total_size))

    def _is_ready(self, move: Move) -> bool:
        if self._has_failed(move.vm.id):
            return False
        base = move.vm.template_id or ""
        needed = [one for one in self.plan.templates if one.template.id == base and one.target.id == move.target.id]
        if needed and self._has_failed(base):
            message = f"VM {move.vm.name} was not moved: its template {needed[0].template.name} did not get there"
            self._note(move.vm.id, EngineError("rejected", message, remedy="see the template's own failure"))
            return False
        return True

    def _transfer_disks(self, pieces: Sequence[DiskTransfer]) -> None:
        outcomes = on_each_target(self.shop, pieces, Mover(self.shop).transfer, lambda _piece: 1)
        for piece, outcome in zip(pieces, outcomes, strict=True):
            self._note(piece.owner.id, outcome)

    def _free_templates(self) -> None:
        """Remove the source copies of templates where nothing stands on them, by what the engine shows now."""
        freeing = [one for one in self.plan.templates if one.free and not self._has_failed(one.template.id)]
        if not freeing:
            return
        mover = Mover(self.shop)
        try:
            site = load_site(self.shop.engine)
        except EngineError as exc:
            self._note_all([one.template.id for one in freeing], exc)
            return
        outcomes = each(
            self.shop.engine,
            freeing,
            lambda one: mover.free(one, freeable(site, one.template, one.target)),
            concurrency=_REQUESTS_AT_ONCE,
        )
        for one, outcome in zip(freeing, outcomes, strict=True):
            self._note(one.template.id, outcome)

    def _copy(self) -> None:
        copier = Copier(self.shop)
        copies = self.plan.copies
        outcomes = on_each_target(self.shop, copies, copier.copy, lambda copy: len(copy.disks))
        for copy, outcome in zip(copies, outcomes, strict=True):
            self._note(copy.vm.id, outcome)
        tidied = each(
            self.shop.engine, self.plan.tidying, lambda one: copier.tidy(*one), concurrency=self.shop.concurrency
        )
        for (vm, _leftovers), outcome in zip(self.plan.tidying, tidied, strict=True):
            self._note(vm.id, outcome)

    def _update_ovf_stores(self) -> None:
        """Write the OVF stores of the targets, so that what is there can be imported elsewhere at once.

        Also where nothing was left to transfer: nobody can see whether a run that broke got so far, and the engine
        writes only what has changed.
        """
        arrived = {one.target.id for one in self.plan.work if not self._has_failed(one.owner.id)}
        targets = [one for one in self.plan.targets if one.id in arrived | self.plan.holding]
        updated = each(
            self.shop.engine,
            targets,
            lambda one: update_ovf_stores(
                self.shop.engine, one, timeout=self.shop.timeout, poll_interval=self.shop.poll_interval
            ),
            concurrency=_REQUESTS_AT_ONCE,
        )
        for target, outcome in zip(targets, updated, strict=True):
            self._note(target.id, outcome)
