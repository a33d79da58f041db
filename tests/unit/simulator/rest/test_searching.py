# SPDX-License-Identifier: GPL-3.0-or-later
"""The search language: its grammar, and what it finds in the default scenario."""

from __future__ import annotations

import ovirtsdk4
import pytest
from ovirtsdk4.services import SystemService

from ovirt_simulator.rest.search.grammar import Condition, InvalidSearch, Query, parse
from ovirt_simulator.site import SimulatedSite, simulated_sites
from wire_client import Client, east

EAST = ["app", "db", "erp", "thin1", "web"]


def groups(text: str) -> list[list[tuple[str, str, str]]]:
    found = parse(text, frozenset({"name", "status"}).__contains__).groups
    return [[(one.field, one.operator, one.value) for one in group] for group in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ('name="a b"', [[("name", "=", "a b")]]),
        ("name = x", [[("name", "=", "x")]]),
        ("NAME!=x\n", [[("name", "!=", "x")]]),
        ("status>=up", [[("status", ">=", "up")]]),
        ("name=a and status=up or name=b", [[("name", "=", "a"), ("status", "=", "up")], [("name", "=", "b")]]),
        ("name=a status=up", [[("name", "=", "a"), ("status", "=", "up")]]),
        ("name=a AND status=up", [[("name", "=", "a"), ("status", "=", "up")]]),
        ('name="and"', [[("name", "=", "and")]]),
        ("word", [[("", "=", "word")]]),
        ("storage.name=x", [[("", "=", "storage.name=x")]]),
        ("status=up and id=7", [[("status", "=", "up"), ("", "=", "id=7")]]),
    ],
)
@pytest.mark.conforms("workloads B.6", "workloads 1.8")
def test_conditions(text: str, expected: list[list[tuple[str, str, str]]]) -> None:
    assert groups(text) == expected


def test_sorting_and_paging() -> None:
    known = frozenset({"name"}.__iter__()).__contains__
    assert parse("name=a sortby name desc page 2", known) == Query((((Condition("name", "=", "a")),),), "name", True, 2)
    assert parse("sortby name", known) == Query((), "name")
    assert parse("page 3", known).page == 3


@pytest.mark.parametrize(
    "text",
    [
        "(name=a)",
        "name=a and (status=up or status=down)",
        "name=it's",
        'name="it\'s"',
        "name=a;b",
        "name=",
        "=a",
        "name==a",
        "and name=a",
        "name=a and",
        "name=a or or name=b",
        "two words",
        'name="open',
        "sortby colour",
        "page zero",
        "id = x",
    ],
)
@pytest.mark.conforms("workloads B.6", "workloads 1.8")
def test_what_cannot_be_read(text: str) -> None:
    with pytest.raises(InvalidSearch):
        parse(text, frozenset({"name", "status"}).__contains__)


@pytest.mark.parametrize(
    ("search", "names"),
    [
        ("", EAST),
        ('name="web"', ["web"]),
        ("name=WEB", ["web"]),
        ("name=*p*", ["app", "erp"]),
        ("status=up", ["web"]),
        ("status = up", ["web"]),
        ("status!=up", ["app", "db", "erp", "thin1"]),
        ("status=poweringup", []),
        ("status=image_locked", []),
        ("status=nonsense", []),
        ("status != down and storage.name=vault and datacenter=east\n", ["web"]),
        ("status = down and storage.name=mixed-block", ["erp"]),
        ("Storage.name=east-data", ["app", "db", "thin1"]),
        ('storage="east-da"', ["app", "db", "thin1"]),
        ("cluster=east-cl1", EAST),
        ("cluster.name=east-cl1", []),
        ("datacenter=east and name=d*", ["db"]),
        ("host=east-h*", ["web"]),
        ("template.name=golden", ["thin1"]),
        ("description=*database*", ["db"]),
        ("name=web or name=db", ["db", "web"]),
        ("name=web or name=db and status=up", ["web"]),
        ("name=db or name=web sortby name desc", ["web", "db"]),
        ("tag=gold", []),
        ("tag!=gold", EAST),
        ("front", ["web"]),
        ("origin=ovirt", []),
        ("name=web and (status=up)", []),
        ("name=it's", []),
        ('creationdate<"1/1/2000"', []),
        ('creationdate>"Jan 1, 2000"', EAST),
        ('creationdate>"2000-01-01"', []),
    ],
)
def test_vms(api: SystemService, search: str, names: list[str]) -> None:
    assert [vm.name for vm in api.vms_service().list(search=search)] == names


@pytest.fixture
def found(api: SystemService) -> dict[str, object]:
    return {
        "hosts": api.hosts_service(),
        "storage_domains": api.storage_domains_service(),
        "data_centers": api.data_centers_service(),
        "templates": api.templates_service(),
        "clusters": api.clusters_service(),
        "networks": api.networks_service(),
        "users": api.users_service(),
    }


