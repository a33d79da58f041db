# SPDX-License-Identifier: GPL-3.0-or-later
"""The requests of the feature's own page, sent as they stand but for identifiers and addresses."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from ovirt_simulator.site import Sites
from ovirt_simulator.storage import arrays
from wire_client import Client, Reply, east, west

PAGES = Path(__file__).parents[3] / "data" / "feature_page"
PORTAL, IQN = "10.20.1.10", "iqn.2031-05.test.array-b:vault"
TARGETS = ("iqn.iscsi.120.01", "iqn.name1.120.01", "iqn.iscsi.120.02", "iqn.name2.120.02")
HOSTS = ("052a880a-53e0-4fe3-9ed5-01f939d1df66", "9d05868b-d40d-4a8c-9a81-dbf09d654fba")
DOMAINS = ("39baf524-380e-407c-8625-50709fcaa9c2", "ecf053fc-fe65-4d64-883e-c38ca898951c")


def body_of(page: str, **changed: str) -> str:
    """Return a page's body with this site's host, domain, addresses and targets in it."""
    text = (PAGES / page).read_text()
    body = text[text.index("<") :]
    adapted = {
        **dict.fromkeys(HOSTS, west("host", "west-h1")),
        **dict.fromkeys(DOMAINS, east("domain", "vault")),
        **dict.fromkeys(TARGETS, IQN),
        "iscsi.server": PORTAL,
        "iscsiHost": PORTAL,
        "10.35.16.2": "nfs.array-b.test",
        **changed,
    }
    for old, new in adapted.items():
        body = body.replace(old, new)
    return body


def on_host(client: Client, action: str, body: str) -> Reply:
    return client.post(f"/hosts/{west('host', 'west-h1')}/{action}", body)


@pytest.fixture
def client2(sites: Sites) -> Client:
    sites.arrays.replicate()
    return Client(sites["secondary"])


def test_discovery_lists_the_targets_and_ignores_those_in_the_request(client2: Client) -> None:
    reply = on_host(client2, "iscsidiscover", body_of("iscsidiscover_request.txt"))
    found = [element.text for element in reply.xml.findall("iscsi_targets/iscsi_target")]
    assert reply.status == 200 and IQN in found
    assert len(reply.xml.findall("discovered_targets/iscsi_details")) == len(found)
    assert reply.xml.find("iscsi_target") is None


def test_the_request_for_unregistered_domains_is_refused_as_it_names_no_list_of_targets(client2: Client) -> None:
    reply = on_host(client2, "unregisteredstoragedomainsdiscover", body_of("unregistered_request.txt"))
    assert (reply.status, reply.xml.tag) == (400, "fault")


def test_its_corrected_form_answers_with_what_the_page_shows_except_for_backup(client2: Client) -> None:
    sibling = f"<iscsi_target>{IQN}</iscsi_target>"
    body = body_of("unregistered_request.txt").replace(sibling, f"<iscsi_targets>{sibling}</iscsi_targets>", 1)
    reply = on_host(client2, "unregisteredstoragedomainsdiscover", body)
    domain = reply.xml.find("storage_domains/storage_domain")
    assert domain is not None and domain.get("id") == east("domain", "vault")
    page = (PAGES / "unregistered_answer.xml").read_text()
    for name in ("name", "type", "backup", "master", "storage", "committed", "storage_format"):
        assert f"<{name}>" in page and domain.find(name) is not None
    assert domain.findtext("backup") == "false" and "<backup>true</backup>" in page
    assert domain.find("storage/volume_group") is not None
    assert reply.xml.findtext("status") == "complete"
    assert domain.find("available") is None and domain.find("used") is None


def imported(reply: Reply, storage: str) -> tuple[int, str | None, str | None]:
    assert reply.xml.findtext("storage/type") == storage, reply.text
    return reply.status, reply.xml.get("id"), reply.xml.findtext("backup")


def test_the_iscsi_import_brings_the_domain_in_as_a_backup_domain(client2: Client) -> None:
    login = f"<action><iscsi><address>{PORTAL}</address><target>{IQN}</target></iscsi></action>"
    assert on_host(client2, "iscsilogin", login).status == 200
    reply = client2.post("/storagedomains/", body_of("import_iscsi_request.txt"))
    assert imported(reply, "iscsi") == (201, east("domain", "vault"), "true")


def test_the_fcp_import_brings_the_domain_in_as_a_backup_domain(sites: Sites, client2: Client) -> None:
    def add_unit(db: Session) -> None:
        volume = arrays.add_volume(db, "array-b", "b-fibre")
        arrays.add_unit(db, "array-b", "3600fc01", 200 << 30, None, volume, ["secondary"])
        arrays.pair(db, "a-mixed-block", "b-fibre")

    sites.arrays.work(add_unit)
    sites.arrays.replicate("a-mixed-block")
    domain_id = east("domain", "mixed-block")
    body = body_of("import_fcp_request.txt", **{DOMAINS[1]: domain_id})
    assert imported(client2.post("/storagedomains/", body), "fcp") == (201, domain_id, "true")


def test_the_nfs_import_brings_the_domain_on_the_path_in_as_a_backup_domain(client2: Client) -> None:
    body = body_of("import_nfs_request.txt", **{"/export/images/rnd/maor/data9": "/vault"})
    reply = client2.post("/storagedomains", body)
    assert imported(reply, "nfs") == (201, east("domain", "nfs-vault"), "true")
    assert reply.xml.findtext("name") == "data1"
