# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of the VMs of a group, from what is seen of them and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError
from ansible_collections.lifeboat.ovirt.plugins.module_utils.power.board import Board, Moment, Sight
from ansible_collections.lifeboat.ovirt.plugins.module_utils.power.plan import Group
from site_builder import vm

DB, WEB, APP = vm("db"), vm("web"), vm("app")


def at(seconds: float) -> Moment:
    return Moment(seconds, datetime(2031, 5, 4, tzinfo=UTC) + timedelta(seconds=seconds))


def board(*vms: Any, needs: Any = None, settled: Any = None, state: Any = "running", **group: Any) -> Board:
    return Board(Group("g", vms, **{"timeout": 10.0, **group}), state, needs or {}, settled or {})


def outcomes(one: Board) -> dict[str | None, str]:
    return {result.name: result.outcome for result in one.results}


def reason(one: Board) -> str:
    [result] = one.results
    return result.reason or ""


def test_a_vm_is_done_when_it_is_seen_in_the_wanted_state_and_its_times_are_kept() -> None:
    one = board(DB)
    one.begin(DB, at(1), None, sent=True)
    one.see({DB.id: Sight("powering_up")}, at(2))
    assert one.open
    one.see({DB.id: Sight("up")}, at(3))
    [result] = one.results
    assert (result.outcome, result.began, result.ended) == (
        "succeeded",
        "2031-05-04T00:00:01.00Z",
        "2031-05-04T00:00:03.00Z",
    )
    assert not one.open


def test_a_vm_that_is_up_counts_only_once_it_is_ready() -> None:
    one = board(DB, ready="agent")
    one.begin(DB, at(0), None, sent=True)
    one.see({DB.id: Sight("up", False)}, at(1))
    assert one.open
    one.see({DB.id: Sight("up", True)}, at(2))
    assert outcomes(one) == {"db": "succeeded"}


def test_an_accepted_start_is_enough_where_nothing_has_to_be_seen_and_is_no_shutdown() -> None:
    one = board(DB, WEB, ready="accepted", needs={WEB.id: frozenset({DB.id})})
    one.begin(DB, at(0), None, sent=True)
    assert one.startable() == [WEB]
    one.begin(WEB, at(1), None, sent=False)
    assert outcomes(one) == {"db": "succeeded", "web": "skipped"} and not one.open
    down = board(DB, ready="accepted", state="stopped")
    down.begin(DB, at(0), None, sent=True)
    assert down.on_way == [DB]


def test_a_start_that_failed_between_two_looks_is_no_reason_to_wait_to_the_end() -> None:
    one = board(DB, timeout=600.0)
    one.begin(DB, at(0), None, sent=True)
    one.see({DB.id: Sight("down")}, at(29))
    assert one.open
    one.see({DB.id: Sight("down")}, at(30))
    assert "is still down 30 s after its request was taken" in reason(one)


def test_a_vm_that_needed_nothing_is_skipped() -> None:
    one = board(DB)
    one.begin(DB, at(0), None, sent=False)
    one.see({DB.id: Sight("up")}, at(0))
    assert outcomes(one) == {"db": "skipped"}


def test_a_vm_that_turns_back_on_its_way_has_failed_at_once() -> None:
    one = board(DB)
    one.begin(DB, at(0), None, sent=True)
    one.see({DB.id: Sight("down")}, at(1))
    assert one.open, "it may not have left yet"
    one.see({DB.id: Sight("powering_up")}, at(2))
    one.see({DB.id: Sight("down")}, at(3))
    assert outcomes(one) == {"db": "failed"} and "left the way to up again" in reason(one)


@pytest.mark.parametrize(
    ("group", "sight", "told"),
    [
        ({}, Sight("powering_up"), "it is powering_up"),
        ({}, Sight(None), "it is not there any more"),
        ({"ready": "agent"}, Sight("up", False), "its guest agent tells no address"),
        ({"ready": "tcp", "port": 443}, Sight("up", False), "its port 443 does not answer"),
    ],
)
def test_a_vm_that_is_late_says_what_was_seen_last(group: dict[str, Any], sight: Sight, told: str) -> None:
    one = board(DB, **group)
    one.begin(DB, at(0), None, sent=True)
    one.see({DB.id: sight}, at(9.9))
    assert one.open
    one.see({DB.id: sight}, at(10))
    assert outcomes(one) == {"db": "failed"} and told in reason(one)


def test_only_so_many_are_on_their_way_at_a_time() -> None:
    one = board(DB, WEB, APP, parallel=2)
    for each in one.startable():
        one.begin(each, at(0), None, sent=True)
    assert ([vm.name for vm in one.on_way], one.startable()) == (["db", "web"], [])
    one.see({DB.id: Sight("up")}, at(1))
    assert one.startable() == [APP]


def test_a_vm_waits_for_what_it_needs() -> None:
    one = board(DB, WEB, needs={WEB.id: frozenset({DB.id})})
    assert one.startable() == [DB]
    one.begin(DB, at(0), None, sent=True)
    assert one.startable() == []
    one.see({DB.id: Sight("up")}, at(1))
    assert one.startable() == [WEB]


def test_a_vm_whose_need_has_failed_is_not_tried_and_neither_are_those_that_need_it() -> None:
    one = board(DB, WEB, APP, needs={WEB.id: frozenset({DB.id}), APP.id: frozenset({WEB.id})})
    one.begin(DB, at(0), EngineError("rejected", "no"), sent=True)
    while one.open:
        assert one.startable() == []
    assert outcomes(one) == {"db": "failed", "web": "skipped", "app": "skipped"}


def test_what_an_earlier_group_came_to_counts_for_needs() -> None:
    needs = {WEB.id: frozenset({DB.id})}
    assert board(WEB, needs=needs, settled={DB.id: True}).startable() == [WEB]
    assert board(WEB, needs=needs, settled={DB.id: False}).startable() == []


def test_a_name_that_the_engine_does_not_have_is_a_failure() -> None:
    assert outcomes(board(DB, absent=("lost",))) == {"lost": "failed"}


@pytest.mark.parametrize(
    ("looks", "stuck"),
    [
        ([("powering_down", 9)], False),
        ([("powering_down", 10)], True),
        ([("powering_down", 1), ("up", 2)], True),
        ([("up", 2)], False),
    ],
)
def test_a_shutdown_that_is_late_or_ignored_can_be_asked_anew_once(looks: list[tuple[str, float]], stuck: bool) -> None:
    one = board(DB, state="stopped")
    one.begin(DB, at(0), None, sent=True)
    for status, seconds in looks[:-1]:
        one.see({DB.id: Sight(status)}, at(seconds))
    status, seconds = looks[-1]
    assert one.stuck({DB.id: Sight(status)}, at(seconds)) == ([DB] if stuck else [])
    one.extend(DB, at(seconds))
    one.see({DB.id: Sight(status)}, at(seconds))
    assert one.open and one.stuck({DB.id: Sight(status)}, at(seconds + 10)) == []
    one.see({DB.id: Sight("down")}, at(seconds + 11))
    assert outcomes(one) == {"db": "succeeded"}


@pytest.mark.parametrize("status", ["unreachable", "unknown", "not_responding", None])
def test_what_an_engine_does_not_know_while_it_restarts_is_no_failure(status: str | None) -> None:
    one = board(DB)
    one.begin(DB, at(0), None, sent=True)
    one.see({DB.id: Sight("powering_up")}, at(1))
    one.see({DB.id: Sight(status)}, at(2))
    one.see({DB.id: Sight("up")}, at(3))
    assert outcomes(one) == {"db": "succeeded"}
