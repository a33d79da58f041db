# SPDX-License-Identifier: GPL-3.0-or-later
"""What people do outside the engine: pull plugs, fence hosts, replicate arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from .engine import domains, schema
from .engine.commands import FailHosts, RecoverHosts
from .engine.runtime import Engine
from .storage import arrays
from .storage import schema as storage_schema
from .storage.fabric import Storage

Result = TypeVar("Result")


class ArrayAdministrator:
    """Works on the arrays, which need no engine for that."""

    def __init__(self, storage: Storage, clock: Callable[[], float]) -> None:
        self._storage = storage
        self._clock = clock

    def replicate(self, volume: str | None = None, array: str | None = None) -> list[str]:
        """Bring copies up to date: all, those of one volume, or those of all volumes of an array."""

        def work(db: Session) -> list[str]:
            if array is None:
                return arrays.replicate(db, self._clock(), volume)
            pairs = select(storage_schema.Volume.name).join(
                storage_schema.Replication, storage_schema.Replication.source_id == storage_schema.Volume.id
            )
            names = db.scalars(pairs.where(storage_schema.Volume.array == array).distinct()).all()
            return [copy for name in names for copy in arrays.replicate(db, self._clock(), name)]

        return self.work(work)

    def reverse(self, source: str, target: str) -> None:
        """Turn a replication round."""
        self.work(lambda db: arrays.reverse(db, source, target))

    def set_lag(self, source: str, target: str, seconds: float) -> None:
        """Let what is replicated from now on arrive so much later."""
        self.work(lambda db: arrays.set_lag(db, source, target, seconds))

    def snapshot(self, volume: str, name: str) -> None:
        """Keep the present content of a volume under a name."""
        self.work(lambda db: arrays.take_snapshot(db, self._clock(), volume, name))

    def restore(self, volume: str, name: str) -> None:
        """Bring a volume back to a snapshot."""
        self.work(lambda db: arrays.restore_snapshot(db, self._clock(), volume, name))

    def resize(self, unit: str, size: int) -> None:
        """Change the size of a logical unit."""
        self.work(lambda db: arrays.resize_unit(db, unit, size))

    def set_portal(self, address: str, reachable: bool, port: int = 3260) -> None:
        """Cut a portal off, or bring it back."""
        self.work(lambda db: arrays.set_portal(db, address, port, reachable))

    def set_export(self, address: str, path: str, reachable: bool) -> None:
        """Cut an exported path off, or bring it back."""
        self.work(lambda db: arrays.set_export(db, address, path, reachable))

    def set_read_only(self, volume: str, read_only: bool) -> None:
        """Make a volume refuse writes, or take them again."""
        self.work(lambda db: arrays.set_read_only(db, volume, read_only))

    def work(self, task: Callable[[Session], Result]) -> Result:
        """Carry a task out in a transaction of its own."""
        fabric = self._storage.open("", self._clock())
        done = False
        try:
            result = task(fabric.db)
            done = True
        finally:
            fabric.close(commit=done)
        return result


class SiteAdministrator:
    """Works on the hosts and guests of a site; whether its engine runs does not matter."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def fence(self, names: Iterable[str] | None = None) -> None:
        """Switch hosts off, all of them without names: they write nothing any more."""
        self._engine.execute(FailHosts(self._ids(names), fenced=True))

    def lose(self, names: Iterable[str] | None = None) -> None:
        """Cut the engine off from hosts, which go on with what they do."""
        self._engine.execute(FailHosts(self._ids(names), fenced=False))

    def recover(self, names: Iterable[str] | None = None) -> None:
        """Bring hosts back."""
        self._engine.execute(RecoverHosts(self._ids(names)))

    def set_path(self, name: str, array: str, reachable: bool) -> None:
        """Cut a host off from an array, or bring it back."""
        host_id = self._ids([name])[0]
        with self._engine.transaction() as context:
            arrays.set_path(context.storage.db, host_id, array, reachable)
        self.monitor()

    def set_storage(self, domain: str, reachable: bool) -> None:
        """Have what a storage domain lies on fail for everybody, or work again."""
        with self._engine.transaction() as context:
            row = context.db.scalars(select(schema.StorageDomainStatic).filter_by(name=domain)).one()
            for connection in domains.connections_of(context, row):
                if connection.path is not None:
                    arrays.set_export(context.storage.db, connection.address, connection.path, reachable)
                else:
                    address, port = connection.address or "", connection.port or 3260
                    arrays.set_portal(context.storage.db, address, port, reachable)
        self.monitor()

    def monitor(self) -> None:
        """Have the hosts report on their storage now, as they do every ten seconds."""
        self._engine.monitor()

    def set_guest(self, name: str, ignores_shutdown: bool) -> None:
        """Have the guest in a VM ignore, or heed, a request to shut down."""
        with self._engine.transaction() as context:
            row = context.db.scalars(select(schema.VmStatic).filter_by(name=name, entity_type="vm")).one()
            row.guest_ignores_shutdown = ignores_shutdown

    def _ids(self, names: Iterable[str] | None) -> list[str]:
        with self._engine.transaction() as context:
            known = {row.name: row.id for row in context.db.scalars(select(schema.Vds))}
        return [known[name] for name in (known if names is None else names)]
