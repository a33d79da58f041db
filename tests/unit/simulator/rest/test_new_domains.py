# SPDX-License-Identifier: GPL-3.0-or-later
"""POST /storagedomains: when a domain is made and when it is imported, and the connections that this leaves."""

from __future__ import annotations

import pytest
from ovirtsdk4 import types
from ovirtsdk4.services import SystemService

from ovirt_simulator.site import Sites
from wire_client import API, Client, east, west

HOST = "<host><name>west-h1</name></host>"


def nfs(path: str, name: str = "<name>new</name>", extra: str = "") -> str:
    place = f"<storage><type>nfs</type><address>nfs.array-b.test</address><path>{path}</path></storage>"
    return f"<storage_domain>{name}<type>data</type>{HOST}{place}{extra}</storage_domain>"


@pytest.fixture
def client2(sites: Sites) -> Client:
    return Client(sites["secondary"])


@pytest.fixture
def replicated(sites: Sites) -> None:
    sites.arrays.replicate()


def connections(api: SystemService) -> set[str]:
    return {connection.path for connection in api.storage_connections_service().list() if connection.path}


def test_an_empty_path_becomes_a_new_unattached_domain(client2: Client, api2: SystemService) -> None:
    reply = client2.post("/storagedomains", nfs("/empty", extra="<backup>true</backup>"))
    shown = [reply.xml.findtext(tag) for tag in ("name", "status", "backup", "master")]
    assert (reply.status, shown) == (201, ["new", "unknown", "true", "false"])
    assert reply.headers["location"].endswith(f"{API}/storagedomains/{reply.xml.get('id')}")
    again = api2.storage_domains_service().storage_domain_service(str(reply.xml.get("id"))).get()
    assert again.status == types.StorageDomainStatus.UNATTACHED and again.storage.path == "/empty"


@pytest.mark.usefixtures("replicated")
def test_a_domain_on_the_path_is_imported_whatever_the_request_says(client2: Client) -> None:
    reply = client2.post("/storagedomains", nfs("/vault", name="", extra="<import>false</import>"))
    shown = [reply.xml.findtext(tag) for tag in ("name", "backup")]
    assert (reply.status, reply.xml.get("id"), shown) == (201, east("domain", "nfs-vault"), ["nfs-vault", "false"])


@pytest.mark.usefixtures("replicated")
def test_an_import_takes_the_name_from_the_request_if_there_is_one(client2: Client) -> None:
    reply = client2.post("/storagedomains", nfs("/vault"))
    assert (reply.xml.get("id"), reply.xml.findtext("name")) == (east("domain", "nfs-vault"), "new")


def test_without_a_name_nothing_is_made_and_no_connection_stays(client2: Client, api2: SystemService) -> None:
    before = connections(api2)
    reply = client2.post("/storagedomains", nfs("/empty", name=""))
    assert (reply.status, reply.xml.findtext("reason")) == (400, "Incomplete parameters")
    assert connections(api2) == before == {"/west-data"}


def test_a_path_that_cannot_be_mounted_leaves_no_connection(client2: Client, api2: SystemService) -> None:
    assert client2.post("/storagedomains", nfs("/no/such")).status == 400
    assert connections(api2) == {"/west-data"}


def test_a_refused_domain_leaves_no_connection(client2: Client, api2: SystemService) -> None:
    reply = client2.post("/storagedomains", nfs("/empty", name="<name>west-data</name>"))
    assert reply.status == 409 and connections(api2) == {"/west-data"}


def test_a_path_in_use_is_a_conflict(client2: Client) -> None:
    assert client2.post("/storagedomains", nfs("/west-data")).status == 409


@pytest.mark.usefixtures("replicated")
def test_over_a_known_connection_the_path_is_not_mounted_to_look_what_is_there(client2: Client) -> None:
    facts = "<type>nfs</type><address>nfs.array-b.test</address><path>/vault</path>"
    added = client2.post("/storageconnections", f"<storage_connection>{facts}</storage_connection>")
    by_id = f"<storage id='{added.xml.get('id')}'/>"
    body = f"<storage_domain><name>n</name><type>data</type>{HOST}{by_id}</storage_domain>"
    assert client2.post("/storagedomains", body).status == 400, "the engine tries to make one, which storage refuses"
    with_host = client2.send("DELETE", f"/storageconnections/{added.xml.get('id')}")
    assert with_host.status == 200
    added = client2.post("/storageconnections", f"<storage_connection>{facts}{HOST}</storage_connection>")
    body = body.replace(by_id, f"<storage id='{added.xml.get('id')}'/>")
    assert client2.post("/storagedomains", body).xml.get("id") == east("domain", "nfs-vault")


@pytest.mark.parametrize(
    ("storage", "status"),
    [
        ("<logical_units><logical_unit id='3600a0980000000000000000000000a21'/></logical_units>", 201),
        (
            "<volume_group><logical_units><logical_unit id='3600a0980000000000000000000000a21'>"
            "<address>10.10.1.10</address><target>iqn.2031-05.test.array-a:spare</target></logical_unit>"
            "</logical_units></volume_group>",
            201,
        ),
        ("<logical_units><logical_unit id='u'><address>10.10.1.10</address></logical_unit></logical_units>", 400),
        ("", 400),
    ],
)
def test_new_block_domains_take_units_from_two_places(client: Client, storage: str, status: int) -> None:
    if "<address>" not in storage:
        login = "<address>10.10.1.10</address><target>iqn.2031-05.test.array-a:spare</target>"
        host = east("host", "east-h1")
        assert client.post(f"/hosts/{host}/iscsilogin", f"<action><iscsi>{login}</iscsi></action>").status == 200
    facts = f"<name>blk</name><type>data</type><host id='{east('host', 'east-h1')}'/>"
    body = f"<storage_domain>{facts}<storage><type>iscsi</type>{storage}</storage></storage_domain>"
    assert client.post("/storagedomains", body).status == status


def test_a_block_import_needs_the_id(client2: Client) -> None:
    facts = f"<import>true</import><type>data</type>{HOST}<storage><type>iscsi</type></storage>"
    reply = client2.post("/storagedomains", f"<storage_domain>{facts}</storage_domain>")
    assert (reply.status, reply.xml.findtext("reason")) == (400, "Incomplete parameters")


def test_a_host_by_an_unknown_name_is_404(client2: Client) -> None:
    body = nfs("/empty").replace("west-h1", "nobody")
    reply = client2.post("/storagedomains", body)
    assert (reply.status, reply.xml.tag) == (404, "fault")


def test_numbers_out_of_range_have_a_reason_of_their_own(client2: Client) -> None:
    body = nfs("/empty").replace("</storage>", "<nfs_timeo>70000</nfs_timeo></storage>")
    assert client2.post("/storagedomains", body).xml.findtext("reason") == "Value out of range"


def test_connections_are_shown_without_their_password(client2: Client) -> None:
    facts = "<type>iscsi</type><address>10.20.1.10</address><port>3260</port><target>iqn.t</target>"
    secret = "<username>u</username><password>hidden</password>"
    reply = client2.post("/storageconnections", f"<storage_connection>{facts}{secret}</storage_connection>")
    assert reply.status == 201 and "hidden" not in reply.text
    assert (
        client2.post("/storageconnections", "<storage_connection><type>nfs</type></storage_connection>").status == 400
    )
    domain = west("domain", "west-data")
    assert len(client2.get(f"/storagedomains/{domain}/storageconnections").xml) == 1
