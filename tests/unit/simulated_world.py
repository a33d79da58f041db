# SPDX-License-Identifier: GPL-3.0-or-later
"""The default scenario in memory, driven by commands and a clock of its own."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine as Database
from sqlalchemy.orm import Session

from ovirt_simulator import scenario
from ovirt_simulator.database import open_database
from ovirt_simulator.engine import domains, schema
from ovirt_simulator.engine.command import Command, Refusal
from ovirt_simulator.engine.commands import (
    ActivateStorageDomain,
    AddExistingBlockStorageDomain,
    AttachStorageDomainToPool,
    ConnectStorageToVds,
    DeactivateStorageDomainWithOvfUpdate,
    DetachStorageDomainFromPool,
    ImportVmFromConfiguration,
    ImportVmTemplateFromConfiguration,
    ShutdownVm,
    UpdateOvfStoreForStorageDomain,
    UpdateStorageDomain,
)
from ovirt_simulator.engine.faults import answer
from ovirt_simulator.engine.runtime import Context, Engine
from ovirt_simulator.profiles import PROFILES
from ovirt_simulator.storage import arrays
from ovirt_simulator.storage import schema as stored
from ovirt_simulator.storage.fabric import Storage

WORLD = scenario.load(scenario.DEFAULT)
TO_WEST: dict[str, Any] = {"clusters": [["east-cl1", "west-cl1"]]}
_BUILT: list[bytes] = []  # the databases right after the build, which takes longer than most tests


def _connection(database: Database) -> sqlite3.Connection:
    connection = database.raw_connection().driver_connection
    assert isinstance(connection, sqlite3.Connection)
    return connection


class Clock:
    """A clock that only moves when somebody sleeps, or when the test moves it."""

    def __init__(self, now: float = 1_900_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Site:
    """One site's engine, with the names of the scenario instead of identifiers."""

    def __init__(self, world: World, name: str, pool: str, profile: str) -> None:
        self.name = name
        self.world = world
        self.database = open_database(None, schema.Base.metadata)
        self.pool = self.id("data_center", pool)
        self.profile = profile
        self.start()

    def start(self) -> None:
        """Start the engine process, or start it again over the same database."""
        clock = self.world.clock
        profile = PROFILES[self.profile]
        self.engine = Engine(self.name, self.database, self.world.storage, profile, clock, clock.sleep)

    def id(self, kind: str, name: str) -> str:
        return scenario.identifier(self.name, kind, name)

    @contextmanager
    def look(self) -> Iterator[Context]:
        with self.engine.transaction() as context:
            yield context

    def run(self, command: Command) -> str | None:
        """Run a command and settle what is due without delay."""
        job = self.engine.execute(command)
        self.engine.settle()
        return job

    def refused(self, command: Command) -> tuple[int, tuple[str, ...]]:
        """Return the HTTP code and the messages with which a command is refused; none may be otherwise."""
        try:
            self.engine.execute(command)
        except Refusal as refusal:
            return answer(refusal)[0], refusal.messages
        raise AssertionError(f"{command} was accepted")

    def row(self, table: type[Any], kind: str, name: str) -> Any:
        return self.get(table, self.id(kind, name))

    def get(self, table: type[Any], key: str | tuple[str, ...] | None) -> Any:
        with self.look() as context:
            return context.db.get(table, key)

    def vm(self, name: str) -> schema.VmStatic:
        found = self.row(schema.VmStatic, "vm", name)
        assert isinstance(found, schema.VmStatic)
        return found

    def status(self, domain: str) -> str:
        return self.status_of(self.id("domain", domain))

    def status_of(self, domain_id: str) -> str:
        with self.look() as context:
            return domains.status_of(domains.find(context, domain_id))

    def pool_status(self) -> str:
        with self.look() as context:
            return domains.find_pool(context, self.pool).status

    def places(self, disk: str) -> list[str]:
        """Return the names of the domains that hold a disk."""
        with self.look() as context:
            row = context.db.get_one(schema.BaseDisk, self.id("disk", disk))
            assert row.active_image is not None
            ids = [place.storage_domain_id for place in row.active_image.placements]
            return [domains.find(context, id_).name for id_ in ids]

    def events(self) -> list[int]:
        """Return the codes of all events, oldest first."""
        with self.look() as context:
            return [row.code for row in context.db.query(schema.Event).order_by(schema.Event.id)]

    def set(self, table: type[Any], kind: str, name: str, /, **values: Any) -> None:
        """Change a row behind the engine's back, as a scenario could have had it from the start."""
        with self.look() as context:
            row = context.db.get_one(table, self.id(kind, name))
            for field, value in values.items():
                setattr(row, field, value)

    def set_backup(self, domain: str, value: bool = True) -> UpdateStorageDomain:
        return UpdateStorageDomain(self.id("domain", domain), {"backup": value})

    def activate(self, domain: str) -> ActivateStorageDomain:
        return ActivateStorageDomain(self.id("domain", domain), self.pool)

    def attach(self, domain: str) -> AttachStorageDomainToPool:
        return AttachStorageDomainToPool(self.id("domain", domain), self.pool)

    def deactivate(self, domain: str, force: bool = False) -> DeactivateStorageDomainWithOvfUpdate:
        return DeactivateStorageDomainWithOvfUpdate(self.id("domain", domain), self.pool, force)

    def detach(self, domain: str) -> DetachStorageDomainFromPool:
        return DetachStorageDomainFromPool(self.id("domain", domain), self.pool)

    def update_ovf(self, domain: str) -> UpdateOvfStoreForStorageDomain:
        return UpdateOvfStoreForStorageDomain(self.id("domain", domain))


