# SPDX-License-Identifier: GPL-3.0-or-later
"""What older engines do not have: addresses, elements, and what their documents say."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ovirt_simulator.engine import schema
from ovirt_simulator.engine.commands import UpdateDisk, UpdateOvfStoreForStorageDomain
from ovirt_simulator.engine.ovf_documents import document_of
from ovirt_simulator.ovf.writer import write
from ovirt_simulator.site import SimulatedSite, simulated_sites
from wire_client import Client, east

DB, DISK, VAULT = east("vm", "db"), east("disk", "db_Disk1"), east("domain", "vault")
GROUPS = f"/clusters/{east('cluster', 'east-cl1')}/affinitygroups"
NEW = {
    "convert": ("POST", f"/disks/{DISK}/convert", "<action><disk><sparse>true</sparse></disk></action>"),
    "change a disk": ("PUT", f"/disks/{DISK}", "<disk><alias>x</alias></disk>"),
    "make a master": ("POST", f"/datacenters/{east('data_center', 'east')}/setmaster", "<action/>"),
    "find targets": ("POST", f"/hosts/{east('host', 'east-h1')}/discoveriscsi", "<action/>"),
    "clone with snapshots": (
        "POST",
        f"/vms/{DB}/clone",
        "<action><vm><name>x</name></vm><discard_snapshots>true</discard_snapshots></action>",
    ),
    "a TPM": ("PUT", f"/vms/{DB}", "<vm><tpm_enabled>false</tpm_enabled></vm>"),
    "pinning": ("PUT", f"/vms/{DB}", "<vm><cpu_pinning_policy>none</cpu_pinning_policy></vm>"),
}
# Statuses that only an engine that lacks something gives; `None` is whatever the others answer.
LACKING: dict[str, dict[str, int | None]] = {
    "4.3": {
        "convert": 404,
        "change a disk": 405,
        "make a master": 404,
        "find targets": 404,
        "clone with snapshots": 400,
        "a TPM": 400,
        "pinning": 400,
    },
    "4.4": {"convert": 404, "pinning": 400},
    "4.5": {},
}


@pytest.fixture(scope="module", params=list(LACKING))
def site(request: pytest.FixtureRequest) -> Iterator[SimulatedSite]:
    with simulated_sites(version=request.param) as sites:
        yield sites["primary"]


@pytest.mark.conforms("workloads 10", "storage 8")
@pytest.mark.parametrize("request_", NEW)
def test_only_engines_that_have_it_take_it(site: SimulatedSite, request_: str) -> None:
    reply = Client(site).send(*NEW[request_])
    lacking = LACKING[site.engine.version].get(request_)
    reason = reply.xml.findtext("reason") if reply.body[:5] == b"<?xml" else None
    refused = reply.status in (404, 405) or reason == "Request syntactically incorrect."
    assert (reply.status if refused else None) == lacking


@pytest.mark.conforms("workloads 10")
def test_a_clone_goes_where_it_is_asked_to_since_4_4(site: SimulatedSite) -> None:
    body = f"<action><vm><name>moved</name></vm><storage_domain id='{VAULT}'/></action>"
    client = Client(site)
    assert client.post(f"/vms/{DB}/clone", body).status == 200
    names = {vm.findtext("name") for vm in client.get(f"/storagedomains/{VAULT}/vms").xml}
    assert ("moved" in names) is (site.engine.version >= "4.4")


@pytest.mark.conforms("workloads 10")
def test_hosts_of_an_affinity_group_have_an_address_since_4_4(site: SimulatedSite) -> None:
    client = Client(site)
    group = client.post(GROUPS, "<affinity_group><name>front</name></affinity_group>").xml.get("id")
    assert client.get(f"{GROUPS}/{group}/hosts").status == (404 if site.engine.version == "4.3" else 200)
    assert client.get(f"{GROUPS}/{group}/vmlabels").status == 200


@pytest.mark.conforms("ovf 18")
def test_a_document_is_of_its_release(site: SimulatedSite) -> None:
    shared = east("disk", "app_Disk2")
    site.engine.execute(UpdateDisk(shared, {"shareable": True}))
    with site.engine.transaction() as context:
        text = write(document_of(context, context.db.get_one(schema.VmStatic, east("vm", "app"))))
    old = site.engine.version == "4.3"
    assert f'ovf:version="{"4.1.0.0" if old else "4.4.0.0"}"' in text
    assert (shared in text) is (site.engine.version >= "4.5")


@pytest.mark.conforms("ovf 18")
def test_a_new_ovf_store_on_a_file_domain_is_thin_since_4_4(site: SimulatedSite) -> None:
    domain = east("domain", "east-data")
    with site.engine.transaction() as context:
        for row in context.db.query(schema.OvfStore).filter_by(storage_domain_id=domain):
            context.db.delete(row)
    site.engine.execute(UpdateOvfStoreForStorageDomain(domain))
    with site.engine.transaction() as context:
        rows = context.db.query(schema.OvfStore).filter_by(storage_domain_id=domain).all()
        volumes = [context.db.get_one(schema.BaseDisk, row.disk_id).images[0] for row in rows]
    assert {volume.sparse for volume in volumes} == {site.engine.version >= "4.4"}
