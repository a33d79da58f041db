# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong on purpose, what is remembered of requests, and the control endpoint."""

from __future__ import annotations

import http.client
import json
import ssl
import threading
from typing import Any

import ovirtsdk4
import pytest
from ovirtsdk4 import types
from ovirtsdk4.services import SystemService

from ovirt_simulator.mishaps import Entry, Rule
from ovirt_simulator.site import SimulatedSite, Sites
from wire_client import API, Client, east

DB = east("vm", "db")


def control(client: Client, operation: str, **data: Any) -> Any:
    method, name = operation.split()
    reply = client.send(method, f"/control/{name}", json.dumps(data), {"Authorization": None})
    assert reply.status == 200, reply.text
    return json.loads(reply.body)


def arrived(site: SimulatedSite, method: str, end: str) -> list[Entry]:
    return [entry for entry in site.requests if entry.method == method and entry.path.endswith(end)]


def test_a_status_is_answered_without_doing_anything(primary: SimulatedSite, api: SystemService) -> None:
    primary.mishaps.add("POST", "/vms/{id}/start", "status", status=503, detail="[busy]")
    vm = api.vms_service().vm_service(DB)
    with pytest.raises(ovirtsdk4.Error) as caught:
        vm.start()
    assert (caught.value.code, caught.value.fault.detail) == (503, "[busy]")
    assert vm.get().status == types.VmStatus.DOWN
    vm.start()
    assert vm.get().status == types.VmStatus.UP, "a rule holds once unless it says otherwise"


@pytest.mark.parametrize(("action", "started"), [("reset_before", False), ("reset_after", True)])
def test_a_reset_connection_gives_no_answer_whether_or_not_the_work_was_done(
    primary: SimulatedSite, client: Client, api: SystemService, action: Any, started: bool
) -> None:
    primary.mishaps.add("POST", "/vms/{id}/start", action)
    with pytest.raises(ConnectionResetError):
        client.post(f"/vms/{DB}/start")
    assert (api.vms_service().vm_service(DB).get().status == types.VmStatus.UP) == started
    assert [entry.status for entry in arrived(primary, "POST", "/start")] == [None]


def test_a_reused_connection_is_reset_too(primary: SimulatedSite, client: Client) -> None:
    tls = ssl.create_default_context(cafile=primary.ca_file)
    port = int(primary.url.split(":")[2].split("/")[0])
    connection = http.client.HTTPSConnection("127.0.0.1", port, context=tls)
    headers = {"Authorization": f"Bearer {client.token}"}
    connection.request("GET", API, headers=headers)
    assert connection.getresponse().read()
    primary.mishaps.add("GET", "/vms", "reset_before")
    with pytest.raises((ConnectionResetError, http.client.RemoteDisconnected)):
        connection.request("GET", f"{API}/vms", headers=headers)
        connection.getresponse()
    connection.close()


def test_a_hanging_request_ends_when_the_client_gives_up(primary: SimulatedSite, client: Client) -> None:
    primary.mishaps.add("GET", "/vms", "hang")
    with pytest.raises(TimeoutError):
        client.send("GET", "/vms", timeout=0.05)
    assert client.get("/vms").status == 200


def test_a_site_stops_although_requests_hang(sites: Sites, client: Client) -> None:
    sites["primary"].mishaps.add("GET", "/vms", "hang")
    waiting = threading.Thread(target=lambda: pytest.raises(OSError, client.get, "/vms"))
    waiting.start()
    while not arrived(sites["primary"], "GET", "/vms"):
        pass
    sites["primary"].stop()
    waiting.join(timeout=5)
    assert not waiting.is_alive()


@pytest.mark.parametrize(("at", "times", "refused"), [(1, 1, [1]), (2, 1, [2]), (2, 2, [2, 3]), (3, 0, [3, 4, 5])])
def test_a_rule_has_a_position(client: Client, primary: SimulatedSite, at: int, times: int, refused: list[int]) -> None:
    primary.mishaps.add("GET", "/clusters", "status", at=at, times=times)
    assert [number for number in range(1, 6) if client.get("/clusters").status == 503] == refused


@pytest.mark.parametrize(
    ("template", "path", "applies"),
    [
        ("/vms/{id}", f"{API}/vms/1", True),
        ("/vms/{id}", f"{API}/vms/1/start", False),
        ("/vms", f"{API}/vms;max=3", True),
        ("/", API, True),
        ("/ovirt-engine/sso/oauth/token", "/ovirt-engine/sso/oauth/token", True),
        ("/vms.", f"{API}/vmsx", False),
    ],
)
def test_templates_match_whole_paths(template: str, path: str, applies: bool) -> None:
    assert Rule("GET", template, "hang").applies("GET", path) == applies
    assert not Rule("POST", template, "hang").applies("GET", path)


