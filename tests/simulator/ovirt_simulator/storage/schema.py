# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of the storage arrays: how hosts reach them and what lies on them.

A *volume* is what can hold a storage domain: a volume group over some logical units, or an exported path. Replication
copies the content of one volume onto another, so the domain on the copy has the same identity.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Everything that the arrays remember."""

    type_annotation_map = {dict[str, Any]: JSON, list[str]: JSON}


class Array(Base):
    __tablename__ = "arrays"
    name: Mapped[str] = mapped_column(primary_key=True)


class Portal(Base):
    __tablename__ = "portals"
    id: Mapped[int] = mapped_column(primary_key=True)
    array: Mapped[str] = mapped_column(ForeignKey("arrays.name"))
    address: Mapped[str]
    port: Mapped[int] = mapped_column(default=3260)
    tpgt: Mapped[int] = mapped_column(default=1)
    reachable: Mapped[bool] = mapped_column(default=True)


class Target(Base):
    __tablename__ = "targets"
    iqn: Mapped[str] = mapped_column(primary_key=True)
    array: Mapped[str] = mapped_column(ForeignKey("arrays.name"))
    chap_username: Mapped[str | None]
    chap_password: Mapped[str | None]


class Volume(Base):
    """Holds at most one storage domain; without `domain_id` it is empty."""

    __tablename__ = "volumes"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)  # what the array's administrator calls it
    array: Mapped[str] = mapped_column(ForeignKey("arrays.name"))
    volume_group_id: Mapped[str | None] = mapped_column(index=True)  # null on a path, and on LUNs without a group
    read_only: Mapped[bool] = mapped_column(default=False)
    domain_id: Mapped[str | None] = mapped_column(index=True)
    domain_name: Mapped[str | None]
    domain_description: Mapped[str] = mapped_column(default="")
    function: Mapped[str] = mapped_column(default="data")
    storage_format: Mapped[str] = mapped_column(default="v5")
    block_size: Mapped[int] = mapped_column(default=512)
    pool_id: Mapped[str | None]  # the data center that the domain's metadata names
    master: Mapped[bool] = mapped_column(default=False)


class LogicalUnit(Base):
    __tablename__ = "logical_units"
    id: Mapped[str] = mapped_column(primary_key=True)  # WWID
    array: Mapped[str] = mapped_column(ForeignKey("arrays.name"))
    target: Mapped[str | None] = mapped_column(ForeignKey("targets.iqn"))  # null: Fibre Channel
    volume_id: Mapped[int | None] = mapped_column(ForeignKey("volumes.id"), index=True)
    size: Mapped[int]
    lun_mapping: Mapped[int] = mapped_column(default=0)
    vendor: Mapped[str] = mapped_column(default="SIMARRAY")
    product: Mapped[str] = mapped_column(default="block")
    serial: Mapped[str] = mapped_column(default="")
    zoned_sites: Mapped[list[str]] = mapped_column(default=list)  # Fibre Channel: sites whose hosts see it


class Export(Base):
    """An exported path of a file server."""

    __tablename__ = "exports"
    id: Mapped[int] = mapped_column(primary_key=True)
    array: Mapped[str] = mapped_column(ForeignKey("arrays.name"))
    address: Mapped[str | None]
    path: Mapped[str]
    kind: Mapped[str] = mapped_column(default="nfs")  # nfs, glusterfs, posixfs
    size: Mapped[int]
    reachable: Mapped[bool] = mapped_column(default=True)
    volume_id: Mapped[int] = mapped_column(ForeignKey("volumes.id"))


class StoredImage(Base):
    """A volume of a disk as it lies on storage, with the metadata that travels with it."""

    __tablename__ = "stored_images"
    volume_id: Mapped[int] = mapped_column(ForeignKey("volumes.id"), primary_key=True)
    image_id: Mapped[str] = mapped_column(primary_key=True)
    disk_id: Mapped[str] = mapped_column(index=True)
    parent_id: Mapped[str | None]
    format: Mapped[str]
    sparse: Mapped[bool]
    provisioned_size: Mapped[int]
    actual_size: Mapped[int] = mapped_column(default=0)
    content_type: Mapped[str] = mapped_column(default="data")
    description: Mapped[str] = mapped_column(default="")  # JSON text, one line
    guest_address: Mapped[str | None]  # what a guest that boots from it reports
    payload: Mapped[bytes | None]  # bytes where they matter: the tar of an OVF store
    created: Mapped[float] = mapped_column(default=0.0)


class StoredDocument(Base):
    """The configuration of a VM or template as a file on an export domain."""

    __tablename__ = "stored_documents"
    volume_id: Mapped[int] = mapped_column(ForeignKey("volumes.id"), primary_key=True)
    entity_id: Mapped[str] = mapped_column(primary_key=True)
    text: Mapped[str]


class Replication(Base):
    """A one-way copy from volume to volume; `synced` is the time of the last one, null before the first."""

    __tablename__ = "replications"
    source_id: Mapped[int] = mapped_column(ForeignKey("volumes.id"), primary_key=True)
    target_id: Mapped[int] = mapped_column(ForeignKey("volumes.id"), primary_key=True)
    synced: Mapped[float | None]
    lag: Mapped[float] = mapped_column(default=0.0)  # seconds until what was sent is there


class Landing(Base):
    """What is on its way to a copy: the content of a hidden volume."""

    __tablename__ = "landings"
    sent_id: Mapped[int] = mapped_column(ForeignKey("volumes.id"), primary_key=True)
    target_id: Mapped[int] = mapped_column(ForeignKey("volumes.id"))
    due: Mapped[float]


class Cut(Base):
    """A host that does not reach an array any more."""

    __tablename__ = "cuts"
    host_id: Mapped[str] = mapped_column(primary_key=True)
    array: Mapped[str] = mapped_column(ForeignKey("arrays.name"), primary_key=True)


class IscsiSession(Base):
    """A host's login to a target over one portal."""

    __tablename__ = "iscsi_sessions"
    host_id: Mapped[str] = mapped_column(primary_key=True)
    iqn: Mapped[str] = mapped_column(ForeignKey("targets.iqn"), primary_key=True)
    portal_id: Mapped[int] = mapped_column(ForeignKey("portals.id"), primary_key=True)


class Mount(Base):
    """A path that a host has mounted."""

    __tablename__ = "mounts"
    host_id: Mapped[str] = mapped_column(primary_key=True)
    export_id: Mapped[int] = mapped_column(ForeignKey("exports.id"), primary_key=True)