@pytest.mark.parametrize(
    ("kind", "search", "names"),
    [
        ("hosts", "status=up", ["east-h1", "east-h2"]),
        ("hosts", "status=up and datacenter=east", ["east-h1", "east-h2"]),
        ("hosts", "status=up and storage=vault", ["east-h1", "east-h2"]),
        ("hosts", 'name="east-h1"', ["east-h1"]),
        ("hosts", "status=nonresponsive", []),
        ("storage_domains", 'name="vault"', ["vault"]),
        ("storage_domains", "type=iscsi", ["mixed-block", "vault"]),
        ("storage_domains", "type != glance and name=v*", ["vault"]),
        ("storage_domains", "name=vault and type != glance and type != cinder and status != active", []),
        ("storage_domains", "status=active and name=vault", ["vault"]),
        ("storage_domains", "status = active and storage.name=vault", []),
        ("storage_domains", "backup=true", []),
        ("storage_domains", "backup=false and host.name=east-h1 and name=vault", ["vault"]),
        ("storage_domains", "cluster.name=east-cl1 and type=iscsi", ["mixed-block", "vault"]),
        ("storage_domains", "id=00000000-0000-0000-0000-000000000000", []),
        ("storage_domains", "name=vault and (\n  datacenter=east and status = active or\n  datacenter=east\n)\n", []),
        ("data_centers", 'storage="vault"', ["east"]),
        ("data_centers", 'storage="west-data"', []),
        ("data_centers", "storage.name=vault and status=up", ["east"]),
        ("templates", "name=golden", ["golden"]),
        ("templates", "storage.name=east-data", ["base", "golden"]),
        ("clusters", "name=east*", ["east-cl1"]),
        ("networks", "name=east-lan", ["east-lan"]),
        ("users", "usrname=admin@internal-authz", ["admin"]),
        ("users", "usrname=somebody@else", []),
    ],
)
def test_other_objects(found: dict[str, object], kind: str, search: str, names: list[str]) -> None:
    service = found[kind]
    assert [one.name for one in service.list(search=search)] == names  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("search", "aliases"),
    [
        ('name="db_Disk1" and Storage.name="east-data"', ["db_Disk1"]),
        ('name="db_Disk1" and Storage.name="vault"', []),
        ("disk_type = lun and number_of_vms =0", []),
        ("number_of_vms =1 and vm_names=*web*", ["web_Disk1"]),
        ("disk_content_type=ovf_store and storage.name=vault", ["OVF_STORE", "OVF_STORE"]),
        ("provisioned_size>40000000000", ["db_Disk1", "erp_Disk2"]),
        ("provisioned_size>many", []),
    ],
)
def test_disks(api: SystemService, search: str, aliases: list[str]) -> None:
    assert [disk.alias for disk in api.disks_service().list(search=search)] == aliases


def test_jobs_are_found_by_their_correlation_id_only(api: SystemService, client: Client) -> None:
    disks = api.disks_service().list(search="alias=db_Disk1")
    target = api.storage_domains_service().list(search="name=vault")[0].id
    body = f"<action><storage_domain id='{target}'/></action>"
    client.send("POST", f"/disks/{disks[0].id}/move", body, {"Correlation-Id": "move-7"})
    service = api.jobs_service()
    assert [job.status.value for job in service.list(search="correlation_id=move-7")] == ["finished"]
    assert service.list(search="correlation_id=move-8") == [] == service.list(search="status=finished")


def test_events_are_searched_read_from_a_number_on_and_cut(api: SystemService) -> None:
    service = api.events_service()
    api.vms_service().vm_service(api.vms_service().list(search="name=db")[0].id).start()
    every = service.list()
    assert [event.index for event in every] == sorted((event.index for event in every), reverse=True)
    assert len(service.list(from_=every[1].index)) == 1
    assert len(service.list(max=1)) == 1
    started = service.list(search="vm.name=db and type=153")
    assert [event.code for event in started] == [153]
    assert service.list(search="severity=error") == []
    assert service.list(search="message=*db*") and service.list(search="time>=today")


def test_case_counts_when_it_is_asked_for(api: SystemService) -> None:
    assert api.vms_service().list(search="name=W*", case_sensitive=True) == []
    assert [vm.name for vm in api.vms_service().list(search="name=w*", case_sensitive=True)] == ["web"]


def test_results_are_cut_and_paged(api: SystemService, client: Client) -> None:
    assert [vm.name for vm in api.vms_service().list(max=2)] == EAST[:2]
    assert [vm.name for vm in api.vms_service().list(search="page 2", max=2)] == EAST[2:4]
    assert len(client.get("/vms;max=3").xml) == 3


def test_special_characters_of_the_database_are_ordinary(api: SystemService) -> None:
    assert api.vms_service().list(search="name=%") == [] == api.vms_service().list(search="name=w_b")


def test_subcollections_ignore_a_search(client: Client, primary: SimulatedSite, api: SystemService) -> None:
    dc = api.data_centers_service().list()[0].id
    assert len(client.get(f"/datacenters/{dc}/storagedomains?search=name%3Dnone").xml) == 6


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("time=today", True),
        ("time>=sunday", True),
        ("time>yesterday", True),
        ("time<saturday", False),
        ("time=9/9/2001", True),
        ('time!="Sep 9, 2001"', False),
    ],
)
def test_dates_mean_days(search: str, found: bool) -> None:
    with (
        simulated_sites(clock=lambda: 1_000_000_000.0) as both,  # a Sunday: 9 September 2001
        ovirtsdk4.Connection(**both["primary"].auth) as connection,
    ):
        system = connection.system_service()
        system.vms_service().vm_service(east("vm", "db")).start()
        assert bool(system.events_service().list(search=f"type=153 and {search}")) == found
