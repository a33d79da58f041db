# SPDX-License-Identifier: GPL-3.0-or-later
"""Starting and shutting down VMs in groups, one group after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from .. import markers
from ..engine.bulk import each
from ..engine.errors import EngineError, Entity, NoAnswer
from ..engine.session import Intent
from ..engine.waiting import pauses
from ..model.loader import load_workloads
from ..model.site import Vm
from ..progress import Progress
from ..results import TimedResult, raise_if_failed, report
from .board import COMING_UP, GOING_DOWN, Board, Moment, Sight, failed
from .nics import BareNics, nics_matter, unfit
from .plan import Absent, Group, Plan, State, plan
from .sight import look

if TYPE_CHECKING:
    from ..engine.session import Session


def _now() -> datetime:
    return datetime.now(UTC)


def ensure(
    engine: Session,
    *,
    groups: Sequence[Mapping[str, Any]],
    state: State,
    dependencies: Mapping[str, Sequence[str]],
    others_on: Sequence[str],
    named_on: Sequence[str],
    only_ran: bool,
    mark_ran: bool,
    absent: Absent,
    on_obstacle: Literal["stop", "leave_out"],
    isolated_profile: Mapping[str, str] | None,
    bare_nics: BareNics,
    power_off: bool,
    on_failure: Literal["stop", "continue"],
    concurrency: int,
    timeout: float,
    poll_interval: float,
    check_mode: bool,
    now: Callable[[], datetime] = _now,
) -> dict[str, Any]:
    """Bring each group to the state before the next one's turn; return what became of each VM.

    The options are those of vm_power. EngineError partial names the VMs that failed.
    """
    given = [{**item, "on_failure": item.get("on_failure") or on_failure} for item in groups]
    nics = ",nics" if state == "running" and nics_matter(isolated_profile, bare_nics) else ""
    machines = engine.parts("vms", follow=f"disk_attachments{nics}")
    site = load_workloads(engine, machines)
    order = plan(
        site,
        given,
        state,
        timeout=timeout,
        dependencies=dependencies,
        others_on=others_on,
        named_on=named_on,
        only_ran=only_ran,
        absent=absent,
        leave_out=on_obstacle == "leave_out",
    )
    if check_mode:
        results = _foreseen(order)
    else:
        startable = [vm for vm in order.vms if vm.id not in order.forbidden]
        asleep = [vm for vm in startable if vm.status != "up" and vm.status not in COMING_UP]
        starting = asleep if state == "running" else []
        unconnected = unfit(engine, machines, starting, isolated_profile, bare_nics, concurrency)
        refused = {**order.forbidden, **unconnected}
        results = _Work(engine, order, refused, concurrency, poll_interval, power_off, mark_ran, now).run()
    wanted = "up" if state == "running" else "down"
    result = report(
        results, before={vm.name: vm.status for vm in order.vms}, after={vm.name: wanted for vm in order.vms}
    )
    if not check_mode:
        raise_if_failed("start" if state == "running" else "shut down", results, result)
    return result


def shut_down(engine: Session, vms: Sequence[Vm], *, timeout: float, poll_interval: float) -> None:
    """Ask the guests of some VMs to shut down, and see them down; EngineError partial names those that did not."""
    ensure(
        engine,
        groups=[{"name": "the VMs in the way", "vms": [vm.id for vm in vms]}],
        state="stopped",
        dependencies={},
        others_on=(),
        named_on=(),
        only_ran=False,
        mark_ran=False,
        absent="fail",
        on_obstacle="stop",
        isolated_profile=None,
        bare_nics="start",
        power_off=False,
        on_failure="stop",
        concurrency=8,
        timeout=timeout,
        poll_interval=poll_interval,
        check_mode=False,
    )


def _foreseen(order: Plan) -> list[TimedResult]:
    wanted = "up" if order.state == "running" else "down"
    found = [
        TimedResult(None, name, "unknown", "unknown until it is registered")
        for group in order.groups
        for name in group.absent
    ]
    for group in order.groups:
        for vm in group.vms:
            if vm.id in order.forbidden:
                found.append(TimedResult.of(vm.id, vm.name, order.forbidden[vm.id]))
                continue
            there = vm.status == wanted
            reason = f"already {wanted}" if there else group.name
            found.append(TimedResult(vm.id, vm.name, "skipped" if there else "succeeded", reason))
    return found


@dataclass(frozen=True)
class _Work:
    engine: Session
    order: Plan
    refused: Mapping[str, EngineError]
    concurrency: int
    poll_interval: float
    power_off: bool
    mark_ran: bool
    now: Callable[[], datetime]

    def run(self) -> list[TimedResult]:
        """Give each group its turn; return a result for each VM."""
        results: list[TimedResult] = []
        settled: dict[str, bool] = {}
        stopped_by: str | None = None
        for group in self.order.groups:
            board = Board(group, self.order.state, self.order.needs, settled)
            if stopped_by:
                board.skip_rest(f"not tried: {group.name} comes after {stopped_by}, which failed")
            else:
                self._turn(group, board)
            settled |= board.settled
            results += board.results
            if failed(board.results) and group.on_failure == "stop":
                stopped_by = stopped_by or group.name
            elif group.delay and group is not self.order.groups[-1] and not stopped_by:
                self.engine.sleep(group.delay)
        return results

    def _turn(self, group: Group, board: Board) -> None:
        progress = Progress.from_environment()
        self._take_in_what_is_there(group, board)
        waits = pauses(self.poll_interval)
        while board.open:
            ready = board.startable()
            self._ask(ready, board)
            if not board.on_way:
                continue
            if not ready:
                self.engine.sleep(next(waits))
            self._look(group, board)
            for vm in board.on_way:
                progress.report(f"VM {vm.name}", "starting" if self.order.state == "running" else "shutting down")
        for result in board.results:
            progress.report(f"VM {result.name}", result.outcome, 1, 1)
        if self.order.state == "running":
            board.results[:] = self._unmarked(group, board.results)

    def _take_in_what_is_there(self, group: Group, board: Board) -> None:
        wanted, way = ("up", COMING_UP) if self.order.state == "running" else ("down", GOING_DOWN)
        at = self._moment()
        for vm in group.vms:
            if vm.id in self.refused:
                board.begin(vm, at, self.refused[vm.id], sent=False)
            elif vm.status == wanted or vm.status in way:
                board.begin(vm, at, None, sent=False)
        if group.ready == "up" or self.order.state == "stopped":
            board.see({vm.id: Sight(vm.status) for vm in group.vms}, at)

    def _ask(self, vms: Sequence[Vm], board: Board) -> None:
        at = {vm.id: self._moment() for vm in vms}

        def ask(vm: Vm) -> None:
            at[vm.id] = self._moment()
            self._send(vm)

        for vm, outcome in zip(vms, each(self.engine, vms, ask, concurrency=self.concurrency), strict=True):
            board.begin(vm, at[vm.id], outcome, sent=True)

    def _look(self, group: Group, board: Board) -> None:
        counts = replace(group, ready="up") if self.order.state == "stopped" else group
        try:
            sights = look(self.engine, board.on_way, counts)
        except NoAnswer:
            # An engine that restarts; deadlines go on.
            sights = {vm.id: Sight("unreachable") for vm in board.on_way}
        at = self._moment()
        if self.power_off and self.order.state == "stopped":
            for vm in board.stuck(sights, at):
                if sights.get(vm.id, Sight(None)).status != "down":
                    self._switch_off(vm, board, at)
        board.see(sights, at)

    def _switch_off(self, vm: Vm, board: Board, at: Moment) -> None:
        try:
            self._act(vm, "stop", f"power off VM {vm.name}")
        except EngineError:
            # The VM becomes a failure with what this look has shown of it.
            return
        board.extend(vm, at)

    def _send(self, vm: Vm) -> None:
        if self.order.state == "running":
            self._act(vm, "start", f"start VM {vm.name}")
            return
        if self.mark_ran:
            self._describe(vm, markers.with_marker(vm.description, markers.RanBefore(self.now())))
        self._act(vm, "shutdown", f"shut down VM {vm.name}")

    def _act(self, vm: Vm, action: str, doing: str) -> None:
        intent = Intent(
            doing=doing,
            entity=Entity("vm", vm.id, vm.name),
            landed=lambda: self._has_left(vm),
            busy=lambda: self.engine.get(f"vms/{vm.id}").status in ("image_locked", "saving_state"),
        )
        self.engine.act(f"vms/{vm.id}", action, {}, intent)

    def _has_left(self, vm: Vm) -> bool:
        status = self.engine.get(f"vms/{vm.id}").status
        wanted, way = ("up", COMING_UP) if self.order.state == "running" else ("down", GOING_DOWN)
        return status == wanted or status in way

    def _describe(self, vm: Vm, description: str) -> None:
        intent = Intent(
            doing=f"note in the description of VM {vm.name} whether it ran",
            entity=Entity("vm", vm.id, vm.name),
            landed=lambda: self.engine.get(f"vms/{vm.id}").description == description,
        )
        self.engine.update(f"vms/{vm.id}", "vm", {"description": description}, intent)

    def _unmarked(self, group: Group, results: Sequence[TimedResult]) -> list[TimedResult]:
        """Take the mark from the VMs that run again; return the results, with a note where that failed."""
        up = {result.id for result in results if result.outcome in ("succeeded", "skipped")}
        marked = [vm for vm in group.vms if vm.id in up and isinstance(markers.read(vm.description), markers.RanBefore)]

        def clear(vm: Vm) -> None:
            self._describe(vm, markers.without_marker(vm.description))

        outcomes = zip(marked, each(self.engine, marked, clear, concurrency=self.concurrency), strict=True)
        bad = {vm.id: outcome for vm, outcome in outcomes if isinstance(outcome, EngineError)}
        return [
            replace(one, reason=f"{one.reason}; its mark stays: {bad[one.id]}") if one.id in bad else one
            for one in results
        ]

    def _moment(self) -> Moment:
        return Moment(self.engine.clock(), self.now())
