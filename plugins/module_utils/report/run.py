# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of one run of a procedure: what the modules of its phases returned, judged as a whole. Pure.

The document that comes of it (`as_document`) has the schema docs/run-report.schema.json.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from ..results import iso

SCHEMA = "lifeboat.ovirt/run-report/1"

Verdict = Literal["succeeded", "degraded", "failed"]
PhaseOutcome = Literal["succeeded", "partial", "failed", "skipped"]


@dataclass(frozen=True)
class EntityLine:
    """What a phase did to one VM, template, domain or the like; began and ended are None where nobody noted them."""

    phase: str
    id: str | None
    name: str | None
    outcome: str
    reason: str | None = None
    remedy: str | None = None
    began: datetime | None = None
    ended: datetime | None = None


@dataclass(frozen=True)
class Phase:
    """One step of the procedure; seconds is how long its modules worked."""

    name: str
    outcome: PhaseOutcome
    began: datetime | None = None
    seconds: float = 0.0
    message: str | None = None
    remedy: str | None = None
    entities: tuple[EntityLine, ...] = ()
    violations: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class Run:
    """What a run is called, when it took place, and who ran it; rpo is seconds, None where no hook has told it.

    failure: what broke it off, None for a run that got to its end. foreseen: in check mode, where what shows only after
    a change is unknown, and no failure.
    """

    procedure: str
    began: datetime
    ended: datetime
    phases: tuple[Phase, ...]
    plan: str | None = None
    groups: tuple[str, ...] = ()
    source: str | None = None
    target: str | None = None
    on_error: Literal["fail", "warn"] = "fail"
    rpo: float | None = None
    started_by: Mapping[str, str] = field(default_factory=dict)
    version: str = ""
    failure: str | None = None
    foreseen: bool = False

    @property
    def entities(self) -> list[EntityLine]:
        """Return what became of everything, in the order of the phases."""
        return [line for phase in self.phases for line in phase.entities]

    @property
    def failures(self) -> list[EntityLine]:
        """Return what failed, or may have."""
        bad = {"failed"} if self.foreseen else {"failed", "unknown"}
        return [line for line in self.entities if line.outcome in bad]

    @property
    def violations(self) -> list[Mapping[str, Any]]:
        """Return the violations of rules that the phases have met."""
        return [violation for phase in self.phases for violation in phase.violations]

    @property
    def verdict(self) -> Verdict:
        """Return whether the run did what it should: `degraded` is a success with something to look at."""
        if self.failure or any(phase.outcome == "failed" for phase in self.phases):
            return "failed"
        if self.failures or any(phase.outcome == "partial" for phase in self.phases):
            return "failed" if self.on_error == "fail" else "degraded"
        if any(violation.get("severity") == "block" for violation in self.violations):
            return "degraded"
        return "succeeded"

    @property
    def rto(self) -> float | None:
        """Return the seconds from the beginning until the last VM was ready; None where no VM was started."""
        ready = [line.ended for line in self.entities if line.phase == "boot" and line.ended is not None]
        return (max(ready) - self.began).total_seconds() if ready else None

    @property
    def summary(self) -> str:
        """Return the run in one sentence."""
        counts = Counter(line.outcome for line in self.entities)
        told = ", ".join(f"{counts[outcome]} {outcome}" for outcome in ("succeeded", "failed", "unknown", "skipped"))
        what = f"{self.procedure} of {self.plan}" if self.plan else self.procedure
        way = f" from {self.source} to {self.target}" if self.source and self.target else ""
        return f"{what}{way} {'foreseen as ' if self.foreseen else ''}{self.verdict}: {told}"

    @property
    def lines(self) -> list[str]:
        """Return what somebody has to look at, the summary first, for a log."""
        found = [self.summary]
        told = [f"phase {one.name}: {one.message}" for one in self.phases if one.outcome == "failed"]
        if self.failure and not told:
            told.append(self.failure)
        found += told
        found += [_line(line) for line in self.failures]
        return found


def _line(line: EntityLine) -> str:
    remedy = f" (remedy: {line.remedy})" if line.remedy else ""
    return f"{line.phase}: {line.name or line.id}: {line.reason or line.outcome}{remedy}"


