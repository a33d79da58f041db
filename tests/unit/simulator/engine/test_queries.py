# SPDX-License-Identifier: GPL-3.0-or-later
"""What hosts and domains show when they are asked."""

from __future__ import annotations

import pytest

from ovirt_simulator.engine import schema
from ovirt_simulator.engine.command import QueryFailure
from ovirt_simulator.engine.commands import ConnectStorageToVds
from ovirt_simulator.engine.queries import hosts as host_queries
from ovirt_simulator.engine.queries import storage_domains as queries
from ovirt_simulator.storage import arrays
from simulated_world import Site, World

B_PORTAL = ("10.20.1.10", 3260)
B_VAULT = "iqn.2031-05.test.array-b:vault"
B_UNITS = ["3600a0980000000000000000000000b01", "3600a0980000000000000000000000b02"]
GIB = 1 << 30


def devices(site: Site, host: str, report_status: bool = True) -> dict[str, host_queries.Device]:
    with site.look() as context:
        return {one.lun_id: one for one in host_queries.devices(context, site.id("host", host), report_status)}


def candidates(site: Site, *targets: str) -> list[host_queries.CandidateDomain]:
    host = site.id("host", "west-h1")
    with site.look() as context:
        return host_queries.unregistered_block_domains(context, host, "iscsi", *B_PORTAL, targets, None, None)


def test_devices_tell_size_status_paths_and_the_domain_they_belong_to(world: World) -> None:
    seen = devices(world.primary, "east-h1")["3600a0980000000000000000000000a01"]
    assert (seen.storage_type, seen.address, seen.port, seen.portal) == (
        "iscsi",
        "10.10.1.10",
        3260,
        "10.10.1.10:3260,1",
    )
    assert (seen.size, seen.status, seen.paths, seen.active_paths) == (200 * GIB, "used", 2, 2)
    assert seen.storage_domain_id == world.vault
    assert seen.volume_group_id is not None
    assert seen.disk_id is None


def test_a_unit_of_a_foreign_domain_names_that_domain(world: World) -> None:
    world.replicate("a-vault")
    site = world.secondary
    site.run(ConnectStorageToVds(site.id("host", "west-h1"), *B_PORTAL, None, B_VAULT))
    assert {one.storage_domain_id for one in devices(site, "west-h1").values()} == {world.vault}
    assert devices(site, "west-h2") == {}


def test_a_unit_in_the_engines_own_table_is_what_that_says(world: World) -> None:
    world.replicate("a-vault")
    site = world.secondary
    site.run(ConnectStorageToVds(site.id("host", "west-h1"), *B_PORTAL, None, B_VAULT))
    with site.look() as context:
        context.db.add(schema.Lun(id=B_UNITS[0], disk_id="a-direct-lun"))
    seen = devices(site, "west-h1")[B_UNITS[0]]
    assert (seen.storage_domain_id, seen.disk_id) == (None, "a-direct-lun")


def test_an_empty_unit_is_free_an_unreachable_one_unusable_and_status_costs_a_parameter(world: World) -> None:
    site = world.secondary
    site.run(ConnectStorageToVds(site.id("host", "west-h1"), *B_PORTAL, None, B_VAULT))
    assert {one.status for one in devices(site, "west-h1").values()} == {"free"}
    assert {one.status for one in devices(site, "west-h1", report_status=False).values()} == {None}
    with world.arrays() as db:
        arrays.set_portal(db, *B_PORTAL, reachable=False)
    assert {(one.status, one.active_paths) for one in devices(site, "west-h1").values()} == {("unusable", 0)}


@pytest.mark.parametrize("host", ["west-h1", "nobody"])
def test_only_a_host_that_is_up_reports_devices(secondary: Site, host: str) -> None:
    secondary.set(schema.Vds, "host", "west-h1", status="maintenance")
    with pytest.raises(QueryFailure) as caught:
        devices(secondary, host)
    assert caught.value.code == 400


def test_discovery_neither_logs_in_nor_changes_anything(world: World) -> None:
    site = world.secondary
    with site.look() as context:
        found = host_queries.discover_targets(context, site.id("host", "west-h1"), *B_PORTAL, None, None)
    assert [one.target for one in found] == ["iqn.2031-05.test.array-b:mixed", B_VAULT]
    assert devices(site, "west-h1") == {}


def test_a_portal_that_does_not_answer_fails_the_discovery(secondary: Site) -> None:
    with secondary.look() as context, pytest.raises(QueryFailure, match="did not answer"):
        host_queries.discover_targets(context, secondary.id("host", "west-h1"), "10.0.0.1", 3260, None, None)


