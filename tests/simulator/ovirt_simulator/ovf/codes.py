# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of the OVF dialect against the API's words."""

from __future__ import annotations

import calendar
import time
from collections.abc import Mapping

ZERO = "00000000-0000-0000-0000-000000000000"

OVF = "http://schemas.dmtf.org/ovf/envelope/1/"
RASD = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
VSSD = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData"
XSI = "http://www.w3.org/2001/XMLSchema-instance"

VM_TYPES = {"desktop": 0, "server": 1, "high_performance": 2}
BIOS_TYPES = {"i440fx_sea_bios": 0, "q35_sea_bios": 1, "q35_ovmf": 2, "q35_secure_boot": 3}
ORIGINS = {
    "rhev": 0,
    "vmware": 1,
    "xen": 2,
    "ovirt": 3,
    "external": 4,
    "hosted_engine": 5,
    "managed_hosted_engine": 6,
    "kvm": 7,
    "physical_machine": 8,
    "hyperv": 9,
    "kubevirt": 10,
}
NIC_MODELS = {
    "rtl8139_virtio": 0,
    "rtl8139": 1,
    "e1000": 2,
    "virtio": 3,
    "spapr_vlan": 4,
    "pci_passthrough": 5,
    "e1000e": 6,
}
NIC_SPEEDS = {"rtl8139": 100, "virtio": 10000}
INTERFACES = {
    "ide": "IDE",
    "virtio_scsi": "VirtIO_SCSI",
    "virtio": "VirtIO",
    "spapr_vscsi": "SPAPR_VSCSI",
    "sata": "SATA",
}
FORMATS = {"raw": "RAW", "cow": "COW", "": "Unassigned"}
FORMAT_URLS = {
    "raw": "http://www.vmware.com/specifications/vmdk.html#sparse",
    "cow": "http://www.gnome.org/~markmc/qcow-image-format.html",
    "": "",
}
VOLUME_TYPES = {True: "Sparse", False: "Preallocated", None: "Unassigned"}
SNAPSHOT_TYPES = frozenset({"REGULAR", "ACTIVE", "STATELESS", "PREVIEW", "NEXT_RUN"})
RESUME_BEHAVIORS = frozenset({"AUTO_RESUME", "LEAVE_PAUSED", "KILL"})
STORAGE_TYPES = frozenset(
    [
        "UNKNOWN",
        "NFS",
        "FCP",
        "ISCSI",
        "LOCALFS",
        "POSIXFS",
        "GLUSTERFS",
        "GLANCE",
        "CINDER",
        "MANAGED_BLOCK_STORAGE",
        "UNMANAGED",
    ]
)
VM_STATUSES = {
    "unassigned": -1,
    "down": 0,
    "up": 1,
    "powering_up": 2,
    "paused": 4,
    "migrating": 5,
    "unknown": 7,
    "not_responding": 8,
    "wait_for_launch": 9,
    "reboot_in_progress": 10,
    "saving_state": 11,
    "restoring_state": 12,
    "suspended": 13,
    "image_illegal": 14,
    "image_locked": 15,
    "powering_down": 16,
}


def word(table: Mapping[str, int], code: str | None, default: str) -> str:
    """Return the API's word for a code, the default for one that is missing or unknown."""
    known = {str(value): key for key, value in table.items()}
    return known.get(code or "", default)


def date_text(moment: float) -> str:
    """Write a time as a document does."""
    return time.strftime("%Y/%m/%d %H:%M:%S", time.gmtime(moment))


def date_of(text: str | None) -> float | None:
    """Read a time; None for an unreadable one."""
    for form in ("%Y/%m/%d %H:%M:%S", "%Y.%m.%d %H:%M:%S"):
        try:
            return float(calendar.timegm(time.strptime(text or "", form)))
        except ValueError:
            continue
    return None
