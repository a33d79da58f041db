# SPDX-License-Identifier: GPL-3.0-or-later
"""What all transfers share while they run: the engine, the shared reads, and the turns on each target."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from ..engine.bulk import each
from ..engine.watch import Watch
from ..model.site import Domain
from ..progress import Progress

if TYPE_CHECKING:
    from ..engine.session import Session


@dataclass(frozen=True)
class Workshop:
    """timeout: seconds for one VM, or one disk that moves. concurrency: disks that go to one target at a time."""

    engine: Session
    vms: Watch
    disks: Watch
    progress: Progress
    timeout: float
    poll_interval: float
    concurrency: int


@contextmanager
def workshop(engine: Session, *, timeout: float, poll_interval: float, concurrency: int) -> Iterator[Workshop]:
    """Open the shared reads for the time of the work."""
    with (
        Watch(engine, "vms", poll_interval=poll_interval, follow="disk_attachments.disk,snapshots") as vms,
        Watch(engine, "disks", poll_interval=poll_interval) as disks,
    ):
        yield Workshop(engine, vms, disks, Progress.from_environment(), timeout, poll_interval, concurrency)


class _Aimed(Protocol):
    @property
    def target(self) -> Domain: ...


W = TypeVar("W", bound=_Aimed)


def on_each_target(
    shop: Workshop, work: Sequence[W], call: Callable[[W], object], disks: Callable[[W], int]
) -> list[Any]:
    """Return call(piece) for each piece of work, an EngineError where it met one, as bulk.each does.

    The targets work side by side. disks: how many go to the target at once with a piece; one that has more of them
    than are allowed has the target to itself.
    """
    by_target: dict[str, list[int]] = {}
    for index, piece in enumerate(work):
        by_target.setdefault(piece.target.id, []).append(index)
    outcomes: list[Any] = [None] * len(work)

    def serve(indices: list[int]) -> None:
        turns = _Turns(shop.concurrency)

        def one(index: int) -> object:
            with turns.taken(disks(work[index])):
                return call(work[index])

        for index, outcome in zip(indices, each(shop.engine, indices, one, concurrency=shop.concurrency), strict=True):
            outcomes[index] = outcome

    each(shop.engine, by_target.values(), serve, concurrency=len(by_target))
    return outcomes


class _Turns:
    """So many disks at a time."""

    def __init__(self, number: int) -> None:
        self._all = self._free = max(1, number)
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, number: int) -> Iterator[None]:
        wanted = min(max(1, number), self._all)
        with self._changed:
            self._changed.wait_for(lambda: self._free >= wanted)
            self._free -= wanted
        try:
            yield
        finally:
            with self._changed:
                self._free += wanted
                self._changed.notify_all()
