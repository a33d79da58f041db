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
  - A domain that is a backup domain already stays one. What it violates by now is told as a warning.
author:
  - lifeboat.ovirt contributors (@lifeboat-ovirt)
extends_documentation_fragment:
  - lifeboat.ovirt.auth
  - lifeboat.ovirt.auth.attributes
  - lifeboat.ovirt.rules
attributes:
  check_mode:
    support: full
    details: Checks every rule and sends no change.
  diff_mode:
    support: full
    details: Shows the flag and the master role of each domain that changes.
  action_group:
    support: full
options:
  storage_domains:
    description: Names or ids of the storage domains. For O(state=disabled) the id of a domain that the engine does not
      know is no change.
    type: list
    elements: str
    required: true
  state:
    description: Whether they shall be backup domains.
    type: str
    choices: [enabled, disabled]
    default: enabled
  data_center:
    description:
      - Name or id of the data center that the domains have to be attached to.
      - Tells domains of equal names apart.
    type: str
  switch_master:
    description:
      - Whether another active data domain that is no backup takes over, where one of the domains is the master of its
        data center.
      - The engine can do this from compatibility version 4.5 of the data center on. Below, the module ends with
        RV(ignore:error_kind=rejected) before any change, and RV(ignore:remedy) says how to go through maintenance.
    type: bool
    default: false
  shutdown_vms:
    description:
      - Whether the VMs that run from the domains or hold a lease there are shut down first.
      - Their guests are asked. Nothing is ever powered off, and a suspended VM stays in the way.
    type: bool
    default: false
  timeout:
    description: Seconds to wait for the shutdowns, and for each switch of the master.
    type: int
    default: 600
  poll_interval:
    description: Longest time in seconds between two reads while waiting.
    type: float
    default: 3
"""

EXAMPLES = r"""
- name: Keep the vault for backups
  lifeboat.ovirt.backup_domain:
    storage_domains: [vault]

- name: Keep it for backups although VMs run from it and it is the master
  lifeboat.ovirt.backup_domain:
    storage_domains: [vault]
    data_center: east
    switch_master: true
    shutdown_vms: true

- name: Keep a shareable disk there for the time being
  lifeboat.ovirt.backup_domain:
    storage_domains: [vault]
    rules:
      - id: backup.shareable_disks
        severity: warn
        reason: the cluster that shares it moves next week

- name: Run VMs from the vault again
  lifeboat.ovirt.backup_domain:
    storage_domains: [vault]
    state: disabled
"""

RETURN = r"""
storage_domains:
  description: Every named domain. In check mode, as it would be.
  returned: success, and when a rule forbids the change
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
      description: Its C(backup) flag and whether it was C(master).
      type: dict
      sample: {backup: false, master: true}
    after:
      description: The same now.
      type: dict
      sample: {backup: true, master: false}
    violations:
      description: Rules that forbid the change, each with C(rule), C(severity), C(subject), C(message) and C(remedy).
      type: list
      elements: dict
    warnings:
      description: Violated rules that do not forbid it, in the same form.
      type: list
      elements: dict
    actions:
      description: What was done to it.
      type: list
      elements: str
      sample: [set the backup flag]
vms_shut_down:
  description: Names of the VMs that were shut down.
  returned: success, and when a rule forbids the change
  type: list
  elements: str
violations:
  description: Every violated rule of all domains, forbidding or not.
  returned: success, and when a rule forbids the change
  type: list
  elements: dict
began:
  description: When the work began, UTC.
  returned: always
  type: str
  sample: "2031-05-04T03:00:00.00Z"
elapsed:
  description: Seconds that the work took.
  returned: always
  type: float
  sample: 12.34
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.ansible_glue import auth_spec, reported, rules_spec, session
from ..module_utils.backup import configure


def main() -> None:
    spec = {
        **auth_spec(),
        **rules_spec(),
        "storage_domains": {"type": "list", "elements": "str", "required": True},
        "state": {"type": "str", "choices": ["enabled", "disabled"], "default": "enabled"},
        "data_center": {"type": "str"},
        "switch_master": {"type": "bool", "default": False},
        "shutdown_vms": {"type": "bool", "default": False},
        "timeout": {"type": "int", "default": 600},
        "poll_interval": {"type": "float", "default": 3},
    }
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    with reported(module) as stopwatch, session(module.params, check_mode=module.check_mode) as engine:
        options = {name: value for name, value in module.params.items() if name != "auth"}
        result = configure(engine, **options, check_mode=module.check_mode)
    for violation in result["violations"]:
        module.warn(violation["message"])
    module.exit_json(**result, **stopwatch.times)


if __name__ == "__main__":
    main()
