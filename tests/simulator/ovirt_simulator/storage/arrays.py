# SPDX-License-Identifier: GPL-3.0-or-later
"""What the administrator of the arrays does: build them, replicate, and break things.

Volumes are named; the session is that of an open `Fabric` (`storage.open("", now).db`).
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from .contents import copy_volume, discard
from .schema import (
    Array,
    Cut,
    Export,
    Landing,
    LogicalUnit,
    Portal,
    Replication,
    Target,
    Volume,
)

_ARRIVED = select(Landing).where(Landing.due <= bindparam("now")).order_by(Landing.due, Landing.sent_id)


def add_array(db: Session, name: str, portals: Sequence[tuple[str, int]] = ()) -> None:
    """Set an array up, with its iSCSI portals."""
    db.add(Array(name=name))
    for address, port in portals:
        db.add(Portal(array=name, address=address, port=port))
    db.flush()


def add_target(db: Session, array: str, iqn: str, username: str | None = None, password: str | None = None) -> None:
    """Add an iSCSI target; with a user name it asks for CHAP."""
    db.add(Target(iqn=iqn, array=array, chap_username=username, chap_password=password))
    db.flush()


def add_volume(db: Session, array: str, name: str) -> Volume:
    """Reserve an empty volume, to be laid over logical units or behind an export."""
    volume = Volume(name=name, array=array)
    db.add(volume)
    db.flush()
    return volume


def add_unit(
    db: Session,
    array: str,
    unit_id: str,
    size: int,
    target: str | None,
    volume: Volume | None = None,
    zoned_sites: Sequence[str] = (),
) -> None:
    """Add a logical unit behind a target, or without one a Fibre Channel unit for the hosts of some sites."""
    peers = db.scalars(select(LogicalUnit).filter_by(array=array, target=target)).all()
    row = LogicalUnit(
        id=unit_id,
        array=array,
        target=target,
        size=size,
        lun_mapping=len(peers),
        serial=f"SIMARRAY_{unit_id}",
        volume_id=volume.id if volume is not None else None,
        zoned_sites=list(zoned_sites),
    )
    db.add(row)
    db.flush()


def add_export(db: Session, volume: Volume, address: str | None, path: str, size: int, kind: str = "nfs") -> None:
    """Export a volume under a path."""
    row = Export(array=volume.array, address=address, path=path, kind=kind, size=size, volume_id=volume.id)
    db.add(row)
    db.flush()


def volume_named(db: Session, name: str) -> Volume:
    """Return a volume by its name; raise KeyError for an unknown one."""
    volume = db.scalar(select(Volume).filter_by(name=name))
    if volume is None:
        raise KeyError(f"no volume {name}")
    return volume


def pair(db: Session, source: str, target: str) -> None:
    """Make one volume the copy of another; nothing is copied yet."""
    db.add(Replication(source_id=volume_named(db, source).id, target_id=volume_named(db, target).id))
    db.flush()


def replicate(db: Session, now: float, source: str | None = None) -> list[str]:
    """Bring copies up to date, all of them or those of one volume; return the names of the copies."""
    pairs = select(Replication).order_by(Replication.source_id, Replication.target_id)
    if source is not None:
        pairs = pairs.where(Replication.source_id == volume_named(db, source).id)
    copies = []
    for row in db.scalars(pairs).all():
        origin, target = db.get_one(Volume, row.source_id), db.get_one(Volume, row.target_id)
        if row.lag:
            sent = _hidden(db, origin, f"{origin.name}>{target.name}@{now}", now)
            db.add(Landing(sent_id=sent.id, target_id=target.id, due=now + row.lag))
        else:
            copy_volume(db, source=origin, target=target, now=now)
            row.synced = now
        copies.append(target.name)
    return copies


def set_lag(db: Session, source: str, target: str, seconds: float) -> None:
    """Let what is replicated from now on arrive so much later."""
    _pair_of(db, source, target).lag = seconds
    db.flush()


def land(db: Session, now: float) -> None:
    """Have on the copies what has arrived by now."""
    for row in db.scalars(_ARRIVED, {"now": now}).all():
        sent, target = db.get_one(Volume, row.sent_id), db.get_one(Volume, row.target_id)
        copy_volume(db, sent, target, row.due)
        for pair_row in db.scalars(select(Replication).filter_by(target_id=target.id)):
            pair_row.synced = row.due
        db.delete(row)
        db.flush()
        _discard(db, sent)


def reverse(db: Session, source: str, target: str) -> None:
    """Turn a replication round: what was the copy becomes the source, and what was on its way is lost."""
    old = _pair_of(db, source, target)
    for row in db.scalars(select(Landing).filter_by(target_id=old.target_id)).all():
        sent = db.get_one(Volume, row.sent_id)
        db.delete(row)
        db.flush()
        _discard(db, sent)
    lag = old.lag
    db.delete(old)
    db.flush()
    pair(db, source=target, target=source)
    set_lag(db, source=target, target=source, seconds=lag)


def _pair_of(db: Session, source: str, target: str) -> Replication:
    row = db.get(Replication, (volume_named(db, source).id, volume_named(db, target).id))
    if row is None:
        raise KeyError(f"no replication from {source} to {target}")
    return row


def take_snapshot(db: Session, now: float, volume: str, name: str) -> None:
    """Keep the present content of a volume under a name."""
    _hidden(db, volume_named(db, volume), f"{volume}@{name}", now)


def restore_snapshot(db: Session, now: float, volume: str, name: str) -> None:
    """Make the content of a volume what it was when the snapshot was taken."""
    copy_volume(db, volume_named(db, f"{volume}@{name}"), volume_named(db, volume), now)


def _hidden(db: Session, origin: Volume, name: str, now: float) -> Volume:
    """Return a new volume with the content of another, which no host sees."""
    copy = add_volume(db, origin.array, name)
    copy_volume(db, origin, copy, now)
    return copy


def _discard(db: Session, volume: Volume) -> None:
    discard(db, volume)
    db.delete(volume)
    db.flush()


def resize_unit(db: Session, unit_id: str, size: int) -> None:
    """Make a logical unit larger, or smaller."""
    unit = db.get(LogicalUnit, unit_id)
    if unit is None:
        raise KeyError(f"no logical unit {unit_id}")
    unit.size = size
    db.flush()


def set_path(db: Session, host_id: str, array: str, reachable: bool) -> None:
    """Cut a host off from an array, or bring it back."""
    cut = db.get(Cut, (host_id, array))
    if reachable and cut is not None:
        db.delete(cut)
    elif not reachable and cut is None:
        db.add(Cut(host_id=host_id, array=array))
    db.flush()


def set_read_only(db: Session, name: str, read_only: bool) -> None:
    """Make a volume refuse writes, or take them again."""
    volume_named(db, name).read_only = read_only
    db.flush()


def set_portal(db: Session, address: str, port: int, reachable: bool) -> None:
    """Cut a portal off, or bring it back."""
    for portal in db.scalars(select(Portal).filter_by(address=address, port=port)):
        portal.reachable = reachable
    db.flush()


def set_export(db: Session, address: str | None, path: str, reachable: bool) -> None:
    """Cut an exported path off, or bring it back."""
    for export in db.scalars(select(Export).filter_by(address=address, path=path)):
        export.reachable = reachable
    db.flush()
