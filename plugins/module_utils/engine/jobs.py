# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for the job that an action left behind."""

from __future__ import annotations

from .errors import EngineError
from .records import Record
from .session import Session
from .waiting import wait_until


def await_job(engine: Session, job_id: str, what: str, *, timeout: float, poll_interval: float) -> None:
    """Return when the job has ended well; EngineError rejected when it failed, timeout when it goes on.

    what: what the job does, continuing the word "cannot". A job that is gone has ended: the engine removes the
    successful ones after ten minutes (workloads contract 6.1).
    """
    job = wait_until(
        lambda: engine.find(f"jobs/{job_id}"),
        lambda found: found is None or found.status != "started",
        what=f"the job to end that shall {what}",
        timeout=timeout,
        poll_interval=poll_interval,
        status=_status,
        clock=engine.clock,
        sleep=engine.sleep,
    )
    if job is not None and job.status in ("failed", "aborted"):
        raise EngineError(
            "rejected",
            f"cannot {what}: the engine's job {job.status}",
            remedy="see the events of the engine for the reason",
        )


def at_work_on(engine: Session, name: str) -> bool:
    """Return whether a job is under way that names an entity, such as an OVF update of a storage domain.

    Its description is all that a job tells of what it works on. A wrong yes only delays the report of a refusal.
    """
    return any(job.status == "started" and name in (job.description or "") for job in engine.list("jobs"))


def _status(job: Record | None) -> str:
    return "gone" if job is None else str(job.status)
