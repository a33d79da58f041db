# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that changes an engine's state."""

from .affinity import AddAffinityGroup, AddLabel, EditAffinityGroup, RemoveAffinityGroup, RemoveLabel, UpdateLabel
from .connection_update import (
    AttachStorageConnectionToStorageDomain,
    DetachStorageConnectionFromStorageDomain,
    UpdateStorageServerConnection,
)
from .connections import AddStorageServerConnection, ConnectStorageToVds, RemoveStorageServerConnection
from .disk_add import AddDisk, AddLunDisk
from .disk_attach import AttachDiskToVm, DetachDiskFromVm, HotPlugDiskToVm, HotUnPlugDiskFromVm
from .disk_move import LiveMigrateDisk, MoveDisk, MoveOrCopyDisk
from .disk_remove import RemoveDisk
from .disk_update import TidyDisk, UpdateDisk
from .domain_add import (
    AddExistingBlockStorageDomain,
    AddExistingFileStorageDomain,
    AddFileStorageDomain,
    AddSANStorageDomain,
)
from .domain_attach import ActivateStorageDomain, AttachStorageDomainToPool
from .domain_deactivate import DeactivateStorageDomainWithOvfUpdate, DetachStorageDomainFromPool
from .domain_remove import ForceRemoveStorageDomain, RemoveStorageDomain
from .domain_units import ReduceSANStorageDomainDevices, RefreshLunsSize
from .domain_update import SwitchMasterStorageDomain, UpdateOvfStoreForStorageDomain, UpdateStorageDomain
from .exported_template import ImportVmTemplate, RemoveVmTemplateFromImportExport
from .exported_vm import ImportVm, RemoveVmFromImportExport
from .external import (
    AddExternalEvent,
    AddExternalJob,
    AddExternalStep,
    ClearExternalJob,
    EndExternalJob,
    EndExternalStep,
    RemoveAuditLogById,
)
from .host_admin import ActivateVds, AddVds, MaintenanceNumberOfVdss, RemoveVds, UpdateVds
from .hosts import FailHosts, RecoverHosts
from .image_transfer import TransferDiskImage, TransferImageStatus
from .monitoring import MonitorStorage
from .networks import (
    AddNetwork,
    AddVnicProfile,
    AttachNetworkToCluster,
    DetachNetworkFromCluster,
    RemoveNetwork,
    RemoveVnicProfile,
    UpdateNetwork,
    UpdateVnicProfile,
)
from .nics import AddVmInterface, RemoveVmInterface, UpdateVmInterface
from .permissions import AddPermission, RemovePermission
from .pools import AddVmPool, RemoveVmFromPool, RemoveVmPool, UpdateVmPool
from .register_disk import RegisterDisk
from .register_template import ImportVmTemplateFromConfiguration
from .register_vm import ImportVmFromConfiguration
from .snapshot_create import CreateSnapshotForVm, RemoveSnapshot
from .snapshot_preview import RestoreAllSnapshots, RestoreSnapshot, TryBackToAllSnapshotsOfVm
from .tags import AddTag, AttachTag, DetachTag, RemoveTag, UpdateTag
from .template_add import AddVmTemplate
from .template_update import UpdateVmTemplate
from .unregistered import RemoveUnregisteredEntity
from .vm_add import AddVm, AddVmFromSnapshot
from .vm_backup import DeleteVmCheckpoint, StartVmBackup, StopVmBackup
from .vm_clone import CloneVm
from .vm_import import ImportVmFromOvf
from .vm_motion import CancelMigrateVm, MigrateVm, RebootVm
from .vm_power import HibernateVm, RunVm, ShutdownVm, StopVm
from .vm_remove import RemoveVm, RemoveVmTemplate
from .vm_update import UpdateVm

__all__ = [
    "AddPermission",
    "RemovePermission",
    "RemoveUnregisteredEntity",
    "RemoveVmFromImportExport",
    "RemoveVmTemplateFromImportExport",
    "MonitorStorage",
    "RefreshLunsSize",
    "ReduceSANStorageDomainDevices",
    "UpdateVmTemplate",
    "ImportVmFromOvf",
    "AddDisk",
    "AddLunDisk",
    "AttachDiskToVm",
    "DetachDiskFromVm",
    "HotPlugDiskToVm",
    "HotUnPlugDiskFromVm",
    "TidyDisk",
    "TransferDiskImage",
    "TransferImageStatus",
    "UpdateDisk",
    "AddVmInterface",
    "RemoveVmInterface",
    "UpdateVmInterface",
    "AddVmPool",
    "RemoveVmFromPool",
    "RemoveVmPool",
    "UpdateVmPool",
    "CreateSnapshotForVm",
    "RemoveSnapshot",
    "RestoreAllSnapshots",
    "RestoreSnapshot",
    "TryBackToAllSnapshotsOfVm",
    "AddVmTemplate",
    "AddVm",
    "AddVmFromSnapshot",
    "DeleteVmCheckpoint",
    "StartVmBackup",
    "StopVmBackup",
    "CloneVm",
    "CancelMigrateVm",
    "MigrateVm",
    "RebootVm",
    "RemoveVm",
    "RemoveVmTemplate",
    "AddAffinityGroup",
    "AddLabel",
    "EditAffinityGroup",
    "RemoveAffinityGroup",
    "RemoveLabel",
    "UpdateLabel",
    "AttachStorageConnectionToStorageDomain",
    "DetachStorageConnectionFromStorageDomain",
    "UpdateStorageServerConnection",
    "AddExternalEvent",
    "AddExternalJob",
    "AddExternalStep",
    "ClearExternalJob",
    "EndExternalJob",
    "EndExternalStep",
    "RemoveAuditLogById",
    "ActivateVds",
    "AddVds",
    "MaintenanceNumberOfVdss",
    "RemoveVds",
    "UpdateVds",
    "AddNetwork",
    "AddVnicProfile",
    "AttachNetworkToCluster",
    "DetachNetworkFromCluster",
    "RemoveNetwork",
    "RemoveVnicProfile",
    "UpdateNetwork",
    "UpdateVnicProfile",
    "AddTag",
    "AttachTag",
    "DetachTag",
    "RemoveTag",
    "UpdateTag",
    "ActivateStorageDomain",
    "AddExistingBlockStorageDomain",
    "AddExistingFileStorageDomain",
    "AddFileStorageDomain",
    "AddSANStorageDomain",
    "AddStorageServerConnection",
    "AttachStorageDomainToPool",
    "ConnectStorageToVds",
    "DeactivateStorageDomainWithOvfUpdate",
    "DetachStorageDomainFromPool",
    "FailHosts",
    "ForceRemoveStorageDomain",
    "HibernateVm",
    "ImportVm",
    "ImportVmFromConfiguration",
    "ImportVmTemplate",
    "ImportVmTemplateFromConfiguration",
    "LiveMigrateDisk",
    "MoveDisk",
    "MoveOrCopyDisk",
    "RecoverHosts",
    "RegisterDisk",
    "RemoveDisk",
    "RemoveStorageDomain",
    "RemoveStorageServerConnection",
    "RunVm",
    "ShutdownVm",
    "StopVm",
    "SwitchMasterStorageDomain",
    "UpdateOvfStoreForStorageDomain",
    "UpdateStorageDomain",
    "UpdateVm",
]
