# SPDX-License-Identifier: GPL-3.0-or-later
"""VMs and templates on an export domain over the wire: what is shown, and their way into a data domain."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from ovirt_simulator.engine import domains, schema
from ovirt_simulator.engine.runtime import Context
from ovirt_simulator.scenario import DEFAULT, identifier
from ovirt_simulator.site import SimulatedSite, simulated_sites
from simulated_world import Clock
from wire_client import API, Client, Reply

SCENARIO = DEFAULT.parent / "export_domain.yml"


def id_of(kind: str, name: str) -> str:
    return identifier("only", kind, name)


ATTIC, VAULT, DATA = (id_of("domain", name) for name in ("attic", "vault", "data"))
PLAIN, THIN, LAYERED, HERE = (id_of("vm", name) for name in ("plain", "thin", "layered", "here"))
GOLDEN = id_of("template", "golden")
POOL = id_of("data_center", "south")
EXP = f"/storagedomains/{ATTIC}"
TO_VAULT = f"<storage_domain id='{VAULT}'/>"
CLUSTER = "<cluster><name>south-cl1</name></cluster>"


@pytest.fixture
def site() -> Iterator[SimulatedSite]:
    with simulated_sites(SCENARIO) as sites:
        yield sites["only"]


@pytest.fixture
def client(site: SimulatedSite) -> Client:
    return Client(site)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def slow(clock: Clock) -> Iterator[SimulatedSite]:
    """The same where a copy takes its time by the test's clock."""
    with simulated_sites(SCENARIO, profile="realistic", clock=clock, sleep=clock.sleep) as sites:
        yield sites["only"]


def bring(client: Client, path: str, more: str = "", query: str = "") -> Reply:
    return client.post(f"{EXP}/{path}/import{query}", f"<action>{TO_VAULT}{CLUSTER}{more}</action>")


def change(site: SimulatedSite, work: Callable[[Context], None]) -> None:
    """Change something behind the engine's back."""
    with site.engine.transaction() as context:
        work(context)


def on_storage(site: SimulatedSite, domain_id: str) -> set[str]:
    """Return the disks that lie on a domain."""
    with site.engine.transaction() as context:
        contents = domains.contents_of(context, domains.find(context, domain_id))
        return {image.disk_id for image in contents.images()}


@pytest.mark.conforms("export-domain 3")
def test_the_lists_show_what_the_configurations_say(client: Client) -> None:
    found = client.get(f"{EXP}/vms").xml
    assert {one.findtext("name") for one in found} == {"plain", "thin", "layered"}
    thin = next(one for one in found if one.get("id") == THIN)
    template, domain = thin.find("template"), thin.find("storage_domain")
    assert thin.get("href") == f"{API}{EXP}/vms/{THIN}"
    assert thin.findtext("status") == "down" and thin.find("cluster") is None
    assert template is not None and template.get("id") == GOLDEN
    assert domain is not None and domain.get("id") == ATTIC
    assert {link.get("rel") for link in thin.findall("actions/link")} == {"import", "register"}
    assert {link.get("rel") for link in thin.findall("link")} == {"diskattachments", "disks"}
    [template] = client.get(f"{EXP}/templates").xml
    assert {link.get("rel") for link in template.findall("link")} == {"disks"}


@pytest.mark.conforms("export-domain 3")
def test_a_limit_counts_for_vms_and_not_for_templates(client: Client) -> None:
    assert len(client.get(f"{EXP}/vms;max=1").xml) == 1
    assert len(client.get(f"{EXP}/templates;max=0").xml) == 1


@pytest.mark.conforms("export-domain 2.1")
def test_nothing_on_it_is_unregistered_and_its_disks_are_nobodys(client: Client) -> None:
    assert len(client.get(f"{EXP}/vms?unregistered=true").xml) == 0
    assert client.get(f"/vms/{PLAIN}").status == client.get(f"/disks/{id_of('disk', 'plain_Disk1')}").status == 404


