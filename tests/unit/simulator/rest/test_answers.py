# SPDX-License-Identifier: GPL-3.0-or-later
"""What every answer has: addresses, links, actions, envelopes, and the right kind of error."""

from __future__ import annotations

import uuid

import ovirtsdk4
import pytest
from lxml import etree
from ovirtsdk4 import types
from ovirtsdk4.services import SystemService

from ovirt_simulator.engine import schema
from ovirt_simulator.engine.commands import UpdateDisk
from ovirt_simulator.site import SimulatedSite
from wire_client import API, Client, Reply, east

NOBODY = str(uuid.uuid4())
NFS = "<storage_domain><type>data</type>{0}<storage><type>nfs</type>{1}</storage></storage_domain>"


def rels(element: etree._Element, path: str = "link") -> set[str | None]:
    return {link.get("rel") for link in element.findall(path)}


def fault(reply: Reply) -> tuple[int, str | None, str | None]:
    return reply.status, reply.xml.findtext("reason"), reply.xml.findtext("detail")


def test_the_root_links_to_every_collection_and_says_so_in_a_header_too(client: Client) -> None:
    reply = client.get("")
    links = rels(reply.xml)
    assert {"vms", "vms/search", "storagedomains", "tags", "affinitylabels", "imagetransfers"} <= links
    assert "tags/search" not in links
    assert f"<{API}/vms?search={{query}}>; rel=vms/search" in reply.headers["link"]
    head = client.send("HEAD", "")
    assert (head.status, head.body, head.headers["link"]) == (200, b"", reply.headers["link"])


@pytest.mark.conforms("workloads 1.4")
def test_the_root_names_product_user_and_special_objects(client: Client) -> None:
    root = client.get("").xml
    blank = root.find("special_objects/blank_template")
    assert blank is not None and blank.get("href") == f"{API}/templates/{blank.get('id')}"
    assert client.get(str(blank.get("href"))).xml.findtext("name") == "Blank"
    user = root.find("authenticated_user")
    assert user is not None and client.get(str(user.get("href"))).xml.findtext("principal") == "admin"
    assert root.findtext("summary/vms/active") == "1"


def test_entities_have_addresses_links_and_actions(client: Client) -> None:
    vm = client.get(f"/vms/{east('vm', 'db')}").xml
    assert vm.get("href") == f"{API}/vms/{vm.get('id')}"
    assert {"diskattachments", "nics", "snapshots", "numanodes"} <= rels(vm)
    assert {"start", "stop", "shutdown", "suspend"} <= rels(vm, "actions/link")
    cluster = vm.find("cluster")
    assert cluster is not None and cluster.get("href") == f"{API}/clusters/{cluster.get('id')}"
    assert len(cluster) == 0, "a reference has no links of its own"


def test_every_link_of_a_vm_and_of_a_template_leads_somewhere(client: Client) -> None:
    for path in (f"/vms/{east('vm', 'db')}", f"/templates/{east('template', 'golden')}"):
        for link in client.get(path).xml.findall("link"):
            assert client.get(str(link.get("href"))).status == 200, link.get("href")


@pytest.mark.parametrize(
    ("path", "tag"),
    [
        ("numanodes", "vm_numa_nodes"),
        ("diskattachments", "disk_attachments"),
        ("graphicsconsoles", "graphics_consoles"),
        ("hostdevices", "host_devices"),
        ("affinitylabels", "affinity_labels"),
    ],
)
def test_collections_below_a_vm_have_their_own_root_tags(client: Client, path: str, tag: str) -> None:
    assert client.get(f"/vms/{east('vm', 'db')}/{path}").xml.tag == tag


@pytest.mark.parametrize(("path", "tag"), [("/vnicprofiles", "vnic_profiles"), ("/datacenters", "data_centers")])
def test_collections_have_their_own_root_tags(client: Client, path: str, tag: str) -> None:
    assert client.get(path).xml.tag == tag


