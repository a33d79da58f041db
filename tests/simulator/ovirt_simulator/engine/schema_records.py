# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of an engine's own work: jobs, events, running commands with their steps and locks, and sessions."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """Everything that one engine remembers."""

    type_annotation_map = {dict[str, Any]: JSON, list[str]: JSON}


class Job(Base):
    __tablename__ = "job"
    id: Mapped[str] = mapped_column(primary_key=True)
    description: Mapped[str]
    status: Mapped[str] = mapped_column(default="started")
    correlation_id: Mapped[str] = mapped_column(index=True)
    start_time: Mapped[float]
    end_time: Mapped[float | None]
    external: Mapped[bool] = mapped_column(default=False)
    auto_cleared: Mapped[bool] = mapped_column(default=True)


class Event(Base):
    __tablename__ = "audit_log"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    code: Mapped[int]
    severity: Mapped[str] = mapped_column(default="normal")
    description: Mapped[str]
    time: Mapped[float]
    correlation_id: Mapped[str | None] = mapped_column(index=True)
    subjects: Mapped[dict[str, Any]] = mapped_column(default=dict)  # {"vm": id, "storage_domain": id, ...}
    origin: Mapped[str] = mapped_column(default="oVirt")
    custom_id: Mapped[int] = mapped_column(default=-1)


class CommandRun(Base):
    """One run of a command, kept until the engine has answered for it."""

    __tablename__ = "command_entities"
    id: Mapped[str] = mapped_column(primary_key=True)
    parent_id: Mapped[str | None] = mapped_column(index=True)
    command: Mapped[str]
    parameters: Mapped[dict[str, Any]]
    correlation_id: Mapped[str]
    job_id: Mapped[str | None]
    status: Mapped[str] = mapped_column(default="started", index=True)  # started, finished, failed
    fault_code: Mapped[int | None]
    fault_detail: Mapped[str | None]
    memory: Mapped[dict[str, Any]] = mapped_column(default=dict)  # what its later steps need to know


class PendingStep(Base):
    """A step of a run that is due at a time: what makes a command last, also across a restart of the engine."""

    __tablename__ = "pending_steps"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    run_id: Mapped[str] = mapped_column(ForeignKey("command_entities.id", ondelete="CASCADE"), index=True)
    step: Mapped[str]
    due: Mapped[float] = mapped_column(index=True)


class EntityLock(Base):
    """An exclusive or shared lock that a run holds; who meets it gets the holder's message."""

    __tablename__ = "entity_locks"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    group: Mapped[str]
    key: Mapped[str] = mapped_column(index=True)
    exclusive: Mapped[bool] = mapped_column(default=True)
    message: Mapped[str]
    run_id: Mapped[str] = mapped_column(ForeignKey("command_entities.id", ondelete="CASCADE"), index=True)


class Token(Base):
    """A live SSO token; a restart of the engine keeps it, a logout deletes it."""

    __tablename__ = "sso_tokens"
    token: Mapped[str] = mapped_column(primary_key=True)
    user: Mapped[str]
