# SPDX-License-Identifier: GPL-3.0-or-later
"""Writing the OVF stores of a storage domain, so that what lies on it can be registered elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .engine.errors import Entity
from .engine.jobs import at_work_on, await_job
from .engine.session import Intent

if TYPE_CHECKING:
    from .engine.session import Session
    from .model.site import Domain


def update_ovf_stores(engine: Session, domain: Domain, *, timeout: float, poll_interval: float) -> None:
    """Write the OVF stores of an attached domain, and return when they are written or needed no writing.

    The engine answers at once and uploads in the background: only the job tells its end, and that it failed (storage
    contract 5.8). EngineError conflict where something else holds the domain's lock until timeout.
    """
    intent = Intent(
        doing=f"update the OVF store of storage domain {domain.name}",
        entity=Entity("storage_domain", domain.id, domain.name),
        busy=lambda: at_work_on(engine, domain.name),
    )
    answer = engine.act(f"storagedomains/{domain.id}", "updateovfstore", {}, intent, timeout=timeout)
    # After a lost answer there is no job to see: act has found it by its correlation id then, and waited for its end.
    if answer.job is not None:
        await_job(engine, answer.job.id, intent.doing, timeout=timeout, poll_interval=poll_interval)