@pytest.mark.conforms("export-domain 3")
def test_single_ones_their_disks_and_devices_have_addresses(client: Client) -> None:
    disk = id_of("disk", "plain_Disk1")
    assert client.get(f"{EXP}/vms/{PLAIN}").xml.findtext("name") == "plain"
    assert client.get(f"{EXP}/templates/{GOLDEN}").xml.findtext("name") == "golden"
    shown = next(one for one in client.get(f"{EXP}/vms/{PLAIN}/disks").xml if one.get("id") == disk)
    assert shown.findtext("provisioned_size") == str(20 << 30) and shown.findtext("alias") == "plain_Disk1"
    assert client.get(f"{EXP}/vms/{PLAIN}/disks/{disk}").xml.get("href") is None
    [attachment] = client.get(f"{EXP}/vms/{THIN}/diskattachments").xml
    assert attachment.get("href") == f"{API}{EXP}/vms/{THIN}/diskattachments/{attachment.get('id')}"
    assert client.get(f"{EXP}/vms/{PLAIN}/diskattachments/{disk}").status == 200
    assert client.get(f"{EXP}/vms/{PLAIN}/diskattachments/{HERE}").status == 500
    assert len(client.get(f"{EXP}/templates/{GOLDEN}/disks").xml) == 1
    assert client.get(f"{EXP}/templates/{GOLDEN}/diskattachments").status == 404
    for path in (f"vms/{GOLDEN}", f"templates/{PLAIN}", f"vms/{PLAIN}/disks/{HERE}", f"vms/{HERE}/disks"):
        assert (client.get(f"{EXP}/{path}").status, client.get(f"{EXP}/{path}").body) == (404, b"")


@pytest.mark.conforms("export-domain 3")
def test_an_inactive_domain_cannot_be_read_and_an_unattached_one_is_empty(site: SimulatedSite, client: Client) -> None:
    attached = f"/datacenters/{POOL}/storagedomains/{ATTIC}"
    client.post(f"{attached}/deactivate")
    for path in ("vms", "templates", f"vms/{PLAIN}"):
        assert client.get(f"{EXP}/{path}").status == 400
    assert client.send("DELETE", attached).status == 200
    assert len(client.get(f"{EXP}/vms").xml) == len(client.get(f"{EXP}/templates").xml) == 0
    assert client.get(f"{EXP}/vms/{PLAIN}").status == bring(client, f"vms/{PLAIN}").status == 404
    assert client.get(f"/vms/{HERE}").status == 200, "no entity goes with it"
    client.post(f"/datacenters/{POOL}/storagedomains", f"<storage_domain id='{ATTIC}'/>")
    assert len(client.get(f"{EXP}/vms").xml) == 3


@pytest.mark.conforms("export-domain 2.2")
def test_a_configuration_that_cannot_be_read_is_left_out_with_an_event(site: SimulatedSite, client: Client) -> None:
    def spoil(context: Context) -> None:
        domains.contents_of(context, domains.find(context, ATTIC)).write_document(PLAIN, "<nonsense")

    change(site, spoil)
    assert len(client.get(f"{EXP}/vms").xml) == 2
    assert len(client.get(f"{EXP}/templates").xml) == 1
    assert {"1168", "1169"} <= {one.findtext("code") for one in client.get("/events").xml}


@pytest.mark.conforms("export-domain 7", "export-domain 4.1")
def test_an_import_shows_its_vm_locked_at_once_and_goes_on_after_the_answer(slow: SimulatedSite, clock: Clock) -> None:
    client = Client(slow)
    answer = bring(client, f"vms/{PLAIN}")
    action, vm = answer.xml, answer.xml.find("vm")
    assert (answer.status, action.findtext("status"), action.findtext("async")) == (202, "in_progress", "true")
    assert {link.get("rel") for link in action.findall("link")} == {"parent", "replay"}
    assert vm is not None and vm.get("href") == f"{API}{EXP}/vms/{PLAIN}"
    task = str(action.get("href")).removeprefix(API)
    assert task.startswith(f"{EXP}/vms/{PLAIN}/import/")
    disk = f"/disks/{id_of('disk', 'plain_Disk1')}"
    assert client.get(f"/vms/{PLAIN}").xml.findtext("status") == "image_locked"
    assert client.get(disk).xml.findtext("status") == "locked"
    assert client.get(task).xml.findtext("status") == "in_progress"
    clock.sleep(300)
    assert client.get(f"/vms/{PLAIN}").xml.findtext("status") == "down"
    assert client.get(disk).xml.findtext("status") == "ok"
    assert client.get(task).xml.findtext("status") == "complete"
    assert {"1165", "1152"} <= {one.findtext("code") for one in client.get("/events").xml}


