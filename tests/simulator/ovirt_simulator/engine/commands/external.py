# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs, steps and events that somebody outside the engine reports."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete

from .. import schema
from ..command import Command, Refusal
from ..external import ExternalStep

if TYPE_CHECKING:
    from ..runtime import Context

_NOT_EXTERNAL = "ACTION_TYPE_NOT_EXTERNAL_JOB"


@dataclass
class AddExternalJob(Command):
    """Open a job for work that the engine does not do."""

    id: str
    text: str
    auto_cleared: bool = True

    monitored = False

    def check_input(self, context: Context) -> None:
        if not self.text:
            raise Refusal("ACTION_TYPE_EMPTY_DESCRIPTION")

    def execute(self, context: Context) -> None:
        row = schema.Job(
            id=self.id,
            description=self.text,
            correlation_id=context.correlation_id,
            start_time=context.now,
            external=True,
            auto_cleared=self.auto_cleared,
        )
        context.db.add(row)


@dataclass
class EndExternalJob(Command):
    """Close an external job and its open steps."""

    job_id: str
    succeeded: bool = True
    force: bool = False

    monitored = False

    def validate(self, context: Context) -> None:
        _job(context, self.job_id)

    def execute(self, context: Context) -> None:
        row = _job(context, self.job_id)
        row.status, row.end_time = "finished" if self.succeeded else "failed", context.now
        for step in context.db.query(ExternalStep).filter_by(job_id=row.id, status="started"):
            step.status, step.end_time = row.status, context.now


@dataclass
class ClearExternalJob(Command):
    """Forget an external job."""

    job_id: str

    monitored = False

    def validate(self, context: Context) -> None:
        _job(context, self.job_id)

    def execute(self, context: Context) -> None:
        context.db.execute(delete(ExternalStep).where(ExternalStep.job_id == self.job_id))
        context.db.delete(_job(context, self.job_id))


@dataclass
class AddExternalStep(Command):
    """Open a step of an external job."""

    id: str
    job_id: str
    type: str
    text: str

    monitored = False

    def check_input(self, context: Context) -> None:
        if not self.text:
            raise Refusal("ACTION_TYPE_EMPTY_DESCRIPTION")

    def validate(self, context: Context) -> None:
        _job(context, self.job_id)

    def execute(self, context: Context) -> None:
        row = ExternalStep(
            id=self.id, job_id=self.job_id, type=self.type, description=self.text, start_time=context.now
        )
        context.db.add(row)


@dataclass
class EndExternalStep(Command):
    """Close a step of an external job."""

    step_id: str
    succeeded: bool = True

    monitored = False

    def validate(self, context: Context) -> None:
        if context.db.get(ExternalStep, self.step_id) is None:
            raise Refusal("ACTION_TYPE_NO_STEP")

    def execute(self, context: Context) -> None:
        row = context.db.get_one(ExternalStep, self.step_id)
        row.status, row.end_time = "finished" if self.succeeded else "failed", context.now


@dataclass
class AddExternalEvent(Command):
    """Write an event; one origin uses a custom id only once."""

    values: dict[str, Any] = field(default_factory=dict)

    monitored = False

    def validate(self, context: Context) -> None:
        origin, custom_id = self.values["origin"], self.values["custom_id"]
        if origin.lower() == "ovirt":
            raise Refusal("ACTION_TYPE_FAILED_EXTERNAL_EVENT_ILLEGAL_ORIGIN")
        if context.db.query(schema.Event.id).filter_by(origin=origin, custom_id=custom_id).first() is not None:
            raise Refusal("ACTION_TYPE_FAILED_EXTERNAL_EVENT_ALREADY_EXISTS")

    def execute(self, context: Context) -> None:
        context.db.add(schema.Event(time=context.now, **self.values))


@dataclass
class RemoveAuditLogById(Command):
    """Delete an event."""

    event_id: int

    monitored = False

    def execute(self, context: Context) -> None:
        context.db.execute(delete(schema.Event).where(schema.Event.id == self.event_id))


def _job(context: Context, job_id: str) -> schema.Job:
    row = context.db.get(schema.Job, job_id)
    if row is None:
        raise Refusal("ACTION_TYPE_NO_JOB")
    if not row.external:
        raise Refusal(_NOT_EXTERNAL)
    return row
