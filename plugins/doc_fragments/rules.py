# SPDX-License-Identifier: GPL-3.0-or-later
"""How every module that judges by the rules of the feature documents the softening of one."""

from __future__ import annotations


class ModuleDocFragment:
    """The option rules (lifeboat.ovirt.rules)."""

    DOCUMENTATION = r"""
options:
  rules:
    description:
      - Rules to soften, each by its identifier. C(docs/rules.md) of the collection lists all of them.
      - What the engine itself enforces, too, cannot be softened.
    type: list
    elements: dict
    default: []
    suboptions:
      id:
        description: Identifier of the rule, for example V(backup.shareable_disks).
        type: str
        required: true
      severity:
        description: Whether a violation becomes a warning or is not looked at.
        type: str
        choices: [warn, ignore]
        required: true
      reason:
        description: Why this is right here.
        type: str
        required: true
"""