def test_unregistered_domains_are_found_and_the_host_stays_logged_in(world: World) -> None:
    world.replicate("a-vault")
    [found] = candidates(world.secondary, B_VAULT)
    assert (found.id, found.name, found.function, found.storage_type, found.storage_format) == (
        world.vault,
        "vault",
        "data",
        "iscsi",
        "v5",
    )
    assert set(devices(world.secondary, "west-h1")) == set(B_UNITS)


def test_one_target_that_can_be_connected_is_enough(world: World) -> None:
    world.replicate("a-vault")
    assert len(candidates(world.secondary, "iqn.none", B_VAULT)) == 1


@pytest.mark.parametrize("targets", [(), ("iqn.none",), ("iqn.2031-05.test.array-b:mixed",)])
def test_without_any_connected_target_the_search_fails(world: World, targets: tuple[str, ...]) -> None:
    with pytest.raises(QueryFailure) as caught:
        candidates(world.secondary, *targets)
    assert caught.value.code == 400


def test_nothing_found_is_an_empty_answer(secondary: Site) -> None:
    assert candidates(secondary, B_VAULT) == []


def test_known_domains_and_groups_with_a_known_unit_are_no_candidates(world: World) -> None:
    world.replicate("a-vault")
    with world.secondary.look() as context:
        context.db.add(schema.Lun(id=B_UNITS[1], disk_id="a-direct-lun"))
    assert candidates(world.secondary, B_VAULT) == []
    with world.secondary.look() as context:
        context.db.query(schema.Lun).delete()
    world.import_copy()
    assert candidates(world.secondary, B_VAULT) == []


def test_fibre_channel_needs_no_target(world: World) -> None:
    with world.arrays() as db:
        volume = arrays.add_volume(db, "array-b", "b-fc")
        volume.volume_group_id, volume.domain_id, volume.domain_name = "vg", "fc-domain", "over-fibre"
        arrays.add_unit(db, "array-b", "fc1", GIB, None, volume, ["secondary"])
    site = world.secondary
    with site.look() as context:
        host = site.id("host", "west-h1")
        [found] = host_queries.unregistered_block_domains(context, host, "fcp", None, 3260, [], None, None)
    assert (found.name, found.storage_type) == ("over-fibre", "fcp")


def test_a_domains_units_repeat_for_each_connection(world: World) -> None:
    with world.primary.look() as context:
        units = [(unit.id[-3:], link.address) for unit, link in queries.logical_units(context, world.vault) if link]
    assert units == [
        ("a01", "10.10.1.10"),
        ("a01", "10.10.1.11"),
        ("a02", "10.10.1.10"),
        ("a02", "10.10.1.11"),
    ]


def test_members_are_those_with_a_disk_there_the_largest_first(primary: Site) -> None:
    data = primary.id("domain", "east-data")
    with primary.look() as context:
        assert [row.name for row in queries.members(context, data, "vm")] == ["db", "app", "thin1"]
        assert [row.name for row in queries.members(context, data, "template")] == ["base", "golden"]
        assert queries.members(context, primary.id("domain", "east-nfs2"), "vm") == []


def test_disks_of_a_domain_are_all_that_lie_there(primary: Site) -> None:
    with primary.look() as context:
        found = [disk.alias for disk in queries.disks(context, primary.id("domain", "vault"))]
    assert found == ["OVF_STORE", "OVF_STORE", "web_Disk1"]


def test_preallocated_disks_count_fully_as_committed(primary: Site) -> None:
    with primary.look() as context:
        assert queries.committed(context, primary.id("domain", "vault")) == 4 * GIB + 2 * (128 << 20)


def test_live_scans_need_an_attached_data_domain_that_answers(world: World) -> None:
    with world.primary.look() as context, pytest.raises(QueryFailure):
        queries.unregistered_disks(context, "none")
    with world.arrays() as db:
        arrays.set_export(db, "nfs.array-a.test", "/vault", reachable=False)
    with world.primary.look() as context, pytest.raises(QueryFailure, match="cannot be read"):
        queries.unregistered_disks(context, world.primary.id("domain", "nfs-vault"))


def test_nobody_can_ask_about_a_domain_that_is_unknown(primary: Site) -> None:
    with primary.look() as context, pytest.raises(QueryFailure) as caught:
        queries.is_attached(context, "none", primary.id("host", "east-h1"))
    assert caught.value.code == 404


def test_a_domain_that_the_host_cannot_read_counts_as_not_attached(world: World) -> None:
    with world.arrays() as db:
        arrays.set_export(db, "nfs.array-a.test", "/vault", reachable=False)
    with world.primary.look() as context:
        domain, host = world.primary.id("domain", "nfs-vault"), world.primary.id("host", "east-h1")
        assert not queries.is_attached(context, domain, host)
