# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rule is, and what its violation tells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from ..engine.errors import EngineError
from ..model.site import Domain, Site

Severity = Literal["block", "warn", "ignore"]
Guardian = Literal["engine", "collection", "both"]


@dataclass(frozen=True)
class Violation:
    """One broken rule: what breaks it (`message`) and how to clear it (`remedy`)."""

    rule: str
    severity: Severity
    subject: str
    message: str
    remedy: str

    def as_data(self) -> dict[str, str]:
        """Return it as a module result shows it."""
        return asdict(self)

    @property
    def line(self) -> str:
        """Return it as one line of a log."""
        return f"{self.severity}: {self.rule}: {self.message}"


@dataclass(frozen=True)
class Finding:
    """What a check sees: the half of a violation that differs from case to case."""

    message: str
    remedy: str


@dataclass(frozen=True)
class Audit:
    """How a rule is looked at on a domain that is a backup domain already."""

    severity: Severity
    check: Callable[[Site, Domain], Iterable[Finding]]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A restriction of the feature.

    `action` is what it restricts, in the vocabulary of the guard. `check` is a pure function of the site and of the
    subject of the action (a Domain to configure, a Vm to start, ...). `remedy` is how to clear a violation in general,
    `alone` what an engine does without this collection. `enforced_by` says who else holds the rule: what the engine
    enforces, too, cannot be softened. `audit` is None where the present state of a domain cannot break the rule.
    """

    id: str
    action: str
    sentence: str
    remedy: str
    enforced_by: Guardian
    alone: str
    severity: Severity
    check: Callable[[Site, Any], Iterable[Finding]]
    audit: Audit | None = None

    def violations(self, site: Site, subject: Any, label: str) -> list[Violation]:
        """Return the violations of this rule by a subject; label is how messages call it."""
        return self._found(self.severity, self.check(site, subject), label)

    def standing(self, site: Site, domain: Domain) -> list[Violation]:
        """Return how the present state of a backup domain violates this rule."""
        if self.audit is None:
            return []
        return self._found(self.audit.severity, self.audit.check(site, domain), f"storage domain {domain.name}")

    def softened(self, severity: Severity) -> Rule:
        """Return the rule with another severity, in the audit too."""
        audit = replace(self.audit, severity=severity) if self.audit else None
        return replace(self, severity=severity, audit=audit)

    def _found(self, severity: Severity, findings: Iterable[Finding], label: str) -> list[Violation]:
        return [Violation(self.id, severity, label, finding.message, finding.remedy) for finding in findings]


def soften(rules: Iterable[Rule], wanted: Sequence[Mapping[str, str]] | None) -> list[Rule]:
    """Return the rules with the severities that the caller gave (`[{id, severity, reason}]`).

    EngineError invalid names a rule that does not exist, that the engine enforces, or that came without a reason.
    """
    known = {rule.id: rule for rule in rules}
    for item in wanted or ():
        rule = known.get(item["id"])
        if rule is None:
            raise EngineError("invalid", f"rules: there is no rule {item['id']}", remedy="use " + ", ".join(known))
        if rule.enforced_by != "collection":
            raise EngineError(
                "invalid",
                f"rules: {rule.id} is enforced by the engine and cannot be softened",
                remedy=f"leave {rule.id} out of rules and clear what violates it",
            )
        if not item.get("reason", "").strip():
            raise EngineError(
                "invalid", f"rules: softening {rule.id} needs a reason", remedy="say in reason why this is right here"
            )
        known[rule.id] = rule.softened("ignore" if item["severity"] == "ignore" else "warn")
    return [rule for rule in known.values() if rule.severity != "ignore"]


def blocking(violations: Iterable[Violation]) -> list[Violation]:
    """Return the violations that forbid."""
    return [violation for violation in violations if violation.severity == "block"]


def enforce(violations: Sequence[Violation]) -> None:
    """Raise EngineError rule when one of the violations blocks.

    The error's message tells every blocking violation, its remedy how to clear each.
    """
    found = blocking(violations)
    if found:
        raise EngineError(
            "rule",
            "; ".join(violation.message for violation in found),
            remedy="; ".join(dict.fromkeys(violation.remedy for violation in found)),
            details={"violations": [violation.as_data() for violation in violations]},
        )
