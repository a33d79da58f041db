# SPDX-License-Identifier: GPL-3.0-or-later
"""Replication, and what lies on volumes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from ovirt_simulator.storage import arrays
from ovirt_simulator.storage.contents import Contents
from ovirt_simulator.storage.failures import StorageFailure
from simulated_world import World


def contents(db: Session, name: str) -> Contents:
    return Contents(db, arrays.volume_named(db, name), 0.0)


def add(target: Contents, image_id: str, disk_id: str = "disk", size: int = 1) -> None:
    columns = {"format": "raw", "sparse": True, "provisioned_size": size, "actual_size": size}
    target.add_image(image_id=image_id, disk_id=disk_id, parent_id=None, **columns)


def test_a_copy_has_the_identity_and_the_images_of_its_source(world: World) -> None:
    with world.arrays() as db:
        assert arrays.replicate(db, 7.0, "a-vault") == ["b-vault"]
        source, copy = contents(db, "a-vault"), contents(db, "b-vault")
        for column in ("domain_id", "domain_name", "volume_group_id", "pool_id", "storage_format"):
            assert getattr(source.volume, column) is not None
            assert getattr(copy.volume, column) == getattr(source.volume, column)
        assert [one.image_id for one in copy.images()] == [one.image_id for one in source.images()] != []


def test_a_copy_follows_only_when_it_is_replicated_again(world: World) -> None:
    with world.arrays() as db:
        arrays.replicate(db, 1.0)
        add(contents(db, "a-vault"), "later")
        assert not contents(db, "b-vault").holds(["later"])
        arrays.replicate(db, 2.0)
        assert contents(db, "b-vault").holds(["later"])


def test_all_pairs_are_replicated_unless_one_is_named(world: World) -> None:
    with world.arrays() as db:
        assert arrays.replicate(db, 1.0) == ["b-vault", "b-mixed-block", "b-mixed-file", "b-nfs-vault"]


def test_a_reversed_pair_copies_the_other_way(world: World) -> None:
    with world.arrays() as db:
        arrays.replicate(db, 1.0, "a-vault")
        arrays.reverse(db, "a-vault", "b-vault")
        add(contents(db, "b-vault"), "recovered")
        assert arrays.replicate(db, 2.0, "b-vault") == ["a-vault"]
        assert contents(db, "a-vault").holds(["recovered"])


def test_a_read_only_volume_refuses_every_write(world: World) -> None:
    with world.arrays() as db:
        arrays.set_read_only(db, "a-vault", read_only=True)
        vault = contents(db, "a-vault")
        image = vault.images()[0]
        writes: tuple[Callable[[], object], ...] = (
            lambda: vault.write_metadata(pool_id=None),
            lambda: add(vault, "new"),
            lambda: vault.write_image(image.image_id, payload=b""),
            lambda: vault.remove_disk(image.disk_id),
            vault.format,
        )
        for write in writes:
            with pytest.raises(StorageFailure, match="StorageDomainAccessError"):
                write()


def test_a_volume_has_an_end(world: World) -> None:
    with world.arrays() as db, pytest.raises(StorageFailure, match="NoSpaceLeftOnDomain"):
        add(contents(db, "a-vault"), "huge", size=1 << 40)


def test_an_image_exists_once(world: World) -> None:
    with world.arrays() as db:
        add(contents(db, "a-empty"), "one")
        with pytest.raises(StorageFailure, match="VolumeAlreadyExists"):
            add(contents(db, "a-empty"), "one")


def test_a_domain_is_made_only_where_nothing_is(world: World) -> None:
    with world.arrays() as db:
        with pytest.raises(StorageFailure, match="StorageDomainNotEmpty"):
            contents(db, "a-vault").create_domain("id")
        contents(db, "a-vault").format()
        contents(db, "a-vault").create_domain("id")


def test_an_unknown_volume_is_named(world: World) -> None:
    with world.arrays() as db, pytest.raises(KeyError, match="no volume nowhere"):
        arrays.volume_named(db, "nowhere")
