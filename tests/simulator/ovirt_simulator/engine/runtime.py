# SPDX-License-Identifier: GPL-3.0-or-later
"""The running engine: transactions, locks, jobs, and the steps that are due.

Nothing runs in the background. Before every request the steps whose time has come are carried out in their order,
each at the time it was due, so the same requests at the same times always lead to the same state, and an engine that
was killed catches up when it is started again. A step that takes no time belongs to the transaction that orders it.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import product
from typing import Any

from sqlalchemy import Engine as Database
from sqlalchemy import bindparam, delete, exists, insert, or_, select
from sqlalchemy.orm import Session

from ..database import KeepingSession
from ..profiles import Profile
from ..storage.fabric import Fabric, Storage
from ..storage.failures import StorageFailure
from . import commands, names, ovf_store, schema
from .command import Busy, Command, ExecutionFailure, Lock, QueryFailure, Refusal
from .faults import STORAGE_ERRORS
from .restrictions import REAL, Restrictions
from .transfers import ImageServer

_NEXT_STEP = f"SELECT id, due FROM {schema.PendingStep.__tablename__} ORDER BY due, id LIMIT 1"
_UNDER_WAY = select(
    or_(
        exists().where(schema.PendingStep.run_id == bindparam("run_id")),
        exists().where(schema.CommandRun.parent_id == bindparam("run_id")),
    )
)
_HELD = select(schema.EntityLock).where(schema.EntityLock.key.in_(bindparam("keys", expanding=True)))
_FREED = (
    delete(schema.EntityLock)
    .where(schema.EntityLock.run_id == bindparam("run_id"))
    .execution_options(synchronize_session=False)
)
_CLEANING_PERIOD = 600.0
_LOCK_POLL = 0.05
_OVF_PERIOD = 3600.0
_MONITORING_PERIOD = 10.0
_JOB_LIFETIME = {"finished": 600.0, "failed": 3600.0}


class _StepFailure(Exception):
    """A step that takes no time failed."""


class Context:
    """What a command or query sees of one transaction."""

    def __init__(self, engine: Engine, db: Session, now: float, correlation_id: str, at_once: bool = False) -> None:
        self.engine = engine
        self.db = db
        self.now = now
        self.correlation_id = correlation_id
        self.at_once = at_once
        self.due: deque[tuple[schema.CommandRun, str]] = deque()
        self.run: schema.CommandRun | None = None
        self._fabric: Fabric | None = None

    @property
    def storage(self) -> Fabric:
        """Return the arrays, as the hosts of this site see them; they commit with this transaction."""
        if self._fabric is None:
            self._fabric = self.engine.storage.open(self.engine.site, self.now)
        return self._fabric

    def close(self, commit: bool) -> None:
        """Commit or roll back what was done on storage."""
        if self._fabric is not None:
            fabric, self._fabric = self._fabric, None
            fabric.close(commit)

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Undo what happens inside, on storage too, if it raises."""
        with self.db.begin_nested():
            if self._fabric is not None:
                with self._fabric.db.begin_nested():
                    yield
            else:
                try:
                    yield
                except BaseException:
                    self.close(commit=False)
                    raise

    @property
    def memory(self) -> dict[str, Any]:
        """Return what the running command remembered in an earlier step."""
        return self._running().memory

    def remember(self, **facts: Any) -> None:
        """Keep JSON values for the later steps of the running command."""
        run = self._running()
        run.memory = {**(run.memory or {}), **facts}

    def later(self, operation: str | float, step: Callable[[Context], None]) -> None:
        """Have a step of the running command carried out when the operation's time has passed.

        operation: a key of the time profile, or seconds.
        """
        seconds = self.engine.profile.seconds(operation) if isinstance(operation, str) else operation
        if self.at_once and not seconds:
            self.due.append((self._running(), step.__name__))
        else:
            self.db.add(schema.PendingStep(run_id=self._running().id, step=step.__name__, due=self.now + seconds))

    def release(self, group: str) -> None:
        """Free the running command's locks of a group before its end."""
        lock = schema.EntityLock
        self.db.execute(delete(lock).where(lock.run_id == self._running().id, lock.group == group))

    def start(self, command: Command) -> None:
        """Run a command inside the running one, which is not over before its child is; raise what the child raises."""
        with self.attempt():
            self.engine.begin(self, command, parent=self.run)

    def event(self, code: int, description: str, severity: str = "normal", **subjects: str | None) -> None:
        """Write an event; subjects name entities by kind: vm, template, host, cluster, data_center, storage_domain."""
        known = {kind: id_ for kind, id_ in subjects.items() if id_}
        row = schema.Event(
            code=code,
            severity=severity,
            description=description,
            time=self.now,
            correlation_id=self.correlation_id,
            subjects=known,
        )
        self.db.add(row)

    def _running(self) -> schema.CommandRun:
        assert self.run is not None, "only a running command has steps"
        return self.run


