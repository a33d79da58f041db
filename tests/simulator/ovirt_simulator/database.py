# SPDX-License-Identifier: GPL-3.0-or-later
"""Opening the SQLite files in which engines and arrays keep their state."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, MetaData, create_engine, event
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool


def open_database(path: Path | None, tables: MetaData | None) -> Engine:
    """Return a database with the given tables (None: as it is), in a file or, without a path, in memory.

    A write is safe against a killed process, not against a power cut: that is what a simulator needs. Foreign keys
    are checked at commit, so rows can be added in any order within a transaction.
    """
    if path is None:
        database = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        database = create_engine(f"sqlite:///{path}", connect_args={"check_same_thread": False, "timeout": 30})
    event.listen(database, "connect", _prepare)
    event.listen(database, "begin", _begin)
    if tables is not None:
        tables.create_all(database)
    return database


def _prepare(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver
    for pragma in ("journal_mode = WAL", "synchronous = OFF", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Any) -> None:
    # Two engines share the arrays' file: taking the write lock at once avoids a deadlock of two readers that both
    # want to write.
    driver = connection.connection.driver_connection
    driver.execute("BEGIN IMMEDIATE")
    driver.execute("PRAGMA defer_foreign_keys = ON")


class KeepingSession(Session):
    """A session that holds what it loads until its end, so that a row is read once however often it is asked for."""


@event.listens_for(KeepingSession, "loaded_as_persistent")
@event.listens_for(KeepingSession, "pending_to_persistent")
def _hold(session: Session, instance: object) -> None:
    session.info.setdefault("held", []).append(instance)
