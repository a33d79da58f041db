#!/usr/bin/python
# Copyright: (c) 2026, lifeboat.ovirt contributors
# GNU General Public License v3.0+ (see LICENSES or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: recovery_plan_info
short_description: Read and check a recovery plan
version_added: 0.1.0
description:
  - Reads the YAML file of a recovery plan and checks all of it, without asking any engine. Every mistake is told with
    its place in the file. C(docs/recovery-plan.md) of the collection describes the format.
  - Given a source and a target site, it also returns what a recovery in that direction needs, in the options of the
    modules that carry it out. The roles of this collection work from that.
author:
  - lifeboat.ovirt contributors (@lifeboat-ovirt)
extends_documentation_fragment:
  - lifeboat.ovirt.auth
  - lifeboat.ovirt.auth.attributes
attributes:
  check_mode:
    support: full
    details: Changes nothing anyway.
  diff_mode:
    support: none
    details: Changes nothing.
  action_group:
    support: full
options:
  auth:
    description: Accepted, so that defaults for all modules can be given; no engine is asked.
  path:
    description: Path of the plan on the machine that runs the module.
    type: path
    required: true
  source:
    description: Name of the site that the workloads come from.
    type: str
  target:
    description: Name of the site that takes them over.
    type: str
  groups:
    description: Protection groups to look at; all of the plan when it is empty.
    type: list
    elements: str
    default: []
  manifest:
    description: Path of the manifest that M(lifeboat.ovirt.preflight_info) has written while the source lived. It tells
      what the searches of protection groups have found, which nobody can ask a lost site.
    type: path
  procedure:
    description: The procedure whose steps are told.
    type: str
    choices: [failover, planned_migration, failback, drill]
    default: failover
"""

EXAMPLES = r"""
- name: Check the plan
  lifeboat.ovirt.recovery_plan_info:
    path: /etc/dr/plan.yml

- name: See what a failover of the shop needs
  lifeboat.ovirt.recovery_plan_info:
    path: /etc/dr/plan.yml
    source: east
    target: west
    groups: [shop]
"""

RETURN = r"""
plan:
  description: Name, sites, protection groups and task files of the plan.
  returned: success
  type: dict
  sample:
    name: erp
    sites: [east, west]
    hooks: {before: {}, after: {}, rpo: /etc/dr/hooks/rpo.yml}
    groups:
      - name: shop
        storage_domains: [vault]
        boot_groups: [databases, front ends]
        vms: [db, web]
run:
  description: What a recovery from O(source) to O(target) needs, V(null) where they are not given.
  returned: success
  type: dict
  contains:
    storage_domains:
      description: As M(lifeboat.ovirt.storage_domain_import) takes them. All come as backup domains, so that nothing
        starts from one too early.
      type: list
      elements: dict
    targets:
      description: As M(lifeboat.ovirt.iscsi_login) takes them.
      type: list
      elements: dict
    registrations:
      description: Which VMs to register from which domains, as M(lifeboat.ovirt.entity_registration) takes them.
      type: list
      elements: dict
    mapping:
      description: What takes the place of what at the target.
      type: dict
    promote:
      description: Identifiers of the domains that stop being backup domains, so that VMs may run from them.
      type: list
      elements: str
    restore:
      description: From which backup domains the VMs go to which other domain before they start.
      type: list
      elements: dict
    boot_groups:
      description: As M(lifeboat.ovirt.vm_power) takes them.
      type: list
      elements: dict
    hooks:
      description: Absolute paths of the task files of the plan.
      type: dict
    on_error:
      description: V(fail), or V(warn) where all groups say so.
      type: str
steps:
  description: The steps of O(procedure) in words, in their order; empty without a direction.
  returned: success
  type: list
  elements: dict
  sample:
    - {phase: fence, step: make certain that east no longer writes to vault}
began:
  description: When the work began, UTC.
  returned: always
  type: str
  sample: "2031-05-04T03:00:00.00Z"
elapsed:
  description: Seconds that the work took.
  returned: always
  type: float
  sample: 0.02
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.ansible_glue import auth_spec, reported, subset
from ..module_utils.recovery.files import describe
from ..module_utils.recovery.plan import PHASES


def main() -> None:
    spec = {
        **auth_spec(),
        "path": {"type": "path", "required": True},
        "source": {"type": "str"},
        "target": {"type": "str"},
        "groups": {"type": "list", "elements": "str", "default": []},
        "procedure": {"type": "str", "choices": list(PHASES), "default": "failover"},
        "manifest": {"type": "path"},
    }
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    with reported(module) as stopwatch:
        options = subset(module.params, "source", "target", "groups", "procedure", "manifest")
        result = describe(module.params["path"], **options)
    module.exit_json(**result, **stopwatch.times)


if __name__ == "__main__":
    main()
