# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of domains, hosts and data centers when storage or hosts fail."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ovirt_simulator.engine import domains, schema
from ovirt_simulator.engine.commands import FailHosts, RecoverHosts
from ovirt_simulator.storage import arrays
from ovirt_simulator.storage.schema import StoredImage
from simulated_world import Site, World


def export(world: World, path: str, reachable: bool) -> None:
    with world.arrays() as db:
        arrays.set_export(db, "nfs.array-a.test", path, reachable)
    world.primary.engine.monitor()


def cut(world: World, host: str, reachable: bool = False) -> None:
    with world.arrays() as db:
        arrays.set_path(db, world.primary.id("host", host), "array-a", reachable)
    world.primary.engine.monitor()


def host_status(site: Site, name: str) -> str:
    return str(site.row(schema.Vds, "host", name).status)


def master(site: Site) -> str | None:
    with site.look() as context:
        found = domains.master_of(context, site.pool)
        return found.name if found is not None else None


@pytest.mark.conforms("storage 7.1")
def test_a_domain_that_no_host_reaches_is_inactive_until_one_does(world: World) -> None:
    export(world, "/vault", False)
    assert (world.primary.status("nfs-vault"), host_status(world.primary, "east-h1")) == ("inactive", "up")
    assert world.primary.pool_status() == "up"
    export(world, "/vault", True)
    assert world.primary.status("nfs-vault") == "active"


@pytest.mark.conforms("storage 7.1")
def test_hosts_report_every_ten_seconds(world: World) -> None:
    with world.arrays() as db:
        arrays.set_export(db, "nfs.array-a.test", "/vault", False)
    world.clock.sleep(5)
    assert world.primary.status("nfs-vault") == "active"
    world.clock.sleep(6)
    assert world.primary.status("nfs-vault") == "inactive"


@pytest.mark.conforms("storage 7.1")
def test_a_block_domain_is_lost_with_the_last_of_its_portals(world: World) -> None:
    for address, expected in (("10.10.1.10", "active"), ("10.10.1.11", "inactive")):
        with world.arrays() as db:
            arrays.set_portal(db, address, 3260, False)
        world.primary.engine.monitor()
        assert world.primary.status("vault") == expected


@pytest.mark.conforms("storage 7.1")
def test_one_host_that_misses_what_others_reach_is_non_operational_for_a_while(world: World) -> None:
    cut(world, "east-h1")
    assert host_status(world.primary, "east-h1") == "non_operational"
    assert (world.primary.status("vault"), world.primary.pool_status()) == ("active", "up")
    cut(world, "east-h1", reachable=True)
    assert host_status(world.primary, "east-h1") == "up"


@pytest.mark.conforms("storage 7.1", "storage 7.2")
def test_without_a_host_nothing_is_known_and_with_one_all_is_as_before(primary: Site) -> None:
    hosts = [primary.id("host", name) for name in ("east-h1", "east-h2")]
    primary.run(FailHosts(hosts))
    primary.engine.monitor()
    assert (primary.status("vault"), primary.pool_status()) == ("unknown", "problematic")
    primary.run(RecoverHosts(hosts))
    assert (primary.status("vault"), primary.pool_status()) == ("active", "up")


@pytest.mark.conforms("storage 5.6")
def test_a_master_that_fails_everywhere_loses_its_role(world: World) -> None:
    export(world, "/east-data", False)
    assert master(world.primary) not in (None, "east-data")
    assert (world.primary.status("east-data"), world.primary.pool_status()) == ("inactive", "up")
    assert 984 in world.primary.events()
    export(world, "/east-data", True)
    assert (world.primary.status("east-data"), master(world.primary) != "east-data") == ("active", True)


@pytest.mark.conforms("storage 5.7")
def test_a_failing_master_among_backup_domains_stays_and_the_data_center_has_a_problem(world: World) -> None:
    with world.primary.look() as context:
        for row in domains.of_pool(context, world.primary.pool):
            row.backup = not row.master
    export(world, "/east-data", False)
    assert (master(world.primary), world.primary.pool_status()) == ("east-data", "problematic")
    export(world, "/east-data", True)
    assert (master(world.primary), world.primary.pool_status()) == ("east-data", "up")


@pytest.mark.conforms("storage 5.6")
def test_a_master_that_storage_does_not_know_is_replaced_or_kept_even_as_a_backup_domain(world: World) -> None:
    with world.arrays() as db:
        arrays.volume_named(db, "a-east-data").master = False
    with world.primary.look() as context:
        for row in domains.of_pool(context, world.primary.pool):
            row.backup = True
    world.primary.engine.monitor()
    assert master(world.primary) == "east-data"
    with world.arrays() as db:
        assert arrays.volume_named(db, "a-east-data").master


@pytest.mark.conforms("storage 7.2")
def test_another_host_manages_the_storage_when_the_one_that_did_is_cut_off(world: World) -> None:
    managing = next(name for name in ("east-h1", "east-h2") if spm(world.primary, name) == "spm")
    cut(world, managing)
    assert sorted((name, spm(world.primary, name)) for name in ("east-h1", "east-h2") if name != managing) != []
    assert spm(world.primary, managing) == "none"


def spm(site: Site, name: str) -> str:
    return str(site.row(schema.Vds, "host", name).spm_status)


def images_on(world: World, volume: str) -> int:
    with world.arrays() as db:
        return len(db.query(StoredImage).filter_by(volume_id=arrays.volume_named(db, volume).id).all())


@pytest.fixture
def count(world: World) -> Callable[[], int]:
    return lambda: images_on(world, "b-vault")


def test_what_is_replicated_with_a_lag_arrives_later(world: World, count: Callable[[], int]) -> None:
    with world.arrays() as db:
        arrays.set_lag(db, "a-vault", "b-vault", 60.0)
    world.replicate("a-vault")
    assert count() == 0
    with world.arrays() as db:
        db.query(StoredImage).filter_by(volume_id=arrays.volume_named(db, "a-vault").id).delete()
    world.clock.sleep(61)
    assert count() > 0


def test_a_reversal_loses_what_is_on_its_way(world: World, count: Callable[[], int]) -> None:
    with world.arrays() as db:
        arrays.set_lag(db, "a-vault", "b-vault", 60.0)
    world.replicate("a-vault")
    with world.arrays() as db:
        arrays.reverse(db, "a-vault", "b-vault")
    world.clock.sleep(61)
    assert count() == 0


def test_a_volume_goes_back_to_its_snapshot(world: World) -> None:
    before = images_on(world, "a-vault")
    with world.arrays() as db:
        arrays.take_snapshot(db, world.clock(), "a-vault", "monday")
        db.query(StoredImage).filter_by(volume_id=arrays.volume_named(db, "a-vault").id).delete()
    assert images_on(world, "a-vault") == 0
    with world.arrays() as db:
        arrays.restore_snapshot(db, world.clock(), "a-vault", "monday")
    assert images_on(world, "a-vault") == before
