#!/usr/bin/python
# Copyright: (c) 2026, lifeboat.ovirt contributors
# GNU General Public License v3.0+ (see LICENSES or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: backup_transfer
short_description: Move or copy VMs and templates to a backup domain in one step
version_added: 0.1.0
description:
  - Brings VMs and templates to a backup domain, and has its OVF stores written, so that it can be imported elsewhere at
    once.
  - C(method=move) moves every image disk of a VM with all snapshots. The VM has to be down, and stays down.
  - C(method=copy) makes an independent VM with the disks, NICs and settings of the source, without its snapshots. It is
    not highly available, has no lease and MAC addresses of its own, and is not started. Its description keeps of which
    VM it is a copy, and since when. A VM that runs is copied through a snapshot that is removed afterwards.
  - A template's disk is copied to the target; a move then removes the source copy where no thin VM needs it.
  - Everything that stands in the way, of all entities, is told before anything begins, lack of room included; see
    O(on_obstacle).
  - A run that broke off is gone on with by the next one with the same options. It makes what is missing, finishes or
    removes copies that are half made, and removes snapshots that are left; the request to write the OVF stores is sent
    again, and the engine writes what has changed.
  - A direct LUN has no image and stays where it is, with a warning.
author:
  - lifeboat.ovirt contributors (@lifeboat-ovirt)
extends_documentation_fragment:
  - lifeboat.ovirt.auth
  - lifeboat.ovirt.auth.attributes
  - lifeboat.ovirt.partial
  - lifeboat.ovirt.rules
attributes:
  check_mode:
    support: full
    details: Tells what would be transferred and sends nothing.
  diff_mode:
    support: full
    details: Shows on which domains the disks of each entity are, and which copies are made.
  action_group:
    support: full
options:
  method:
    description: Whether the VMs move or are copied.
    type: str
    choices: [move, copy]
    required: true
  vms:
    description: Names or ids of the VMs.
    type: list
    elements: str
    default: []
  vms_on:
    description: Names or ids of storage domains; all VMs with a disk there are meant, which may be none.
    type: list
    elements: str
    default: []
  vm_search:
    description:
      - A search in the language of the engine for further VMs, such as C(cluster=prod and tag=backup).
      - Refused where the engine would misread it, and where it finds nothing. Backup copies and the hosted engine are
        never meant.
    type: str
  templates:
    description: Names or ids of the templates.
    type: list
    elements: str
    default: []
  template_search:
    description: A search like O(vm_search) for further templates.
    type: str
  storage_domains:
    description:
      - Names or ids of the targets. Of several, each entity goes to the one with most free space on which it fits, or
        to the one on which some of it is already.
    type: list
    elements: str
    required: true
  name_template:
    description:
      - How copies are called. C({name}) and C({id}) are those of the source, C({stem}) is its name up to the last
        hyphen, and C({date:...}) is when the copy began, in UTC and in a form of strftime.
    type: str
    default: "{name}-{date:%Y%m%d-%H%M}"
  repeat_after:
    description:
      - For how many seconds a complete copy on one of the targets makes another copy of its source needless.
      - It lets a run make only what the broken run before it did not. V(0) makes another copy in any case.
    type: int
    default: 43200
  include_templates:
    description: Whether templates that VMs to be moved stand on are copied to their target first.
    type: bool
    default: false
  memory_snapshots:
    description:
      - What becomes of snapshots with memory when their VM moves. The memory does not move along, and without it the VM
        cannot be registered elsewhere.
      - V(refuse) refuses the move. V(delete) deletes the memory, or the snapshot where the engine keeps its memory.
    type: str
    choices: [refuse, delete]
    default: refuse
  shutdown_vms:
    description: Whether VMs that are to be moved and run are shut down by their guest.
    type: bool
    default: false
  shutdown_timeout:
    description: Seconds that the guests have for that. A VM that is not down then fails, and stays where it is.
    type: int
    default: 600
  allow_non_backup:
    description: Whether a target may be a domain that is no backup domain.
    type: bool
    default: false
  on_obstacle:
    description:
      - What to do where something stands in the way of some entities.
      - V(stop) names every obstacle and transfers nothing.
      - V(leave_out) transfers the others; those with an obstacle fail with it.
    type: str
    choices: [stop, leave_out]
    default: stop
  concurrency:
    description: How many disks go to each target side by side.
    type: int
    default: 2
  timeout:
    description: Seconds to wait for each VM or disk.
    type: int
    default: 3600
  poll_interval:
    description: Seconds between two reads while waiting; one read serves all VMs.
    type: float
    default: 3
"""

EXAMPLES = r"""
- name: Back up what is tagged for it
  lifeboat.ovirt.backup_transfer:
    method: copy
    vm_search: cluster=prod and tag=backup
    storage_domains: [vault1, vault2]

- name: Put two VMs and the template that they stand on away
  lifeboat.ovirt.backup_transfer:
    method: move
    vms: [db, app]
    include_templates: true
    shutdown_vms: true
    storage_domains: [vault1]
"""

RETURN = r"""
entities:
  description: What became of each VM and template, and of each target whose OVF stores could not be written.
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
transfers:
  description: What was planned, the biggest first.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: Identifier of the VM or template.
      type: str
    name:
      description: Its name.
      type: str
    kind:
      description: V(vm) or V(template).
      type: str
    storage_domain:
      description: Name of the target.
      type: str
    copy:
      description: Name of the copy, none for a move and for a template.
      type: str
    size:
      description: Bytes that the target has to take in.
      type: int
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

from ..module_utils.ansible_glue import auth_spec, partial_spec, reported, rules_spec, session, warned
from ..module_utils.transfer.run import transfer


def main() -> None:
    spec = {
        **auth_spec(),
        **partial_spec(),
        **rules_spec(),
        "method": {"type": "str", "choices": ["move", "copy"], "required": True},
        "vms": {"type": "list", "elements": "str", "default": []},
        "vms_on": {"type": "list", "elements": "str", "default": []},
        "vm_search": {"type": "str"},
        "templates": {"type": "list", "elements": "str", "default": []},
        "template_search": {"type": "str"},
        "storage_domains": {"type": "list", "elements": "str", "required": True},
        "name_template": {"type": "str", "default": "{name}-{date:%Y%m%d-%H%M}"},
        "repeat_after": {"type": "int", "default": 43200},
        "include_templates": {"type": "bool", "default": False},
        "memory_snapshots": {"type": "str", "choices": ["refuse", "delete"], "default": "refuse"},
        "shutdown_vms": {"type": "bool", "default": False},
        "shutdown_timeout": {"type": "int", "default": 600},
        "allow_non_backup": {"type": "bool", "default": False},
        "on_obstacle": {"type": "str", "choices": ["stop", "leave_out"], "default": "stop"},
        "concurrency": {"type": "int", "default": 2},
        "timeout": {"type": "int", "default": 3600},
        "poll_interval": {"type": "float", "default": 3},
    }
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    with reported(module) as stopwatch, session(module.params, check_mode=module.check_mode) as engine:
        options = {name: value for name, value in module.params.items() if name not in ("auth", "on_partial")}
        result = transfer(engine, **options, check_mode=module.check_mode)
    module.exit_json(**warned(module, result), **stopwatch.times)


if __name__ == "__main__":
    main()
