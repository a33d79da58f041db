# SPDX-License-Identifier: GPL-3.0-or-later
"""What the phases registered is judged as a whole."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.report.run import Run, as_document, read_phases
from sample_run import BEGAN, ENDED, HOSTILE, entity, phases

SCHEMA = Path(__file__).parents[3] / "docs" / "run-report.schema.json"
START = datetime(2031, 5, 4, 3, 0, 0, tzinfo=UTC)


def run(found: list[dict[str, Any]] | None = None, **more: Any) -> Run:
    told = phases() if found is None else found
    return Run(procedure="failover", began=START, ended=ENDED, phases=read_phases(told, START), **more)


def test_each_phase_has_the_outcome_of_its_worst_result() -> None:
    assert {phase.name: phase.outcome for phase in run().phases} == {
        "fence": "succeeded",
        "swap": "skipped",
        "bring_in": "succeeded",
        "register": "partial",
        "boot": "succeeded",
        "verify": "skipped",
    }


def test_a_phase_that_noted_no_beginning_begins_where_the_one_before_it_ended() -> None:
    bring_in = run().phases[2]
    assert bring_in.began is not None and (bring_in.began - START).total_seconds() == 1.5


def test_a_loop_counts_with_all_its_rounds() -> None:
    register = run().phases[3]
    assert (register.seconds, len(register.entities)) == (30.0, 3)


def test_the_recovery_took_until_the_last_vm_was_ready() -> None:
    assert run().rto == 150.0


def test_without_a_start_of_a_vm_there_is_no_recovery_time_but_a_reason() -> None:
    document = as_document(run([]))
    assert document["rto_seconds"] is None and "no VM was started" in document["rto_reason"]


@pytest.mark.parametrize(
    ("result", "on_error", "verdict"),
    [
        ({"entities": [entity("a")]}, "fail", "succeeded"),
        ({"entities": [entity("a", "skipped")]}, "fail", "succeeded"),
        ({"entities": [entity("a", "failed")], "error_kind": "partial"}, "fail", "failed"),
        ({"entities": [entity("a", "failed")], "error_kind": "partial"}, "warn", "degraded"),
        ({"entities": [entity("a", "unknown")], "error_kind": "partial"}, "warn", "degraded"),
        ({"failed": True, "msg": "no"}, "warn", "failed"),
        ({"failed": True, "error_kind": "partial", "entities": [entity("a", "failed")]}, "warn", "failed"),
        ({"audit": {"violations": [{"severity": "block"}]}}, "fail", "degraded"),
        ({"audit": {"violations": [{"severity": "warn"}]}}, "fail", "succeeded"),
    ],
)
def test_the_verdict(result: dict[str, Any], on_error: Any, verdict: str) -> None:
    assert run([{"name": "boot", "result": result}], on_error=on_error).verdict == verdict


def test_findings_of_a_preflight_are_told_like_violations_but_for_what_is_only_to_know() -> None:
    texts = {"subject": "host west-h2", "message": "host west-h2 is down", "remedy": "bring it up"}
    findings = [{"kind": "host_down", "severity": "warn", "site": "west", **texts}]
    findings += [{"kind": "vm_unprotected", "severity": "info", "site": "west", **texts}]
    told = run([{"name": "preflight", "result": {"findings": findings}}]).violations
    assert told == [{"rule": "host_down", "severity": "warn", **texts}]


def test_what_cannot_be_known_in_check_mode_is_no_failure() -> None:
    unknown = [{"name": "boot", "result": {"entities": [entity("a", "unknown")]}}]
    assert (run(unknown).verdict, run(unknown, foreseen=True).verdict) == ("failed", "succeeded")


def test_what_broke_the_run_off_fails_it_also_where_no_phase_knows_of_it() -> None:
    broken = run([], failure="the hook found no array")
    assert (broken.verdict, broken.lines[1:]) == ("failed", ["the hook found no array"])


def test_the_lines_name_each_failure_with_reason_and_remedy() -> None:
    assert run().lines[1:] == [f"register: {HOSTILE}: its disk is missing (remedy: replicate it)"]


def test_a_phase_that_failed_as_a_whole_is_told() -> None:
    told = run([{"name": "fence", "result": {"failed": True, "msg": "the site still writes"}}]).lines
    assert told[1:] == ["phase fence: the site still writes"]


@pytest.mark.parametrize("found", [None, [], [{"name": "x", "result": {"began": "nonsense", "entities": [{}]}}]])
def test_the_document_keeps_to_its_schema(found: list[dict[str, Any]] | None) -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    document = as_document(run(found, plan="erp", groups=("shop",), started_by={"user": "ada"}, rpo=30.0, version="1"))
    jsonschema.validate(json.loads(json.dumps(document)), schema)


def test_times_in_the_sample_are_utc() -> None:
    assert as_document(run())["began"] == BEGAN


def test_what_an_earlier_run_has_left_behind_counts_as_not_reached() -> None:
    stale = {"began": "2031-05-04T02:59:59.99Z", "failed": True, "msg": "then"}
    assert [phase.outcome for phase in run([{"name": "boot", "result": stale}]).phases] == ["skipped"]
