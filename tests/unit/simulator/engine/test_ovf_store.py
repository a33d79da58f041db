# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies in the OVF stores, when they are written, and which one is read."""

from __future__ import annotations

import json

import pytest
from sqlalchemy.orm import Session

from ovirt_simulator.engine import schema
from ovirt_simulator.engine.commands import RemoveDisk, ShutdownVm, UpdateOvfStoreForStorageDomain, UpdateVm
from ovirt_simulator.ovf import store
from ovirt_simulator.ovf.reader import read
from ovirt_simulator.storage import arrays
from ovirt_simulator.storage.contents import Contents
from ovirt_simulator.storage.schema import StoredImage
from simulated_world import Site, World


def stores(db: Session, volume: str) -> list[StoredImage]:
    images = Contents(db, arrays.volume_named(db, volume), 0.0).images()
    return [image for image in images if image.content_type == "ovf_store"]


def content(world: World, volume: str) -> store.StoreContent:
    with world.arrays() as db:
        payloads = {image.payload for image in stores(db, volume)}
    [payload] = payloads
    assert payload is not None
    return store.unpack(payload)


def names(world: World, volume: str) -> set[str]:
    return {read(text).name for text in content(world, volume).documents.values()}


def test_two_stores_lie_on_every_domain_and_are_known_as_floating_disks(world: World) -> None:
    with world.arrays() as db:
        for volume, sparse in {"a-vault": False, "a-east-data": True}.items():
            found = stores(db, volume)
            assert [(one.sparse, one.provisioned_size, one.format) for one in found] == [(sparse, 128 << 20, "raw")] * 2
    with world.primary.look() as context:
        rows = context.db.query(schema.BaseDisk).filter_by(content_type="ovf_store").all()
        assert len(rows) == 12
        assert all(row.shareable and row.alias == "OVF_STORE" for row in rows)


def test_a_store_holds_who_has_a_disk_on_the_domain(world: World) -> None:
    assert names(world, "a-vault") == {"web"}
    assert names(world, "a-east-data") == {"db", "app", "thin1", "golden", "base"}
    assert names(world, "a-mixed-block") == names(world, "a-mixed-file") == {"erp"}
    assert names(world, "a-east-nfs2") == set()


def test_a_diskless_vm_is_in_every_store(world: World) -> None:
    site = world.primary
    site.run(ShutdownVm(site.id("vm", "web")))
    site.run(RemoveDisk(site.id("disk", "web_Disk1")))
    site.run(UpdateVm(site.id("vm", "web"), {"comment": "diskless"}))
    for name in ("vault", "east-nfs2"):
        site.run(site.update_ovf(name))
        assert "web" in names(world, f"a-{name}")


def test_statuses_are_those_of_vms_that_are_not_down(world: World) -> None:
    assert content(world, "a-vault").statuses == {world.primary.id("vm", "web"): "up"}
    assert content(world, "a-east-data").statuses == {}


def test_an_update_without_change_writes_nothing_and_says_so(world: World) -> None:
    world.clock.sleep(10)
    world.primary.run(world.primary.update_ovf("vault"))
    assert world.primary.events()[-1] == 1052
    with world.arrays() as db:
        facts = store.read_description(stores(db, "a-vault")[0].description)
    assert facts is not None and facts.last_updated == world.clock.now - 10


def test_a_run_state_alone_is_no_change(world: World) -> None:
    world.primary.run(ShutdownVm(world.primary.id("vm", "web")))
    world.primary.run(world.primary.update_ovf("vault"))
    assert content(world, "a-vault").statuses == {world.primary.id("vm", "web"): "up"}


def test_an_update_writes_both_stores_with_size_and_date(world: World) -> None:
    site = world.primary
    world.clock.sleep(10)
    site.run(UpdateVm(site.id("vm", "web"), {"description": "changed"}))
    site.run(site.update_ovf("vault"))
    assert site.events()[-1] == 199
    [text] = content(world, "a-vault").documents.values()
    assert read(text).description == "changed"
    with world.arrays() as db:
        for image in stores(db, "a-vault"):
            facts = store.read_description(image.description)
            assert facts is not None and image.payload is not None
            assert (facts.updated, facts.last_updated, facts.size) == (True, world.clock.now, len(image.payload))
            assert facts.domain_ids == (world.vault,)


