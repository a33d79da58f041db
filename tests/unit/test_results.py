# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError
from ansible_collections.lifeboat.ovirt.plugins.module_utils.results import (
    EntityResult,
    counts,
    entities,
    raise_if_failed,
)

REFUSED = EngineError("rejected", "cannot start web: no memory", remedy="add memory")
LOST = EngineError("unreachable", "the answer was lost", remedy="look", unknown=True)
RESULTS = [
    EntityResult.of("1", "erp-db", None, "started"),
    EntityResult.of("2", "web", REFUSED),
    EntityResult.of("3", "mail", LOST),
    EntityResult("4", "file", "skipped", "runs already"),
]


def test_an_error_becomes_the_outcome_it_means():
    assert entities(RESULTS) == [
        {"id": "1", "name": "erp-db", "outcome": "succeeded", "reason": "started", "remedy": None},
        {
            "id": "2",
            "name": "web",
            "outcome": "failed",
            "reason": "cannot start web: no memory",
            "remedy": "add memory",
        },
        {"id": "3", "name": "mail", "outcome": "unknown", "reason": "the answer was lost", "remedy": "look"},
        {"id": "4", "name": "file", "outcome": "skipped", "reason": "runs already", "remedy": None},
    ]


def test_every_outcome_is_counted():
    assert counts(RESULTS) == {"succeeded": 1, "failed": 1, "skipped": 1, "unknown": 1}
    assert counts([]) == {"succeeded": 0, "failed": 0, "skipped": 0, "unknown": 0}


def test_success_raises_nothing():
    raise_if_failed("start", [RESULTS[0], RESULTS[3]])


def test_a_partial_failure_names_who_and_carries_the_results():
    with pytest.raises(EngineError) as caught:
        raise_if_failed("start", RESULTS, {"changed": True})
    error = caught.value
    assert (error.kind, error.unknown) == ("partial", True)
    assert str(error) == "cannot start 2 of 4: web (cannot start web: no memory); mail (the answer was lost)"
    assert error.details == {"changed": True, "entities": entities(RESULTS), "counts": counts(RESULTS)}


def test_one_remedy_for_all_is_told_and_a_long_list_is_cut():
    bad = [EntityResult.of(str(n), f"vm{n}", REFUSED) for n in range(5)]
    with pytest.raises(EngineError, match="cannot start 5 of 5: vm0 .*; vm2 [^;]*; and 2 more$") as caught:
        raise_if_failed("start", bad)
    assert caught.value.remedy == "add memory"
