# SPDX-License-Identifier: GPL-3.0-or-later
"""Storage connections: pointed elsewhere, and given to and taken from iSCSI domains."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ovirtsdk4
import pytest
from ovirtsdk4 import types
from ovirtsdk4.services import AttachedStorageDomainService, StorageServerConnectionService, SystemService

from ovirt_simulator.site import Sites
from wire_client import east

SECOND = types.StorageConnection(
    type=types.StorageType.ISCSI, address="10.99.1.10", port=3260, target="iqn.2031-05.test.elsewhere"
)


def refused(doing: Callable[[], Any]) -> int:
    with pytest.raises(ovirtsdk4.Error) as caught:
        doing()
    return int(caught.value.code)


def connection(api: SystemService, path: str) -> StorageServerConnectionService:
    connections = api.storage_connections_service()
    found = next(one for one in connections.list() if one.path == path)
    return connections.storage_connection_service(found.id)


def attached(api: SystemService, name: str) -> AttachedStorageDomainService:
    center = api.data_centers_service().data_center_service(east("data_center", "east"))
    return center.storage_domains_service().storage_domain_service(east("domain", name))


@pytest.mark.conforms("storage 5.9")
def test_a_domain_at_rest_is_pointed_to_its_replica(api: SystemService, sites: Sites) -> None:
    sites.arrays.replicate()
    replica = types.StorageConnection(address="nfs.array-b.test", path="/mixed")
    assert refused(lambda: connection(api, "/mixed").update(replica)) == 400
    attached(api, "mixed-file").deactivate()
    replica.host = types.Host(name="east-h1")
    changed = connection(api, "/mixed").update(replica)
    assert changed.address == "nfs.array-b.test"
    assert attached(api, "mixed-file").get().status == types.StorageDomainStatus.MAINTENANCE
    attached(api, "mixed-file").activate()
    assert attached(api, "mixed-file").get().status == types.StorageDomainStatus.ACTIVE


@pytest.mark.conforms("storage 5.9")
def test_force_changes_the_connection_of_an_active_domain_and_leaves_it_in_maintenance(
    api: SystemService, sites: Sites
) -> None:
    sites.arrays.replicate()
    replica = types.StorageConnection(address="nfs.array-b.test", path="/vault", host=types.Host(name="east-h1"))
    connection(api, "/vault").update(replica, force=True)
    assert attached(api, "nfs-vault").get().status == types.StorageDomainStatus.MAINTENANCE


@pytest.mark.conforms("storage 5.9")
def test_a_connection_keeps_its_type_and_is_like_no_other(api: SystemService) -> None:
    vault = connection(api, "/vault")
    assert refused(lambda: vault.update(types.StorageConnection(type=types.StorageType.POSIXFS), force=True)) == 400
    assert refused(lambda: vault.update(types.StorageConnection(type=types.StorageType.FCP), force=True)) == 400
    assert refused(lambda: vault.update(types.StorageConnection(path="/mixed"), force=True)) == 409


@pytest.mark.conforms("storage 5.9")
def test_an_iscsi_domain_at_rest_gets_and_loses_a_connection(api: SystemService) -> None:
    added = api.storage_connections_service().add(SECOND)
    links = api.storage_domains_service().storage_domain_service(east("domain", "vault")).storage_connections_service()
    reference = types.StorageConnection(id=added.id)
    assert refused(lambda: links.add(reference)) == 400
    api.vms_service().vm_service(east("vm", "web")).stop()
    attached(api, "vault").deactivate()
    before = len(links.list())
    links.add(reference)
    assert refused(lambda: links.add(reference)) == 409
    assert len(links.list()) == before + 1
    links.connection_service(added.id).remove()
    assert refused(links.connection_service(added.id).remove) == 400
    assert len(links.list()) == before


@pytest.mark.conforms("storage 5.9")
def test_a_file_domain_has_one_connection(api: SystemService) -> None:
    added = api.storage_connections_service().add(
        types.StorageConnection(type=types.StorageType.NFS, address="nfs.array-a.test", path="/empty")
    )
    attached(api, "mixed-file").deactivate()
    domain = api.storage_domains_service().storage_domain_service(east("domain", "mixed-file"))
    add = domain.storage_connections_service().add
    assert refused(lambda: add(types.StorageConnection(id=added.id))) == 400
