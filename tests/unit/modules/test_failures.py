# SPDX-License-Identifier: GPL-3.0-or-later
"""Every module fails in one clear sentence when the engine cannot be used, and changes nothing."""

from __future__ import annotations

import pytest

from module_calls import CALLS, FINDING, MODULES
from ovirt_simulator.pki import Authority

USING = [name for name in MODULES if name not in FINDING]


@pytest.fixture
def other_ca(tmp_path):
    """A certificate authority that signed no engine's certificate."""
    return str(Authority(tmp_path).ca_file)


def assert_one_clear_sentence(result, kind):
    assert result["failed"] and result["error_kind"] == kind
    assert "Traceback" not in str(result) and "object at 0x" not in result["msg"] and "\n" not in result["msg"]
    assert result["remedy"]


@pytest.mark.parametrize("module", USING)
def test_a_wrong_password_is_told(play, primary, module):
    result = play(module, auth={**primary.auth, "password": "wrong-pass-word"}, **CALLS[module])
    assert_one_clear_sentence(result, "auth")
    assert "wrong-pass-word" not in str(result)
    assert not primary.writes


@pytest.mark.parametrize("module", [name for name in USING if name != "site_guard"])
def test_a_certificate_of_an_unknown_ca_is_told(play, primary, other_ca, module):
    result = play(module, auth={**primary.auth, "ca_file": other_ca}, **CALLS[module])
    assert_one_clear_sentence(result, "unreachable")
    assert "ca_file" in result["remedy"]
    assert not primary.writes


@pytest.mark.parametrize("module", [name for name in USING if name != "site_guard"])
def test_an_engine_that_cannot_be_reached_is_told(play, primary, module):
    primary.stop()
    result = play(module, auth=primary.auth, **CALLS[module])
    assert_one_clear_sentence(result, "unreachable")


@pytest.mark.parametrize("module", MODULES)
def test_missing_credentials_are_told(play, module):
    result = play(module, auth={"url": "https://127.0.0.1:1/ovirt-engine/api"}, **CALLS[module])
    assert_one_clear_sentence(result, "invalid")
