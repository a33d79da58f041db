# SPDX-License-Identifier: GPL-3.0-or-later
"""What arrived, and what is to go wrong on purpose."""

from __future__ import annotations

import re
import threading
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

API = "/ovirt-engine/api"
Action = Literal["status", "reset_before", "reset_after", "hang"]

# What a check mode may send: everything else counts as a write.
_HARMLESS = re.compile(
    rf"GET .*|HEAD .*|POST /ovirt-engine/(sso|services)/.*"
    rf"|POST {API}(/v4)?/hosts/[^/]+/(iscsidiscover|discoveriscsi)"
    rf"|POST {API}(/v4)?/storagedomains/[^/]+/isattached"
)


@dataclass
class Entry:
    """A request that arrived; `status` is None while, or because, nobody got an answer, of `answered` bytes."""

    method: str
    path: str
    query: str
    correlation_id: str
    body: str
    user_agent: str = ""
    status: int | None = None
    answered: int = 0

    @property
    def writes(self) -> bool:
        """Tell whether this is more than logging in and looking."""
        return _HARMLESS.fullmatch(f"{self.method} {self.path}") is None


@dataclass
class Rule:
    """What happens to some requests: the `at`-th match and the following ones, `times` in all (0: no end).

    The path is a template below the API's root, or absolute: a part in braces stands for any one part.
    """

    method: str
    path: str
    action: Action
    at: int = 1
    times: int = 1
    status: int = 503
    detail: str = ""
    seen: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        absolute = self.path if self.path.startswith("/ovirt-engine") else f"{API}{self.path.rstrip('/')}"
        parts = [r"[^/]+" if part.startswith("{") else re.escape(part) for part in absolute.split("/")]
        self._pattern = re.compile("/".join(parts))

    def applies(self, method: str, path: str) -> bool:
        """Count a request if it matches; tell whether it is the rule's turn."""
        if method != self.method or self._pattern.fullmatch(path.partition(";")[0]) is None:
            return False
        self.seen += 1
        return self.seen >= self.at and (self.times == 0 or self.seen < self.at + self.times)


class Mishaps:
    """The rules in force, asked once for each request."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self._turn = threading.Lock()

    def add(self, method: str, path: str, action: Action, **options: Any) -> Rule:
        """Add a rule; options are the other fields of Rule."""
        rule = Rule(method, path, action, **options)
        with self._turn:
            self._rules.append(rule)
        return rule

    def clear(self) -> None:
        """Let everything go well again."""
        with self._turn:
            self._rules.clear()

    def meet(self, method: str, path: str) -> Rule | None:
        """Return the rule that a request falls under; every matching rule counts it."""
        with self._turn:
            applying = [rule for rule in self._rules if rule.applies(method, path)]
        return applying[0] if applying else None

    def describe(self) -> list[dict[str, Any]]:
        """Return the rules as JSON data."""
        with self._turn:
            return [asdict(rule) for rule in self._rules]
