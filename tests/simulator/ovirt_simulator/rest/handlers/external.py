# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs, steps and events that somebody outside the engine reports."""

from __future__ import annotations

import uuid

from ovirtsdk4 import types
from sqlalchemy import select

from ...engine import schema
from ...engine.commands.external import (
    AddExternalEvent,
    AddExternalJob,
    AddExternalStep,
    ClearExternalJob,
    EndExternalJob,
    EndExternalStep,
    RemoveAuditLogById,
)
from ...engine.external import ExternalStep
from ...engine.runtime import Context
from ..call import Call, created, done, find, required
from ..errors import Gone
from ..representation import jobs as shown
from ..wire import Answer

_SUBJECTS = ("vm", "template", "host", "cluster", "data_center", "storage_domain")


def add_job(call: Call) -> Answer:
    """Open a job."""
    body = call.body(types.Job)
    text = required(body.description, "Job", "description", "add")
    command = AddExternalJob(str(uuid.uuid4()), text, body.auto_cleared is not False)
    call.execute(command)
    return created(call, call.ask(lambda context: shown.jobs([find(context, schema.Job, command.id)], call.user)[0]))


def end_job(call: Call) -> Answer:
    """Close a job."""
    action = call.action()
    return done(call, call.execute(EndExternalJob(call.ids["job"], action.succeeded is not False)))


def clear_job(call: Call) -> Answer:
    """Forget a job."""
    call.action()
    return done(call, call.execute(ClearExternalJob(call.ids["job"])))


def add_step(call: Call) -> Answer:
    """Open a step of a job."""
    body = call.body(types.Step)
    text = required(body.description, "Step", "description", "add")
    kind = required(body.type, "Step", "type", "add").value
    command = AddExternalStep(str(uuid.uuid4()), call.ids["job"], kind, text)
    call.execute(command)
    return created(call, call.ask(lambda context: shown.external_steps([_step(context, command.id)])[0]))


def _step(context: Context, step_id: str) -> ExternalStep:
    row: ExternalStep = find(context, ExternalStep, step_id)
    return row


def end_step(call: Call) -> Answer:
    """Close a step."""
    action = call.action()
    return done(call, call.execute(EndExternalStep(call.ids["step"], action.succeeded is not False)))


def add_event(call: Call) -> Answer:
    """Write an event."""
    body = call.body(types.Event)
    subjects = {kind: getattr(body, kind).id for kind in _SUBJECTS if getattr(body, kind) is not None}
    values = {
        "code": 9801 if body.severity is None else _CODES.get(body.severity.value, 9801),
        "severity": required(body.severity, "Event", "severity", "add").value,
        "description": required(body.description, "Event", "description", "add"),
        "origin": required(body.origin, "Event", "origin", "add"),
        "custom_id": required(body.custom_id, "Event", "customId", "add"),
        "correlation_id": body.correlation_id or call.request.correlation_id,
        "subjects": subjects,
    }
    call.execute(AddExternalEvent(values))
    same = select(schema.Event).filter_by(origin=values["origin"], custom_id=values["custom_id"])
    return created(call, call.ask(lambda context: shown.events(context.db.scalars(same), call.user)[0]))


_CODES = {"normal": 9801, "warning": 9802, "error": 9803, "alert": 9804}


def remove_event(call: Call) -> Answer:
    """Delete an event."""
    if not call.ids["event"].isdigit():
        raise Gone
    event_id = int(call.ids["event"])
    call.ask(find, schema.Event, event_id)
    return done(call, call.execute(RemoveAuditLogById(event_id)))
