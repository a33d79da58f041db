# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs and events."""

from __future__ import annotations

from ovirtsdk4 import types
from sqlalchemy import select

from ...engine import schema
from ...engine.external import ExternalStep
from ..call import Call, find, one
from ..errors import Gone
from ..representation import jobs as shown
from ..search.query import search
from ..wire import Answer


def list_all(call: Call) -> Answer:
    """List jobs; a correlation id is all that they can be searched by."""
    return Answer(shown.jobs(search(call.context, "jobs", call.request), call.user), root="jobs")


def read(call: Call) -> Answer:
    """Show a job."""
    return Answer(shown.jobs([find(call.context, schema.Job, call.ids["job"])], call.user)[0])


def list_steps(call: Call) -> Answer:
    """List the steps of a job."""
    return Answer(_steps(call), root="steps")


def _steps(call: Call) -> list[types.Step]:
    job = find(call.context, schema.Job, call.ids["job"])
    if not job.external:
        return shown.steps(job)
    query = select(ExternalStep).filter_by(job_id=job.id).order_by(ExternalStep.start_time, ExternalStep.id)
    return shown.external_steps(call.context.db.scalars(query))


def read_step(call: Call) -> Answer:
    """Show a step of a job."""
    return Answer(one([step for step in _steps(call) if step.id == call.ids["step"]]))


def list_events(call: Call) -> Answer:
    """List events, the newest first."""
    rows = search(call.context, "events", call.request)
    after = call.request.number("from")
    if after is not None:
        rows = [row for row in rows if row.id > after]
    return Answer(shown.events(rows, call.user), root="events")


def read_event(call: Call) -> Answer:
    """Show an event."""
    if not call.ids["event"].isdigit():
        raise Gone
    return Answer(shown.events([find(call.context, schema.Event, int(call.ids["event"]))], call.user)[0])
