# SPDX-License-Identifier: GPL-3.0-or-later
"""A lost answer, and a lock: what arrives at the engine is counted."""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError, Entity
from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.session import Intent

VAULT = Entity("storage domain", "1", "vault")
DOMAIN = '<storage_domain id="1"><name>vault</name></storage_domain>'
LOCKED = "<fault><detail>[Related operation is in progress.]</detail><reason>Operation Failed</reason></fault>"


class Engine:
    """Loses the answer of every change, and answers reads from what the test says; a job comes and goes."""

    def __init__(self, stub, jobs=(), events=(), broken_reads=0):
        self.jobs, self.events, self.broken_reads = list(jobs), events, broken_reads
        self.changes, self.searches = [], []
        stub.answer = self.answer

    def answer(self, seen):
        if seen.method != "GET":
            self.changes.append(seen)
            return None
        if self.broken_reads:
            self.broken_reads -= 1
            return (503, "starting", "text/html")
        if "/jobs" in seen.path:
            self.searches.append(seen.path)
            status = self.jobs.pop(0) if len(self.jobs) > 1 else "".join(self.jobs)
            job = f"<job><description>Attaching vault</description><status>{status}</status></job>" if status else ""
            return (200, f"<jobs>{job}</jobs>")
        if "/events" in seen.path:
            listed = "".join(
                f"<event><severity>{one}</severity><description>{one}!</description></event>" for one in self.events
            )
            return (200, f"<events>{listed}</events>")
        return (200, DOMAIN)


def attach(session, **intent):
    with session as engine:
        return engine.act("storagedomains/1", "attach", {}, Intent("attach vault", VAULT, **intent), timeout=60)


def test_a_lost_answer_is_looked_up_in_the_state(stub):
    engine = Engine(stub)
    assert attach(stub.session(), landed=lambda: True).status == "complete"
    assert len(engine.changes) == 1
    assert engine.searches == []


def test_the_correlation_id_of_each_request_is_told_before_it_goes_out(stub):
    engine = Engine(stub)
    told = []
    attach(stub.session(), landed=lambda: True, asked=told.append)
    assert [seen.headers["Correlation-Id"] for seen in engine.changes] == told


def test_the_state_is_asked_until_it_shows(stub):
    engine = Engine(stub)
    asked = iter([False, False, True])
    attach(stub.session(), landed=lambda: next(asked))
    assert len(engine.changes) == 1


def test_what_the_lookup_finds_is_the_result(stub):
    Engine(stub)
    with stub.session() as engine:
        intent = Intent("add vault", VAULT, landed=lambda: engine.find("storagedomains/1"))
        assert engine.add("storagedomains", "storage_domain", {"name": "vault"}, intent).id == "1"


def test_an_added_object_that_had_its_id_needs_no_lookup(stub):
    Engine(stub)
    with stub.session() as engine:
        intent = Intent("attach vault", VAULT, landed=lambda: True)
        assert engine.add("datacenters/2/storagedomains", "storage_domain", {"id": "1"}, intent).id == "1"


def test_an_added_object_without_an_id_is_reported_as_unknown(stub):
    engine = Engine(stub, jobs=["finished"])
    with stub.session() as session, pytest.raises(EngineError) as caught:
        session.add("storagedomains", "storage_domain", {"name": "vault"}, Intent("add vault", VAULT))
    assert caught.value.unknown
    assert len(engine.changes) == 1


def test_an_update_is_read_back(stub):
    Engine(stub)
    with stub.session() as engine:
        intent = Intent("change vault", VAULT, landed=lambda: True)
        assert engine.update("storagedomains/1", "storage_domain", {"backup": True}, intent).name == "vault"


def test_a_job_tells_by_the_correlation_id(stub):
    engine = Engine(stub, jobs=["started", "started", "finished"])
    attach(stub.session())
    (change,) = engine.changes
    assert change.headers["Correlation-Id"] in engine.searches[0]
    assert len(engine.searches) == 3


def test_a_failed_job_is_a_refusal(stub):
    engine = Engine(stub, jobs=["started", "failed"])
    with pytest.raises(EngineError, match="cannot attach vault: its job failed: Attaching vault") as caught:
        attach(stub.session(), landed=lambda: False)
    assert (caught.value.kind, caught.value.unknown) == ("rejected", False)
    assert len(engine.changes) == 1


@pytest.mark.parametrize("status", ["started", "unknown"])
def test_a_job_that_never_ends_is_an_unknown_outcome(stub, status):
    Engine(stub, jobs=[status])
    with pytest.raises(EngineError) as caught:
        attach(stub.session())
    assert (caught.value.kind, caught.value.unknown) == ("unreachable", True)


def test_an_event_tells_where_no_job_does(stub):
    engine = Engine(stub, events=["normal"])
    attach(stub.session())
    assert len(engine.changes) == 1


def test_an_event_of_a_failure_is_a_refusal(stub):
    Engine(stub, events=["normal", "error"])
    with pytest.raises(EngineError, match="error!") as caught:
        attach(stub.session())
    assert caught.value.kind == "rejected"


def test_an_engine_that_restarts_is_asked_when_it_is_back(stub):
    engine = Engine(stub, jobs=["finished"], broken_reads=5)
    attach(stub.session())
    assert len(engine.changes) == 1


@pytest.mark.parametrize("broken_reads", [0, 10_000])
def test_if_nothing_tells_the_outcome_is_unknown_and_nothing_is_sent_again(stub, broken_reads):
    engine = Engine(stub, broken_reads=broken_reads)
    with pytest.raises(EngineError) as caught:
        attach(stub.session(), landed=lambda: False)
    error = caught.value
    assert (error.kind, error.unknown, error.entity) == ("unreachable", True, VAULT)
    assert "it is unknown whether it did this: attach vault" in str(error)
    assert len(engine.changes) == 1


def test_a_proxy_without_its_engine_counts_as_a_lost_answer(stub):
    changes = []

    def answer(seen):
        if seen.method == "GET":
            return (200, "<jobs/>" if "jobs" in seen.path else "<events/>")
        changes.append(seen)
        return (502, "Bad Gateway", "text/html")

    stub.answer = answer
    with pytest.raises(EngineError) as caught:
        attach(stub.session())
    assert caught.value.unknown
    assert len(changes) == 1


def refusing(stub, times):
    changes = []

    def answer(seen):
        changes.append(seen)
        return (409, LOCKED) if len(changes) <= times else (200, "<action/>")

    stub.answer = answer
    return changes


def test_a_lock_is_waited_out_with_new_requests(stub):
    changes = refusing(stub, times=2)
    attach(stub.session(), busy=lambda: True)
    assert len(changes) == len({seen.headers["Correlation-Id"] for seen in changes}) == 3


def test_a_lock_that_stays_is_a_conflict(stub):
    refusing(stub, times=10_000)
    with pytest.raises(EngineError, match="Related operation is in progress") as caught:
        attach(stub.session(), busy=lambda: True)
    assert (caught.value.kind, caught.value.code, caught.value.unknown) == ("conflict", 409, False)


@pytest.mark.parametrize("intent", [{}, {"busy": lambda: False}])
def test_a_refusal_without_a_lock_is_final(stub, intent):
    changes = refusing(stub, times=10_000)
    with pytest.raises(EngineError) as caught:
        attach(stub.session(), **intent)
    assert caught.value.kind == "rejected"
    assert len(changes) == 1
