# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs, events, users and roles."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from ovirtsdk4 import types

from ...engine import people, schema
from ...engine.external import ExternalStep
from .values import choice, moment

_SUBJECTS: dict[str, Any] = {
    "vm": types.Vm,
    "template": types.Template,
    "host": types.Host,
    "cluster": types.Cluster,
    "data_center": types.DataCenter,
    "storage_domain": types.StorageDomain,
}


def jobs(rows: Iterable[schema.Job], owner: str) -> list[types.Job]:
    """Return jobs; the type has no correlation id."""
    return [
        types.Job(
            id=row.id,
            description=row.description,
            status=choice(types.JobStatus, row.status),
            external=row.external,
            auto_cleared=row.auto_cleared,
            start_time=moment(row.start_time),
            end_time=moment(row.end_time),
            last_updated=moment(row.end_time or row.start_time),
            owner=types.User(id=people.user_id(owner)),
        )
        for row in rows
    ]


def steps(job: schema.Job) -> list[types.Step]:
    """Return what a job went through: checks that passed, and the work."""
    facts = (("validating", "finished", job.start_time), ("executing", job.status, job.end_time))
    return [
        types.Step(
            id=str(uuid.uuid5(uuid.UUID(job.id), kind)),
            type=choice(types.StepEnum, kind),
            status=choice(types.StepStatus, status),
            description=kind.capitalize(),
            number=number,
            external=False,
            start_time=moment(job.start_time),
            end_time=moment(end),
            job=types.Job(id=job.id),
        )
        for number, (kind, status, end) in enumerate(facts)
    ]


def external_steps(rows: Iterable[ExternalStep]) -> list[types.Step]:
    """Return the steps that somebody outside the engine reports."""
    return [
        types.Step(
            id=row.id,
            type=choice(types.StepEnum, row.type),
            status=choice(types.StepStatus, row.status),
            description=row.description,
            external=True,
            start_time=moment(row.start_time),
            end_time=moment(row.end_time),
            job=types.Job(id=row.job_id),
        )
        for row in rows
    ]


def events(rows: Iterable[schema.Event], user: str) -> list[types.Event]:
    """Return events."""
    found = []
    for row in rows:
        event = types.Event(
            id=str(row.id),
            index=row.id,
            code=row.code,
            correlation_id=row.correlation_id,
            custom_id=row.custom_id,
            description=row.description,
            flood_rate=30,
            origin=row.origin,
            severity=choice(types.LogSeverity, row.severity),
            time=moment(row.time),
            user=types.User(id=people.user_id(user)),
        )
        for kind, identifier in row.subjects.items():
            setattr(event, kind, _SUBJECTS[kind](id=identifier))
        found.append(event)
    return found


def users(rows: Iterable[people.User]) -> list[types.User]:
    """Return users."""
    return [
        types.User(
            id=row.id,
            name=row.login,
            principal=row.login,
            user_name=f"{row.login}@{row.domain}",
            namespace="*",
            domain=types.Domain(id=domain_id(row), name=row.domain),
        )
        for row in rows
    ]


def domain_id(row: people.User) -> str:
    """Return the id of the directory that a user is in."""
    return row.domain.encode().hex()


def directories(rows: Iterable[people.User]) -> list[types.Domain]:
    """Return the directories that users are in."""
    found = {domain_id(row): row.domain for row in rows}
    return [types.Domain(id=identifier, name=name) for identifier, name in found.items()]


def roles() -> list[types.Role]:
    """Return the roles that every engine has."""
    administrative = people.ADMINISTRATIVE_ROLES
    return [
        types.Role(id=id_, name=name, administrative=name in administrative, mutable=False)
        for name, id_ in people.ROLES.items()
    ]
