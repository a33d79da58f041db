# SPDX-License-Identifier: GPL-3.0-or-later
"""All rules of the feature, and the judgement of an action or of the present state by them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..model.site import Domain, Site
from . import acting, configuring
from .rule import Rule, Violation, soften

CATALOGUE: tuple[Rule, ...] = configuring.RULES + acting.RULES
ACTIONS = tuple(dict.fromkeys(rule.action for rule in CATALOGUE))


def judge(
    site: Site, action: str, subject: Any, label: str, softened: Sequence[Mapping[str, str]] | None = None
) -> list[Violation]:
    """Return what an action on a subject would violate, by the rules as the caller softened them."""
    rules = [rule for rule in soften(CATALOGUE, softened) if rule.action == action]
    return [violation for rule in rules for violation in rule.violations(site, subject, label)]


def audit(site: Site, domain: Domain, softened: Sequence[Mapping[str, str]] | None = None) -> list[Violation]:
    """Return every rule that the present state of a backup domain violates."""
    return [violation for rule in soften(CATALOGUE, softened) for violation in rule.standing(site, domain)]
