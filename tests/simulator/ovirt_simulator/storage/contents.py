# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies on one volume: the metadata of a storage domain, and images."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.orm import Session

from .failures import StorageFailure
from .schema import Export, LogicalUnit, StoredDocument, StoredImage, Volume

_UNITS = select(LogicalUnit).where(LogicalUnit.volume_id == bindparam("volume_id")).order_by(LogicalUnit.id)
_DOMAIN_COLUMNS = (
    "domain_id",
    "domain_name",
    "domain_description",
    "function",
    "storage_format",
    "block_size",
    "pool_id",
    "master",
)


class Contents:
    """A volume in the hands of a host that reaches it; `volume` is there to be read, the methods change it."""

    def __init__(self, db: Session, volume: Volume, now: float) -> None:
        self.db = db
        self.volume = volume
        self.now = now

    @property
    def size(self) -> int:
        """Return the bytes that the volume can hold."""
        units = self.db.scalar(select(func.sum(LogicalUnit.size)).filter_by(volume_id=self.volume.id))
        export = self.db.scalar(select(Export.size).filter_by(volume_id=self.volume.id))
        return int(units or export or 0)

    @property
    def used(self) -> int:
        """Return the bytes that images take."""
        return int(self.db.scalar(select(func.sum(StoredImage.actual_size)).filter_by(volume_id=self.volume.id)) or 0)

    @property
    def logical_units(self) -> list[LogicalUnit]:
        """Return the units that a volume group spans, in a fixed order."""
        return list(self.db.scalars(_UNITS, {"volume_id": self.volume.id}))

    def create_domain(self, domain_id: str, **metadata: Any) -> None:
        """Write the metadata of a new domain; keywords are the columns of a volume."""
        if self.volume.domain_id is not None or self.images():
            raise StorageFailure("StorageDomainNotEmpty")
        self.write_metadata(domain_id=domain_id, **metadata)

    def write_metadata(self, **metadata: Any) -> None:
        """Change some of the domain's metadata."""
        self._writable()
        unknown = set(metadata) - set(_DOMAIN_COLUMNS)
        assert not unknown, f"not metadata of a domain: {unknown}"
        for column, value in metadata.items():
            setattr(self.volume, column, value)

    def format(self) -> None:
        """Destroy the domain with everything on it; its volume group goes, too."""
        self._writable()
        discard(self.db, self.volume)
        self.volume.volume_group_id = None
        self.volume.domain_id = self.volume.domain_name = self.volume.pool_id = None
        self.volume.domain_description, self.volume.master = "", False

    def shrink(self, unit_ids: Iterable[str]) -> bool:
        """Free some units of the group; False if what lies here does not fit on the others."""
        self._writable()
        leaving = [unit for unit in self.logical_units if unit.id in set(unit_ids)]
        if self.used > self.size - sum(unit.size for unit in leaving):
            return False
        for unit in leaving:
            unit.volume_id = None
        self.db.flush()
        return True

    def images(self, disk_id: str | None = None) -> list[StoredImage]:
        """Return the images here, of one disk if it is given."""
        query = select(StoredImage).filter_by(volume_id=self.volume.id)
        if disk_id is not None:
            query = query.filter_by(disk_id=disk_id)
        return list(self.db.scalars(query.order_by(StoredImage.disk_id, StoredImage.image_id)))

    def image(self, image_id: str) -> StoredImage:
        """Return one image."""
        image = self.db.get(StoredImage, (self.volume.id, image_id))
        if image is None:
            raise StorageFailure("VolumeDoesNotExist")
        return image

    def holds(self, image_ids: Iterable[str]) -> bool:
        """Tell whether all of these images are here."""
        wanted = set(image_ids)
        query = select(func.count()).where(StoredImage.volume_id == self.volume.id, StoredImage.image_id.in_(wanted))
        return self.db.scalar(query) == len(wanted)

    def add_image(self, **columns: Any) -> StoredImage:
        """Create an image; keywords are the columns of a stored image."""
        self._writable()
        if self.db.get(StoredImage, (self.volume.id, columns["image_id"])) is not None:
            raise StorageFailure("VolumeAlreadyExists")
        if columns.get("actual_size", 0) > self.size - self.used:
            raise StorageFailure("NoSpaceLeftOnDomain")
        image = StoredImage(volume_id=self.volume.id, created=self.now, **columns)
        self.db.add(image)
        self.db.flush()
        return image

    def write_image(self, image_id: str, **columns: Any) -> None:
        """Change an image's description, payload or sizes."""
        self._writable()
        image = self.image(image_id)
        for column, value in columns.items():
            setattr(image, column, value)
        self.db.flush()

    def remove_image(self, image_id: str) -> None:
        """Delete one volume of a disk; none is no error."""
        self._writable()
        here = (StoredImage.volume_id == self.volume.id, StoredImage.image_id == image_id)
        self.db.execute(delete(StoredImage).where(*here))

    def copy_disk(self, disk_id: str, target: Contents) -> None:
        """Copy all volumes of a disk to another domain under the same identifiers."""
        images = self.images(disk_id)
        if not images:
            raise StorageFailure("VolumeDoesNotExist")
        for image in images:
            target.add_image(**columns_of(image))

    def remove_disk(self, disk_id: str) -> None:
        """Delete all volumes of a disk; none is no error."""
        self._writable()
        here = (StoredImage.volume_id == self.volume.id, StoredImage.disk_id == disk_id)
        self.db.execute(delete(StoredImage).where(*here))

    def documents(self) -> list[StoredDocument]:
        """Return the configurations that lie on an export domain."""
        query = select(StoredDocument).filter_by(volume_id=self.volume.id)
        return list(self.db.scalars(query.order_by(StoredDocument.entity_id)))

    def document(self, entity_id: str) -> str | None:
        """Return one of these configurations."""
        row = self.db.get(StoredDocument, (self.volume.id, entity_id))
        return row.text if row is not None else None

    def write_document(self, entity_id: str, text: str) -> None:
        """Write a configuration, or write it anew."""
        self._writable()
        self.db.merge(StoredDocument(volume_id=self.volume.id, entity_id=entity_id, text=text))
        self.db.flush()

    def remove_document(self, entity_id: str) -> None:
        """Delete a configuration; none is no error."""
        self._writable()
        here = (StoredDocument.volume_id == self.volume.id, StoredDocument.entity_id == entity_id)
        self.db.execute(delete(StoredDocument).where(*here))

    def _writable(self) -> None:
        if self.volume.read_only:
            raise StorageFailure("StorageDomainAccessError")


def columns_of(image: StoredImage) -> dict[str, Any]:
    """Return what an image carries wherever it lies."""
    placed = {"volume_id", "created"}
    return {
        column.key: getattr(image, column.key) for column in StoredImage.__table__.columns if column.key not in placed
    }


def discard(db: Session, volume: Volume) -> None:
    """Delete all images and configurations on a volume."""
    for table in (StoredImage, StoredDocument):
        db.execute(delete(table).where(table.volume_id == volume.id))


def copy_volume(db: Session, source: Volume, target: Volume, now: float) -> None:
    """Make the content of a volume equal to another's, identifiers included."""
    for column in (*_DOMAIN_COLUMNS, "volume_group_id"):
        setattr(target, column, getattr(source, column))
    discard(db, target)
    for document in db.scalars(select(StoredDocument).filter_by(volume_id=source.id)).all():
        db.add(StoredDocument(volume_id=target.id, entity_id=document.entity_id, text=document.text))
    for image in db.scalars(select(StoredImage).filter_by(volume_id=source.id)).all():
        db.add(StoredImage(volume_id=target.id, created=now, **columns_of(image)))
    db.flush()
