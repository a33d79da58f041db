# SPDX-License-Identifier: GPL-3.0-or-later
"""What a check finds, and what all findings come to. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Severity = Literal["block", "warn", "info"]
Verdict = Literal["ready", "degraded", "blocked"]

_ORDER: tuple[Severity, ...] = ("block", "warn", "info")
# A sort of defect counts once, however often it occurs: 300 VMs without a profile are one line of a mapping.
_COST: dict[Severity, int] = {"block": 20, "warn": 5, "info": 0}
_MANY = 10


@dataclass(frozen=True)
class Finding:
    """A defect: of what kind, at which site, of what, and what to do. block: something would not be recovered."""

    kind: str
    severity: Severity
    site: str
    subject: str
    message: str
    remedy: str


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings, the worst first, many of one sort folded into one."""
    kinds: dict[tuple[Severity, str, str], list[Finding]] = {}
    for one in dict.fromkeys(findings):
        kinds.setdefault((one.severity, one.kind, one.site), []).append(one)
    found = [one for group in kinds.values() for one in _folded(group)]
    return sorted(found, key=lambda one: (_ORDER.index(one.severity), one.kind, one.site, one.subject))


def _folded(findings: Sequence[Finding]) -> Sequence[Finding]:
    first = findings[0]
    if len(findings) <= _MANY:
        return findings
    subjects = ", ".join(dict.fromkeys(one.subject for one in findings[:_MANY]))
    message = f"{len(findings)} times, for example: {first.message}"
    subject = f"{subjects} and more"
    return [Finding(first.kind, first.severity, first.site, subject, message, first.remedy)]


def verdict(findings: Iterable[Finding]) -> Verdict:
    """Return what the worst finding comes to."""
    severities = {one.severity for one in findings}
    return "blocked" if "block" in severities else "degraded" if "warn" in severities else "ready"


def score(findings: Iterable[Finding]) -> int:
    """Return 100 for nothing to mind, less 20 for each kind of defect that blocks, and 5 for each that degrades."""
    kinds = {(one.kind, one.severity) for one in findings}
    return max(0, 100 - sum(_COST[severity] for _kind, severity in kinds))
