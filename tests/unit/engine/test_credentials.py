# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.credentials import Credentials
from ansible_collections.lifeboat.ovirt.plugins.module_utils.engine.errors import EngineError

LOGIN = {"username": "admin@internal", "password": "s3cret-word"}


@pytest.mark.parametrize(
    ("url", "api"),
    [
        ("https://engine.example.com", "https://engine.example.com/ovirt-engine/api"),
        ("https://engine.example.com:8443/", "https://engine.example.com:8443/ovirt-engine/api"),
        ("https://engine.example.com/ovirt-engine/api/", "https://engine.example.com/ovirt-engine/api"),
        ("https://proxy.example.com/site-a/api", "https://proxy.example.com/site-a/api"),
    ],
)
def test_the_address_of_the_api(url, api):
    assert Credentials(url, **LOGIN).api == api


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "engine.example.com",
        "ftp://engine.example.com",
        "https://",
        "https://engine:port/",
        "https://admin:pw4url/@engine.example.com",
        "admin:pw4url@engine.example.com",
        "https://admin:pw4url@engine.example.com",
        "http://engine.example.com",
        "https://engine.example.com/?a=b",
    ],
)
def test_an_address_that_cannot_work_is_refused(url):
    with pytest.raises(EngineError) as caught:
        Credentials(url, **LOGIN)
    assert caught.value.kind == "invalid"
    assert caught.value.remedy
    assert "pw4url" not in str(caught.value)


def test_without_encryption_only_together_with_insecure():
    assert Credentials("http://127.0.0.1:8080", insecure=True, **LOGIN).api == "http://127.0.0.1:8080/ovirt-engine/api"


@pytest.mark.parametrize("login", [{}, {"username": "admin@internal"}, {"password": "s3cret-word"}])
def test_without_a_login_the_message_names_option_and_variable(login):
    with pytest.raises(EngineError) as caught:
        Credentials("https://engine.example.com", **login)
    assert "auth.password" in caught.value.remedy
    assert "OVIRT_PASSWORD" in caught.value.remedy


def test_a_missing_ca_file_is_named(tmp_path):
    with pytest.raises(EngineError, match="gone.pem does not exist"):
        Credentials("https://engine.example.com", ca_file=str(tmp_path / "gone.pem"), **LOGIN)


@pytest.mark.parametrize("headers", [{"X-Site": "M\u00fcnchen"}, {"X-Site": "a\r\nX-Other: b"}])
def test_a_header_that_would_break_the_request_is_refused(headers):
    with pytest.raises(EngineError) as caught:
        Credentials("https://engine.example.com", headers=headers, **LOGIN)
    assert caught.value.kind == "invalid"


@pytest.mark.parametrize("token", ["t0ken-t\u00e4xt", "t0ken\r\ntext"])
def test_a_token_that_would_break_the_request_is_refused_unseen(token):
    with pytest.raises(EngineError) as caught:
        Credentials("https://engine.example.com", token=token)
    assert caught.value.kind == "invalid"
    assert "t0ken" not in str(caught.value)


def test_repr_shows_no_secret():
    shown = repr(Credentials("https://e.example.com", token="t0ken-text", headers={"Cookie": "c00kie"}, **LOGIN))
    assert "admin@internal" in shown
    for secret in ("s3cret-word", "t0ken-text", "c00kie"):
        assert secret not in shown
