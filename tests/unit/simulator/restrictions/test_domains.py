# SPDX-License-Identifier: GPL-3.0-or-later
"""What an engine does with the domains themselves when they are backup domains."""

from __future__ import annotations

import uuid

import pytest
from ovirtsdk4 import types

from backup_marks import Marked, refused
from ovirt_simulator.engine import schema
from wire_client import east


@pytest.mark.restriction("enforce_e1")
@pytest.mark.conforms("storage 5.6", "storage 5.7")
def test_no_election_takes_one(marked: Marked) -> None:
    marked.vm("web").stop()
    for name in ("vault", "east-nfs2", "nfs-vault", "mixed-block"):
        marked.give_mark(name)
    marked.attached("east-data").deactivate()
    assert master_of(marked) == "mixed-file"
    marked.attached("mixed-file").deactivate()
    assert master_of(marked) == "mixed-file"
    assert marked.pool.get().status == types.DataCenterStatus.MAINTENANCE


@pytest.mark.restriction("enforce_e2")
@pytest.mark.conforms("storage 6.1 R8")
def test_it_cannot_be_made_the_master(marked: Marked) -> None:
    marked.give_mark("nfs-vault")
    vault = types.StorageDomain(id=east("domain", "nfs-vault"))
    with refused(400):
        marked.pool.set_master(storage_domain=vault)


@pytest.mark.restriction("enforce_e3")
def test_the_master_can_be_marked_and_stays_master(marked: Marked) -> None:
    assert marked.mark("east-data").master
    assert marked.pool.get().status == types.DataCenterStatus.UP


@pytest.mark.restriction("enforce_e4")
def test_a_data_center_can_begin_with_one(marked: Marked) -> None:
    empty = str(uuid.uuid4())
    with marked.site.engine.transaction() as context:
        context.db.add(schema.StoragePool(id=empty, name="north"))
        context.db.add(schema.Cluster(id=empty, name="north-cl1", storage_pool_id=empty))
        context.db.add(schema.Vds(id=empty, name="north-h1", address="north-h1.test", cluster_id=empty))
    marked.attached("nfs-vault").deactivate()
    marked.attached("nfs-vault").remove()
    marked.give_mark("nfs-vault")
    pool = marked.api.data_centers_service().data_center_service(empty)
    added = pool.storage_domains_service().add(types.StorageDomain(id=east("domain", "nfs-vault")))
    assert (added.master, added.status.value) == (True, "active")
    assert pool.get().status == types.DataCenterStatus.UP


@pytest.mark.restriction("enforce_n")
@pytest.mark.conforms("storage 6.1 R2")
def test_no_iso_or_export_domain_is_added_as_one(marked: Marked) -> None:
    for kind in (types.StorageDomainType.ISO, types.StorageDomainType.EXPORT):
        with refused(400):
            marked.api.storage_domains_service().add(on_empty_path(kind, backup=True))


@pytest.mark.restriction("enforce_n_update")
def test_an_iso_domain_can_be_marked(marked: Marked) -> None:
    domains = marked.api.storage_domains_service()
    added = domains.add(on_empty_path(types.StorageDomainType.ISO, backup=False))
    assert domains.storage_domain_service(added.id).update(types.StorageDomain(backup=True)).backup


@pytest.mark.restriction("enforce_p")
def test_its_life_is_that_of_any_domain(marked: Marked) -> None:
    marked.give_mark("nfs-vault")
    vault = marked.attached("nfs-vault")
    vault.deactivate()
    vault.activate()
    vault.deactivate()
    vault.remove()
    marked.pool.storage_domains_service().add(types.StorageDomain(id=east("domain", "nfs-vault")))
    assert vault.get().status == types.StorageDomainStatus.ACTIVE
    vault.deactivate()
    vault.remove()
    marked.domain("nfs-vault").remove(host="east-h1")
    assert "nfs-vault" not in {domain.name for domain in marked.api.storage_domains_service().list()}


@pytest.mark.restriction("enforce_q")
def test_the_mark_comes_off_whatever_is_there(marked: Marked) -> None:
    marked.give_mark("vault")
    assert not marked.mark("vault", backup=False).backup
    marked.attached("nfs-vault").deactivate()
    marked.give_mark("nfs-vault")
    assert not marked.mark("nfs-vault", backup=False).backup


def master_of(marked: Marked) -> str:
    found = [domain.name for domain in marked.pool.storage_domains_service().list() if domain.master]
    return ", ".join(found)


def on_empty_path(kind: types.StorageDomainType, backup: bool) -> types.StorageDomain:
    return types.StorageDomain(
        name=f"some-{kind.value}",
        type=kind,
        backup=backup,
        host=types.Host(name="east-h1"),
        storage=types.HostStorage(type=types.StorageType.NFS, address="nfs.array-a.test", path="/empty"),
    )
