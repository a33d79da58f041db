# SPDX-License-Identifier: GPL-3.0-or-later
"""Backups of VMs: what they hold up, what they let be read, and what is left of them."""

from __future__ import annotations

import ovirtsdk4
import pytest
from ovirtsdk4 import types
from ovirtsdk4.services import SystemService, VmService

from ovirt_simulator.site import SimulatedSite
from wire_client import Client, east

WEB, DISK = east("vm", "web"), types.Disk(id=east("disk", "web_Disk1"))


@pytest.fixture
def web(api: SystemService) -> VmService:
    return api.vms_service().vm_service(WEB)


def code(call: object, *args: object, **parts: object) -> int:
    with pytest.raises(ovirtsdk4.Error) as caught:
        call(*args, **parts)  # type: ignore[operator]
    return int(caught.value.code)


def test_a_backup_is_shown_with_its_disks_and_ends_when_it_is_told_to(web: VmService, client: Client) -> None:
    backups = web.backups_service()
    began = backups.add(types.Backup(disks=[DISK], description="nightly"))
    service = backups.backup_service(began.id)
    shown = service.get()
    assert (shown.phase, shown.description, shown.to_checkpoint_id) == (types.BackupPhase.READY, "nightly", None)
    assert [disk.id for disk in service.disks_service().list()] == [DISK.id]
    links = {link.get("rel") for link in client.get(f"/vms/{WEB}/backups/{began.id}").xml.findall("actions/link")}
    assert links == {"finalize"}
    service.finalize()
    assert service.get().phase == types.BackupPhase.SUCCEEDED
    assert code(service.finalize) == 409
    assert [one.id for one in backups.list()] == [began.id]


def test_a_backup_holds_up_what_would_change_the_vm(web: VmService, api: SystemService) -> None:
    backups = web.backups_service()
    began = backups.add(types.Backup(disks=[DISK]))
    snapshot = types.Snapshot(description="x", persist_memorystate=False)
    assert code(web.snapshots_service().add, snapshot) == 409
    assert code(backups.add, types.Backup(disks=[DISK])) == 409
    assert [code(web.stop), code(web.shutdown), code(web.suspend)] == [409] * 3
    web.stop(force=True)
    assert code(web.start) == 409
    backups.backup_service(began.id).finalize()
    web.start()


def test_the_disk_of_a_running_vm_is_read_through_its_backup_only(web: VmService, api: SystemService) -> None:
    transfers = api.image_transfers_service()

    def read(backup: types.Backup | None) -> types.ImageTransfer:
        direction = types.ImageTransferDirection.DOWNLOAD
        return transfers.add(types.ImageTransfer(disk=DISK, direction=direction, backup=backup))

    assert code(read, None) == 409
    began = web.backups_service().add(types.Backup(disks=[DISK]))
    assert read(began).direction == types.ImageTransferDirection.DOWNLOAD


def test_increments_go_on_from_checkpoints_of_disks_that_allow_them(web: VmService, api: SystemService) -> None:
    backups, checkpoints = web.backups_service(), web.checkpoints_service()
    api.disks_service().disk_service(DISK.id).update(types.Disk(backup=types.DiskBackup.INCREMENTAL))
    made = []
    for _number in range(2):
        began = backups.add(types.Backup(disks=[DISK], from_checkpoint_id=made[-1] if made else None))
        backups.backup_service(began.id).finalize()
        made.append(began.to_checkpoint_id)
    assert [(one.id, one.parent_id) for one in checkpoints.list()] == [(made[0], None), (made[1], made[0])]
    assert code(checkpoints.checkpoint_service(made[1]).remove) == 400
    checkpoints.checkpoint_service(made[0]).remove()
    assert checkpoints.checkpoint_service(made[1]).get().parent_id is None
    assert [disk.id for disk in checkpoints.checkpoint_service(made[1]).disks_service().list()] == [DISK.id]
    assert code(backups.add, types.Backup(disks=[DISK], from_checkpoint_id=made[0])) == 400
    api.disks_service().disk_service(DISK.id).update(types.Disk(backup=types.DiskBackup.NONE))
    assert code(backups.add, types.Backup(disks=[DISK], from_checkpoint_id=made[1])) == 400


@pytest.mark.parametrize("disks", [[], [types.Disk(id=east("disk", "db_Disk1"))], [types.Disk(id="x")]])
def test_only_disks_of_the_vm_are_backed_up(web: VmService, disks: list[types.Disk]) -> None:
    assert code(web.backups_service().add, types.Backup(disks=disks)) == 400


def test_there_are_no_backups_before_4_4(primary: SimulatedSite, client: Client) -> None:
    assert client.get(f"/vms/{WEB}/checkpoints").status == 200
    primary.engine.version = "4.3"
    primary.restart()
    assert client.post(f"/vms/{WEB}/backups", "<backup><disks/></backup>").status == 404
