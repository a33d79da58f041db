# SPDX-License-Identifier: GPL-3.0-or-later
"""recovery_plan_info reads a plan from disk, and says in one sentence what is wrong with it or its file."""

from __future__ import annotations

import pytest
import yaml

from recovery_plans import PLAN, changed


@pytest.fixture
def plan(tmp_path):
    """Return a function that writes a plan and returns its path."""

    def write(document):
        path = tmp_path / "plan.yml"
        path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
        return str(path)

    return write


def test_tells_what_the_plan_holds_and_what_a_direction_needs(play, plan):
    result = play("recovery_plan_info", path=plan(PLAN), source="primary", target="secondary", groups=["shop"])
    assert not result["changed"]
    assert result["plan"]["groups"] == [
        {
            "name": "shop",
            "storage_domains": ["vault"],
            "boot_groups": ["databases", "group 2"],
            "vms": ["db", "web"],
        }
    ]
    assert result["run"]["data_center"] == "west"


def test_without_a_direction_there_is_no_run(play, plan):
    assert play("recovery_plan_info", path=plan(PLAN))["run"] is None


def test_half_a_direction_is_refused(play, plan):
    result = play("recovery_plan_info", path=plan(PLAN), source="primary")
    assert (result["error_kind"], result["msg"]) == ("invalid", "source and target belong together")


def test_a_mistake_is_told_with_its_place(play, plan):
    result = play("recovery_plan_info", path=plan(changed("groups", "shop", "domains", "vault", "id", to=5)))
    assert result["error_kind"] == "invalid"
    assert "plan.yml: groups.shop.domains.vault.id has to be a UUID, not 5" in result["msg"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "No such file"),
        (b"\xff\xfe\x00", "is not encoded in UTF-8"),
        (b" " * (2**24 + 1), "is larger than 16 MiB"),
    ],
    ids=["missing", "binary", "huge"],
)
def test_a_file_that_is_no_text_is_told(play, tmp_path, content, says):
    path = tmp_path / "plan.yml"
    if content is not None:
        path.write_bytes(content)
    result = play("recovery_plan_info", path=str(path))
    assert result["error_kind"] == "invalid" and says in result["msg"] and str(path) in result["msg"]