@pytest.mark.conforms("export-domain 7")
def test_a_copy_that_fails_leaves_neither_vm_nor_disk(slow: SimulatedSite, clock: Clock) -> None:
    client = Client(slow)
    assert bring(client, f"templates/{GOLDEN}").status == bring(client, f"vms/{PLAIN}").status == 202
    slow.hosts.set_storage("vault", reachable=False)
    clock.sleep(3600)
    for path in (f"/vms/{PLAIN}", f"/templates/{GOLDEN}", f"/disks/{id_of('disk', 'plain_Disk1')}"):
        assert client.get(path).status == 404
    assert {"1153", "1159"} <= {one.findtext("code") for one in client.get("/events").xml}


@pytest.mark.conforms("export-domain 7")
def test_a_request_that_wants_to_wait_gets_the_end_and_no_fault(slow: SimulatedSite) -> None:
    client, wait = Client(slow), "<async>false</async>"
    done = bring(client, f"vms/{PLAIN}", wait)
    assert (done.status, done.xml.findtext("status")) == (200, "complete")
    assert client.get(f"/vms/{PLAIN}").xml.findtext("status") == "down"

    def lose(context: Context) -> None:
        contents = domains.contents_of(context, domains.find(context, ATTIC))
        contents.remove_disk(id_of("disk", "golden_Disk1"))

    change(slow, lose)
    failed = bring(client, f"templates/{GOLDEN}", wait)
    assert (failed.status, failed.xml.findtext("status"), failed.xml.find("fault")) == (200, "failed", None)


@pytest.mark.conforms("export-domain 8")
def test_a_thin_vm_stays_thin_on_the_template_that_came_before_it(client: Client) -> None:
    assert bring(client, f"vms/{THIN}").status == 400, "without its template"
    assert bring(client, f"templates/{GOLDEN}").status == bring(client, f"vms/{THIN}").status == 202
    template = client.get(f"/vms/{THIN}").xml.find("template")
    assert template is not None and template.get("id") == GOLDEN
    assert client.get(f"/templates/{GOLDEN}").xml.findtext("status") == "ok"
    assert len(client.get(f"{EXP}/vms").xml) == 3 and len(client.get(f"{EXP}/templates").xml) == 1


@pytest.mark.conforms("export-domain 8")
def test_snapshots_come_along_and_their_memory_goes_where_the_engine_likes(site: SimulatedSite, client: Client) -> None:
    bring(client, f"vms/{LAYERED}")
    kinds = {one.findtext("snapshot_type"): one for one in client.get(f"/vms/{LAYERED}/snapshots").xml}
    assert kinds["regular"].findtext("persist_memorystate") == "true"
    assert id_of("disk", "layered_Disk1") in on_storage(site, VAULT)
    memory = [one for one in client.get("/disks").xml if "memory" in (one.findtext("content_type") or "")]
    assert len(memory) == 2
    assert {one.get("id") for one in memory} <= on_storage(site, VAULT) | on_storage(site, DATA)


@pytest.mark.conforms("export-domain 4.1", "export-domain 11")
def test_collapsing_is_asked_for_in_the_address_and_not_in_the_body(site: SimulatedSite, client: Client) -> None:
    bring(client, f"vms/{LAYERED}", "<collapse_snapshots>true</collapse_snapshots>")
    assert len(client.get(f"/vms/{LAYERED}/snapshots").xml) == 2
    bring(client, f"vms/{THIN}", query="?collapse_snapshots=true")
    template = client.get(f"/vms/{THIN}").xml.find("template")
    assert template is not None and template.get("id") == schema.BLANK_TEMPLATE
    assert len(client.get(f"/vms/{THIN}/snapshots").xml) == 1
    assert client.get(f"/templates/{GOLDEN}").status == 404


@pytest.mark.conforms("export-domain 4.1", "export-domain 11")
def test_a_name_counts_only_beside_a_clone_element_even_one_that_says_no(client: Client) -> None:
    named = "<vm><name>other</name></vm>"
    bring(client, f"vms/{PLAIN}", named)
    assert client.get(f"/vms/{PLAIN}").xml.findtext("name") == "plain"
    bring(client, f"vms/{LAYERED}", f"<clone>false</clone>{named}")
    assert client.get(f"/vms/{LAYERED}").xml.findtext("name") == "other"