def test_an_update_needs_an_attached_domain(primary: Site) -> None:
    primary.run(primary.deactivate("east-nfs2"))
    primary.run(primary.detach("east-nfs2"))
    message = "ACTION_TYPE_FAILED_STORAGE_POOL_NOT_EXIST"
    assert primary.refused(primary.update_ovf("east-nfs2")) == (400, (message,))


def test_changes_are_written_once_an_hour_by_themselves(world: World) -> None:
    site = world.primary
    site.run(UpdateVm(site.id("vm", "web"), {"description": "changed"}))
    world.clock.sleep(3599)
    site.engine.settle()
    [text] = content(world, "a-vault").documents.values()
    assert read(text).description != "changed"
    world.clock.sleep(2)
    site.engine.settle()
    [text] = content(world, "a-vault").documents.values()
    assert read(text).description == "changed"


def test_going_to_maintenance_writes_the_store_first(world: World) -> None:
    site = world.primary
    site.run(ShutdownVm(site.id("vm", "web")))
    site.run(UpdateVm(site.id("vm", "web"), {"description": "last words"}))
    site.run(site.deactivate("vault"))
    [text] = content(world, "a-vault").documents.values()
    assert read(text).description == "last words"


def test_what_is_unregistered_stays_in_the_store(world: World) -> None:
    world.fill_vault()
    world.import_vault()
    site = world.secondary
    with site.look() as context:
        context.db.query(schema.OvfStore).filter_by(storage_domain_id=world.vault).update({"outdated": True})
    site.run(UpdateOvfStoreForStorageDomain(world.vault))
    assert names(world, "b-vault") == {"web"}


def test_a_volume_in_the_document_tells_domain_size_and_snapshot(world: World) -> None:
    site = world.primary
    [text] = content(world, "a-vault").documents.values()
    document = read(text)
    [volume] = document.volumes
    assert (volume.id, volume.disk_id) == (site.id("image", "web_Disk1"), site.id("disk", "web_Disk1"))
    assert (volume.domain_ids, volume.pool_id) == ((world.vault,), site.pool)
    assert (volume.size >> 30, volume.used >> 30) == (20, 4)
    assert volume.snapshot_id == document.snapshots[0].id == site.id("snapshot", "web/active")
    assert (document.cluster_name, document.nics[0].network, document.nics[0].profile) == (
        "east-cl1",
        "east-lan",
        "east-lan",
    )


# which store is read at attach


def attach_with(world: World, *edits: str) -> set[str]:
    """Return the VMs found at the other site after the two stores of the copy were changed in these ways."""
    world.fill_vault()
    world.replicate("a-vault")
    with world.arrays() as db:
        for image, edit in zip(stores(db, "b-vault"), edits, strict=True):
            facts = json.loads(image.description)
            if edit == "older":
                facts["Last Updated"] = "Tue Feb 10 14:00:07 UTC 2009"
                image.payload = store.pack(world.vault, 0.0, [], {})
                facts["Size"] = len(image.payload)
            elif edit == "unfinished":
                facts["Updated"] = False
            elif edit == "torn":
                image.payload = (image.payload or b"")[:-1]
            elif edit == "rubbish":
                image.payload = b"x" * facts["Size"]
            elif edit == "foreign":
                facts["Storage Domains"] = [{"uuid": "another"}]
            image.description = json.dumps(facts)
    world.import_copy()
    with world.secondary.look() as context:
        return {row.entity_name for row in context.db.query(schema.UnregisteredOvf)}


@pytest.mark.parametrize("bad", ["older", "unfinished", "torn", "rubbish", "foreign"])
def test_the_better_of_two_stores_is_read(world: World, bad: str) -> None:
    assert attach_with(world, "untouched", bad) == {"web"}


@pytest.mark.parametrize("bad", ["unfinished", "torn", "rubbish"])
def test_without_a_readable_store_the_domain_attaches_without_entities(world: World, bad: str) -> None:
    assert attach_with(world, bad, bad) == set()
    assert world.secondary.status_of(world.vault) == "active"
    assert 1017 in world.secondary.events()


def test_found_stores_are_registered_and_due_for_writing(world: World) -> None:
    world.fill_vault()
    world.import_vault()
    with world.secondary.look() as context:
        found = context.db.query(schema.OvfStore).filter_by(storage_domain_id=world.vault).all()
        assert [row.outdated for row in found] == [True, True]
