# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of a report: whole, harmless, and dependent on nothing."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from ansible_collections.lifeboat.ovirt.plugins.module_utils.report.chart import MOST_ROWS, bars
from ansible_collections.lifeboat.ovirt.plugins.module_utils.report.page import page
from ansible_collections.lifeboat.ovirt.plugins.module_utils.report.run import Run, read_phases
from sample_run import ENDED, HOSTILE, entity, phases

START = datetime(2031, 5, 4, 3, 0, 0, tzinfo=UTC)


def run(found: list[dict[str, Any]] | None = None, **more: Any) -> Run:
    told = phases() if found is None else found
    return Run(procedure="failover", began=START, ended=ENDED, phases=read_phases(told, START), **more)


def texts(tree: Any, path: str) -> list[str]:
    return [one.text_content() for one in tree.xpath(path)]


def test_the_figures_are_those_of_the_run() -> None:
    tree = html.document_fromstring(page(run(rpo=90.0)))
    figures = {one.get("data-figure"): one.text_content() for one in tree.xpath("//*[@data-figure]")}
    assert figures == {
        "verdict": "failed",
        "rto": "2 min 30 s",
        "rpo": "1 min 30 s",
        "seconds": "5 min 00 s",
        "succeeded": "5",
        "failed": "1",
        "skipped": "0",
        "unknown": "0",
    }


def test_failures_stand_before_everything_else_with_reason_and_remedy() -> None:
    tree = html.document_fromstring(page(run()))
    assert texts(tree, "//section[1]/h2") == ["What needs attention"]
    [row] = tree.xpath("//table[@data-table='failures']/tbody/tr")
    assert texts(row, "td") == [HOSTILE, "register", "failed", "its disk is missing", "replicate it"]


def test_the_timeline_has_a_bar_for_each_phase_and_each_vm_with_times() -> None:
    tree = html.document_fromstring(page(run()))
    assert len(tree.xpath("//svg//rect")) == 6
    assert [(row.label, row.begin, row.end) for row in bars(run())][-2:] == [("db", 90.0, 120.0), ("web", 120.0, 150.0)]


def test_a_timeline_of_many_rows_says_how_many_it_left_out() -> None:
    times = {"began": "2031-05-04T03:01:00Z", "ended": "2031-05-04T03:02:00Z"}
    many = [entity(f"vm-{number}", **times) for number in range(MOST_ROWS + 9)]
    tree = html.document_fromstring(page(run([{"name": "boot", "result": {"entities": many, "elapsed": 1}}])))
    assert len(tree.xpath("//svg//rect")) == MOST_ROWS
    assert "10 more are not drawn" in tree.text_content()


def test_the_page_refers_to_nothing_outside_and_forbids_it() -> None:
    text = page(run())
    assert not re.search(r"(src|href)\s*=|url\(|@import|https?:", text)
    assert "default-src 'none'" in text


@pytest.mark.parametrize("key", ["procedure", "plan", "source", "target", "version"])
def test_a_hostile_name_stays_a_name(key: str) -> None:
    about = {"source": "a", "target": "b", key: HOSTILE}
    procedure = about.pop("procedure", "failover")
    text = page(Run(procedure=procedure, began=START, ended=ENDED, phases=(), **about))
    assert "<script" not in text and HOSTILE in html.document_fromstring(text).text_content()


@given(st.text())
def test_any_text_can_be_the_name_of_a_vm(name: str) -> None:
    text = page(run([{"name": "boot", "result": {"entities": [entity(name, "failed", reason=name)]}}]))
    tree = html.document_fromstring(text.encode("utf-8"))
    assert len(tree.xpath("//table[@data-table='failures']/tbody/tr/td")) == 5
    assert not tree.xpath("//script")


def test_a_run_in_which_nothing_happened_has_a_page() -> None:
    assert "unknown" in page(run([]))
