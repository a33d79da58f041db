# SPDX-License-Identifier: GPL-3.0-or-later
"""Logging in and out, and what a request has to bring along."""

from __future__ import annotations

import base64
import json
from urllib.parse import urlencode

import ovirtsdk4
import pytest

from ovirt_simulator.site import SimulatedSite, simulated_sites
from wire_client import API, Client, Reply

TOKEN = "/ovirt-engine/sso/oauth/token"


def log_in(client: Client, accept: str = "application/json", **fields: str) -> Reply:
    form = {"grant_type": "password", "scope": "ovirt-app-api", "username": "admin@internal", "password": "simulated"}
    headers = {"Accept": accept, "Content-Type": "application/x-www-form-urlencoded", "Authorization": None}
    return client.send("POST", TOKEN, urlencode({**form, **fields}), headers)


def test_a_login_answers_with_a_token_that_never_expires(client: Client) -> None:
    answer = json.loads(log_in(client).body)
    assert answer.pop("access_token")
    assert answer == {"scope": "ovirt-app-api", "exp": "9223372036854775807", "token_type": "bearer"}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"password": "wrong"}, "access_denied"),
        ({"username": "nobody@internal"}, "access_denied"),
        ({"username": "admin"}, "access_denied"),
        ({"grant_type": "authorization"}, "unsupported_grant_type"),
    ],
)
def test_a_refused_login_is_400_with_the_text_under_error(client: Client, fields: dict[str, str], code: str) -> None:
    reply = log_in(client, **fields)
    answer = json.loads(reply.body)
    assert (reply.status, answer["error_code"], set(answer)) == (400, code, {"error", "error_code"})


def test_another_scope_gets_the_standard_form_of_an_error(client: Client) -> None:
    answer = json.loads(log_in(client, scope="openid", password="wrong").body)
    assert (answer["error"], set(answer)) == ("access_denied", {"error", "error_description"})


def test_a_login_has_to_accept_exactly_json(client: Client) -> None:
    assert json.loads(log_in(client, accept="*/*").body)["error_code"] == "invalid_request"


def test_the_sdk_raises_for_a_wrong_password(primary: SimulatedSite) -> None:
    with pytest.raises(ovirtsdk4.AuthError, match="access_denied"):
        ovirtsdk4.Connection(**{**primary.auth, "password": "wrong"}).authenticate()


def test_after_the_logout_the_token_is_refused_with_the_containers_page(client: Client) -> None:
    form = urlencode({"scope": "ovirt-app-api", "token": client.token})
    assert client.send("POST", "/ovirt-engine/services/sso-logout", form).body == b"{}"
    reply = client.get("")
    assert (reply.status, reply.headers["www-authenticate"]) == (401, 'Basic realm="RESTAPI"')
    assert reply.headers["content-type"].startswith("text/html")


def test_a_second_logout_is_no_error(client: Client) -> None:
    form = urlencode({"scope": "ovirt-app-api", "token": "never-given"})
    assert client.send("POST", "/ovirt-engine/services/sso-logout", form).status == 200


def test_a_token_outlives_a_restart(primary: SimulatedSite, client: Client) -> None:
    primary.restart()
    assert client.get("").status == 200


@pytest.mark.parametrize(("password", "status"), [("simulated", 200), ("wrong", 401)])
def test_basic_authentication_needs_no_login(client: Client, password: str, status: int) -> None:
    value = base64.b64encode(f"admin@internal:{password}".encode()).decode()
    assert client.send("GET", "", headers={"Authorization": f"Basic {value}"}).status == status


@pytest.mark.parametrize("value", [None, "Basic %%%", "Bearer unknown", "Digest x"])
def test_without_credentials_nobody_gets_in(client: Client, value: str | None) -> None:
    assert client.send("GET", "/vms", headers={"Authorization": value}).status == 401


@pytest.mark.parametrize(
    ("given", "kept"),
    [("dr_run-7", "dr_run-7"), ("a b;c/d", "abcd"), ("x" * 50, "x" * 36)],
)
def test_the_correlation_id_comes_back_as_it_is_kept(client: Client, given: str, kept: str) -> None:
    assert client.send("GET", "", headers={"Correlation-Id": given}).headers["correlation-id"] == kept


def test_the_correlation_id_can_be_a_parameter_but_the_header_wins(client: Client) -> None:
    assert client.get("?correlation_id=q").headers["correlation-id"] == "q"
    assert client.send("GET", "?correlation_id=q", headers={"Correlation-Id": "h"}).headers["correlation-id"] == "h"


def test_without_a_correlation_id_the_engine_makes_one_up(client: Client) -> None:
    assert len(client.get("").headers["correlation-id"]) == 36


@pytest.mark.parametrize(("path", "headers"), [("/v3/vms", {}), ("/vms", {"Version": "3"})])
def test_only_version_four_is_there(client: Client, path: str, headers: dict[str, str]) -> None:
    assert client.send("GET", path, headers=headers).status == 400


def test_a_version_in_the_path_stays_in_the_addresses(client: Client) -> None:
    assert client.get("/v4/vms").xml[0].get("href", "").startswith(f"{API}/v4/vms/")
    assert client.send("GET", "/vms", headers={"Version": "4"}).xml[0].get("href", "").startswith(f"{API}/vms/")


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("GET", {"Accept": "image/png"}, 406),
        ("GET", {"Accept": None}, 200),
        ("GET", {"Accept": "text/html, */*;q=0.1"}, 200),
        ("POST", {"Content-Type": "text/plain"}, 415),
        ("DELETE", {}, 405),
    ],
)
def test_media_types_and_methods(client: Client, method: str, headers: dict[str, str | None], status: int) -> None:
    path = "/storagedomains" if method == "POST" else "/vms"
    assert client.send(method, path, "<vm/>" if method == "POST" else None, headers).status == status


@pytest.mark.parametrize(("version", "full"), [("4.3", "4.3.10.4-1.el7"), ("4.4", "4.4.10.7-1.el8")])
def test_the_product_version_can_be_chosen(version: str, full: str) -> None:
    with simulated_sites(version=version) as both, ovirtsdk4.Connection(**both["primary"].auth) as connection:
        shown = connection.system_service().get().product_info.version
        assert (f"{shown.major}.{shown.minor}", shown.full_version) == (version, full)