class World:
    """Arrays and both sites of the default scenario."""

    def __init__(self, profile: str = "instant") -> None:
        self.clock = Clock()
        self.storage = Storage(open_database(None, stored.Base.metadata))
        self.primary = Site(self, "primary", "east", profile)
        self.secondary = Site(self, "secondary", "west", profile)
        databases = [self.storage.database, self.primary.database, self.secondary.database]
        if not _BUILT:
            WORLD.build(self.storage, {site.name: site.engine for site in (self.primary, self.secondary)})
            _BUILT.extend(_connection(database).serialize() for database in databases)
        for database, content in zip(databases, _BUILT, strict=True):
            _connection(database).deserialize(content)

    @contextmanager
    def arrays(self) -> Iterator[Session]:
        """Give the administrator of the arrays a transaction."""
        fabric = self.storage.open("", self.clock())
        try:
            yield fabric.db
        except BaseException:
            fabric.close(commit=False)
            raise
        fabric.close(commit=True)

    def replicate(self, *volumes: str) -> None:
        with self.arrays() as db:
            for volume in volumes:
                arrays.replicate(db, self.clock(), volume)

    @property
    def vault(self) -> str:
        """The id of the domain `vault`, which it keeps wherever it is imported."""
        return self.primary.id("domain", "vault")

    def fill_vault(self) -> None:
        """Stop what runs on `vault` and bring its OVF store up to date."""
        self.primary.run(ShutdownVm(self.primary.id("vm", "web")))
        self.primary.run(self.primary.update_ovf("vault"))

    def import_vault(self, backup: bool = True) -> None:
        """Replicate `vault`, and import and attach the copy on the secondary site."""
        self.replicate("a-vault")
        self.import_copy(backup)

    def import_copy(self, backup: bool = True) -> None:
        """Import and attach what lies on the copy of `vault`."""
        host = self.secondary.id("host", "west-h1")
        where = ("10.20.1.10", 3260, "10.20.1.10:3260,1", "iqn.2031-05.test.array-b:vault")
        self.secondary.run(ConnectStorageToVds(host, *where))
        properties = {"storage_type": "iscsi", "backup": backup}
        self.secondary.run(AddExistingBlockStorageDomain(self.vault, host, properties))
        self.secondary.run(AttachStorageDomainToPool(self.vault, self.secondary.pool))

    def register(self, vm: str, **options: Any) -> ImportVmFromConfiguration:
        """Return the command that registers a VM of the primary site from the imported `vault`."""
        return ImportVmFromConfiguration(self.vault, self.primary.id("vm", vm), **{"mappings": TO_WEST, **options})

    def register_template(self, name: str, **options: Any) -> ImportVmTemplateFromConfiguration:
        """Return the command that registers a template of the primary site from the imported `vault`."""
        id_ = self.primary.id("template", name)
        return ImportVmTemplateFromConfiguration(self.vault, id_, **{"mappings": TO_WEST, **options})
