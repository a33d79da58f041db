# SPDX-License-Identifier: GPL-3.0-or-later
"""In check mode a module sends nothing but logins, reads, and the actions that change nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from module_calls import CALLS, MODULES, OFFLINE

ALLOWED = (
    ("GET", r".*"),
    ("POST", r"/ovirt-engine/sso/oauth/token"),
    ("POST", r"/ovirt-engine/services/sso-logout"),
    ("POST", r"/ovirt-engine/api/hosts/[^/]+/(iscsidiscover|discoveriscsi)"),
)


@pytest.mark.parametrize("module", MODULES)
def test_sends_only_what_changes_nothing(play, primary, module):
    play(module, check=True, auth=primary.auth, **CALLS[module])
    sent = [(request.method, request.path) for request in primary.requests]
    assert sent, "the module has to talk to the engine for this to mean anything"
    forbidden = [
        one for one in sent if not any(one[0] == method and re.fullmatch(path, one[1]) for method, path in ALLOWED)
    ]
    assert forbidden == []


def test_every_module_is_called():
    folder = Path(__file__).parents[3] / "plugins" / "modules"
    assert {path.stem for path in folder.glob("*.py")} == set(CALLS)


@pytest.mark.parametrize("module", sorted(OFFLINE))
def test_a_module_that_asks_no_engine_sends_nothing(play, primary, module):
    assert not play(module, auth=primary.auth, **CALLS[module]).get("failed")
    assert not primary.requests
