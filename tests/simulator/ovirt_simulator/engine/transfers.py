# SPDX-License-Identifier: GPL-3.0-or-later
"""Image transfers: what the engine remembers of them, and what serves the bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, mapped_column

from . import schema

if TYPE_CHECKING:
    from .runtime import Context

IN_PROGRESS = ("transferring", "resuming", "finalizing_success", "finalizing_failure", "finalizing_cleanup")
PAUSED = ("paused_user", "paused_system")
ENDED = ("finished_success", "finished_failure", "finished_cleanup")


class ImageTransfer(schema.Base):
    """A download or upload; it stays after its end."""

    __tablename__ = "image_transfers"
    id: Mapped[str] = mapped_column(primary_key=True)
    run_id: Mapped[str]  # of the command that looks after it
    disk_id: Mapped[str]
    image_id: Mapped[str]
    storage_domain_id: Mapped[str] = mapped_column(ForeignKey("storage_domain_static.id", ondelete="CASCADE"))
    direction: Mapped[str]  # download, upload
    phase: Mapped[str] = mapped_column(default="initializing")
    format: Mapped[str]
    size: Mapped[int]  # what the ticket gives access to
    active: Mapped[bool] = mapped_column(default=False)
    transferred: Mapped[int | None]
    shallow: Mapped[bool] = mapped_column(default=False)
    inactivity_timeout: Mapped[int]
    timeout_policy: Mapped[str]  # legacy, pause, cancel
    last_updated: Mapped[float]
    host_id: Mapped[str | None]
    ticket_id: Mapped[str | None]
    url: Mapped[str | None]  # without the ticket


class ImageServerError(Exception):
    """The image server cannot do what it is asked for."""


@dataclass(frozen=True)
class Ticket:
    """The right to read or write one image."""

    id: str
    transfer_id: str
    size: int
    writable: bool
    inactivity_timeout: int


@dataclass(frozen=True)
class TicketUse:
    """What was done with a ticket so far."""

    active: bool
    transferred: int | None


class ImageServer(Protocol):
    """What serves images on the hosts."""

    def add(self, ticket: Ticket, content: bytes) -> str:
        """Serve an image that begins with this content; return the address below which its ticket is."""

    def use_of(self, ticket_id: str) -> TicketUse | None:
        """Return how a ticket is used, None for one that is not known."""

    def remove(self, ticket_id: str) -> bytes:
        """Serve an image no more; return its content without the zeros at its end."""


def in_progress(context: Context, domain_id: str) -> bool:
    """Tell whether images on a domain are being transferred."""
    query = select(ImageTransfer.id).where(
        ImageTransfer.storage_domain_id == domain_id, ImageTransfer.phase.in_(IN_PROGRESS)
    )
    return context.db.scalar(query.limit(1)) is not None
