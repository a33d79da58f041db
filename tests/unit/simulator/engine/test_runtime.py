# SPDX-License-Identifier: GPL-3.0-or-later
"""Transactions, locks, jobs and later steps, held with commands made for this."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pytest

from ovirt_simulator.engine import schema
from ovirt_simulator.engine.command import Command, ExecutionFailure, Lock, Refusal
from ovirt_simulator.engine.commands import MoveOrCopyDisk
from ovirt_simulator.engine.runtime import Context
from ovirt_simulator.storage.fabric import FilePlace
from ovirt_simulator.storage.schema import Mount
from simulated_world import Site, World

START = 1_900_000_000.0
EXPORT = FilePlace("nfs", "nfs.array-a.test", "/empty")


def note(context: Context, text: str) -> None:
    context.event(9999, text)


def notes(site: Site) -> list[str]:
    with site.look() as context:
        rows = context.db.query(schema.Event).filter_by(code=9999).order_by(schema.Event.id)
        return [f"{row.description}@{row.time - START:g}" for row in rows]


def count(site: Site, table: type[schema.Base]) -> int:
    with site.look() as context:
        return context.db.query(table).count()


@dataclass
class Probe(Command):
    """Leaves notes; fails where it is told to."""

    key: str = "k"
    fail: str = ""
    delay: float = 5.0

    description = "Probing {key}"

    def locks(self, context: Context) -> list[Lock]:
        return [Lock("PROBE", self.key, "ACTION_TYPE_FAILED_VM_IS_BEING_IMPORTED")]

    def validate(self, context: Context) -> None:
        if self.fail == "validate":
            raise Refusal("ACTION_TYPE_FAILED_OBJECT_LOCKED", name=self.key)

    def execute(self, context: Context) -> None:
        note(context, "execute")
        context.storage.mount("probe", EXPORT)
        if self.fail == "execute":
            raise ExecutionFailure("no")
        context.remember(before="then")
        context.later(self.delay, self.step)

    def step(self, context: Context) -> None:
        note(context, f"step after {context.memory['before']}")
        context.storage.unmount("probe", EXPORT)
        if self.fail == "step":
            raise ExecutionFailure("not now")

    def undo(self, context: Context) -> None:
        note(context, f"undo to {context.memory['before']}")

    def failed(self, context: Context) -> None:
        note(context, "failed")


@dataclass
class Waited(Probe):
    blocking: ClassVar[bool] = True


@dataclass
class Brief(Probe):
    lock_scope: ClassVar[str] = "execution"


@dataclass
class Outer(Probe):
    """Starts a probe with the same lock and then is done itself."""

    def execute(self, context: Context) -> None:
        context.remember(before="outer")
        context.start(Probe(self.key, self.fail, self.delay))


def mounted(world: World) -> bool:
    with world.arrays() as db:
        return db.query(Mount).filter_by(host_id="probe").count() == 1


def test_a_refusal_leaves_nothing_behind(primary: Site) -> None:
    assert primary.refused(Probe(fail="validate"))[0] == 409
    assert notes(primary) == []
    assert count(primary, schema.Job) == count(primary, schema.EntityLock) == count(primary, schema.CommandRun) == 0


def test_a_failed_execution_is_rolled_back_on_storage_too_and_leaves_a_failed_job(world: World) -> None:
    with pytest.raises(ExecutionFailure, match="no"):
        world.primary.engine.execute(Probe(fail="execute"), "abc")
    assert notes(world.primary) == ["failed@0"]
    assert not mounted(world)
    with world.primary.look() as context:
        [job] = context.db.query(schema.Job)
        assert (job.status, job.correlation_id, job.description) == ("failed", "abc", "Probing k")


def test_a_later_step_comes_when_it_is_due_and_ends_the_job(world: World) -> None:
    job_id = world.primary.engine.execute(Probe())
    assert notes(world.primary) == ["execute@0"]
    assert count(world.primary, schema.EntityLock) == 1
    world.clock.sleep(60)
    assert notes(world.primary) == ["execute@0", "step after then@5"]
    with world.primary.look() as context:
        job = context.db.get_one(schema.Job, job_id)
        assert (job.status, job.end_time) == ("finished", START + 5)
    assert count(world.primary, schema.EntityLock) == count(world.primary, schema.CommandRun) == 0


def test_steps_that_were_missed_come_in_the_order_of_their_times(world: World) -> None:
    world.primary.engine.execute(Probe("late", delay=9))
    world.primary.engine.execute(Probe("early", delay=3))
    world.clock.sleep(100)
    assert [text.partition("@")[2] for text in notes(world.primary)] == ["0", "0", "3", "9"]


def test_a_step_that_fails_undoes_the_command_and_fails_its_job(world: World) -> None:
    job_id = world.primary.engine.execute(Probe(fail="step"))
    world.clock.sleep(60)
    assert notes(world.primary) == ["execute@0", "undo to then@5", "failed@5"]
    assert mounted(world)  # what the step did on storage was rolled back
    with world.primary.look() as context:
        assert context.db.get_one(schema.Job, job_id).status == "failed"
    assert count(world.primary, schema.EntityLock) == count(world.primary, schema.CommandRun) == 0


def test_a_step_that_takes_no_time_is_over_before_the_answer(primary: Site) -> None:
    job_id = primary.engine.execute(Probe(delay=0))
    assert notes(primary) == ["execute@0", "step after then@0"]
    with primary.look() as context:
        assert context.db.get_one(schema.Job, job_id).status == "finished"
    assert count(primary, schema.EntityLock) == count(primary, schema.CommandRun) == 0


def test_a_step_that_takes_no_time_and_fails_does_so_once_the_command_is_accepted(world: World) -> None:
    job_id = world.primary.engine.execute(Probe(fail="step", delay=0))
    assert notes(world.primary) == ["execute@0", "undo to then@0", "failed@0"]
    assert mounted(world)
    with world.primary.look() as context:
        assert context.db.get_one(schema.Job, job_id).status == "failed"
    with pytest.raises(ExecutionFailure, match="not now"):
        world.primary.engine.execute(Waited(fail="step", delay=0))


def test_a_blocking_command_answers_after_its_last_step(world: World) -> None:
    world.primary.engine.execute(Waited())
    assert world.clock.now == pytest.approx(START + 5, abs=0.01)
    assert notes(world.primary) == ["execute@0", "step after then@5"]


def test_a_blocking_command_raises_what_a_later_step_failed_with(world: World) -> None:
    with pytest.raises(ExecutionFailure, match="not now"):
        world.primary.engine.execute(Waited(fail="step"))
    assert count(world.primary, schema.CommandRun) == 0


def test_who_comes_later_meets_the_lock_and_is_told_the_holders_message(primary: Site) -> None:
    primary.engine.execute(Probe())
    assert primary.refused(Probe()) == (409, ("ACTION_TYPE_FAILED_VM_IS_BEING_IMPORTED",))
    primary.engine.execute(Probe("another"))


def test_a_lock_of_execution_scope_is_free_while_steps_are_pending(primary: Site) -> None:
    primary.engine.execute(Brief())
    primary.engine.execute(Brief())
    assert count(primary, schema.PendingStep) == 2


def test_shared_locks_bear_each_other_but_no_exclusive_one(primary: Site) -> None:
    base = primary.id("template", "base")
    vault, disk = primary.id("domain", "vault"), primary.id("disk", "base_Disk1")

    @dataclass
    class Reader(Probe):
        def locks(self, context: Context) -> list[Lock]:
            return [Lock("TEMPLATE", self.key, exclusive=False)]

    @dataclass
    class Writer(Probe):
        def locks(self, context: Context) -> list[Lock]:
            return [Lock("TEMPLATE", self.key)]

    primary.engine.execute(Reader(base))
    primary.engine.execute(Reader(base))
    primary.engine.execute(MoveOrCopyDisk(disk, vault, copy=True))
    assert primary.refused(Writer(base)) == (409, ("ACTION_TYPE_FAILED_OBJECT_LOCKED",))


def test_a_command_inside_another_does_not_meet_its_locks(world: World) -> None:
    job_id = world.primary.engine.execute(Outer())
    assert count(world.primary, schema.Job) == 1
    assert count(world.primary, schema.CommandRun) == 2
    world.clock.sleep(60)
    assert notes(world.primary) == ["execute@0", "step after then@5"]
    with world.primary.look() as context:
        assert context.db.get_one(schema.Job, job_id).status == "finished"


def test_a_command_fails_with_the_one_inside_it(world: World) -> None:
    job_id = world.primary.engine.execute(Outer(fail="step"))
    world.clock.sleep(60)
    assert [text.partition("@")[0] for text in notes(world.primary)] == [
        "execute",
        "undo to then",
        "failed",
        "undo to outer",
        "failed",
    ]
    with world.primary.look() as context:
        assert context.db.get_one(schema.Job, job_id).status == "failed"
    assert count(world.primary, schema.CommandRun) == 0


def test_a_refusal_of_the_inner_command_is_the_outer_ones(primary: Site) -> None:
    assert primary.refused(Outer(fail="validate")) == (409, ("ACTION_TYPE_FAILED_OBJECT_LOCKED",))
    assert count(primary, schema.CommandRun) == 0


def test_a_restarted_engine_goes_on_with_what_was_pending(world: World) -> None:
    job_id = world.primary.engine.execute(Probe())
    world.primary.start()
    assert world.primary.refused(Probe())[0] == 409
    world.clock.sleep(60)
    world.primary.start()
    assert notes(world.primary) == ["execute@0", "step after then@5"]
    with world.primary.look() as context:
        assert context.db.get_one(schema.Job, job_id).status == "finished"


def test_a_restarted_engine_owes_nobody_an_answer(world: World) -> None:
    class Killed(BaseException):
        pass

    def killed(seconds: float) -> None:
        raise Killed

    world.primary.engine.sleep = killed
    with pytest.raises(Killed):
        world.primary.engine.execute(Waited())
    world.primary.start()
    world.clock.sleep(60)
    assert notes(world.primary) == ["execute@0", "step after then@5"]
    assert count(world.primary, schema.CommandRun) == count(world.primary, schema.EntityLock) == 0


@pytest.mark.parametrize(("fail", "lifetime"), [("", 600), ("step", 3600)])
def test_finished_jobs_vanish_after_a_while(world: World, fail: str, lifetime: int) -> None:
    world.primary.engine.execute(Probe(fail=fail))
    world.clock.sleep(lifetime)
    assert count(world.primary, schema.Job) == 1
    world.clock.sleep(700)
    assert count(world.primary, schema.Job) == 0


def test_a_query_that_raises_changes_nothing(primary: Site) -> None:
    with pytest.raises(ZeroDivisionError), primary.look() as context:
        note(context, "lost")
        context.storage.mount("probe", EXPORT)
        raise ZeroDivisionError
    assert notes(primary) == []
    assert not mounted(primary.world)