def read_phases(phases: Sequence[Mapping[str, Any]], began: datetime) -> tuple[Phase, ...]:
    """Return the phases as their tasks registered them: [{name, result}]; began: of the run.

    A result is what a module returned or failed with, a loop's `results`, or empty for a step that was not reached. A
    phase whose modules noted no beginning is taken to begin where the one before it ended. What began before the run is
    of an earlier one, and counts as not reached.
    """
    found: list[Phase] = []
    now = began
    for item in phases:
        results = [one for one in _results(item.get("result") or {}) if not _is_stale(one, began)]
        phase = _phase(str(item["name"]), results, now)
        found.append(phase)
        if phase.began is not None:
            now = phase.began + timedelta(seconds=phase.seconds)
    return tuple(found)


def _results(result: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    """Return the results that tell something: those of all rounds of a loop, without what was skipped."""
    rounds = result["results"] if isinstance(result.get("results"), list) else [result]
    return (one for one in rounds if one and not one.get("skipped"))


def _is_stale(result: Mapping[str, Any], began: datetime) -> bool:
    noted = _time(result.get("began"))
    return noted is not None and noted < began


def _phase(name: str, results: Sequence[Mapping[str, Any]], now: datetime) -> Phase:
    if not results:
        return Phase(name, "skipped")
    lines = tuple(_entity(name, one) for result in results for one in result.get("entities") or ())
    worst = next((result for result in results if result.get("failed")), None)
    partial = next((result for result in results if result.get("error_kind") == "partial"), None)
    told = worst or partial or {}
    return Phase(
        name=name,
        outcome="failed" if worst else "partial" if partial else "succeeded",
        began=_time(results[0].get("began")) or now,
        seconds=round(sum(float(result.get("elapsed") or 0.0) for result in results), 2),
        message=told.get("msg"),
        remedy=told.get("remedy"),
        entities=lines,
        violations=tuple(one for result in results for one in _violations(result)),
    )


def _entity(phase: str, item: Mapping[str, Any]) -> EntityLine:
    texts = {key: item.get(key) for key in ("id", "name", "reason", "remedy")}
    began, ended = _time(item.get("began")), _time(item.get("ended"))
    return EntityLine(phase, outcome=str(item.get("outcome") or "unknown"), began=began, ended=ended, **texts)


def _violations(result: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    audit = result.get("audit") or {}
    found: Sequence[Mapping[str, Any]] = result.get("violations") or audit.get("violations") or ()
    return found or [_as_violation(one) for one in result.get("findings") or () if one["severity"] != "info"]


def _as_violation(finding: Mapping[str, Any]) -> dict[str, Any]:
    """Return what preflight has found in the form of a rule's violation."""
    return {"rule": finding["kind"], **{key: finding[key] for key in ("severity", "subject", "message", "remedy")}}


def _time(value: object) -> datetime | None:
    """Return a UTC time that a module noted, None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def as_document(run: Run) -> dict[str, Any]:
    """Return the report as plain data; times are UTC in ISO 8601, durations seconds."""
    return {
        "schema": SCHEMA,
        "procedure": run.procedure,
        "plan": run.plan,
        "groups": list(run.groups),
        "source": run.source,
        "target": run.target,
        "collection_version": run.version,
        "started_by": dict(run.started_by),
        "began": iso(run.began),
        "ended": iso(run.ended),
        "seconds": round((run.ended - run.began).total_seconds(), 2),
        "verdict": run.verdict,
        "summary": run.summary,
        "failure": run.failure,
        "rto_seconds": run.rto,
        "rto_reason": None if run.rto is not None else "no VM was started, or nobody noted when",
        "rpo_seconds": run.rpo,
        "rpo_reason": None if run.rpo is not None else "the plan has no rpo hook, or it told nothing",
        "phases": [_phase_document(phase) for phase in run.phases],
        "entities": [{**asdict(line), "began": iso(line.began), "ended": iso(line.ended)} for line in run.entities],
        "violations": [dict(violation) for violation in run.violations],
    }


def _phase_document(phase: Phase) -> dict[str, Any]:
    counts = Counter(line.outcome for line in phase.entities)
    return {
        "name": phase.name,
        "outcome": phase.outcome,
        "began": iso(phase.began),
        "seconds": phase.seconds,
        "message": phase.message,
        "remedy": phase.remedy,
        "counts": {outcome: counts[outcome] for outcome in ("succeeded", "failed", "skipped", "unknown")},
    }