@pytest.mark.conforms("storage 2.3")
def test_a_domain_has_two_views(client: Client) -> None:
    sd, dc = east("domain", "vault"), east("data_center", "east")
    plain = client.get(f"/storagedomains/{sd}").xml
    assert plain.find("status") is None and plain.findtext("backup") == "false"
    assert rels(plain) == set(
        ["disks", "diskprofiles", "disksnapshots", "permissions", "storageconnections", "templates", "vms"]
    )
    assert rels(plain, "actions/link") == {"isattached", "reduceluns", "refreshluns", "updateovfstore"}
    attached = client.get(f"/datacenters/{dc}/storagedomains/{sd}").xml
    assert attached.get("href") == f"{API}/datacenters/{dc}/storagedomains/{sd}"
    assert (attached.findtext("status"), rels(attached)) == ("active", {"disks"})
    assert rels(attached, "actions/link") == {"activate", "deactivate"}
    for view in (plain, attached):
        shown = view.find("data_centers/data_center")
        assert shown is not None and (shown.get("id"), len(shown)) == (dc, 0)


def test_an_update_answers_without_the_links_to_vms_and_templates(client: Client) -> None:
    body = "<storage_domain><comment>x</comment></storage_domain>"
    answer = client.send("PUT", f"/storagedomains/{east('domain', 'vault')}", body).xml
    assert answer.findtext("comment") == "x" and not rels(answer) & {"vms", "templates"}


@pytest.mark.conforms("storage 2.2")
def test_iscsi_units_repeat_for_each_connection(client: Client) -> None:
    units = client.get(f"/storagedomains/{east('domain', 'vault')}").xml.findall(".//logical_unit")
    assert [unit.findtext("address") for unit in units] == ["10.10.1.10", "10.10.1.11"] * 2
    assert len({unit.get("id") for unit in units}) == 2


@pytest.mark.parametrize("kind", ["vms", "templates", "disks", "storagedomains", "hosts", "clusters", "jobs"])
@pytest.mark.conforms("workloads B.8", "storage 7.3")
def test_an_unknown_entity_is_404_without_a_body(client: Client, kind: str) -> None:
    for identifier in (NOBODY, "None"):
        reply = client.get(f"/{kind}/{identifier}")
        assert (reply.status, reply.body) == (404, b"")


def test_a_malformed_id_counts_as_missing_only_where_it_is_asked_for(client: Client) -> None:
    assert client.get(f"/vms/{east('vm', 'db')}/snapshots/None").body == b""
    assert client.post("/vms/None/start").status == 404
    assert fault(client.get("/vms/None/nics"))[:2] == (400, "Operation failed")
    body = "<storage_domain id='nonsense'/>"
    assert client.post(f"/datacenters/{east('data_center', 'east')}/storagedomains", body).status == 400


def test_ids_are_taken_in_any_case(client: Client) -> None:
    assert client.get(f"/vms/{east('vm', 'db').upper()}").xml.get("id") == east("vm", "db")


def test_domains_of_an_unknown_data_center_are_an_empty_list(client: Client) -> None:
    reply = client.get(f"/datacenters/{NOBODY}/storagedomains")
    assert (reply.status, len(reply.xml)) == (200, 0)
    assert client.get(f"/datacenters/{NOBODY}/storagedomains/{east('domain', 'vault')}").status == 404


def test_an_action_answers_with_what_was_sent_a_job_and_the_entity(client: Client, api: SystemService) -> None:
    db = east("vm", "db")
    answer = client.post(f"/vms/{db}/start", "<action><async>false</async></action>").xml
    job, vm = answer.find("job"), answer.find("vm")
    assert answer.tag == "action" and answer.findtext("status") == "complete" and answer.findtext("async") == "false"
    assert vm is not None and vm.get("href") == f"{API}/vms/{db}"
    assert job is not None and api.jobs_service().job_service(str(job.get("id"))).get().status.value == "finished"


