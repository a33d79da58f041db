# SPDX-License-Identifier: GPL-3.0-or-later
"""What the engine has after a registration, in one read for all: it answers `complete` also where its job failed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..engine.errors import EngineError
from ..engine.waiting import wait_until
from .execute import Outcomes
from .plan import Kind, Unregistered

if TYPE_CHECKING:
    from ..engine.parts import Part
    from ..engine.session import Session

_LOCKED = frozenset({"image_locked", "locked"})
_READS = {"template": ("templates", None), "vm": ("vms", "nics"), "disk": ("disks", None)}
_POLL = 3.0


@dataclass(frozen=True)
class Nic:
    """A NIC as it came in; it is bare where it has no vNIC profile although it is plugged."""

    id: str
    name: str
    bare: bool


@dataclass(frozen=True)
class Registered:
    """What the engine shows of a registered entity."""

    id: str
    name: str
    status: str
    cluster_id: str | None = None
    nics: tuple[Nic, ...] = ()

    @property
    def bare_nics(self) -> tuple[Nic, ...]:
        """Return the NICs that nothing connects."""
        return tuple(nic for nic in self.nics if nic.bare)


def settle(engine: Session, kind: Kind, outcomes: Outcomes, timeout: float) -> dict[str, Registered]:
    """Correct the outcomes by what the engine has now, and return that; it waits for what is locked yet."""
    ids = {one.id for one in outcomes}
    seen: dict[str, Registered] = {}

    def locked() -> set[str]:
        # What was locked may be gone at the next look: a registration that fails is rolled back.
        seen.clear()
        seen.update(read(engine, kind))
        return {id_ for id_ in ids if id_ in seen and seen[id_].status in _LOCKED}

    try:
        wait_until(
            locked,
            lambda left: not left,
            what="what was registered to be released",
            timeout=timeout,
            poll_interval=_POLL,
            clock=engine.clock,
            sleep=engine.sleep,
        )
    except EngineError as exc:
        if exc.kind != "timeout":
            raise
    for one, outcome in outcomes.items():
        outcomes[one] = _judged(one, outcome, seen.get(one.id), timeout)
    return seen


def _judged(one: Unregistered, outcome: Any, found: Registered | None, timeout: float) -> EngineError | None:
    if found is not None and found.status in _LOCKED:
        return _failure(one, f"has not ended after {timeout:g} s", "run again when the engine has released it")
    if found is not None:
        return None
    if isinstance(outcome, EngineError):
        return outcome
    return _failure(one, "was accepted, but the engine does not have it", "see the events of the engine")


def read(engine: Session, kind: Kind) -> dict[str, Registered]:
    """Return everything of a kind that the engine has, by identifier."""
    collection, follow = _READS[kind]
    return {part.id: _registered(part) for part in engine.parts(collection, follow=follow)}


def _registered(part: Part) -> Registered:
    nics = tuple(
        Nic(nic.id, nic.text("name") or nic.id, nic.flag("plugged") and nic.reference("vnic_profile") is None)
        for nic in part.parts("nics")
    )
    name = part.text("alias") or part.text("name") or part.id
    return Registered(part.id, name, part.text("status") or "ok", part.reference("cluster"), nics)


def _failure(one: Unregistered, what: str, remedy: str) -> EngineError:
    return EngineError(
        "rejected", f"the registration of {one.kind} {one.name} {what}", remedy=remedy, entity=one.entity
    )
