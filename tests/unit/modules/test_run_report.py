# SPDX-License-Identifier: GPL-3.0-or-later
"""run_report writes whole files, or says why not; a failed run does not fail it."""

from __future__ import annotations

import json

from sample_run import BEGAN, phases


def test_judges_the_run_and_writes_both_files(play, tmp_path):
    folder = tmp_path / "runs"
    result = play(
        "run_report", procedure="failover", phases=phases(), began=BEGAN, on_error="warn", directory=str(folder)
    )
    names = ["failover-20310504T030000Z.html", "failover-20310504T030000Z.json"]
    assert (result["changed"], result["verdict"]) == (True, "degraded")
    assert sorted(result["files"]) == [str(folder / name) for name in names]
    assert sorted(path.name for path in folder.iterdir()) == names
    assert json.loads((folder / names[1]).read_text()) == result["report"]
    assert (folder / names[0]).read_text().startswith("<!DOCTYPE html>")


def test_files_of_protection_groups_side_by_side_have_names_of_their_own(play, tmp_path):
    result = play("run_report", procedure="drill", phases=[], groups=["a/b", "c"], directory=str(tmp_path))
    assert all("/drill-a_b-c-" in path for path in result["files"])


def test_check_mode_judges_and_writes_nothing(play, tmp_path):
    result = play("run_report", check=True, procedure="drill", phases=phases(), directory=str(tmp_path))
    assert result["changed"] and result["verdict"] == "failed"
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_is_named(play, tmp_path):
    (tmp_path / "run.json").mkdir()
    result = play("run_report", procedure="drill", phases=[], directory=str(tmp_path), file_name="run")
    assert result["error_kind"] == "invalid" and str(tmp_path / "run.json") in result["msg"]
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]


def test_a_beginning_that_is_no_time_is_refused(play):
    result = play("run_report", procedure="drill", phases=[], began="yesterday")
    assert (result["error_kind"], result["msg"]) == ("invalid", "began is no time in ISO 8601: yesterday")


def test_who_ran_it_is_noted_as_far_as_known(play):
    result = play("run_report", procedure="drill", phases=[], started_by={"awx_job": 12, "user": "", "host": None})
    assert result["report"]["started_by"] == {"awx_job": "12"}