def test_a_refused_action_answers_with_an_action_that_holds_the_fault(client: Client) -> None:
    reply = client.post(f"/vms/{east('vm', 'web')}/start", "<action><pause>true</pause></action>")
    assert (reply.status, reply.xml.tag, reply.xml.findtext("status")) == (409, "action", "failed")
    assert reply.xml.findtext("pause") == "true"
    assert reply.xml.findtext("fault/reason") == "Operation Failed"
    assert str(reply.xml.findtext("fault/detail")).startswith("[")


@pytest.mark.conforms("workloads B.8", "storage 7.3")
def test_other_refusals_are_bare_faults_in_brackets(client: Client) -> None:
    reply = client.send("DELETE", f"/storagedomains/{east('domain', 'vault')}?host=east-h1")
    status, reason, detail = fault(reply)
    assert (status, reason) == (409, "Operation Failed") and str(detail)[0] + str(detail)[-1] == "[]"


@pytest.mark.conforms("workloads B.4", "workloads 3.2")
def test_a_moved_disk_comes_without_a_job_a_copied_one_with_it(client: Client) -> None:
    disk = east("disk", "db_Disk1")
    target = f"<action><storage_domain id='{east('domain', 'east-nfs2')}'/></action>"
    moved = client.post(f"/disks/{disk}/move", target).xml
    assert moved.find("job") is None and moved.find("disk") is not None
    target = "<action><storage_domain><name>east-data</name></storage_domain></action>"
    assert client.post(f"/disks/{disk}/copy", target).xml.find("job") is not None


def test_a_move_knows_its_target_by_name_too(client: Client) -> None:
    disk = east("disk", "db_Disk1")
    unknown = "<action><storage_domain><name>nowhere</name></storage_domain></action>"
    status, _unused, detail = fault(client.post(f"/disks/{disk}/move", unknown))
    assert status == 404 and str(detail).startswith("Entity not found: ")
    assert fault(client.post(f"/disks/{disk}/move"))[:2] == (400, "Incomplete parameters")


@pytest.mark.conforms("workloads B.8")
def test_a_removal_answers_with_an_action(client: Client) -> None:
    connection = client.post(
        "/storageconnections",
        "<storage_connection><type>nfs</type><address>nfs.array-a.test</address><path>/empty</path>"
        "</storage_connection>",
    )
    assert connection.status == 201
    assert connection.headers["location"].endswith(str(connection.xml.get("href")))
    removed = client.send("DELETE", str(connection.xml.get("href")))
    assert (removed.status, removed.xml.tag, removed.xml.findtext("status")) == (200, "action", "complete")


def test_a_removal_in_the_background_answers_with_nothing_whatever_comes_of_it(
    client: Client, api: SystemService
) -> None:
    path = f"/storagedomains/{east('domain', 'vault')}?host=east-h1"
    for options, headers in (("&async=true", {}), ("", {"Expect": "202-accepted"}), (";async", {})):
        if options.startswith(";"):
            path, options = f"/storagedomains/{east('domain', 'vault')};async?host=east-h1", ""
        reply = client.send("DELETE", f"{path}{options}", headers=headers)
        assert (reply.status, reply.body) == (202, b"")
    assert api.storage_domains_service().storage_domain_service(east("domain", "vault")).get()


def test_an_update_in_the_background_answers_with_what_is(client: Client) -> None:
    body = "<storage_domain><backup>true</backup></storage_domain>"
    reply = client.send("PUT", f"/storagedomains/{east('domain', 'vault')}?async=true", body)
    assert (reply.status, reply.xml.findtext("backup")) == (200, "false"), "a VM runs there"


