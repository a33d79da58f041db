# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of the table of addresses that is about VMs, their disks and snapshots, and pools."""

from __future__ import annotations

from .handlers import backups, new_disks, new_vms, pools, snapshots, vm_actions, vm_devices
from .routing import Route

_VM = "/vms/{vm}"
_SNAPSHOT = f"{_VM}/snapshots/{{snapshot}}"
_ATTACHMENT = f"{_VM}/diskattachments/{{disk}}"
_BACKUP = f"{_VM}/backups/{{backup}}"
_CHECKPOINT = f"{_VM}/checkpoints/{{checkpoint}}"
_POOL = "/vmpools/{vm_pool}"
_TIDYING = (
    ("sparsify", new_disks.sparsify, "4.3"),
    ("reduce", new_disks.reduce, "4.3"),
    ("convert", new_disks.convert, "4.5"),
)

WORKLOADS = [
    Route("POST", "/disks", "create", new_disks.add),
    Route("PUT", "/disks/{disk}", "update", new_disks.update, "4.4"),
    *(
        Route("POST", f"{owner}/{{disk}}/{name}", "action", handler, since)
        for owner in ("/disks", "/storagedomains/{domain}/disks")
        for name, handler, since in _TIDYING
    ),
    Route("POST", "/templates", "create", new_vms.add_template),
    Route("DELETE", "/templates/{template}", "perform", new_vms.remove_template),
    Route("POST", "/templates/{template}/nics", "create", vm_devices.add_nic),
    Route("PUT", "/templates/{template}/nics/{nic}", "update", vm_devices.update_nic),
    Route("DELETE", "/templates/{template}/nics/{nic}", "perform", vm_devices.remove_nic),
    Route("GET", "/vmpools", "read", pools.list_all),
    Route("POST", "/vmpools", "create", pools.add),
    Route("GET", _POOL, "read", pools.read),
    Route("PUT", _POOL, "update", pools.update),
    Route("DELETE", _POOL, "perform", pools.remove),
    Route("POST", f"{_POOL}/allocatevm", "action", pools.allocate_vm),
    Route("POST", "/vms", "create", new_vms.add_vm),
    Route("DELETE", _VM, "perform", new_vms.remove_vm),
    Route("GET", f"{_VM}/backups", "read", backups.list_all, "4.4"),
    Route("POST", f"{_VM}/backups", "create", backups.add, "4.4"),
    Route("GET", _BACKUP, "read", backups.read, "4.4"),
    Route("GET", f"{_BACKUP}/disks", "read", backups.list_disks, "4.4"),
    Route("POST", f"{_BACKUP}/finalize", "action", backups.finalize, "4.4"),
    Route("GET", f"{_VM}/checkpoints", "read", backups.list_checkpoints, "4.4"),
    Route("GET", _CHECKPOINT, "read", backups.read_checkpoint, "4.4"),
    Route("GET", f"{_CHECKPOINT}/disks", "read", backups.list_checkpoint_disks, "4.4"),
    Route("DELETE", _CHECKPOINT, "perform", backups.remove_checkpoint, "4.4"),
    Route("POST", f"{_VM}/cancelmigration", "action", vm_actions.cancel_migration),
    Route("POST", f"{_VM}/clone", "action", vm_actions.clone),
    Route("POST", f"{_VM}/commitsnapshot", "action", snapshots.commit),
    Route("POST", f"{_VM}/detach", "action", vm_actions.detach),
    Route("POST", f"{_VM}/migrate", "action", vm_actions.migrate),
    Route("POST", f"{_VM}/previewsnapshot", "action", snapshots.preview),
    Route("POST", f"{_VM}/reboot", "action", vm_actions.reboot),
    Route("POST", f"{_VM}/reset", "action", vm_actions.reset),
    Route("POST", f"{_VM}/undosnapshot", "action", snapshots.undo),
    Route("POST", f"{_VM}/diskattachments", "create", vm_devices.attach),
    Route("PUT", _ATTACHMENT, "update", vm_devices.update_attachment),
    Route("DELETE", _ATTACHMENT, "perform", vm_devices.detach),
    Route("POST", f"{_VM}/nics", "create", vm_devices.add_nic),
    Route("PUT", f"{_VM}/nics/{{nic}}", "update", vm_devices.update_nic),
    Route("DELETE", f"{_VM}/nics/{{nic}}", "perform", vm_devices.remove_nic),
    Route("POST", f"{_VM}/nics/{{nic}}/activate", "action", vm_devices.activate_nic),
    Route("POST", f"{_VM}/nics/{{nic}}/deactivate", "action", vm_devices.deactivate_nic),
    Route("POST", f"{_VM}/snapshots", "create", snapshots.add),
    Route("DELETE", _SNAPSHOT, "perform", snapshots.remove),
    Route("GET", f"{_SNAPSHOT}/disks", "read", snapshots.list_disks),
    Route("GET", f"{_SNAPSHOT}/disks/{{disk}}", "read", snapshots.read_disk),
    Route("GET", f"{_SNAPSHOT}/nics", "read", snapshots.list_nics),
    Route("POST", f"{_SNAPSHOT}/restore", "action", snapshots.restore),
]
