#!/usr/bin/python
# Copyright: (c) 2026, lifeboat.ovirt contributors
# GNU General Public License v3.0+ (see LICENSES or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: backup_transfer
short_description: Move VMs and templates to a backup domain in one step
version_added: 0.1.0
description:
  - Moves every image disk of VMs and templates, with all snapshots, to one storage domain and writes its OVF store,
    so that it can be imported elsewhere at once.
  - A VM has to be down, and stays down. A disk of a template is copied, and its source copy removed where no thin
    VM needs it.
  - Everything that stands in the way, of all entities, is told before anything moves.
author:
  - lifeboat.ovirt contributors (@lifeboat-ovirt)
extends_documentation_fragment:
  - lifeboat.ovirt.auth
  - lifeboat.ovirt.auth.attributes
attributes:
  check_mode:
    support: full
    details: Tells what would move and sends nothing.
  diff_mode:
    support: full
    details: Shows on which domains the disks of each entity are.
  action_group:
    support: full
options:
  vms:
    description: Names or ids of the VMs.
    type: list
    elements: str
    default: []
  templates:
    description: Names or ids of the templates.
    type: list
    elements: str
    default: []
  storage_domain:
    description: Name or id of the target.
    type: str
    required: true
  allow_non_backup:
    description: Whether the target may be a domain that is no backup domain.
    type: bool
    default: false
  concurrency:
    description: How many VMs or templates move side by side.
    type: int
    default: 2

  timeout:
    description: Seconds to wait for each disk.
    type: int
    default: 3600
  poll_interval:
    description: Longest time in seconds between two reads while waiting.
    type: float
    default: 3
"""

EXAMPLES = r"""
- name: Back up two VMs and their template
  lifeboat.ovirt.backup_transfer:
    vms: [db, app]
    templates: [golden]
    storage_domain: vault
"""

RETURN = r"""
entities:
  description: What became of each VM and template.
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
from ..module_utils.transfer import move


def main() -> None:
    spec = {
        **auth_spec(),
        "vms": {"type": "list", "elements": "str", "default": []},
        "templates": {"type": "list", "elements": "str", "default": []},
        "storage_domain": {"type": "str", "required": True},
        "allow_non_backup": {"type": "bool", "default": False},
        "concurrency": {"type": "int", "default": 2},
        "timeout": {"type": "int", "default": 3600},
        "poll_interval": {"type": "float", "default": 3},
    }
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    with reported(module) as stopwatch, session(module.params, check_mode=module.check_mode) as engine:
        options = {name: value for name, value in module.params.items() if name != "auth"}
        result = move(engine, **options, check_mode=module.check_mode)
    module.exit_json(**result, elapsed=stopwatch.seconds)


if __name__ == "__main__":
    main()
