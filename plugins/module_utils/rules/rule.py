# SPDX-License-Identifier: GPL-3.0-or-later
"""What a rule is, and what its violation tells."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from ..engine.errors import EngineError
from ..model.site import Site

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


@dataclass(frozen=True)
class Finding:
    """What a check sees: the half of a violation that differs from case to case."""

    message: str
    remedy: str


@dataclass(frozen=True)
class Rule:
    """A restriction of the feature.

    `action` is what it restricts, in the vocabulary of the guard. `check` is a pure function of the site and of the
    subject of the action (a Domain to configure, a Vm to start, ...). `enforced_by` says who else holds the rule:
    what the engine enforces, too, cannot be softened.
    """

    id: str
    action: str
    sentence: str
    enforced_by: Guardian
    severity: Severity
    check: Callable[[Site, Any], Iterable[Finding]]

    def violations(self, site: Site, subject: Any, label: str) -> list[Violation]:
        """Return the violations of this rule by a subject; label is how messages call it."""
        return [
            Violation(self.id, self.severity, label, finding.message, finding.remedy)
            for finding in self.check(site, subject)
        ]


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
            raise EngineError("invalid", f"rules: {rule.id} is enforced by the engine and cannot be softened")
        if not item.get("reason", "").strip():
            raise EngineError("invalid", f"rules: softening {rule.id} needs a reason")
        severity: Severity = "ignore" if item["severity"] == "ignore" else "warn"
        known[rule.id] = replace(rule, severity=severity)
    return [rule for rule in known.values() if rule.severity != "ignore"]


def enforce(violations: Sequence[Violation]) -> None:
    """Raise EngineError rule when one of the violations blocks.

    The error's message tells every blocking violation, its remedy how to clear each.
    """
    blocking = [violation for violation in violations if violation.severity == "block"]
    if blocking:
        raise EngineError(
            "rule",
            "; ".join(violation.message for violation in blocking),
            remedy="; ".join(dict.fromkeys(violation.remedy for violation in blocking)),
            details={"violations": [violation.as_data() for violation in violations]},
        )
