# SPDX-License-Identifier: GPL-3.0-or-later
"""run_report writes whole files, or says why not; a failed run does not fail it."""

from __future__ import annotations

import json

from sample_run import BEGAN, phases


def test_judges_the_run_and_writes_both_files(play, tmp_path):
    files = {"json_path": str(tmp_path / "runs" / "run.json"), "html_path": str(tmp_path / "runs" / "run.html")}
    result = play("run_report", procedure="failover", phases=phases(), began=BEGAN, on_error="warn", **files)
    assert (result["changed"], result["verdict"], result["files"]) == (True, "degraded", list(files.values()))
    assert json.loads((tmp_path / "runs" / "run.json").read_text()) == result["report"]
    assert (tmp_path / "runs" / "run.html").read_text().startswith("<!DOCTYPE html>")
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["run.html", "run.json"]


def test_check_mode_judges_and_writes_nothing(play, tmp_path):
    result = play("run_report", check=True, procedure="drill", phases=phases(), html_path=str(tmp_path / "run.html"))
    assert result["changed"] and result["verdict"] == "failed"
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_is_named(play, tmp_path):
    (tmp_path / "run.html").mkdir()
    result = play("run_report", procedure="drill", phases=[], html_path=str(tmp_path / "run.html"))
    assert result["error_kind"] == "invalid" and str(tmp_path / "run.html") in result["msg"]
    assert [path.name for path in tmp_path.iterdir()] == ["run.html"]


def test_a_beginning_that_is_no_time_is_refused(play):
    result = play("run_report", procedure="drill", phases=[], began="yesterday")
    assert (result["error_kind"], result["msg"]) == ("invalid", "began is no time in ISO 8601: yesterday")


def test_who_ran_it_is_noted_as_far_as_known(play):
    result = play("run_report", procedure="drill", phases=[], started_by={"awx_job": 12, "user": "", "host": None})
    assert result["report"]["started_by"] == {"awx_job": "12"}
