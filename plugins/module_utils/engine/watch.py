# SPDX-License-Identifier: GPL-3.0-or-later
"""Many threads that wait for many entities, and one read at a time for all of them. Architecture principle 4."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import TypeVar

from .errors import Entity
from .parts import Part
from .session import Session
from .waiting import wait_until

T = TypeVar("T")

# A web server takes some kilobytes of address.
_ASKED_FOR = 50


class Watch:
    """Context manager; reads entities of one collection as long as somebody waits for them.

    A read comes poll_interval seconds after the one before, and asks for what everybody waits for at that moment.
    follow: what is to be read with each entity.
    """

    def __init__(self, engine: Session, collection: str, *, poll_interval: float, follow: str | None = None) -> None:
        self._engine = engine
        self._collection = collection
        self._poll_interval = poll_interval
        self._follow = follow
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="lifeboat-watch")
        self._turn = threading.Lock()
        self._conditions: set[str] = set()
        self._next_read: Future[list[Part]] | None = None
        self._last_read = engine.clock() - poll_interval

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, at: TracebackType | None) -> None:
        self._reader.shutdown(cancel_futures=True)

    def until(
        self,
        condition: str,
        look: Callable[[list[Part]], T],
        done: Callable[[T], bool],
        *,
        what: str,
        timeout: float,
        failed: Callable[[T], str | None] | None = None,
        status: Callable[[T], object] | None = None,
        entity: Entity | None = None,
    ) -> T:
        """Return what look finds among the entities that were read, as soon as done says yes of it; see wait_until.

        condition: of the search that finds the entity (query.search_equals). Others' entities are read, too.
        """
        return wait_until(
            lambda: look(self._next(condition)),
            done,
            what=what,
            timeout=timeout,
            failed=failed,
            status=status,
            entity=entity,
            clock=self._engine.clock,
            sleep=_not_at_all,
        )

    def _next(self, condition: str) -> list[Part]:
        with self._turn:
            self._conditions.add(condition)
            if self._next_read is None:
                self._next_read = self._reader.submit(self._read)
            pending = self._next_read
        return pending.result()

    def _read(self) -> list[Part]:
        self._engine.sleep(max(0.0, self._last_read + self._poll_interval - self._engine.clock()))
        with self._turn:
            conditions, self._conditions = self._conditions, set()
            self._next_read = None
        self._last_read = self._engine.clock()
        wanted = sorted(conditions)
        searches = [" or ".join(wanted[start : start + _ASKED_FOR]) for start in range(0, len(wanted), _ASKED_FOR)]
        return [
            part for one in searches for part in self._engine.parts(self._collection, search=one, follow=self._follow)
        ]


def _not_at_all(_seconds: float) -> None:
    """The pause is that of the shared read."""
