#!/usr/bin/python
# Copyright: (c) 2026, lifeboat.ovirt contributors
# GNU General Public License v3.0+ (see LICENSES or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: backup_guard
short_description: Ask the rules of backup domains before acting
version_added: 0.1.0
description:
  - Judges actions that somebody intends by the rules of the feature, and fails when one of them is forbidden.
  - Most of these actions the engine would simply do. Put this in front of a task of another collection.
  - All actions are judged by one reading of the site. They are judged as things are now, each for itself.
author:
  - lifeboat.ovirt contributors (@lifeboat-ovirt)
extends_documentation_fragment:
  - lifeboat.ovirt.auth
  - lifeboat.ovirt.auth.attributes
  - lifeboat.ovirt.rules
attributes:
  check_mode:
    support: full
    details: Reads only.
  diff_mode:
    support: none
    details: Changes nothing.
  action_group:
    support: full
options:
  actions:
    description: What is intended.
    type: list
    elements: dict
    required: true
    suboptions:
      action:
        description:
          - What shall be done.
          - V(configure_backup), V(switch_master), V(create_lease), V(move_lease), V(create_vm), V(create_disk) and
            V(create_vm_pool) need O(actions[].storage_domains), the domains that it is done to or on.
          - V(start_vm), V(preview_snapshot), V(memory_snapshot) and V(suspend_vm) need O(actions[].vms).
          - V(attach_disk) and V(hot_plug_disk) need O(actions[].disks). The second means the unplugging too.
          - V(live_move_disk) needs O(actions[].disks), and in O(actions[].storage_domains) where they shall go.
          - V(change_data), which is every resize, snapshot deletion, merge, commit, restore, upload, sparsifying and
            deletion, needs O(actions[].disks) or O(actions[].vms) or both.
          - V(attach_domain) needs O(actions[].storage_domains) and O(actions[].data_center).
        type: str
        required: true
        choices:
          - configure_backup
          - start_vm
          - preview_snapshot
          - live_move_disk
          - switch_master
          - memory_snapshot
          - suspend_vm
          - attach_disk
          - hot_plug_disk
          - create_lease
          - move_lease
          - create_vm
          - create_disk
          - create_vm_pool
          - change_data
          - attach_domain
      storage_domains:
        description: Names or ids of storage domains.
        type: list
        elements: str
      vms:
        description: Names or ids of VMs.
        type: list
        elements: str
      disks:
        description: Names or ids of disks.
        type: list
        elements: str
      data_center:
        description: Name or id of a data center.
        type: str
  report_only:
    description: Whether to return the violations without failing.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Make sure that this maintenance touches no backup
  lifeboat.ovirt.backup_guard:
    actions:
      - action: memory_snapshot
        vms: [db, app]
      - action: live_move_disk
        disks: [db_Disk1]
        storage_domains: [fast]
"""

RETURN = r"""
allowed:
  description: Whether no action is forbidden.
  returned: success, and when a rule forbids an action
  type: bool
actions:
  description: Every action on every subject.
  returned: success, and when a rule forbids an action
  type: list
  elements: dict
  contains:
    action:
      description: What is intended.
      type: str
    subject:
      description: What it is intended for.
      type: str
      sample: VM db
    allowed:
      description: Whether no rule forbids it.
      type: bool
    violations:
      description: Violated rules, each with C(rule), C(severity), C(subject), C(message) and C(remedy).
      type: list
      elements: dict
violations:
  description: The violations of all actions.
  returned: success, and when a rule forbids an action
  type: list
  elements: dict
lines:
  description: The same, one line each.
  returned: success, and when a rule forbids an action
  type: list
  elements: str
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

from ..module_utils.allowance import check
from ..module_utils.ansible_glue import auth_spec, reported, rules_spec, session
from ..module_utils.rules.catalogue import ACTIONS


def main() -> None:
    names = {"type": "list", "elements": "str"}
    spec = {
        **auth_spec(),
        **rules_spec(),
        "actions": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": {
                "action": {"type": "str", "required": True, "choices": list(ACTIONS)},
                "storage_domains": names,
                "vms": names,
                "disks": names,
                "data_center": {"type": "str"},
            },
        },
        "report_only": {"type": "bool", "default": False},
    }
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    with reported(module) as stopwatch, session(module.params, check_mode=module.check_mode) as engine:
        options = {name: value for name, value in module.params.items() if name != "auth"}
        result = check(engine, **options)
    module.exit_json(**result, **stopwatch.times)


if __name__ == "__main__":
    main()