def test_rules_can_be_taken_back(client: Client, primary: SimulatedSite) -> None:
    primary.mishaps.add("GET", "/clusters", "status", times=0)
    assert client.get("/clusters").status == 503
    primary.mishaps.clear()
    assert client.get("/clusters").status == 200


def test_every_request_is_remembered_with_what_it_asked(primary: SimulatedSite, client: Client) -> None:
    client.send("GET", "/vms?max=1", headers={"Correlation-Id": "look-1", "User-Agent": "test"})
    entry = primary.requests[-1]
    seen = (entry.method, entry.path, entry.query, entry.correlation_id, entry.status, entry.user_agent)
    assert seen == ("GET", f"{API}/vms", "max=1", "look-1", 200, "test")


@pytest.mark.parametrize(
    ("method", "path", "writes"),
    [
        ("GET", "/vms", False),
        ("HEAD", "", False),
        ("POST", "/hosts/H/iscsidiscover", False),
        ("POST", "/hosts/H/discoveriscsi", False),
        ("POST", "/storagedomains/S/isattached", False),
        ("POST", "/hosts/H/unregisteredstoragedomainsdiscover", True),
        ("POST", "/hosts/H/iscsilogin", True),
        ("POST", "/vms/V/start", True),
        ("PUT", "/storagedomains/S", True),
        ("DELETE", "/storagedomains/S", True),
    ],
)
def test_looking_is_no_write(method: str, path: str, writes: bool) -> None:
    assert Entry(method, f"{API}{path}", "", "", "").writes == writes


def test_a_login_is_no_write(primary: SimulatedSite, client: Client) -> None:
    assert client.token and not primary.writes
    client.post(f"/vms/{DB}/start")
    assert [entry.path for entry in primary.writes] == [f"{API}/vms/{DB}/start"]


def test_other_processes_read_and_clear_the_log(client: Client) -> None:
    client.post(f"/vms/{DB}/start")
    log = control(client, "GET requests")
    assert (log["writes"], log["requests"][-1]["path"]) == (1, f"{API}/vms/{DB}/start")
    control(client, "DELETE requests")
    assert control(client, "GET requests") == {"requests": [], "writes": 0}


def test_other_processes_add_and_clear_rules(client: Client) -> None:
    added = control(client, "POST mishaps", method="GET", path="/clusters", action="status", status=500, times=0)
    assert added["status"] == 500 and client.get("/clusters").status == 500
    assert [rule["seen"] for rule in control(client, "GET mishaps")] == [1]
    control(client, "DELETE mishaps")
    assert client.get("/clusters").status == 200


def test_hosts_are_fenced_lost_and_brought_back(client: Client, api: SystemService) -> None:
    def statuses() -> dict[str, str]:
        return {host.name: host.status.value for host in api.hosts_service().list()}

    control(client, "POST hosts", state="lost", names=["east-h1"])
    assert statuses() == {"east-h1": "non_responsive", "east-h2": "up"}
    control(client, "POST hosts", state="fenced")
    assert set(statuses().values()) == {"non_responsive"}
    assert api.vms_service().vm_service(east("vm", "web")).get().status == types.VmStatus.DOWN
    control(client, "POST hosts", state="up")
    assert set(statuses().values()) == {"up"}


def test_a_guest_can_ignore_a_shutdown(client: Client, api: SystemService) -> None:
    control(client, "POST guest", name="web", ignores_shutdown=True)
    web = api.vms_service().vm_service(east("vm", "web"))
    web.shutdown()
    assert web.get().status == types.VmStatus.UP


def test_arrays_are_broken_and_replicated(client: Client) -> None:
    discover = f"/hosts/{east('host', 'east-h1')}/iscsidiscover"
    body = "<action><iscsi><address>10.10.1.10</address></iscsi></action>"
    control(client, "POST portal", address="10.10.1.10", reachable=False)
    assert client.post(discover, body).status == 400
    control(client, "POST portal", address="10.10.1.10", reachable=True)
    assert client.post(discover, body).status == 200
    assert "b-vault" in control(client, "POST replicate", array="array-a")
    assert control(client, "POST replicate", volume="a-nfs-vault") == ["b-nfs-vault"]


def test_the_control_endpoint_says_what_it_cannot_do(client: Client) -> None:
    assert client.send("GET", "/control/nothing").status == 404
    assert client.send("POST", "/control/mishaps", "{").status == 400
    assert client.send("POST", "/control/hosts", '{"state": "tired"}').status == 400
    assert "requests" in client.send("GET", "/control/nothing").text


def test_a_restart_drops_connections_and_keeps_everything_else(primary: SimulatedSite, client: Client) -> None:
    client.post(f"/vms/{DB}/start")
    url = primary.url
    primary.restart()
    assert primary.url == url and primary.requests == []
    assert client.get(f"/vms/{DB}").xml.findtext("status") == "up"
