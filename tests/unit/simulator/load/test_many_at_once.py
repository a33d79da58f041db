# SPDX-License-Identifier: GPL-3.0-or-later
"""A thousand changes over 32 connections leave an engine whose records fit together."""

from __future__ import annotations

import http.client
import random
import ssl
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select

from ovirt_simulator.engine import schema
from ovirt_simulator.engine.runtime import Context
from ovirt_simulator.generated import Size, generate
from ovirt_simulator.scenario import identifier
from ovirt_simulator.site import SimulatedSite, simulated_sites
from ovirt_simulator.storage import schema as stored
from wire_client import API, Client

VMS, DOMAINS, CONNECTIONS, REQUESTS = 40, 4, 32, 1000
CLUSTER = "<cluster><name>east-cl1</name></cluster>"
BLANK = f'<template id="{schema.BLANK_TEMPLATE}"/>'
MARKS = [f"<storage_domain><backup>{value}</backup></storage_domain>" for value in ("true", "false")]
DISK = "<name>new</name><provisioned_size>1073741824</provisioned_size><format>cow</format>"


def east(kind: str, name: str) -> str:
    return identifier("primary", kind, name)


@pytest.fixture
def site() -> Iterator[SimulatedSite]:
    with simulated_sites(generate(Size(vms=VMS, domains=DOMAINS, templates=2, hosts=2))) as sites:
        yield sites["primary"]


def changes(seed: int, count: int) -> Iterator[tuple[str, str, str]]:
    """Return requests that get in each other's way, the same ones for the same seed."""
    chance = random.Random(seed)
    for number in range(count):
        name = f"vm-{chance.randint(1, VMS):05}"
        vm, disk = east("vm", name), east("disk", f"{name}_Disk1")
        domain = east("domain", f"data-{chance.randint(1, DOMAINS):03}")
        place = f'<storage_domains><storage_domain id="{domain}"/></storage_domains>'
        yield chance.choice(
            [
                ("POST", f"/vms/{vm}/start", "<action/>"),
                ("POST", f"/vms/{vm}/stop", "<action/>"),
                ("PUT", f"/vms/{vm}", f"<vm><description>{seed}-{number}</description></vm>"),
                ("POST", f"/disks/{disk}/move", f'<action><storage_domain id="{domain}"/></action>'),
                ("POST", f"/disks/{disk}/copy", f'<action><storage_domain id="{domain}"/></action>'),
                ("POST", "/disks", f"<disk>{DISK}{place}</disk>"),
                ("POST", f"/vms/{vm}/snapshots", "<snapshot><description>one</description></snapshot>"),
                ("DELETE", f"/vms/{vm}/nics/{east('nic', f'{name}/nic1')}", ""),
                ("POST", "/vms", f"<vm><name>new-{chance.randint(1, 30)}</name>{CLUSTER}{BLANK}</vm>"),
                ("PUT", f"/storagedomains/{domain}", MARKS[number % 2]),
                ("POST", f"/storagedomains/{domain}/updateovfstore", "<action/>"),
            ]
        )


def send_all(site: SimulatedSite, token: str, seed: int) -> Counter[int]:
    """Send a share of the requests over one connection; return how often which status came back."""
    address = urlsplit(site.url)
    tls = ssl.create_default_context(cafile=site.ca_file)
    connection = http.client.HTTPSConnection(address.hostname or "", address.port, timeout=100, context=tls)
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/xml", "Content-Type": "application/xml"}
    statuses: Counter[int] = Counter()
    share = REQUESTS // CONNECTIONS + (seed < REQUESTS % CONNECTIONS)
    for method, path, body in changes(seed, share):
        connection.request(method, f"{API}{path}", body=body, headers=headers)
        response = connection.getresponse()
        response.read()
        statuses[response.status] += 1
    connection.close()
    return statuses


@pytest.mark.timeout(400)
def test_everything_fits_together_afterwards(site: SimulatedSite) -> None:
    token = Client(site).token
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        answers = pool.map(lambda seed: send_all(site, token, seed), range(CONNECTIONS))
        statuses = sum(answers, Counter[int]())
    assert statuses.total() == REQUESTS
    assert statuses[200] + statuses[201] > REQUESTS // 4
    assert set(statuses) <= {200, 201, 400, 404, 409}, statuses
    site.engine.settle()
    with site.engine.transaction() as context:
        check_places(context)
        check_names(context)
        check_at_rest(context)
        check_storage(context)


def check_places(context: Context) -> None:
    """Each disk is on domains that exist, and each attachment is one of a VM and a disk that exist."""
    domains = set(context.db.scalars(select(schema.StorageDomainStatic.id)))
    machines = set(context.db.scalars(select(schema.VmStatic.id)))
    disks = {disk.id: disk for disk in context.db.scalars(select(schema.BaseDisk))}
    for disk in disks.values():
        assert disk.active_image is not None
        places = {place.storage_domain_id for image in disk.images for place in image.placements}
        assert places and places <= domains
    for attachment in context.db.scalars(select(schema.DiskAttachment)):
        assert attachment.vm_id in machines and attachment.disk_id in disks


def check_names(context: Context) -> None:
    """No VM is there twice, no address is used twice, nobody runs on two hosts or on none."""
    rows = list(context.db.scalars(select(schema.VmStatic).filter_by(entity_type="vm")))
    assert max(Counter(row.name for row in rows).values()) == 1
    macs = context.db.scalars(select(schema.VmInterface.mac).where(schema.VmInterface.mac.is_not(None)))
    assert max(Counter(macs).values()) == 1
    assert {row.status for row in rows} <= {"up", "down"}
    assert all((row.run_on_vds is not None) == (row.status == "up") for row in rows)
    active = select(schema.Snapshot.vm_id, func.count()).filter_by(type="active").group_by(schema.Snapshot.vm_id)
    assert {row.id: 1 for row in rows} == dict(list(context.db.execute(active)))


def check_at_rest(context: Context) -> None:
    """No lock, no unfinished run and no locked disk or domain is left."""
    for table in (schema.EntityLock, schema.PendingStep, schema.CommandRun):
        assert context.db.scalar(select(func.count()).select_from(table)) == 0
    assert context.db.scalar(select(func.count()).where(schema.Image.status != "ok")) == 0
    assert set(context.db.scalars(select(schema.StoragePoolIsoMap.status))) == {"active"}
    assert set(context.db.scalars(select(schema.Job.status))) <= {"finished", "failed"}


def check_storage(context: Context) -> None:
    """What the engine says lies on a domain does, and nothing else."""
    query = select(stored.Volume.domain_id, stored.StoredImage.image_id).join(
        stored.StoredImage, stored.StoredImage.volume_id == stored.Volume.id
    )
    known = set(context.db.scalars(select(schema.StorageDomainStatic.id)))
    lying = {(domain, image) for domain, image in context.storage.db.execute(query) if domain in known}
    places = select(schema.ImagePlacement.storage_domain_id, schema.ImagePlacement.image_id)
    assert lying == set(context.db.execute(places))