@pytest.mark.conforms("export-domain 4.1", "export-domain 8")
def test_a_clone_has_identifiers_and_addresses_of_its_own(client: Client) -> None:
    assert bring(client, f"vms/{PLAIN}").status == 202
    assert bring(client, f"vms/{PLAIN}", "<clone>true</clone><vm><name>twin</name></vm>").status == 202
    twin = client.get("/vms?search=name%3Dtwin").xml[0].get("id")
    macs = [client.get(f"/vms/{one}/nics").xml[0].findtext("mac/address") for one in (PLAIN, twin)]
    disks = [{one.get("id") for one in client.get(f"/vms/{one}/diskattachments").xml} for one in (PLAIN, twin)]
    assert macs[0] != macs[1] and len(disks[0] | disks[1]) == 4


@pytest.mark.conforms("export-domain 4.1", "export-domain 4.2")
def test_disks_are_mapped_all_or_not_at_all(site: SimulatedSite, client: Client) -> None:
    def mapped(*aliases: str) -> str:
        to = f"<storage_domains><storage_domain id='{DATA}'/></storage_domains>"
        disks = [f"<disk id='{id_of('disk', alias)}'>{to}</disk>" for alias in aliases]
        items = "".join(f"<disk_attachment>{disk}</disk_attachment>" for disk in disks)
        return f"<vm><disk_attachments>{items}</disk_attachments></vm>"

    assert bring(client, f"vms/{PLAIN}", mapped("plain_Disk1")).status == 400
    assert bring(client, f"vms/{PLAIN}", mapped("plain_Disk1", "plain_Disk2")).status == 202
    assert bring(client, f"templates/{GOLDEN}", mapped("golden_Disk1")).status == 202
    expected = {id_of("disk", alias) for alias in ("plain_Disk1", "plain_Disk2", "golden_Disk1")}
    assert expected <= on_storage(site, DATA) and not expected & on_storage(site, VAULT)
    nameless = "<vm><disk_attachments><disk_attachment><disk/></disk_attachment></disk_attachments></vm>"
    assert bring(client, f"vms/{LAYERED}", nameless).status == 400


@pytest.mark.conforms("export-domain 4.1")
def test_what_the_request_lacks_is_said_before_anything_else(client: Client) -> None:
    path = f"{EXP}/vms/{PLAIN}/import"
    for body, status, tag in (
        (CLUSTER, 400, "fault"),
        (f"<storage_domain><name>nowhere</name></storage_domain>{CLUSTER}", 404, "fault"),
        (f"{TO_VAULT}<cluster><name>nowhere</name></cluster>", 404, "fault"),
        (TO_VAULT, 400, "action"),
    ):
        reply = client.post(path, f"<action>{body}</action>")
        assert (reply.status, reply.xml.tag) == (status, tag)
    for domain, entity in ((ATTIC, HERE), (VAULT, HERE)):
        reply = client.post(f"/storagedomains/{domain}/vms/{entity}/import", f"<action>{TO_VAULT}{CLUSTER}</action>")
        assert (reply.status, reply.body) == (404, b"")


@pytest.mark.conforms("export-domain 9", "export-domain 6")
def test_removing_deletes_the_export_copy_and_waits_for_no_import(slow: SimulatedSite, clock: Clock) -> None:
    client = Client(slow)
    bring(client, f"vms/{PLAIN}")
    assert client.send("DELETE", f"{EXP}/vms/{PLAIN}").status == 409
    clock.sleep(3600)
    assert client.send("DELETE", f"{EXP}/vms/{PLAIN}").xml.findtext("status") == "complete"
    assert client.get(f"{EXP}/vms/{PLAIN}").status == client.send("DELETE", f"{EXP}/vms/{PLAIN}").status == 404
    assert client.get(f"/vms/{PLAIN}").status == 200
    assert id_of("disk", "plain_Disk1") not in on_storage(slow, ATTIC)
    assert client.send("DELETE", f"{EXP}/templates/{GOLDEN}").status == 200
    assert bring(client, f"vms/{THIN}", query="?collapse_snapshots=true").status == 400, "nothing to collapse it with"


@pytest.mark.conforms("export-domain 2.1")
def test_it_does_not_leave_while_something_is_copied_from_it(slow: SimulatedSite, clock: Clock) -> None:
    client = Client(slow)
    bring(client, f"vms/{PLAIN}")
    leave = f"/datacenters/{POOL}/storagedomains/{ATTIC}/deactivate"
    assert client.post(leave).status == 409
    clock.sleep(3600)
    assert client.post(leave).status == 200


def test_a_site_with_exports_starts_with_an_engine_that_knows_nothing_of_them(client: Client) -> None:
    assert [one.findtext("name") for one in client.get("/vms").xml] == ["here"]
