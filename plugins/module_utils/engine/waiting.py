# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for the engine to get somewhere: the only loop that sleeps between reads."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from .errors import EngineError, Entity, NoAnswer

T = TypeVar("T")

_FIRST_PAUSE = 0.5


def pauses(longest: float) -> Iterator[float]:
    """Yield the seconds to pause between tries: half a second at first, half as much again each time up to longest."""
    pause = min(_FIRST_PAUSE, longest)
    while True:
        yield pause
        pause = min(pause * 1.5, longest)


def wait_until(
    read: Callable[[], T],
    done: Callable[[T], bool],
    *,
    what: str,
    timeout: float,
    poll_interval: float = 3.0,
    failed: Callable[[T], str | None] | None = None,
    status: Callable[[T], object] | None = None,
    entity: Entity | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> T:
    """Read until done says yes of what was read, and return that. Times are seconds; it reads at least once.

    what: what is waited for, continuing "waiting for" ("storage domain vault to become active").
    failed: tells why this state can never become the wanted one, None while it still can; ends with kind "rejected".
    status: what to show of the last state that was seen; without it the status of a Record, else the value itself.
    A read without an answer is tried again, since engines restart; other errors of read go through.
    Raises EngineError "timeout", naming the last status seen.
    """
    deadline = clock() + timeout
    seen = "nothing"
    for pause in pauses(poll_interval):
        try:
            value = read()
        except NoAnswer as exc:
            seen = f"no answer ({exc})"
        else:
            if done(value):
                return value
            seen = str(status(value) if status else getattr(value, "status", value))
            reason = failed(value) if failed else None
            if reason:
                raise EngineError("rejected", f"waiting for {what} failed: {reason}", entity=entity)
        left = deadline - clock()
        if left <= 0:
            message = f"gave up waiting for {what} after {timeout:g} s; last seen: {seen}"
            remedy = "see what holds it up, then run again with a longer timeout"
            raise EngineError("timeout", message, entity=entity, remedy=remedy)
        sleep(min(pause, left))
    raise AssertionError("the pauses never end")
