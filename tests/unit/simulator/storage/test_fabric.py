# SPDX-License-Identifier: GPL-3.0-or-later
"""What hosts can and cannot do on the arrays."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ovirt_simulator.storage import arrays
from ovirt_simulator.storage.fabric import BlockPlace, Fabric, FilePlace
from ovirt_simulator.storage.failures import StorageFailure
from simulated_world import World

HOST = "a-host-of-the-secondary-site"
VAULT = "iqn.2031-05.test.array-a:vault"
MIXED = "iqn.2031-05.test.array-a:mixed"
SPARE = "iqn.2031-05.test.array-a:spare"
PORTAL = ("10.10.1.10", 3260)
FREE = "3600a0980000000000000000000000a21"


@pytest.fixture
def fabric(world: World) -> Iterator[Fabric]:
    opened = world.storage.open("secondary", world.clock())
    yield opened
    opened.close(commit=False)


def failure(call: object, *arguments: object) -> str:
    assert callable(call)
    with pytest.raises(StorageFailure) as caught:
        call(*arguments)
    return caught.value.name


def test_discovery_names_every_target_once_for_each_portal(fabric: Fabric) -> None:
    found = fabric.discover(*PORTAL)
    assert [(one.target, one.portal) for one in found if one.target == VAULT] == [
        (VAULT, "10.10.1.10:3260,1"),
        (VAULT, "10.10.1.11:3260,1"),
    ]
    assert len(found) == 6


def test_discovery_fails_at_an_unknown_or_cut_off_portal(fabric: Fabric) -> None:
    assert failure(fabric.discover, "10.99.0.1", 3260) == "iSCSIDiscoveryError"
    arrays.set_portal(fabric.db, *PORTAL, reachable=False)
    assert failure(fabric.discover, *PORTAL) == "iSCSIDiscoveryError"


def test_login_asks_for_chap_where_the_target_does(fabric: Fabric) -> None:
    assert failure(fabric.login, HOST, *PORTAL, MIXED, None, None) == "iSCSILoginError"
    assert failure(fabric.login, HOST, *PORTAL, MIXED, "mixed-user", "wrong") == "iSCSILoginError"
    fabric.login(HOST, *PORTAL, MIXED, "mixed-user", "mixed-secret")
    assert fabric.credentials(HOST, MIXED) == ("mixed-user", "mixed-secret")
    assert fabric.credentials("another", MIXED) == (None, None)


def test_login_needs_a_target_of_the_portals_array(fabric: Fabric) -> None:
    assert failure(fabric.login, HOST, "10.20.1.10", 3260, VAULT, None, None) == "iSCSISetupError"
    assert failure(fabric.login, HOST, *PORTAL, "iqn.none", None, None) == "iSCSISetupError"


def test_devices_appear_with_a_login_and_paths_add_up(fabric: Fabric) -> None:
    assert fabric.devices(HOST) == []
    for address in ("10.10.1.10", "10.10.1.11", "10.10.1.10"):
        fabric.login(HOST, address, 3260, VAULT, None, None)
    assert [(one.kind, one.paths, one.active_paths) for one in fabric.devices(HOST)] == [("iscsi", 2, 2)] * 2
    arrays.set_portal(fabric.db, *PORTAL, reachable=False)
    assert [(one.paths, one.active_paths) for one in fabric.devices(HOST)] == [(2, 1)] * 2


def test_fibre_channel_units_are_seen_without_login_where_they_are_zoned(fabric: Fabric, world: World) -> None:
    for unit, sites in {"fc1": ["secondary"], "fc2": ["primary"]}.items():
        arrays.add_unit(fabric.db, "array-a", unit, 1 << 30, None, zoned_sites=sites)
    assert [(one.unit.id, one.kind, one.active_paths) for one in fabric.devices(HOST)] == [("fc1", "fcp", 1)]


def test_a_volume_group_is_reached_only_with_all_its_units(fabric: Fabric, world: World) -> None:
    fabric.login(HOST, *PORTAL, VAULT, None, None)
    [group] = fabric.groups(HOST)
    place = BlockPlace("iscsi", group.volume.volume_group_id or "")
    assert fabric.reach(HOST, place).volume.domain_id == world.vault
    arrays.add_unit(fabric.db, "array-a", "hidden", 1 << 30, SPARE, group.volume)
    assert failure(fabric.reach, HOST, place) == "StorageDomainDoesNotExist"


def test_a_group_is_made_of_free_units_and_of_used_ones_only_by_force(fabric: Fabric) -> None:
    fabric.login(HOST, *PORTAL, SPARE, None, None)
    made = fabric.create_group(HOST, [FREE], force=False)
    made.create_domain("11111111-0000-0000-0000-000000000000", domain_name="new")
    assert failure(fabric.create_group, HOST, [FREE], False) == "StorageDomainNotEmpty"
    again = fabric.create_group(HOST, [FREE], force=True)
    assert again.volume.domain_id is None
    assert failure(fabric.create_group, HOST, ["unknown"], False) == "DeviceNotFound"


def test_a_path_is_reached_while_it_is_mounted_and_exported(fabric: Fabric, world: World) -> None:
    place = FilePlace("nfs", "nfs.array-a.test", "/east-data")
    assert failure(fabric.reach, HOST, place) == "StorageDomainDoesNotExist"
    fabric.mount(HOST, place)
    fabric.mount(HOST, place)
    assert fabric.reach(HOST, place).volume.domain_name == "east-data"
    arrays.set_export(fabric.db, place.address, place.path, reachable=False)
    assert failure(fabric.reach, HOST, place) == "StorageDomainAccessError"
    assert failure(fabric.mount, "another", place) == "StorageServerConnectionError"
    fabric.unmount(HOST, place)
    assert failure(fabric.reach, HOST, place) == "StorageDomainDoesNotExist"
    assert failure(fabric.mount, HOST, FilePlace("nfs", "nfs.array-a.test", "/none")) == "StorageServerConnectionError"


def test_a_power_cut_ends_sessions_and_mounts(fabric: Fabric) -> None:
    place = FilePlace("nfs", "nfs.array-a.test", "/east-data")
    fabric.login(HOST, *PORTAL, VAULT, None, None)
    fabric.mount(HOST, place)
    fabric.disconnect(HOST)
    assert fabric.devices(HOST) == []
    assert failure(fabric.reach, HOST, place) == "StorageDomainDoesNotExist"


def test_what_is_rolled_back_never_happened(world: World) -> None:
    fabric = world.storage.open("secondary", 0.0)
    fabric.login(HOST, *PORTAL, VAULT, None, None)
    fabric.close(commit=False)
    fabric = world.storage.open("secondary", 0.0)
    assert fabric.devices(HOST) == []
    fabric.close(commit=True)