def test_an_update_cannot_change_the_id(client: Client) -> None:
    reply = client.send("PUT", f"/storagedomains/{east('domain', 'vault')}", f"<storage_domain id='{NOBODY}'/>")
    assert fault(reply)[:2] == (409, "Broken immutability constraint")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        (NFS.format("", "<address>a</address><path>/p</path>"), "host.id|name"),
        (NFS.format("<host><name>east-h1</name></host>", "<path>/p</path>"), "storage.address"),
        (NFS.format("<host><name>east-h1</name></host>", "<address>a</address>"), "storage.path"),
        ("<storage_domain><host><name>east-h1</name></host></storage_domain>", "type"),
    ],
)
def test_what_is_missing_is_named(client: Client, body: str, fields: str) -> None:
    expected = (400, "Incomplete parameters", f"StorageDomain [{fields}] required for add")
    assert fault(client.post("/storagedomains", body)) == expected


def test_a_removal_without_host_has_a_reason_only(client: Client) -> None:
    status, reason, detail = fault(client.send("DELETE", f"/storagedomains/{east('domain', 'vault')}"))
    assert (status, detail) == (400, None) and reason


def test_an_unknown_connection_in_a_new_domain_is_an_internal_error(client: Client) -> None:
    body = (
        f"<storage_domain><type>data</type><host><name>east-h1</name></host><storage id='{NOBODY}'/></storage_domain>"
    )
    assert fault(client.post("/storagedomains", body))[0] == 500


def test_a_master_switch_without_domain_is_a_container_page(client: Client) -> None:
    reply = client.post(f"/datacenters/{east('data_center', 'east')}/setmaster")
    assert reply.status == 500 and reply.headers["content-type"].startswith("text/html")


@pytest.mark.conforms("workloads B.7")
def test_the_blank_template_and_an_event_are_always_there(api2: SystemService) -> None:
    assert [template.name for template in api2.templates_service().list()] == ["Blank"]
    assert len(api2.events_service().list(max=1)) == 1


def test_everything_of_a_vm_includes_its_configuration(client: Client) -> None:
    path = f"/vms/{east('vm', 'db')}"
    assert client.get(path).xml.find("initialization") is None
    for reply in (client.get(f"{path}?all_content=true"), client.send("GET", path, headers={"All-Content": "true"})):
        assert reply.xml.findtext("initialization/configuration/type") == "ovf"
        assert "<Name>db</Name>" in str(reply.xml.findtext("initialization/configuration/data"))


@pytest.mark.conforms("ovf 17")
def test_a_configuration_lacks_shareable_disks_and_is_not_there_during_work(
    client: Client, primary: SimulatedSite
) -> None:
    path, data = f"/vms/{east('vm', 'app')}?all_content=true", "initialization/configuration/data"
    primary.engine.execute(UpdateDisk(east("disk", "app_Disk2"), {"shareable": True}))
    text = str(client.get(path).xml.findtext(data))
    assert east("disk", "app_Disk1") in text and east("disk", "app_Disk2") not in text
    with primary.engine.transaction() as context:
        context.db.get_one(schema.BaseDisk, east("disk", "app_Disk1")).images[0].status = "locked"
    assert client.get(path).xml.find("initialization") is None


def test_the_sdk_follows_links_of_entities(primary: SimulatedSite) -> None:
    with ovirtsdk4.Connection(**primary.auth) as connection:
        vm = connection.system_service().vms_service().vm_service(east("vm", "app")).get()
        assert len(connection.follow_link(vm.disk_attachments)) == 2
        assert connection.follow_link(vm.cluster).name == "east-cl1"
        assert connection.follow_link(connection.follow_link(vm.cluster).networks)[0].name == "east-lan"


def test_a_detached_domain_is_unattached_in_the_root_view(api: SystemService, client: Client) -> None:
    dc, sd = east("data_center", "east"), east("domain", "nfs-vault")
    attached = api.data_centers_service().data_center_service(dc).storage_domains_service().storage_domain_service(sd)
    attached.deactivate()
    attached.remove()
    shown = api.storage_domains_service().storage_domain_service(sd).get()
    assert shown.status == types.StorageDomainStatus.UNATTACHED
    assert client.send("DELETE", f"/datacenters/{dc}/storagedomains/{sd}").body == b""
