# SPDX-License-Identifier: GPL-3.0-or-later
"""Results per entity, the same for every module that acts on many. Architecture principle 5; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal, Self

from .engine.errors import EngineError

Outcome = Literal["succeeded", "failed", "skipped", "unknown"]

_OUTCOMES: tuple[Outcome, ...] = ("succeeded", "failed", "skipped", "unknown")
_NAMED = 3


@dataclass(frozen=True)
class EntityResult:
    """What became of one entity; reason and remedy are sentences for the operator."""

    id: str | None
    name: str | None
    outcome: Outcome
    reason: str | None = None
    remedy: str | None = None

    @classmethod
    def of(cls, id_: str | None, name: str | None, value: object, reason: str | None = None) -> Self:
        """Return the result for what bulk.each gave for the entity: its EngineError, or anything else for success.

        reason: what to say of a success.
        """
        if not isinstance(value, EngineError):
            return cls(id_, name, "succeeded", reason)
        return cls(id_, name, "unknown" if value.unknown else "failed", str(value), value.remedy)


@dataclass(frozen=True)
class TimedResult(EntityResult):
    """A result with its times, UTC in ISO 8601: when the work on the entity began and when it was seen to be done."""

    began: str | None = None
    ended: str | None = None

    def timed(self, began: datetime | None, ended: datetime | None) -> TimedResult:
        """Return the result with its times."""
        return replace(self, began=iso(began), ended=iso(ended))


def iso(time: datetime | None) -> str | None:
    """Return a time as results have it: UTC in ISO 8601, to the hundredth of a second."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-4] + "Z" if time else None


def entities(results: Sequence[EntityResult]) -> list[dict[str, Any]]:
    """Return the results as a module reports them: [{id, name, outcome, reason, remedy}]."""
    return [asdict(result) for result in results]


def counts(results: Sequence[EntityResult]) -> dict[str, int]:
    """Return how many results have each outcome; every outcome is a key."""
    found = Counter(result.outcome for result in results)
    return {outcome: found[outcome] for outcome in _OUTCOMES}


def raise_if_failed(doing: str, results: Sequence[EntityResult], keys: Mapping[str, Any] | None = None) -> None:
    """Raise EngineError "partial" if any entity failed or its outcome is unknown.

    doing: continues the word "cannot" ("import"). keys: what else the module would have returned (changed, diff...);
    the error carries it, with entities and counts, so that a failure reports the same keys as a success.
    """
    bad = [result for result in results if result.outcome in ("failed", "unknown")]
    if not bad:
        return
    told = [f"{result.name or result.id} ({result.reason or result.outcome})" for result in bad[:_NAMED]]
    if len(bad) > _NAMED:
        told.append(f"and {len(bad) - _NAMED} more")
    remedies = {result.remedy for result in bad}
    raise EngineError(
        "partial",
        f"cannot {doing} {len(bad)} of {len(results)}: {'; '.join(told)}",
        remedy=remedies.pop() if len(remedies) == 1 else "see the remedy of each entity in entities, then run again",
        unknown=any(result.outcome == "unknown" for result in bad),
        details={**(keys or {}), "entities": entities(results), "counts": counts(results)},
    )


def named(results: Sequence[EntityResult], *outcomes: Outcome) -> list[str]:
    """Return the names of the entities with these outcomes, sorted."""
    return sorted(result.name or "" for result in results if result.outcome in outcomes)


def report(results: Sequence[EntityResult], *, before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys that every module with results per entity returns; before and after make the diff."""
    return {
        "changed": any(result.outcome == "succeeded" for result in results),
        "entities": entities(results),
        "counts": counts(results),
        "diff": {"before": dict(before), "after": dict(after)},
    }
