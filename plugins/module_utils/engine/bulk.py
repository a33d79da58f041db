# SPDX-License-Identifier: GPL-3.0-or-later
"""The same call for many items at once, on a bounded pool of threads. Architecture principles 4 and 6."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from .errors import EngineError
from .session import Session

T = TypeVar("T")
R = TypeVar("R")


def each(
    session: Session,
    items: Iterable[T],
    call: Callable[[T], R],
    *,
    concurrency: int = 8,
    deadline: float | None = None,
) -> list[R | EngineError]:
    """Return call(item) for every item, in their order; an EngineError stands in the place of the item that met it.

    concurrency: how many calls run at a time. deadline: seconds from now after which no further call begins; the items
    left over get an EngineError "timeout". Any other exception is a bug: no further call begins, and it goes through.
    """
    ends = None if deadline is None else session.clock() + deadline

    def attempt(item: T) -> R | EngineError:
        if ends is not None and session.clock() >= ends:
            return EngineError("timeout", f"not begun: the deadline of {deadline:g} s has passed", remedy="run again")
        try:
            return call(item)
        except EngineError as exc:
            return exc

    pool = ThreadPoolExecutor(max_workers=max(1, concurrency), thread_name_prefix="lifeboat")
    try:
        running = [pool.submit(attempt, item) for item in items]
        return [future.result() for future in running]
    finally:
        pool.shutdown(cancel_futures=True)
