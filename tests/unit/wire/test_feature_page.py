# SPDX-License-Identifier: GPL-3.0-or-later
"""The six REST documents of the feature page, against a real HTTP API, and against what the modules send.

The scenario knows the addresses, targets and paths of the documents by the same names, so that only ids are adapted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from ovirt_simulator.engine import schema
from ovirt_simulator.mishaps import Entry
from ovirt_simulator.scenario import DEFAULT
from ovirt_simulator.site import SimulatedSite, Sites, simulated_sites
from wire_client import Client, Reply, east, west

DOCUMENTS = Path(__file__).parents[2] / "data" / "feature_page"
SCENARIO = DEFAULT.with_name("feature_page.yml")

HOST = west("host", "west-h1")
DISCOVERED = ["iqn.iscsi.120.01", "iqn.iscsi.120.02", "iqn.iscsi.120.03"]
TARGETS = ["iqn.name1.120.01", "iqn.name2.120.02", "iqn.name3.120.03"]
ISCSI_DOMAIN, FCP_DOMAIN, NFS_DOMAIN = (east("domain", name) for name in ("scsi4", "fibre", "data9"))
# The identifiers of the documents, and what stands for them here.
ADAPTED = {
    "052a880a-53e0-4fe3-9ed5-01f939d1df66": HOST,
    "9d05868b-d40d-4a8c-9a81-dbf09d654fba": HOST,
    "39baf524-380e-407c-8625-50709fcaa9c2": ISCSI_DOMAIN,
    "ecf053fc-fe65-4d64-883e-c38ca898951c": FCP_DOMAIN,
    "6ab65b16-0f03-4b93-85a7-5bc3b8d52be0": ISCSI_DOMAIN,
}


def adapted(text: str) -> str:
    """Return a document with the ids of the scenario; one that has none here is a mistake of the test."""
    return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", lambda found: ADAPTED[found[0]], text)


@dataclass(frozen=True)
class Document:
    """A request of the page: what its first line says, its headers, and its body."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: str

    @classmethod
    def read(cls, name: str) -> Document:
        head, _unused, body = adapted((DOCUMENTS / f"{name}_request.txt").read_text(encoding="utf-8")).partition("\n\n")
        # The page has no-break spaces in these lines, which strip() and split() take for spaces as HTTP does not.
        request, *lines = head.splitlines()
        method, path = request.split()[:2]
        headers = {name: value.strip() for name, value in (line.split(":") for line in lines)}
        return cls(method, path, headers, body)

    def send(self, client: Client, body: str | None = None) -> Reply:
        """Send it as it stands, or with another body; today's API lies below the engine's own path."""
        own = {"Accept": None, "Content-Type": None, **self.headers}
        return client.send(self.method, f"/ovirt-engine{self.path}", body or self.body, own)


def corrected(body: str) -> str:
    """Return the discovery of unregistered domains with its targets where today's engine reads them."""
    targets = "".join(re.findall("<iscsi_target>.*?</iscsi_target>", body))
    return body.replace("</action>", f"<iscsi_targets>{targets}</iscsi_targets></action>")


@pytest.fixture
def sites() -> Iterator[Sites]:
    with simulated_sites(SCENARIO) as both:
        yield both


@pytest.fixture
def replicated(sites: Sites) -> SimulatedSite:
    """The secondary site, to whose storage the primary's domains are replicated."""
    sites.arrays.replicate()
    return sites["secondary"]


@pytest.fixture
def client(replicated: SimulatedSite) -> Client:
    return Client(replicated)


def stored(site: SimulatedSite, domain_id: str) -> schema.StorageDomainStatic | None:
    """Return a domain from the engine's database."""
    with site.engine.transaction() as context:
        return context.db.get(schema.StorageDomainStatic, domain_id)


def unit_targets(client: Client) -> set[str]:
    """Return the iSCSI targets whose logical units the host sees, that is: where it is logged in."""
    return {one.text or "" for one in client.get(f"/hosts/{HOST}/storage").xml.iter("target")}


def texts(element: etree._Element, path: str) -> list[str | None]:
    return [one.text for one in element.findall(path)]