class Engine:
    """One site's engine over its database and the arrays that its hosts reach."""

    def __init__(
        self,
        site: str,
        database: Database,
        storage: Storage,
        profile: Profile,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        version: str = "4.5",
        restrictions: Restrictions = REAL,
    ) -> None:
        self.site = site
        self.database = database
        self.storage = storage
        self.profile = profile
        self.clock = clock
        self.sleep = sleep
        self.version = version
        self.restrictions = restrictions
        self.image_server: ImageServer | None = None
        self._turn = threading.RLock()
        self._cleaned = self._ovf_updated = self._monitored = clock()
        self._awaited: dict[str, schema.CommandRun] = {}

    @contextmanager
    def transaction(
        self, correlation_id: str = "", now: float | None = None, reading: bool = False, at_once: bool = False
    ) -> Iterator[Context]:
        """Give one caller the engine's state, settled up to now; commit at the end, roll back on any exception.

        at_once: whether steps that take no time wait in the context instead of their table.
        """
        with self._turn:
            if now is None:
                self.settle()
            with self._session(reading) as db:
                context = Context(self, db, self.clock() if now is None else now, correlation_id, at_once)
                try:
                    yield context
                    db.flush()
                except BaseException:
                    context.close(commit=False)
                    db.rollback()
                    raise
                context.close(commit=True)
                db.commit()

    def _session(self, reading: bool) -> Session:
        """Return a session; who only reads can go through everything there is, and lets go of it on the way."""
        return (Session if reading else KeepingSession)(self.database, expire_on_commit=False)

    def execute(self, command: Command, correlation_id: str | None = None, wait: bool = False) -> str | None:
        """Run a command and return its job's id (None for a command without job).

        Raises Refusal before, ExecutionFailure during the work, QueryFailure where a look at storage has no answer.
        With wait, or if it is blocking, a command returns when its last step is done, else when it is under way.
        """
        correlation_id = correlation_id or str(uuid.uuid4())
        while True:
            try:
                return self._execute_once(command, correlation_id, wait or command.blocking)
            except Busy:
                self.sleep(_LOCK_POLL)

    def _execute_once(self, command: Command, correlation_id: str, blocking: bool) -> str | None:
        began = self.clock()
        try:
            try:
                run = self._run(command, correlation_id, blocking, at_once=True)
            except _StepFailure:
                # Then the steps have to fail by themselves, after the command was accepted.
                run = self._run(command, correlation_id, blocking, at_once=False)
        except (Refusal, ExecutionFailure, QueryFailure) as exc:
            self._record_failure(command, correlation_id, exc)
            raise
        if blocking:
            self._await(run)
        elif seconds := self.profile.seconds(command.request_operation):
            self.sleep(max(0.0, began + seconds - self.clock()))
        return run.job_id

    def _run(self, command: Command, correlation_id: str, awaited: bool, at_once: bool) -> schema.CommandRun:
        """Do what comes before the answer, or before the wait for it, in one transaction; return the run."""
        with self._turn:
            with self.transaction(correlation_id, at_once=at_once) as context:
                run = self.begin(context, command, parent=None)
                try:
                    while context.due:
                        self._step(context, *context.due.popleft())
                except (Refusal, ExecutionFailure, QueryFailure) as exc:
                    raise _StepFailure from exc
            if awaited and run.status == "started":
                self._awaited[run.id] = run
        return run

    def begin(self, context: Context, command: Command, parent: schema.CommandRun | None) -> schema.CommandRun:
        """Check, lock and execute within the caller's transaction."""
        run = schema.CommandRun(
            id=str(uuid.uuid4()),
            parent_id=parent.id if parent else None,
            command=type(command).__name__,
            parameters=command.parameters(),
            correlation_id=context.correlation_id,
            memory={},
        )
        if command.monitored and not self._has_job(context, parent):
            run.job_id = self._open_job(context, command).id
        context.db.add(run)
        command.check_input(context)
        self._lock(context, run, command)
        outer, context.run = context.run, run
        try:
            with _internal_error():
                command.validate(context)
            with _translated():
                command.execute(context)
        finally:
            context.run = outer
        context.db.flush()
        if command.lock_scope == "execution":
            context.db.execute(_FREED, {"run_id": run.id})
        self._end_if_over(context, run)
        return run

    def settle(self) -> None:
        """Carry out every step that is due, in the order of their times."""
        with self._turn:
            while (due := self._next_due()) is not None and due[1] <= self.clock():
                self._carry_out(*due)
            if self.clock() - self._cleaned >= _CLEANING_PERIOD:
                self._cleaned = self.clock()
                self._clear_jobs()
            if self.clock() - self._monitored >= _MONITORING_PERIOD:
                self._monitored = self.clock()
                self.monitor()
            if self.clock() - self._ovf_updated >= _OVF_PERIOD:
                self._ovf_updated = self.clock()
                with self.transaction(now=self._ovf_updated) as context:
                    ovf_store.update_all(context)

    def monitor(self) -> None:
        """Take in what the hosts of all data centers report of their storage."""
        self.execute(commands.MonitorStorage())

    def _next_due(self) -> tuple[int, float] | None:
        # Every request asks this, so it goes past the toolkit and takes no transaction.
        with closing(self.database.raw_connection()) as pooled:
            connection = pooled.driver_connection
            assert connection is not None
            row: tuple[int, float] | None = connection.execute(_NEXT_STEP).fetchone()
            return row

    def _carry_out(self, step_id: int, due: float) -> None:
        try:
            with self.transaction(now=due) as context:
                self._step(context, *self._take(context, step_id))
        except (ExecutionFailure, Refusal, QueryFailure) as exc:
            with self.transaction(now=due) as context:
                run, _unused = self._take(context, step_id)
                self._fail(context, run, getattr(exc, "detail", str(exc)))
                self._end(context, run)

    @staticmethod
    def _take(context: Context, step_id: int) -> tuple[schema.CommandRun, str]:
        """Take a step out of those that are pending."""
        step = context.db.get_one(schema.PendingStep, step_id)
        run = context.db.get_one(schema.CommandRun, step.run_id)
        context.correlation_id = run.correlation_id
        context.db.delete(step)
        return run, step.step

    def _step(self, context: Context, run: schema.CommandRun, name: str) -> None:
        """Carry out a step of a run."""
        command = Command.registry[run.command](**run.parameters)
        context.run = run
        with _translated():
            getattr(command, name)(context)
        self._end(context, run)

    def _end(self, context: Context, run: schema.CommandRun) -> None:
        """Leave a run, which is over if nothing of it is still to come."""
        context.run = None
        context.db.flush()
        self._end_if_over(context, run)

    def _fail(self, context: Context, run: schema.CommandRun, detail: str) -> None:
        """Mark a run and all that it is part of as failed, and undo them from the inside out."""
        failing: schema.CommandRun | None = run
        while failing is not None:
            failing.status, failing.fault_code, failing.fault_detail = "failed", 400, detail
            context.db.execute(delete(schema.PendingStep).where(schema.PendingStep.run_id == failing.id))
            command = Command.registry[failing.command](**failing.parameters)
            context.run = failing
            command.undo(context)
            command.failed(context)
            failing = context.db.get(schema.CommandRun, failing.parent_id) if failing.parent_id else None

    def _end_if_over(self, context: Context, run: schema.CommandRun) -> None:
        if self._is_under_way(context, run):
            return
        context.db.execute(_FREED, {"run_id": run.id})
        if run.status == "started":
            run.status = "finished"
        if run.job_id is not None:
            job = context.db.get(schema.Job, run.job_id)
            if job is not None:
                job.status, job.end_time = run.status, context.now
        parent = context.db.get(schema.CommandRun, run.parent_id) if run.parent_id else None
        if run.id in self._awaited:
            self._awaited[run.id] = run
        context.db.delete(run)
        context.db.flush()
        if parent is not None and context.run is None:
            self._end_if_over(context, parent)

    @staticmethod
    def _is_under_way(context: Context, run: schema.CommandRun) -> bool:
        if any(owner is run for owner, _unused in context.due):
            return True
        return bool(context.db.scalar(_UNDER_WAY, {"run_id": run.id}))

    def _await(self, run: schema.CommandRun) -> None:
        """Return when a run is over; raise if it failed."""
        try:
            while run.status == "started":
                due = self._next_due()
                self.sleep(max(0.001, min(1.0, (due[1] if due else 0.0) - self.clock())))
                self.settle()
                run = self._awaited[run.id]
        finally:
            self._awaited.pop(run.id, None)
        if run.status == "failed":
            raise ExecutionFailure(run.fault_detail or "")

    def _clear_jobs(self) -> None:
        with Session(self.database) as db, db.begin():
            for status, lifetime in _JOB_LIFETIME.items():
                old = schema.Job.end_time < self.clock() - lifetime
                db.execute(delete(schema.Job).where(schema.Job.status == status, schema.Job.auto_cleared, old))

    def _record_failure(self, command: Command, correlation_id: str, failure: Exception) -> None:
        """Write what remains of a command that was rolled back: nothing of a refusal, job and events of a failure."""
        if not isinstance(failure, ExecutionFailure):
            return
        with self.transaction(correlation_id) as context:
            if command.monitored:
                job = self._open_job(context, command)
                job.status, job.end_time = "failed", context.now
            command.failed(context)

    @staticmethod
    def _has_job(context: Context, run: schema.CommandRun | None) -> bool:
        while run is not None:
            if run.job_id is not None:
                return True
            run = context.db.get(schema.CommandRun, run.parent_id) if run.parent_id else None
        return False

    @staticmethod
    def _open_job(context: Context, command: Command) -> schema.Job:
        job = schema.Job(
            id=str(uuid.uuid4()),
            description=names.of_job(context, command),
            correlation_id=context.correlation_id,
            start_time=context.now,
        )
        context.db.add(job)
        return job

    @staticmethod
    def _lock(context: Context, run: schema.CommandRun, command: Command) -> None:
        own, ancestor = {run.id}, run.parent_id
        while ancestor is not None:
            own.add(ancestor)
            ancestor = context.db.get_one(schema.CommandRun, ancestor).parent_id
        wanted: list[Lock] = list(command.locks(context))
        if wanted:
            held = context.db.scalars(_HELD, {"keys": [lock.key for lock in wanted]}).all()
            for lock, other in product(wanted, held):
                same = (lock.group, lock.key) == (other.group, other.key)
                if same and other.run_id not in own and (lock.exclusive or other.exclusive):
                    if lock.waits:
                        raise Busy
                    raise Refusal(other.message, name=names.of_lock(context, lock))
            fields = ("group", "key", "exclusive", "message")
            rows = [{field: getattr(lock, field) for field in fields} | {"run_id": run.id} for lock in wanted]
            context.db.execute(insert(schema.EntityLock), rows)


@contextmanager
def _translated() -> Iterator[None]:
    """Turn the host agent's no into what the engine answers."""
    try:
        yield
    except StorageFailure as exc:
        raise ExecutionFailure(STORAGE_ERRORS[exc.name]) from exc


@contextmanager
def _internal_error() -> Iterator[None]:
    """Turn a check that cannot be made, since storage does not answer, into the engine's refusal."""
    try:
        yield
    except (StorageFailure, ExecutionFailure) as exc:
        raise Refusal("CAN_DO_ACTION_GENERAL_FAILURE") from exc
