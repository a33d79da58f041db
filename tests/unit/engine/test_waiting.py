# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError, NoAnswer
from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.waiting import pauses, wait_until


class Time:
    """A clock that only sleeping moves."""

    def __init__(self):
        self.now = 100.0
        self.slept = []

    def clock(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


def wait(states, time, **options):
    def read():
        state = next(states)
        if isinstance(state, Exception):
            raise state
        return state

    how = {
        "what": "vault to become active",
        "timeout": 10,
        "poll_interval": 3,
        "clock": time.clock,
        "sleep": time.sleep,
    }
    return wait_until(read, lambda state: state == "active", **{**how, **options})


def test_pauses_grow_up_to_the_limit():
    growing = pauses(2.0)
    assert [next(growing) for _number in range(6)] == [0.5, 0.75, 1.125, 1.6875, 2.0, 2.0]
    assert next(pauses(0.1)) == 0.1


def test_what_is_there_already_takes_no_time():
    time = Time()
    assert wait(iter(["active"]), time, timeout=0) == "active"
    assert time.slept == []


def test_it_reads_until_done():
    assert wait(iter(["locked", "activating", "active"]), Time()) == "active"


def test_a_timeout_names_the_last_status_and_keeps_to_the_deadline():
    time = Time()
    with pytest.raises(EngineError) as caught:
        wait(iter(["locked"] * 100), time)
    assert caught.value.kind == "timeout"
    assert str(caught.value) == "gave up waiting for vault to become active after 10 s; last seen: locked"
    assert sum(time.slept) == 10


def test_an_engine_that_restarts_is_waited_for():
    silence = NoAnswer("unreachable", "cannot read: nobody there", sent=False)
    assert wait(iter([silence, silence, "active"]), Time()) == "active"


def test_an_engine_that_stays_away_is_named_in_the_timeout():
    with pytest.raises(EngineError, match="last seen: no answer .cannot read: nobody there") as caught:
        wait(iter([NoAnswer("unreachable", "cannot read: nobody there", sent=False)] * 100), Time())
    assert caught.value.kind == "timeout"


def test_other_errors_go_through():
    with pytest.raises(EngineError) as caught:
        wait(iter([EngineError("not_found", "cannot read: gone")]), Time())
    assert caught.value.kind == "not_found"


def test_a_state_of_no_return_ends_the_wait():
    with pytest.raises(EngineError, match="waiting for vault to become active failed: it is broken") as caught:
        wait(iter(["locked", "inactive"]), Time(), failed=lambda state: "it is broken" if state == "inactive" else None)
    assert caught.value.kind == "rejected"