class TestRequestsAsTheyStand:
    def test_the_discovery_lists_the_targets_of_the_portal_and_logs_nobody_in(self, client):
        reply = Document.read("iscsidiscover").send(client)
        assert reply.status == 200
        assert texts(reply.xml, "iscsi_targets/iscsi_target") == DISCOVERED
        assert texts(reply.xml, "discovered_targets/iscsi_details/target") == DISCOVERED
        assert not unit_targets(client)

    def test_the_search_for_unregistered_domains_names_its_targets_in_vain(self, client):
        reply = Document.read("unregistered").send(client)
        assert (reply.status, reply.xml.tag) == (400, "fault")
        assert not unit_targets(client)

    def test_corrected_it_finds_the_domain_and_leaves_the_host_logged_in(self, client):
        document = Document.read("unregistered")
        reply = document.send(client, corrected(document.body))
        assert reply.status == 200
        found = reply.xml.findall("storage_domains/storage_domain")
        assert [(one.get("id"), one.findtext("name")) for one in found] == [(ISCSI_DOMAIN, "scsi4")]
        assert unit_targets(client) == {TARGETS[0]}

    @pytest.mark.parametrize(
        ("name", "domain_id", "storage_type", "found"),
        [("import_iscsi", ISCSI_DOMAIN, "iscsi", "scsi4"), ("import_fcp", FCP_DOMAIN, "fcp", "fibre")],
    )
    def test_a_block_domain_is_imported_as_backup_domain(
        self, client, replicated, name, domain_id, storage_type, found
    ):
        login(client)
        assert_backup_domain(client, replicated, Document.read(name).send(client), domain_id, found, storage_type)

    def test_the_iscsi_import_needs_the_login_that_the_page_tells_of(self, client, replicated):
        assert Document.read("import_iscsi").send(client).status == 400
        assert stored(replicated, ISCSI_DOMAIN) is None

    def test_an_nfs_domain_that_lies_on_the_path_is_imported_under_the_name_of_the_page(self, client, replicated):
        reply = Document.read("import_nfs").send(client)
        assert_backup_domain(client, replicated, reply, NFS_DOMAIN, "data1", "nfs")

    def test_on_an_empty_path_the_nfs_domain_is_created(self, sites):
        engine = sites["secondary"]
        client = Client(engine)
        reply = Document.read("import_nfs").send(client)
        made = reply.xml.get("id")
        assert made not in ADAPTED.values() and made != NFS_DOMAIN
        assert_backup_domain(client, engine, reply, made, "data1", "nfs")
        storage = client.get(f"/storagedomains/{made}").xml.find("storage")
        where = (storage.findtext("address"), storage.findtext("path"))
        assert where == ("10.35.16.2", "/export/images/rnd/maor/data9")

    def test_without_the_name_it_can_import_but_not_create(self, sites):
        engine = sites["secondary"]
        client = Client(engine)
        document = Document.read("import_nfs")
        nameless = document.body.replace("<name>data1</name>", "")
        assert document.send(client, nameless).status == 400
        with engine.engine.transaction() as context:
            assert context.db.query(schema.StorageDomainStatic).count() == 1, "the master that was there"
            assert context.db.query(schema.StorageServerConnection).count() == 1, "and the path of it"
        sites.arrays.replicate()
        reply = document.send(client, nameless)
        assert_backup_domain(client, engine, reply, NFS_DOMAIN, "data9", "nfs")


def login(client: Client) -> None:
    """Log the host in to the page's targets, as its section on iSCSI supposes."""
    portal = "<address>iscsiHost</address><port>3260</port>"
    body = f"<action><iscsi>{portal}<target>{TARGETS[0]}</target></iscsi></action>"
    assert client.post(f"/hosts/{HOST}/iscsilogin", body).status == 200


