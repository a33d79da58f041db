#!/usr/bin/python
# Copyright: (c) 2026, lifeboat.ovirt contributors
# GNU General Public License v3.0+ (see LICENSES or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: vm_power
short_description: Start or shut down VMs in boot groups
version_added: 0.1.0
description:
  - Starts VMs group by group, each group when the one before it is up, or shuts them down in the reverse order.
  - The rule that a VM with a disk or its lease on a backup domain is not started is checked for all VMs before the
    first start.
  - A shutdown asks the guest; nothing is ever powered off.
author:
  - lifeboat.ovirt contributors (@lifeboat-ovirt)
extends_documentation_fragment:
  - lifeboat.ovirt.auth
  - lifeboat.ovirt.auth.attributes
attributes:
  check_mode:
    support: full
    details: Tells which VMs would be started or shut down and sends nothing.
  diff_mode:
    support: full
    details: Shows the status of each VM.
  action_group:
    support: full
options:
  groups:
    description: The groups, in boot order.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: What messages call the group.
        type: str
      vms:
        description: Names or ids of the VMs that start together.
        type: list
        elements: str
        required: true
  state:
    description: Whether the VMs shall run.
    type: str
    choices: [running, stopped]
    default: running
  on_failure:
    description: Whether the groups after one with a failed VM are left alone or take their turn all the same.
    type: str
    choices: [stop, continue]
    default: stop
  concurrency:
    description: How many requests are sent side by side within a group.
    type: int
    default: 8

  timeout:
    description: Seconds to wait for each group.
    type: int
    default: 600
  poll_interval:
    description: Longest time in seconds between two reads while waiting.
    type: float
    default: 3
"""

EXAMPLES = r"""
- name: Start the databases, then what needs them
  lifeboat.ovirt.vm_power:
    groups:
      - name: databases
        vms: [db]
      - name: applications
        vms: [app, web]
"""

RETURN = r"""
entities:
  description: What became of each VM.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: Identifier of the entity.
      type: str
    name:
      description: Name of the entity.
      type: str
    outcome:
      description: One of V(succeeded), V(failed), V(skipped) and V(unknown). In check mode V(succeeded) means that
        it would be done.
      type: str
    reason:
      description: Why it came out like this.
      type: str
    remedy:
      description: How to clear a failure.
      type: str
counts:
  description: How many entities have each outcome.
  returned: always
  type: dict
  sample: {succeeded: 2, failed: 0, skipped: 1, unknown: 0}
elapsed:
  description: Seconds that the work took.
  returned: always
  type: float
  sample: 12.34
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.ansible_glue import auth_spec, reported, session
from ..module_utils.power import ensure


def main() -> None:
    spec = {
        **auth_spec(),
        "groups": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": {
                "name": {"type": "str"},
                "vms": {"type": "list", "elements": "str", "required": True},
            },
        },
        "state": {"type": "str", "choices": ["running", "stopped"], "default": "running"},
        "on_failure": {"type": "str", "choices": ["stop", "continue"], "default": "stop"},
        "concurrency": {"type": "int", "default": 8},
        "timeout": {"type": "int", "default": 600},
        "poll_interval": {"type": "float", "default": 3},
    }
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    with reported(module) as stopwatch, session(module.params, check_mode=module.check_mode) as engine:
        options = {name: value for name, value in module.params.items() if name != "auth"}
        result = ensure(engine, **options, check_mode=module.check_mode)
    module.exit_json(**result, elapsed=stopwatch.seconds)


if __name__ == "__main__":
    main()
