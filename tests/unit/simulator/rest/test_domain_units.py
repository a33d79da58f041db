# SPDX-License-Identifier: GPL-3.0-or-later
"""Units that grow and go, arrays that fail by the control endpoint, unregistered entities that are deleted."""

from __future__ import annotations

import json

import pytest

from ovirt_simulator.site import Sites
from wire_client import Client, east

UNITS = ("3600a0980000000000000000000000a01", "3600a0980000000000000000000000a02")
VAULT = f"/storagedomains/{east('domain', 'vault')}"
ATTACHED = f"/datacenters/{east('data_center', 'east')}{VAULT}"


def action(*units: str) -> str:
    listed = "".join(f'<logical_unit id="{unit}"/>' for unit in units)
    return f"<action><logical_units>{listed}</logical_units></action>"


def control(client: Client, operation: str, **data: object) -> None:
    assert client.send("POST", f"/control/{operation}", json.dumps(data)).status == 200


@pytest.mark.conforms("storage 5.8")
def test_a_domain_gets_the_room_of_a_unit_that_grew(client: Client) -> None:
    before = int(client.get(VAULT).xml.findtext("available") or 0)
    control(client, "resize", unit=UNITS[0], size=300 << 30)
    assert client.post(f"{VAULT}/refreshluns", action(UNITS[0])).status == 200
    assert int(client.get(VAULT).xml.findtext("available") or 0) - before == 100 << 30


@pytest.mark.conforms("storage 5.8")
def test_units_of_others_and_domains_on_files_are_not_refreshed(client: Client) -> None:
    assert client.post(f"{VAULT}/refreshluns", action("3600a0980000000000000000000000a11")).status == 400
    path = f"/storagedomains/{east('domain', 'nfs-vault')}/refreshluns"
    assert client.post(path, action(UNITS[0])).status == 400


@pytest.mark.conforms("storage 5.8")
def test_a_domain_gives_units_back_in_maintenance_only(client: Client) -> None:
    assert client.post(f"{VAULT}/reduceluns").status == 500
    for units, status in (((), 400), (UNITS, 400), (UNITS[:1], 400), ((UNITS[1],) * 2, 400), (UNITS[1:], 409)):
        assert client.post(f"{VAULT}/reduceluns", action(*units)).status == status
    client.post(f"/vms/{east('vm', 'web')}/stop")
    client.post(f"{ATTACHED}/deactivate")
    assert client.post(f"{VAULT}/reduceluns", action(UNITS[1])).status == 200
    left = client.get(VAULT).xml.findall("storage/volume_group/logical_units/logical_unit")
    assert {unit.get("id") for unit in left} == {UNITS[0]}


@pytest.mark.conforms("storage 7.1")
def test_storage_and_paths_fail_by_the_control_endpoint(client: Client) -> None:
    control(client, "storage", domain="nfs-vault", reachable=False)
    path = f"/datacenters/{east('data_center', 'east')}/storagedomains/{east('domain', 'nfs-vault')}"
    assert client.get(path).xml.findtext("status") == "inactive"
    control(client, "storage", domain="nfs-vault", reachable=True)
    assert client.get(path).xml.findtext("status") == "active"
    control(client, "path", name="east-h2", array="array-a", reachable=False)
    assert client.get(f"/hosts/{east('host', 'east-h2')}").xml.findtext("status") == "non_operational"
    assert client.get(path).xml.findtext("status") == "active"


@pytest.mark.conforms("workloads 2.1")
def test_an_unregistered_vm_is_deleted_with_its_images(sites: Sites, client: Client) -> None:
    client.post(f"/vms/{east('vm', 'web')}/stop")
    client.post(f"{ATTACHED}/deactivate")
    assert client.send("DELETE", ATTACHED).status == 200
    attached = ATTACHED.rpartition("/")[0]
    assert client.post(attached, f'<storage_domain id="{east("domain", "vault")}"/>').status == 201
    path = f"{VAULT}/vms/{east('vm', 'web')}"
    assert client.send("DELETE", path).status == 200
    assert client.get(f"{VAULT}/vms;unregistered").xml.findall("vm") == []
    assert client.get(f"{VAULT}/disks;unregistered").xml.findall("disk") == []
    assert client.send("DELETE", path).status == 404
