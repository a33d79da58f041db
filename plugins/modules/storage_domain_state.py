#!/usr/bin/python
# Copyright: (c) 2026, lifeboat.ovirt contributors
# GNU General Public License v3.0+ (see LICENSES or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: storage_domain_state
short_description: Move existing storage domains through their states
version_added: 0.1.0
description:
  - Activates storage domains, puts them into maintenance, attaches, detaches, removes or destroys them.
  - It never creates a domain, so a mistyped name is an error. It never formats one unless O(format=true), and does not
    detach a local one, which the engine would erase.
  - What is in the way is looked for before the first change, for all domains at once; then nothing is changed.
  - A domain that leaves has its OVF stores written first, so that what lies on it can be registered elsewhere.
  - What the engine is doing with a domain is waited for, and what it does with the disks there, unless the domain is to
    be destroyed.
  - Several domains go at a time; the master of a data center leaves after all others and comes back before them.
  - VMs and templates that lie on nothing but a domain leave the engine when it is detached, and come back with it.
    A VM of which only some disks lie there loses these, with a warning.
  - None is detached before all that have VMs in common with it are in maintenance, so that their OVF stores name all
    disks of a VM. Only the OVF store of a master, which the engine lets leave after all others, does not name those on
    the others any more.
author:
  - lifeboat.ovirt contributors (@lifeboat-ovirt)
extends_documentation_fragment:
  - lifeboat.ovirt.auth
  - lifeboat.ovirt.auth.attributes
  - lifeboat.ovirt.partial
attributes:
  check_mode:
    support: full
    details: Tells the steps and sends none of them.
  diff_mode:
    support: full
    details: Shows what changes.
  action_group:
    support: full
options:
  storage_domains:
    description:
      - Names or ids of the storage domains.
      - For O(state=removed) and O(state=destroyed) the id of a domain that the engine does not know any more is no
        change; a name always has to exist.
    type: list
    elements: str
    required: true
  state:
    description:
      - The state to reach.
      - V(unattached) is detached from its data center, V(removed) is unknown to the engine with its content kept.
      - V(destroyed) makes the engine forget a domain without touching the storage, which may be lost. An active domain
        is not destroyed, nor one that VMs run from, which would go on running unknown to the engine.
    type: str
    choices: [active, maintenance, unattached, removed, destroyed]
    default: active
  data_center:
    description: Name or id of the data center to attach an unattached domain to. Others have to be in it.
    type: str
  host:
    description: Name or id of the host to remove a domain with, by default any host that is up.
    type: str
  format:
    description: Whether O(state=removed) also erases the content of the storage.
    type: bool
    default: false
  shutdown_vms:
    description:
      - Whether the guests of VMs that run from a domain that goes into maintenance, or is destroyed, are shut down
        first, within O(timeout) seconds. The hosted engine never is.
    type: bool
    default: false
  concurrency:
    description: How many domains are worked on at a time.
    type: int
    default: 8
  timeout:
    description: Seconds to wait for the shutdowns, and for each step of each domain.
    type: int
    default: 600
  poll_interval:
    description: Longest time in seconds between two reads while waiting.
    type: float
    default: 3
"""

EXAMPLES = r"""
- name: Hand two storage domains over to another site
  lifeboat.ovirt.storage_domain_state:
    storage_domains: [vault, archive]
    state: unattached
    shutdown_vms: true
"""

RETURN = r"""
steps:
  description: What was done with each domain, or would be done in check mode.
  returned: always
  type: list
  elements: dict
  sample: [{action: update_ovf_store, storage_domain: vault}, {action: deactivate, storage_domain: vault}]
vms_shut_down:
  description: Names of the VMs that were shut down.
  returned: always
  type: list
  elements: str
  sample: [web]
entities:
  description: What became of each domain.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: Identifier of the domain.
      type: str
    name:
      description: Name of the domain, null for one that is gone.
      type: str
    outcome:
      description: One of V(succeeded), V(failed), V(skipped) and V(unknown). In check mode V(succeeded) means that
        it would be done, and V(unknown) that the engine is at work on it.
      type: str
    reason:
      description: Why it came out like this.
      type: str
    remedy:
      description: How to clear a failure.
      type: str
counts:
  description: How many domains have each outcome.
  returned: always
  type: dict
  sample: {succeeded: 2, failed: 0, skipped: 1, unknown: 0}
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

from ..module_utils.ansible_glue import auth_spec, partial_spec, reported, session, subset, warned
from ..module_utils.domain_state import ensure
from ..module_utils.state_plan import STATES


def main() -> None:
    spec = {
        **auth_spec(),
        **partial_spec(),
        "storage_domains": {"type": "list", "elements": "str", "required": True},
        "state": {"type": "str", "choices": list(STATES), "default": "active"},
        "data_center": {"type": "str"},
        "host": {"type": "str"},
        "format": {"type": "bool", "default": False},
        "shutdown_vms": {"type": "bool", "default": False},
        "concurrency": {"type": "int", "default": 8},
        "timeout": {"type": "int", "default": 600},
        "poll_interval": {"type": "float", "default": 3},
    }
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    with reported(module) as stopwatch, session(module.params, check_mode=module.check_mode) as engine:
        names = ("storage_domains", "state", "data_center", "host", "shutdown_vms", "concurrency")
        result = ensure(
            engine,
            **subset(module.params, *names, "timeout", "poll_interval"),
            format_storage=module.params["format"],
            check_mode=module.check_mode,
        )
    module.exit_json(**warned(module, result), **stopwatch.times)


if __name__ == "__main__":
    main()