def assert_backup_domain(
    client: Client, site: SimulatedSite, reply: Reply, domain_id: str, name: str, storage_type: str
) -> None:
    """Hold that an answer, the API and the engine's own state all show the domain, marked as backup."""
    assert reply.status == 201, reply.text
    assert reply.headers["location"].endswith(f"/storagedomains/{domain_id}")
    for shown in (reply.xml, client.get(f"/storagedomains/{domain_id}").xml):
        facts = [shown.findtext(path) for path in ("name", "type", "backup", "storage/type")]
        assert (shown.get("id"), facts) == (domain_id, [name, "data", "true", storage_type])
    row = stored(site, domain_id)
    assert row is not None
    assert (row.name, row.backup, row.storage_type, row.mapping) == (name, True, storage_type, None)


Leaf = tuple[str, str]


def leaves(element: etree._Element, path: str = "") -> Counter[Leaf]:
    """Return attributes and texts of an XML document, each with its path; the order of elements means nothing."""
    here = f"{path}/{element.tag}" if path else str(element.tag)
    found = Counter({(f"{here}@{key}", str(value)): 1 for key, value in element.attrib.items()})
    for child in element:
        found += leaves(child, here)
    text = (element.text or "").strip()
    if text or not (len(element) or element.attrib):
        found[(here, text)] += 1
    return found


@dataclass(frozen=True)
class Differences:
    """What is added to a document of the page and what is missing from it, with the reasons."""

    added: Mapping[Leaf, str]
    missing: Mapping[Leaf, str]

    def assert_explain(self, published: Counter[Leaf], actual: Counter[Leaf]) -> None:
        assert sorted((actual - published).elements()) == sorted(self.added)
        assert sorted((published - actual).elements()) == sorted(self.missing)


SAME = Differences({}, {})
_PORT = {("action/iscsi/port", "3260"): "the option port, or its default, is always said"}
_UNREAD = "the engine reads no target there"
MODULE_DIFFERENCES = {
    "iscsidiscover": Differences(
        added=_PORT,
        missing={("action/iscsi_target", one): f"{_UNREAD}: a portal tells all targets" for one in DISCOVERED},
    ),
    "unregistered": Differences(
        added={
            **_PORT,
            **{("action/iscsi_targets/iscsi_target", one): "where the engine reads the targets" for one in TARGETS},
        },
        missing={("action/iscsi_target", one): f"{_UNREAD}, and refuses the request" for one in TARGETS},
    ),
    "import_iscsi": SAME,
    "import_fcp": SAME,
    "import_nfs": Differences(
        added={},
        missing={
            ("storage_domain/name", "data1"): "with a name the engine would create a domain where the path holds none; "
            "an imported domain is renamed later"
        },
    ),
}
ANSWER_DIFFERENCES = Differences(
    added={
        ("action/storage_domains/storage_domain/backup", "false"): "the flag does not travel with the storage",
        ("action/storage_domains/storage_domain/storage_format", "v5"): "the format of today's domains",
        ("action/storage_domains/storage_domain/block_size", "512"): "newer than the page",
        ("action/storage_domains/storage_domain/external_status", "ok"): "newer than the page",
        ("action/storage_domains/storage_domain/supports_discard_zeroes_data", "false"): "newer than the page",
        ("action/status", "complete"): "the status has no state below it any more",
        **{("action/iscsi_targets/iscsi_target", one): "echoed from the corrected request" for one in TARGETS},
    },
    missing={
        ("action/storage_domains/storage_domain/backup", "true"): "see above",
        ("action/storage_domains/storage_domain/storage_format", "v3"): "see above",
        ("action/storage_domains/storage_domain/available", "0"): "no sizes are known before the import",
        ("action/storage_domains/storage_domain/used", "0"): "no sizes are known before the import",
        ("action/status/state", "complete"): "see above",
        **{("action/iscsi_target", one): "only what the engine reads is echoed" for one in TARGETS},
    },
)


class TestTheAnswer:
    PUBLISHED = DOCUMENTS / "unregistered_answer.xml"

    def test_is_not_well_formed_on_the_page(self):
        with pytest.raises(etree.XMLSyntaxError):
            etree.fromstring(self.PUBLISHED.read_bytes())

    def test_has_the_fields_of_the_page_but_for_the_listed_differences(self, client, sites):
        original = stored(sites["primary"], ISCSI_DOMAIN)
        text = adapted(self.PUBLISHED.read_text(encoding="utf-8"))
        text = text.replace("OLkKwa-VmEM-abW7-hPiv-BGrw-sQ2E-vTdAy1", original.volume_group_id)
        mended = text.replace("</storage_domain>", "</storage_domain></storage_domains>")
        document = Document.read("unregistered")
        reply = document.send(client, corrected(document.body))
        ANSWER_DIFFERENCES.assert_explain(leaves(etree.fromstring(mended)), leaves(reply.xml))


