# SPDX-License-Identifier: GPL-3.0-or-later
"""`follow` puts what is linked to in the place of the link."""

from __future__ import annotations

import pytest
from ovirtsdk4.services import SystemService

from wire_client import API, Client, east


def test_lists_and_references_are_followed_to_any_depth(api: SystemService) -> None:
    vms = api.vms_service().list(follow="disk_attachments.disk.storage_domains,nics.vnic_profile.network,cluster")
    app = next(vm for vm in vms if vm.name == "app")
    assert {attachment.disk.alias for attachment in app.disk_attachments} == {"app_Disk1", "app_Disk2"}
    assert {place.name for one in app.disk_attachments for place in one.disk.storage_domains} == {"east-data"}
    assert {nic.vnic_profile.network.name for nic in app.nics} == {"east-lan", "ovirtmgmt"}
    assert app.cluster.name == "east-cl1"


def test_what_was_followed_has_its_own_address_and_no_link_any_more(client: Client) -> None:
    vm = client.get(f"/vms/{east('vm', 'db')}?follow=nics").xml
    nic = vm.find("nics/nic")
    assert nic is not None
    assert nic.get("href") == f"{API}/vms/{vm.get('id')}/nics/{nic.get('id')}"
    assert client.get(str(nic.get("href"))).xml.findtext("name") == "nic1"
    rels = {link.get("rel") for link in vm.findall("link")}
    assert "nics" not in rels and "diskattachments" in rels


@pytest.mark.parametrize("name", ["disk_attachments", "diskattachments", "DiskAttachments"])
def test_case_and_underscores_of_a_name_do_not_matter(client: Client, name: str) -> None:
    assert client.get(f"/vms/{east('vm', 'db')}?follow={name}").xml.find("disk_attachments/disk_attachment") is not None


def test_nothing_to_follow_is_fine(client: Client) -> None:
    assert client.get("/vms?follow=").xml.find("vm/nics") is None
    assert client.get("/vms?search=name%3Dnone&follow=nics").status == 200


def test_an_unknown_name_is_an_internal_error(client: Client) -> None:
    reply = client.get("/vms?follow=colours")
    assert reply.status == 500 and reply.headers["content-type"].startswith("text/html")


def test_an_empty_collection_stands_for_its_link(client: Client) -> None:
    vm = client.get(f"/vms/{east('vm', 'db')}?follow=tags,numa_nodes").xml
    assert vm.find("tags") is not None
    assert not {link.get("rel") for link in vm.findall("link")} & {"tags", "numanodes"}


def test_domains_of_a_data_center_come_in_their_attached_view(client: Client) -> None:
    center = client.get(f"/datacenters/{east('data_center', 'east')}?follow=storage_domains").xml
    domains = center.findall("storage_domains/storage_domain")
    assert {domain.findtext("status") for domain in domains} == {"active"} and len(domains) == 6
    assert str(domains[0].get("href")).startswith(f"{API}/datacenters/{center.get('id')}/storagedomains/")


def test_the_limit_holds_for_the_outer_list_only(client: Client) -> None:
    vms = client.get("/vms?max=1&follow=disk_attachments").xml
    assert (len(vms), len(vms.findall("vm/disk_attachments/disk_attachment"))) == (1, 2)


@pytest.mark.parametrize(
    "path",
    [
        "/hosts?follow=cluster.data_center",
        "/clusters?follow=networks.vnicprofiles",
        "/templates?follow=disk_attachments.disk,nics,cluster",
        "/networks?follow=data_center.clusters",
        "/vnicprofiles?follow=network",
        "/disks?follow=storage_domains,permissions",
        "/storagedomains?follow=disks,vms,templates,storage_connections,data_centers",
        "/jobs?follow=steps",
        "/events?follow=vm,host",
    ],
)
def test_other_collections_can_be_followed(client: Client, path: str) -> None:
    assert client.get(path).status == 200
