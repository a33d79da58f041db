# SPDX-License-Identifier: GPL-3.0-or-later
"""Write docs/rules.md from the catalogue of rules."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
PAGE = TOP / "docs" / "rules.md"
sys.path.insert(0, str(TOP))

from plugins.module_utils.rules.catalogue import CATALOGUE  # noqa: E402
from plugins.module_utils.rules.rule import Rule  # noqa: E402

_HEAD = """\
<!-- Written by tools/rules_page.py from plugins/module_utils/rules. -->

# The rules of a backup domain

An engine holds only a part of what the backup storage domain feature promises. This collection holds all of it:
`backup_domain` before it sets the flag, `backup_guard` before anybody acts, `backup_domain_info` on what is there.

A rule either **blocks** or **warns**. One that the engine does not enforce can be softened for a task:

```yaml
rules:
  - {id: backup.shareable_disks, severity: warn, reason: the cluster that shares it moves next week}
```

A VM whose template has a copy of its disk on a backup domain runs all the same, as long as its own disks lie elsewhere.
The compatibility version of the data center does not matter, and a backup domain is detached and attached like every
data domain.
"""
_GUARDIANS = {"both": "engine and collection", "engine": "engine", "collection": "collection"}
_TITLES = {True: "Being a backup domain", False: "Acting on a backup domain"}


def outcome(rule: Rule) -> str:
    """Return what the collection does about a violation."""
    audited = rule.audit
    if audited is None or audited.severity == rule.severity:
        return f"{rule.severity}s"
    return f"{rule.severity}s; {audited.severity}s in the audit"


def render(rules: Iterable[Rule]) -> str:
    """Return the page for some rules."""
    lines = [_HEAD]
    for configuring, group in groupby(rules, lambda rule: rule.action == "configure_backup"):
        lines += [f"## {_TITLES[configuring]}\n"]
        lines += [line for rule in group for line in _section(rule)]
    lines += ["## Who does what\n", "| rule | the engine alone | the collection |", "|---|---|---|"]
    lines += [f"| `{rule.id}` | {rule.alone} | {outcome(rule)} |" for rule in rules]
    return "\n".join(lines) + "\n"


def _section(rule: Rule) -> Iterator[str]:
    yield f"### {rule.id}\n"
    yield f"{rule.sentence}\n"
    yield f"- Action of `backup_guard`: `{rule.action}`"
    yield f"- Severity: {outcome(rule)}"
    yield f"- Enforced by: {_GUARDIANS[rule.enforced_by]}"
    yield f"- Remedy: {rule.remedy}\n"


if __name__ == "__main__":
    PAGE.write_text(render(CATALOGUE), encoding="utf-8")
