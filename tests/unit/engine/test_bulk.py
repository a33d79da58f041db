# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import threading

import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.bulk import each
from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError


def test_results_stand_in_the_order_of_the_items(stub):
    turn = threading.Barrier(4)

    def call(item):
        turn.wait(timeout=5)
        return item * 2

    assert each(stub.session(), range(4), call, concurrency=4) == [0, 2, 4, 6]


def test_one_failure_does_not_stop_the_others(stub):
    def call(item):
        if item == 1:
            raise EngineError("rejected", "cannot do 1")
        return item

    first, second, third = each(stub.session(), [0, 1, 2], call, concurrency=1)
    assert (first, third) == (0, 2)
    assert second.kind == "rejected"


def test_a_bug_goes_through_and_stops_the_rest(stub):
    called = []

    def call(item):
        called.append(item)
        raise KeyError(item)

    with pytest.raises(KeyError):
        each(stub.session(), range(1000), call, concurrency=1)
    assert len(called) < 1000


def test_no_more_than_concurrency_run_at_a_time(stub):
    running, most = [], []

    def call(item):
        running.append(item)
        most.append(len(running))
        running.remove(item)

    each(stub.session(), range(50), call, concurrency=3)
    assert max(most) <= 3


def test_nothing_begins_after_the_deadline(stub):
    # The stub's clock passes by one second at every look.
    results = each(stub.session(), range(5), lambda item: item, concurrency=1, deadline=3)
    assert results[:2] == [0, 1]
    assert {error.kind for error in results[2:]} == {"timeout"}


def test_no_items_no_results(stub):
    assert each(stub.session(), [], lambda item: item) == []
