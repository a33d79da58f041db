# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps of jobs that somebody outside the engine reports."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from . import schema


class ExternalStep(schema.Base):
    __tablename__ = "step"
    id: Mapped[str] = mapped_column(primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("job.id", ondelete="CASCADE"), index=True)
    type: Mapped[str] = mapped_column(default="unknown")
    description: Mapped[str] = mapped_column(default="")
    status: Mapped[str] = mapped_column(default="started")
    start_time: Mapped[float]
    end_time: Mapped[float | None]
