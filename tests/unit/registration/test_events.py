# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose complaints the engine's events are."""

from __future__ import annotations

import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.ansible_glue import credentials
from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.session import Session
from ansible_collections.lifeboat.ovirt.plugins.module_utils.registration.events import complaints, last_event

REQUEST = "lifeboat-1"


@pytest.fixture
def engine(secondary):
    with Session(credentials({"auth": secondary.auth}), read_only=True) as session:
        yield session


def test_a_warning_is_about_its_vm_or_about_whom_its_request_was_for(engine, secondary):
    with secondary.engine.transaction() as context:
        context.event(1188, "too old", "warning", vm="a")
    since = last_event(engine)
    with secondary.engine.transaction(REQUEST) as context:
        context.event(1188, "came without x", "warning", vm="a")
        context.event(174, "was registered", "normal", vm="a")
        context.event(1153, "could not be registered", "error", storage_domain="d")
    with secondary.engine.transaction() as context:
        context.event(1197, "the template came without y", "warning", template="t")
        context.event(9, "somebody else's trouble", "error", host="h")
    found = complaints(engine, since, {REQUEST: "a"})
    assert found == {"a": ["came without x", "could not be registered"], "t": ["the template came without y"]}
