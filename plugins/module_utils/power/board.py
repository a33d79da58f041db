# SPDX-License-Identifier: GPL-3.0-or-later
"""How far the VMs of one group have got, from what was seen of them. Pure: the clock comes along with each look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ..engine.errors import EngineError, Entity
from ..model.site import Vm
from ..results import Outcome, TimedResult
from .plan import Group, State

COMING_UP = frozenset({"wait_for_launch", "powering_up", "restoring_state", "reboot_in_progress"})
GOING_DOWN = frozenset({"powering_down", "saving_state"})
# The engine changes the status before it answers. A VM that still has its old one later has failed between two looks.
_STILL = 30.0
# A host needs some time to end a VM, however little its guest had.
_SWITCHED_OFF = 60.0


@dataclass(frozen=True)
class Moment:
    """One moment on two clocks: seconds for deadlines, and the time of day for the report."""

    seconds: float
    time: datetime


@dataclass(frozen=True)
class Sight:
    """What one read has shown of a VM; ready is None where nothing but its status counts."""

    status: str | None
    ready: bool | None = None


@dataclass
class _Way:
    """A VM on its way; sent is False for one that was on it, or there, before us."""

    vm: Vm
    began: Moment
    sent: bool
    asked: float
    deadline: float
    moved: bool = False
    extended: bool = False


class Board:
    """The VMs of a group: waiting for their turn, on their way, or settled with a result."""

    def __init__(self, group: Group, state: State, needs: Mapping[str, frozenset[str]], settled: Mapping[str, bool]):
        self._group = group
        self._wanted = "up" if state == "running" else "down"
        self._start = "down" if state == "running" else "up"
        self._way_words = COMING_UP if state == "running" else GOING_DOWN
        self._accepting = state == "running" and group.ready == "accepted"
        self._needs = needs
        # What earlier groups came to: True for a VM that is ready.
        self._ready = dict(settled)
        self._waiting = list(group.vms)
        self._on_way: dict[str, _Way] = {}
        self.results: list[TimedResult] = [_absent(name) for name in group.absent]
        self._ready |= dict.fromkeys(group.absent, False)

    @property
    def settled(self) -> Mapping[str, bool]:
        """Return which VMs have come to an end, and whether they are ready."""
        return self._ready

    @property
    def on_way(self) -> list[Vm]:
        """Return the VMs that something is expected of."""
        return [way.vm for way in self._on_way.values()]

    @property
    def open(self) -> bool:
        """Whether there is anything left to do or to wait for."""
        return bool(self._waiting or self._on_way)

    def startable(self) -> list[Vm]:
        """Return the VMs whose turn it is now, and settle those whose needs cannot be met any more."""
        found: list[Vm] = []
        for vm in list(self._waiting):
            needs = self._needs.get(vm.id, frozenset())
            lost = [id_ for id_ in needs if self._ready.get(id_) is False]
            if lost:
                self._waiting.remove(vm)
                self._settle(vm, "skipped", "not tried: what has to come first did not get there", ready=False)
            elif all(self._ready.get(id_) for id_ in needs):
                found.append(vm)
        room = self._group.parallel - len(self._on_way) if self._group.parallel else len(found)
        return found[: max(0, room)]

    def begin(self, vm: Vm, at: Moment, outcome: object, *, sent: bool) -> None:
        """Note what came of asking for a VM: its EngineError, or anything else for a request that was taken."""
        self._waiting.remove(vm)
        if isinstance(outcome, EngineError):
            self.results.append(TimedResult.of(vm.id, vm.name, outcome))
            self._ready[vm.id] = False
        else:
            self._on_way[vm.id] = _Way(vm, at, sent, at.seconds, at.seconds + self._group.timeout)
            if self._accepting:
                self._arrive(self._on_way[vm.id], at)

    def see(self, sights: Mapping[str, Sight], at: Moment) -> None:
        """Take in one look at all VMs on their way."""
        for id_, way in list(self._on_way.items()):
            sight = sights.get(id_, Sight(None))
            trouble = self._trouble(way, sight, at)
            if sight.status == self._wanted and sight.ready is not False:
                self._arrive(way, at)
            elif trouble is not None:
                self._fail(way, at, trouble)
            elif sight.status in self._way_words:
                way.moved = True

    def stuck(self, sights: Mapping[str, Sight], at: Moment) -> list[Vm]:
        """Return the VMs that this look would make failures, those left out that were asked in another way already."""
        return [
            way.vm
            for id_, way in self._on_way.items()
            if not way.extended and self._trouble(way, sights.get(id_, Sight(None)), at) is not None
        ]

    def extend(self, vm: Vm, at: Moment) -> None:
        """Give a VM its time anew, after it was switched off."""
        way = self._on_way[vm.id]
        way.extended, way.moved = True, False
        way.asked, way.deadline = at.seconds, at.seconds + max(self._group.timeout, _SWITCHED_OFF)

    def skip_rest(self, reason: str) -> None:
        """Settle everything that has not begun."""
        for vm in self._waiting:
            self._settle(vm, "skipped", reason, ready=False)
        self._waiting.clear()

    def _arrive(self, way: _Way, at: Moment) -> None:
        del self._on_way[way.vm.id]
        if way.sent:
            result = TimedResult(way.vm.id, way.vm.name, "succeeded", self._group.name)
            self.results.append(result.timed(way.began.time, at.time))
            self._ready[way.vm.id] = True
        else:
            there = "started" if self._accepting else self._wanted
            self._settle(way.vm, "skipped", f"already {there}", ready=True)

    def _trouble(self, way: _Way, sight: Sight, at: Moment) -> str | None:
        """Return why a VM that is not there yet will not get there, None while it still may."""
        name, status = way.vm.name, sight.status
        if way.moved and status == self._start:
            return f"VM {name} left the way to {self._wanted} again and is {status}"
        if at.seconds >= way.deadline:
            return self._late(way, sight)
        if way.sent and status == self._start and at.seconds >= way.asked + _STILL:
            return f"VM {name} is still {status} {_STILL:g} s after its request was taken"
        return None

    def _late(self, way: _Way, sight: Sight) -> str:
        seen = f"it is {sight.status}" if sight.status else "it is not there any more"
        if sight.status == self._wanted and self._group.ready == "tcp":
            seen = f"it is up, but its port {self._group.port} does not answer"
        elif sight.status == self._wanted:
            seen = "it is up, but its guest agent tells no address"
        return f"VM {way.vm.name} was not {self._wanted} after {self._group.timeout:g} s: {seen}"

    def _fail(self, way: _Way, at: Moment, message: str) -> None:
        del self._on_way[way.vm.id]
        remedy = "see the events of the engine for the reason"
        if self._wanted == "down":
            remedy = "the guest may ignore the shutdown: shut it down from inside, or allow power_off"
        error = EngineError("timeout", message, remedy=remedy, entity=Entity("vm", way.vm.id, way.vm.name))
        self.results.append(TimedResult.of(way.vm.id, way.vm.name, error).timed(way.began.time, at.time))
        self._ready[way.vm.id] = False

    def _settle(self, vm: Vm, outcome: Outcome, reason: str, *, ready: bool) -> None:
        self.results.append(TimedResult(vm.id, vm.name, outcome, reason))
        self._ready[vm.id] = ready


def _absent(name: str) -> TimedResult:
    return TimedResult(
        None, name, "failed", "the engine does not have this VM", "see why it was not registered, then run again"
    )


def failed(results: Sequence[TimedResult]) -> bool:
    """Return whether a group with these results has failed."""
    return any(result.outcome in ("failed", "unknown") for result in results)
