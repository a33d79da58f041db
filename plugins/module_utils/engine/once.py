# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes happen at most once: what follows when a change gets no answer, or meets a lock. Architecture principle 6."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from .errors import EngineError, Entity, NoAnswer
from .query import QueryValue, search_equals
from .records import Record
from .waiting import pauses, wait_until

_LONGEST_PAUSE = 5.0
# How long a lost request may take to show in state, jobs or events of an engine that answers again.
_QUIET = 15.0
_BAD_JOBS = frozenset({"failed", "aborted"})
_BAD_EVENTS = frozenset({"error", "alert"})


class Reads(Protocol):
    """What is needed of a Session to find out what became of a request."""

    def list(
        self, path: str, *, doing: str | None = None, entity: Entity | None = None, **query: QueryValue
    ) -> list[Record]: ...


@dataclass(frozen=True)
class Intent:
    """What a change is for, and how to find out about it.

    doing: continues the word "cannot" ("attach storage domain vault to data center east").
    landed: re-reads the state; true if the change shows there. If it returns a Record, that becomes the result of the
    call; for add() it has to be the new entity. Only asked if the answer was lost.
    busy: re-reads the state; True while the entity is locked or at work, so that a refusal (409) is no last word.
    asked: is told the correlation id of each request before it goes out, by which its events can be found.
    """

    doing: str
    entity: Entity | None = None
    landed: Callable[[], Record | bool | None] | None = None
    busy: Callable[[], bool] | None = None
    asked: Callable[[str], None] | None = None


@dataclass(frozen=True)
class _Finding:
    """What a look after a lost request has shown: carried_out None means nothing so far, or still at work."""

    carried_out: bool | None
    shows: str
    record: Record | None = None
    at_work: bool = False


@dataclass(frozen=True)
class Once:
    """Carries out changes for a session. Times are seconds."""

    reads: Reads
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def carry_out(self, intent: Intent, send: Callable[[str, float], Record | None], timeout: float) -> Record | None:
        """Call send(correlation id, seconds left) and return its result, or what was found after a lost answer.

        A request that the engine refused because of a lock is sent anew, as a new request, until timeout.
        """
        deadline = self.clock() + timeout
        for pause in pauses(_LONGEST_PAUSE):
            correlation_id = f"lifeboat-{secrets.token_hex(12)}"
            if intent.asked:
                intent.asked(correlation_id)
            try:
                return send(correlation_id, deadline - self.clock())
            except NoAnswer as lost:
                if not lost.sent:
                    raise
                return self._after_loss(intent, correlation_id, lost, deadline)
            except EngineError as refused:
                if refused.code != 409 or intent.busy is None or not intent.busy():
                    raise
                if self.clock() + pause >= deadline:
                    raise _still_locked(intent, refused, timeout) from refused
            self.sleep(pause)
        raise AssertionError("the pauses never end")

    def _after_loss(self, intent: Intent, correlation_id: str, lost: NoAnswer, deadline: float) -> Record | None:
        quiet_since: list[float] = []

        def settled(finding: _Finding) -> bool:
            if finding.at_work:
                quiet_since.clear()
                return False
            quiet_since.append(self.clock())
            return finding.carried_out is not None or self.clock() - quiet_since[0] >= _QUIET

        try:
            finding = wait_until(
                lambda: self._look(intent, correlation_id),
                settled,
                what=f"the outcome of: {intent.doing}",
                timeout=max(deadline - self.clock(), _QUIET),
                poll_interval=_LONGEST_PAUSE,
                status=lambda seen: seen.shows,
                clock=self.clock,
                sleep=self.sleep,
            )
        except EngineError as exc:
            raise _unknown(intent, lost, str(exc)) from exc
        if finding.carried_out is None:
            raise _unknown(intent, lost, finding.shows) from lost
        if not finding.carried_out:
            message = f"cannot {intent.doing}: {finding.shows}"
            remedy = "see the events of the engine for the reason"
            raise EngineError("rejected", message, remedy=remedy, entity=intent.entity, reason=finding.shows) from lost
        return finding.record

    def _look(self, intent: Intent, correlation_id: str) -> _Finding:
        found = self._landed(intent)
        if found:
            return found
        search = search_equals("correlation_id", correlation_id)
        jobs = self.reads.list("jobs", search=search)
        bad = [job for job in jobs if job.status in _BAD_JOBS]
        if any(job.status == "started" for job in jobs):
            return _Finding(None, "its job is still running", at_work=True)
        if bad:
            return _Finding(False, f"its job failed: {bad[0].description}")
        if any(job.status == "finished" for job in jobs):
            return self._landed(intent) or _Finding(True, "its job finished")
        events = self.reads.list("events", search=search)
        bad = [event for event in events if event.severity in _BAD_EVENTS]
        if bad:
            return _Finding(False, str(bad[0].description))
        if events:
            return self._landed(intent) or _Finding(True, str(events[0].description))
        return _Finding(None, "neither the state nor a job nor an event shows it")

    @staticmethod
    def _landed(intent: Intent) -> _Finding | None:
        found = intent.landed() if intent.landed else None
        if not found:
            return None
        return _Finding(True, "the state shows it", found if isinstance(found, Record) else None)


def _still_locked(intent: Intent, refused: EngineError, timeout: float) -> EngineError:
    return EngineError(
        "conflict",
        f"cannot {intent.doing}: another operation still locks it after {timeout:g} s; {refused.reason or 'HTTP 409'}",
        remedy="run again when that operation has ended",
        entity=intent.entity,
        reason=refused.reason,
        code=refused.code,
    )


def _unknown(intent: Intent, lost: NoAnswer, seen: str) -> EngineError:
    return EngineError(
        "unreachable",
        f"the engine's answer was lost, and it is unknown whether it did this: {intent.doing} ({seen})",
        remedy="look at the state in the engine before doing it again",
        entity=intent.entity,
        reason=lost.reason,
        unknown=True,
    )
