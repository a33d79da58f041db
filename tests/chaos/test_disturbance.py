# SPDX-License-Identifier: GPL-3.0-or-later
"""What disturbs operations finds those that do not stand it, and only those."""

from __future__ import annotations

import pytest
from disturbance import every_position, withstands

from ansible_collections.lifeboat.ovirt.plugins.module_utils.ansible_glue import credentials
from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError
from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.session import Intent, Session


@pytest.fixture
def add_tag(clock):
    """Return a function that makes an operation: it adds a tag unless there is one, again where the first try fails."""

    def add(engine, name):
        if any(tag.description == "mine" for tag in engine.list("tags")):
            return False
        engine.add("tags", "tag", {"name": name, "description": "mine"}, Intent(f"add tag {name}"))
        return True

    def make(looks_again):
        def run(auth):
            with Session(credentials({"auth": auth["primary"]}), clock=clock, sleep=clock.sleep) as engine:
                try:
                    return {"changed": add(engine, "first")}
                except EngineError as exc:
                    if not looks_again and exc.unknown:
                        engine.add("tags", "tag", {"name": "second", "description": "mine"}, Intent("add tag second"))
                    return {"failed": True, "msg": str(exc), "error_kind": exc.kind, "remedy": exc.remedy}

        return run

    return make


def test_every_request_is_a_position_of_every_fault(world, add_tag):
    found = every_position(add_tag(looks_again=True), world())
    added = [one for one in found if one.method == "POST" and one.path == "/ovirt-engine/api/tags"]
    assert [one.fault for one in added] == ["status", "reset_before", "reset_after", "hang"]
    assert len(found) == 4 * len({(one.method, one.path, one.at) for one in found})


def test_an_operation_that_looks_before_it_adds_withstands_lost_requests(world, add_tag):
    withstands(add_tag(looks_again=True), world(), faults=["reset_before", "reset_after"])


def test_an_operation_that_adds_twice_is_found_out(world, add_tag):
    with pytest.raises(AssertionError, match="not made good") as caught:
        withstands(add_tag(looks_again=False), world(), faults=["reset_after"])
    assert "reset_after at POST /ovirt-engine/api/tags" in str(caught.value)
    assert "+primary.tags: id=new-" in str(caught.value)