NFS_PLACE = {"storage_type": "nfs", "address": "10.35.16.2", "path": "/export/images/rnd/maor/data9"}


def wanted(**domain: Any) -> dict[str, Any]:
    options = {"data_center": "west", "host": "west-h1", "take_over": True, "poll_interval": 0.01}
    return {**options, "storage_domains": [{"backup": True, **domain}]}


# The module and the call that stand for each request of the page.
MODULE_CALLS: dict[str, tuple[str, dict[str, Any]]] = {
    "iscsidiscover": ("iscsi_target_info", {"host": "west-h1", "portals": [{"address": "iscsi.server"}]}),
    "unregistered": (
        "unregistered_storage_domain_info",
        {"hosts": ["west-h1"], "targets": [{"target": one, "address": "iscsiHost"} for one in TARGETS]},
    ),
    "import_iscsi": ("storage_domain_import", wanted(id=ISCSI_DOMAIN, storage_type="iscsi")),
    "import_fcp": ("storage_domain_import", wanted(id=FCP_DOMAIN, storage_type="fcp")),
    "import_nfs": ("storage_domain_import", wanted(id=NFS_DOMAIN, name="data1", **NFS_PLACE)),
}


class TestWhatTheModulesSend:
    @pytest.fixture
    def run(self, play, client, replicated):
        """Return a function that plays the call which stands for a request of the page."""

        def run(name: str) -> dict[str, Any]:
            login(client)
            replicated.requests.clear()
            module, params = MODULE_CALLS[name]
            result: dict[str, Any] = play(module, auth=replicated.auth, **params)
            assert not result.get("failed"), result
            return result

        return run

    @pytest.mark.parametrize("name", MODULE_CALLS)
    def test_is_the_request_of_the_page_but_for_the_listed_differences(self, run, replicated, name):
        document = Document.read(name)
        run(name)
        sent = sent_as(replicated, document)
        published = leaves(etree.fromstring(document.body))
        MODULE_DIFFERENCES[name].assert_explain(published, leaves(etree.fromstring(sent.body)))

    def test_gives_the_nfs_domain_the_name_of_the_page_once_it_is_imported(self, run, replicated):
        run("import_nfs")
        (renaming,) = [entry for entry in replicated.writes if entry.method == "PUT"]
        assert etree.fromstring(renaming.body.encode()).findtext("name") == "data1"
        assert stored(replicated, NFS_DOMAIN).name == "data1"

    def test_makes_a_new_nfs_domain_by_the_very_request_of_the_page(self, play, sites):
        site = sites["secondary"]
        options = {"data_center": "west", "host": "west-h1", "poll_interval": 0.01}
        wanted = {"name": "data1", "backup": True, **NFS_PLACE}
        assert play("storage_domain_create", auth=site.auth, storage_domains=[wanted], **options)["changed"]
        document = Document.read("import_nfs")
        place = f"/ovirt-engine{document.path}"
        sent = [entry.body for entry in site.writes if (entry.method, entry.path) == ("POST", place)]
        published, probe, made = (leaves(etree.fromstring(body)) for body in (document.body, *sent))
        MODULE_DIFFERENCES["import_nfs"].assert_explain(published, probe)
        SAME.assert_explain(published, made)

    def test_every_request_of_the_page_is_compared(self):
        assert {path.name.removesuffix("_request.txt") for path in DOCUMENTS.glob("*.txt")} == set(MODULE_CALLS)


def sent_as(site: SimulatedSite, document: Document) -> Entry:
    """Return the one request that arrived with the method and at the place of a document."""
    place = f"/ovirt-engine{document.path.rstrip('/')}"
    (entry,) = [one for one in site.requests if (one.method, one.path) == (document.method, place)]
    return entry
