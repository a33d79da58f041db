# SPDX-License-Identifier: GPL-3.0-or-later
"""New and imported storage domains."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from ovirt_simulator.engine import schema
from ovirt_simulator.engine.command import ExecutionFailure, QueryFailure
from ovirt_simulator.engine.commands import (
    AddExistingBlockStorageDomain,
    AddExistingFileStorageDomain,
    AddFileStorageDomain,
    AddSANStorageDomain,
    AddStorageServerConnection,
    AttachStorageDomainToPool,
    ConnectStorageToVds,
    RemoveStorageServerConnection,
)
from ovirt_simulator.engine.queries import hosts as host_queries
from ovirt_simulator.engine.queries import storage_domains as queries
from ovirt_simulator.storage import arrays
from simulated_world import Site, World

FREE = ["3600a0980000000000000000000000a21", "3600a0980000000000000000000000a22"]
SPARE = {"address": "10.10.1.10", "port": 3260, "target": "iqn.2031-05.test.array-a:spare"}
B_PORTAL = ("10.20.1.10", 3260, "10.20.1.10:3260,1")
B_VAULT = "iqn.2031-05.test.array-b:vault"
B_MIXED = "iqn.2031-05.test.array-b:mixed"


def host(site: Site, number: int = 1) -> str:
    return site.id("host", f"{'east' if site.name == 'primary' else 'west'}-h{number}")


def connect(site: Site, path: str, array: str = "array-a", **fields: Any) -> str:
    id_ = str(uuid.uuid4())
    known = {"address": f"nfs.{array}.test", "path": path, **fields}
    site.run(AddStorageServerConnection(id_, "nfs", host(site), known))
    return id_


def new_file(site: Site, connection_id: str, **properties: Any) -> AddFileStorageDomain:
    known = {"name": "fresh", "storage_type": "nfs", "connection_id": connection_id, **properties}
    return AddFileStorageDomain(str(uuid.uuid4()), host(site), known)


def new_block(site: Site, units: list[dict[str, Any]], **properties: Any) -> AddSANStorageDomain:
    known = {"name": "fresh", "storage_type": "iscsi", "luns": units, **properties}
    return AddSANStorageDomain(str(uuid.uuid4()), host(site), known)


def row(site: Site, domain_id: str) -> schema.StorageDomainStatic:
    with site.look() as context:
        return context.db.get_one(schema.StorageDomainStatic, domain_id)


def test_new_file_domain_is_unattached_and_lies_on_its_path(world: World) -> None:
    command = new_file(world.primary, connect(world.primary, "/empty"), description="new", backup=True)
    world.primary.run(command)
    found = row(world.primary, command.id)
    assert world.primary.status_of(command.id) == "unattached"
    assert (found.name, found.backup, found.storage_format, found.storage_type) == ("fresh", True, "v5", "nfs")
    with world.arrays() as db:
        volume = arrays.volume_named(db, "a-empty")
        assert (volume.domain_id, volume.domain_name, volume.pool_id) == (command.id, "fresh", None)


def test_a_path_that_is_not_empty_takes_no_new_domain(primary: Site) -> None:
    primary.run(new_file(primary, connect(primary, "/empty")))
    with primary.look() as context:
        context.db.delete(context.db.query(schema.StorageDomainStatic).filter_by(name="fresh").one())
    other = new_file(primary, connection_of(primary, "/empty"), name="again")
    with pytest.raises(ExecutionFailure, match="something on this storage"):
        primary.engine.execute(other)


def connection_of(site: Site, path: str) -> str:
    with site.look() as context:
        return context.db.query(schema.StorageServerConnection).filter_by(path=path).one().id


@pytest.mark.conforms("storage 3.2")
def test_a_path_is_imported_with_its_identity_and_the_request_over_it(world: World) -> None:
    world.replicate("a-nfs-vault")
    site = world.secondary
    connection_id = connect(site, "/vault", "array-b")
    with site.look() as context:
        connection = context.db.get_one(schema.StorageServerConnection, connection_id)
        [found] = queries.existing_on_path(context, host(site), connection, "data")
        assert queries.existing_on_path(context, host(site), connection, "iso") == []
        assert queries.existing_on_path(context, host(site, 2), connection, "data") == []
    properties = {"storage_type": "nfs", "connection_id": connection_id, "comment": "copy"}
    site.run(AddExistingFileStorageDomain(found.id, host(site), properties))
    taken = row(site, found.id)
    assert (taken.name, taken.comment, taken.backup, taken.master) == ("nfs-vault", "copy", False, False)
    assert site.refused(AddExistingFileStorageDomain(found.id, host(site), properties)) == (
        409,
        ("ACTION_TYPE_FAILED_STORAGE_DOMAIN_ALREADY_EXIST",),
    )
    with site.look() as context:
        connection = context.db.get_one(schema.StorageServerConnection, connection_id)
        assert queries.existing_on_path(context, host(site), connection, "data") == []


def test_an_import_of_another_id_than_the_paths_breaks_the_check(world: World) -> None:
    world.replicate("a-nfs-vault")
    connection_id = connect(world.secondary, "/vault", "array-b")
    properties = {"storage_type": "nfs", "connection_id": connection_id}
    command = AddExistingFileStorageDomain(str(uuid.uuid4()), host(world.secondary), properties)
    assert world.secondary.refused(command) == (500, ("CAN_DO_ACTION_GENERAL_FAILURE",))


def test_new_block_domain_logs_in_where_the_units_name_their_target(world: World) -> None:
    command = new_block(world.primary, [{"id": FREE[0], **SPARE}, {"id": FREE[1]}])
    world.primary.run(command)
    with world.primary.look() as context:
        units = queries.logical_units(context, command.id)
        assert [(unit.id, link.address if link else None) for unit, link in units] == [
            (FREE[0], "10.10.1.10"),
            (FREE[1], "10.10.1.10"),
        ]
        devices = {one.lun_id: one for one in host_queries.devices(context, host(world.primary), True)}
        assert devices[FREE[0]].storage_domain_id == command.id
        assert devices[FREE[0]].status == "used"


def test_units_without_target_have_to_be_seen_already(primary: Site) -> None:
    with pytest.raises(ExecutionFailure, match="does not see"):
        primary.engine.execute(new_block(primary, [{"id": FREE[0]}]))


@pytest.mark.conforms("storage 3.4")
def test_block_refusals(primary: Site) -> None:
    vault_unit = "3600a0980000000000000000000000a01"
    assert primary.refused(new_block(primary, []))[1] == ("ERROR_CANNOT_CREATE_STORAGE_DOMAIN_WITHOUT_VG_LV",)
    assert primary.refused(new_block(primary, [{"id": vault_unit}])) == (
        409,
        ("ACTION_TYPE_FAILED_LUNS_ALREADY_PART_OF_STORAGE_DOMAINS",),
    )
    with primary.look() as context:
        context.db.add(schema.Lun(id=FREE[0], disk_id="a-direct-lun"))
    assert primary.refused(new_block(primary, [{"id": FREE[0]}])) == (
        409,
        ("ACTION_TYPE_FAILED_LUNS_ALREADY_USED_BY_DISKS",),
    )


BAD: dict[str, tuple[int, dict[str, Any]]] = {
    "VALIDATION_STORAGE_DOMAIN_NAME_INVALID": (400, {"name": "with blank"}),
    "VALIDATION_STORAGE_DOMAIN_DESCRIPTION_MAX": (400, {"description": "x" * 4001}),
    "VALIDATION_STORAGE_DOMAIN_WARNING_LOW_SPACE_INDICATOR_RANGE": (400, {"warning_low_space_indicator": 101}),
    "VALIDATION_STORAGE_DOMAIN_CRITICAL_SPACE_ACTION_BLOCKER_RANGE": (400, {"critical_space_action_blocker": -1}),
    "ACTION_TYPE_FAILED_NAME_LENGTH_IS_TOO_LONG": (400, {"name": "n" * 51}),
    "ACTION_TYPE_FAILED_STORAGE_DOMAIN_TYPE_ILLEGAL": (400, {"function": "image"}),
    "ACTION_TYPE_FAILED_DOMAIN_TYPE_DOES_NOT_SUPPORT_BACKUP": (400, {"function": "iso", "backup": True}),
    "ACTION_TYPE_FAILED_STORAGE_DOMAIN_FORMAT_ILLEGAL_HOST": (409, {"storage_format": "v2"}),
    "ACTION_TYPE_FAILED_DISCARD_AFTER_DELETE_SUPPORTED_ONLY_BY_BLOCK_DOMAINS": (400, {"discard_after_delete": True}),
    "ACTION_TYPE_FAILED_STORAGE_CONNECTION_NOT_EXIST": (400, {"connection_id": "none"}),
    "ACTION_TYPE_FAILED_STORAGE_DOMAIN_NAME_ALREADY_EXIST": (409, {"name": "vault"}),
}


@pytest.mark.parametrize("message", BAD)
@pytest.mark.conforms("storage 3.4")
def test_new_file_domain_is_refused(primary: Site, message: str) -> None:
    code, properties = BAD[message]
    command = new_file(primary, **{"connection_id": connect(primary, "/empty"), **properties})
    assert primary.refused(command) == (code, (message,))


def test_iso_and_export_need_file_storage(primary: Site) -> None:
    message = "ACTION_TYPE_FAILED_DOMAIN_TYPE_CAN_BE_CREATED_ONLY_ON_SPECIFIC_STORAGE_DOMAINS"
    assert primary.refused(new_block(primary, [{"id": FREE[0]}], function="export")) == (400, (message,))


def test_a_path_holds_one_domain(primary: Site) -> None:
    command = new_file(primary, connection_of(primary, "/east-data"))
    message = "ACTION_TYPE_FAILED_STORAGE_CONNECTION_BELONGS_TO_SEVERAL_STORAGE_DOMAINS"
    assert primary.refused(command) == (409, (message,))


def test_block_import_needs_a_session_the_units_and_an_unknown_id(world: World) -> None:
    site = world.secondary
    world.replicate("a-vault")
    command = AddExistingBlockStorageDomain(world.vault, host(site), {"storage_type": "iscsi"})
    named = AddExistingBlockStorageDomain(str(uuid.uuid4()), host(site), {"storage_type": "iscsi", "name": "x"})
    nameless = AddExistingBlockStorageDomain(str(uuid.uuid4()), host(site), {"storage_type": "iscsi"})
    with pytest.raises(QueryFailure, match="could not be connected"):
        site.engine.execute(command)
    site.run(ConnectStorageToVds(host(site), *B_PORTAL, B_VAULT))
    assert site.refused(named) == (409, ("ACTION_TYPE_FAILED_PROBLEM_WITH_CANDIDATE_INFO",))
    assert site.refused(nameless) == (400, ("VALIDATION_STORAGE_DOMAIN_NAME_INVALID",))
    site.run(command)
    assert (row(site, world.vault).name, row(site, world.vault).backup) == ("vault", False)
    assert site.refused(command) == (409, ("ACTION_TYPE_FAILED_STORAGE_DOMAIN_ALREADY_EXIST",))


def test_block_import_is_refused_while_a_unit_is_a_direct_lun(world: World) -> None:
    site = world.secondary
    world.replicate("a-vault")
    site.run(ConnectStorageToVds(host(site), *B_PORTAL, B_VAULT))
    with site.look() as context:
        context.db.add(schema.Lun(id="3600a0980000000000000000000000b02", disk_id="a-direct-lun"))
    command = AddExistingBlockStorageDomain(world.vault, host(site), {"storage_type": "iscsi"})
    message = "ACTION_TYPE_FAILED_IMPORT_STORAGE_DOMAIN_EXTERNAL_LUN_DISK_EXIST"
    assert site.refused(command) == (409, (message,))


def test_block_import_remembers_the_credentials_for_the_other_hosts(world: World) -> None:
    site = world.secondary
    world.replicate("a-mixed-block")
    mixed = world.primary.id("domain", "mixed-block")
    site.run(ConnectStorageToVds(host(site), *B_PORTAL, B_MIXED, "mixed-user", "mixed-secret"))
    site.run(AddExistingBlockStorageDomain(mixed, host(site), {"storage_type": "iscsi"}))
    site.run(AttachStorageDomainToPool(mixed, site.pool))
    with site.look() as context:
        assert [one.lun_id for one in host_queries.devices(context, host(site, 2), True)] == [
            "3600a0980000000000000000000000b11"
        ]


def test_secrets_are_not_written_down_with_the_command(slow_world: World) -> None:
    site = slow_world.primary
    seen: list[str] = []

    def look(seconds: float) -> None:
        with site.database.connect() as connection:
            seen.extend(str(one) for one in connection.exec_driver_sql("select parameters from command_entities"))
        slow_world.clock.sleep(seconds)

    site.engine.sleep = look
    where = ("10.10.1.10", 3260, None, "iqn.2031-05.test.array-a:mixed")
    site.engine.execute(ConnectStorageToVds(host(site), *where, "mixed-user", "mixed-secret"))
    unit = {"id": FREE[0], **SPARE, "username": "mixed-user", "password": "mixed-secret"}
    site.engine.execute(new_block(site, [unit]))
    assert seen and not any("mixed-secret" in text for text in seen)


CONNECTIONS: dict[str, tuple[int, str, dict[str, Any]]] = {
    "VALIDATION_STORAGE_CONNECTION_INVALID": (400, "nfs", {"path": "relative"}),
    "VALIDATION_STORAGE_CONNECTION_EMPTY_VFSTYPE": (400, "posixfs", {}),
    "VALIDATION_STORAGE_CONNECTION_MOUNT_OPTIONS_CONTAINS_MANAGED_PROPERTY": (
        400,
        "nfs",
        {"mount_options": "soft,vers=4"},
    ),
    "VALIDATION_STORAGE_CONNECTION_EMPTY_IQN": (400, "iscsi", {"port": 3260}),
    "VALIDATION_STORAGE_CONNECTION_INVALID_PORT": (400, "iscsi", {"target": "iqn.x", "port": 70000}),
    "ACTION_TYPE_FAILED_STORAGE_CONNECTION_ALREADY_EXISTS": (409, "nfs", {"path": "/vault"}),
}


@pytest.mark.parametrize("message", CONNECTIONS)
@pytest.mark.conforms("storage 5.9")
def test_connection_is_refused(primary: Site, message: str) -> None:
    code, kind, fields = CONNECTIONS[message]
    known = {"address": "nfs.array-a.test", "path": "/empty"} if kind != "iscsi" else {"address": "10.10.1.10"}
    command = AddStorageServerConnection(str(uuid.uuid4()), kind, host(primary), {**known, **fields})
    assert primary.refused(command) == (code, (message,))


def test_connection_over_a_host_needs_it_up_and_known(primary: Site) -> None:
    fields = {"address": "nfs.array-a.test", "path": "/empty"}
    primary.set(schema.Vds, "host", "east-h2", status="maintenance")
    assert primary.refused(AddStorageServerConnection("c", "nfs", host(primary, 2), fields)) == (
        409,
        ("VDS_ADD_STORAGE_SERVER_STATUS_MUST_BE_UP",),
    )
    assert primary.refused(AddStorageServerConnection("c", "nfs", "nobody", fields))[0] == 500


def test_a_path_that_cannot_be_mounted_is_not_remembered(primary: Site) -> None:
    with pytest.raises(ExecutionFailure, match="cannot connect"):
        connect(primary, "/typo")
    with primary.look() as context:
        assert context.db.query(schema.StorageServerConnection).filter_by(path="/typo").count() == 0


def test_connection_in_use_stays(primary: Site) -> None:
    message = "ACTION_TYPE_FAILED_STORAGE_CONNECTION_BELONGS_TO_SEVERAL_STORAGE_DOMAINS"
    over_iscsi = primary.id("connection", "10.10.1.10:3260,iqn.2031-05.test.array-a:vault")
    used = [connection_of(primary, "/east-data"), over_iscsi]
    for id_ in used:
        assert primary.refused(RemoveStorageServerConnection(id_, None)) == (409, (message,))
    free = connect(primary, "/empty")
    primary.run(RemoveStorageServerConnection(free, host(primary)))
    assert primary.refused(RemoveStorageServerConnection(free, None))[0] == 400
