# SPDX-License-Identifier: GPL-3.0-or-later
"""An OVF update is answered at once and goes on in the background: it has ended when its job has."""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.ansible_glue import credentials
from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError
from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.session import Session
from ansible_collections.lifeboat.ovirt.plugins.module_utils.model.loader import load_domain
from ansible_collections.lifeboat.ovirt.plugins.module_utils.ovf_update import update_ovf_stores
from ovirt_simulator.engine import ovf_store
from ovirt_simulator.engine.commands import UpdateOvfStoreForStorageDomain
from wire_client import east

NFS2 = east("domain", "east-nfs2")


@pytest.fixture
def update(clock, busy_site):
    """Return a function that updates the OVF stores of east-nfs2, with a time limit."""
    with Session(credentials({"auth": busy_site.auth}), clock=clock, sleep=clock.sleep) as engine:
        domain = load_domain(engine, NFS2)
        yield lambda timeout=60.0: update_ovf_stores(engine, domain, timeout=timeout, poll_interval=1.0)


def test_it_returns_when_the_stores_are_written(update, clock):
    update()
    assert clock.passed >= 2, "the stores are written for two seconds"


def test_it_waits_for_another_update_of_the_domain(update, busy_site):
    busy_site.engine.execute(UpdateOvfStoreForStorageDomain(NFS2))
    update()
    assert [entry.status for entry in busy_site.writes][-1] == 200
    assert [entry.status for entry in busy_site.writes][0] == 409


def test_a_job_that_fails_is_told(update, busy_site):
    with busy_site.engine.transaction() as context:
        ovf_store.outdate(context, NFS2)
    busy_site.hosts.set_storage("east-nfs2", reachable=False)
    with pytest.raises(EngineError, match="job failed") as caught:
        update()
    assert caught.value.kind == "rejected"


def test_a_job_that_goes_on_is_a_timeout(update):
    with pytest.raises(EngineError) as caught:
        update(timeout=1.0)
    assert caught.value.kind == "timeout"
