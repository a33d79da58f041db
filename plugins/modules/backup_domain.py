#!/usr/bin/python
# Copyright: (c) 2026, lifeboat.ovirt contributors
# GNU General Public License v3.0+ (see LICENSES or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: backup_domain
short_description: Configure storage domains as backup
version_added: 0.1.0
description:
  - Sets or clears the backup flag of storage domains, after checking every rule of the feature, also those that the
    engine does not hold.
  - A list of domains is judged as the site would be after all of its changes. Nothing changes unless all of them
    are allowed.
  - Clearing the flag is always possible.
author:
  - lifeboat.ovirt contributors (@lifeboat-ovirt)
extends_documentation_fragment:
  - lifeboat.ovirt.auth
  - lifeboat.ovirt.auth.attributes
attributes:
  check_mode:
    support: full
    details: Checks every rule and sends no change.
  diff_mode:
    support: full
    details: Shows the flag of each domain.
  action_group:
    support: full
options:
  storage_domains:
    description: Names or ids of the storage domains.
    type: list
    elements: str
    required: true
  state:
    description: Whether they shall be backup domains.
    type: str
    choices: [enabled, disabled]
    default: enabled
  data_center:
    description: Name or id of the data center that the domains have to be attached to.
    type: str
  rules:
    description: Rules to soften. What the engine itself enforces cannot be softened.
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

EXAMPLES = r"""
- name: Keep the vault for backups
  lifeboat.ovirt.backup_domain:
    storage_domains: [vault]

- name: Run VMs from the vault again
  lifeboat.ovirt.backup_domain:
    storage_domains: [vault]
    state: disabled
"""

RETURN = r"""
storage_domains:
  description: Every named domain.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Identifier of the domain.
      type: str
    name:
      description: Name of the domain.
      type: str
    before:
      description: Whether it was a backup domain.
      type: bool
    after:
      description: Whether it is one now.
      type: bool
    violations:
      description: Softened rules that it violates.
      type: list
      elements: dict
violations:
  description: Every violated rule with its C(rule), C(severity), C(subject), C(message) and C(remedy).
  returned: when a rule forbids the change
  type: list
  elements: dict
elapsed:
  description: Seconds that the work took.
  returned: always
  type: float
  sample: 12.34
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.ansible_glue import auth_spec, reported, session, subset
from ..module_utils.backup import configure


def main() -> None:
    spec = {
        **auth_spec(),
        "storage_domains": {"type": "list", "elements": "str", "required": True},
        "state": {"type": "str", "choices": ["enabled", "disabled"], "default": "enabled"},
        "data_center": {"type": "str"},
        "rules": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {
                "id": {"type": "str", "required": True},
                "severity": {"type": "str", "choices": ["warn", "ignore"], "required": True},
                "reason": {"type": "str", "required": True},
            },
        },
    }
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    with reported(module) as stopwatch, session(module.params, check_mode=module.check_mode) as engine:
        options = subset(module.params, "storage_domains", "state", "data_center", "rules")
        result = configure(engine, **options, check_mode=module.check_mode)
    for domain in result["storage_domains"]:
        for violation in domain["violations"]:
            module.warn(violation["message"])
    module.exit_json(**result, elapsed=stopwatch.seconds)


if __name__ == "__main__":
    main()
