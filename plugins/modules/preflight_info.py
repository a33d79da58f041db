#!/usr/bin/python
# Copyright: (c) 2026, lifeboat.ovirt contributors
# GNU General Public License v3.0+ (see LICENSES or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: preflight_info
short_description: Judge beforehand how a recovery would go
version_added: 0.1.0
description:
  - Looks at both sites of a recovery plan, and names everything that would be in the way of a recovery from one to the
    other, with a remedy for each. That is logins, hosts, storage and the paths to it, what has to travel together, VMs
    that the plan has lost sight of, mappings, capacity, the rules of backup domains, and the age of the data.
  - It judges the registration of each VM and template of the plan as if their storage were at the target already.
  - A site that cannot be reached is a finding, too. What rests on it is not checked then.
  - Nothing is changed. The number of requests grows with the clusters, hosts, portals and searches, not with the VMs.
author:
  - lifeboat.ovirt contributors (@lifeboat-ovirt)
extends_documentation_fragment:
  - lifeboat.ovirt.auth
  - lifeboat.ovirt.auth.attributes
  - lifeboat.ovirt.rules
  - lifeboat.ovirt.source_auth
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
  source_auth:
    required: true
  auth:
    description: The engine of the site that takes over.
  path:
    description: Path of the recovery plan on the machine that runs the module.
    type: path
    required: true
  source:
    description: Name of the site that the workloads come from.
    type: str
    required: true
  target:
    description: Name of the site that takes them over.
    type: str
    required: true
  groups:
    description: Protection groups to look at; all of the plan when it is empty.
    type: list
    elements: str
    default: []
  procedure:
    description:
      - What is going to be done. A planned migration and a failback need the source to be alive, a failback cleans up
        what is left over at the target, a drill must find nothing of the plan there.
    type: str
    choices: [failover, planned_migration, failback, drill]
    default: failover
  rpo_seconds:
    description: How old the copy of the data is, as the storage array says.
    type: float
  rpo_limit:
    description: How old in seconds it may be.
    type: float
  manifest:
    description:
      - Whether to return a manifest for the day on which the source is gone. The OVF documents of all VMs are read for
        it, which takes an engine a few milliseconds each.
      - The documents also tell what the lists of the API do not, so that users, affinity and host devices are judged.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: How would a failover go?
  lifeboat.ovirt.preflight_info:
    auth: "{{ preflight_sites.west.auth }}"
    source_auth: "{{ preflight_sites.east.auth }}"
    path: /etc/dr/plan.yml
    source: east
    target: west
  register: preflight

- name: See what there is to do
  ansible.builtin.debug:
    var: preflight.lines
"""

RETURN = r"""
plan:
  description: Name of the plan.
  returned: success
  type: str
source:
  description: The site that the workloads come from.
  returned: success
  type: str
target:
  description: The site that takes them over.
  returned: success
  type: str
groups:
  description: The protection groups, with the VMs that each takes along now.
  returned: success
  type: list
  elements: dict
  sample: [{name: shop, vms: [db, web]}]
verdict:
  description: V(blocked) where something would not be recovered, V(degraded) where it would lack something or is at
    risk, else V(ready).
  returned: success
  type: str
score:
  description: From 0 to 100. Each kind of finding that blocks costs 20, and each that degrades 5.
  returned: success
  type: int
summary:
  description: The verdict in a sentence.
  returned: success
  type: str
findings:
  description: What was found, the worst first. More than ten of one kind at one site are one.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: What sort of defect it is.
      type: str
      sample: host_down
    severity:
      description: V(block), V(warn) or V(info).
      type: str
    site:
      description: Where, a site of the plan, or V(plan) for the plan itself.
      type: str
    subject:
      description: Of what.
      type: str
      sample: host west-h2
    message:
      description: What was found.
      type: str
    remedy:
      description: What to do.
      type: str
lines:
  description: The same, a line each.
  returned: success
  type: list
  elements: str
workloads:
  description: The VMs of the plan and the templates on its storage domains.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: V(vm) or V(template).
      type: str
    id:
      description: Identifier of the entity.
      type: str
    name:
      description: Name of the entity.
      type: str
    verdict:
      description: As M(lifeboat.ovirt.unregistered_entity_info) has it.
      type: str
    reasons:
      description: As M(lifeboat.ovirt.unregistered_entity_info) has them.
      type: list
      elements: dict
manifest:
  description: The manifest, as text for a file. V(null) unless O(manifest) is set and the source has answered.
  returned: success
  type: str
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
from ..module_utils.preflight.run import judge
from ..module_utils.recovery.plan import PHASES


def main() -> None:
    login = auth_spec()
    spec = {
        **login,
        **rules_spec(),
        "source_auth": {**login["auth"], "required": True},
        "path": {"type": "path", "required": True},
        "source": {"type": "str", "required": True},
        "target": {"type": "str", "required": True},
        "groups": {"type": "list", "elements": "str", "default": []},
        "procedure": {"type": "str", "choices": list(PHASES), "default": "failover"},
        "rpo_seconds": {"type": "float"},
        "rpo_limit": {"type": "float"},
        "manifest": {"type": "bool", "default": False},
    }
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    options = {name: value for name, value in module.params.items() if name not in ("auth", "source_auth")}
    with (
        reported(module) as stopwatch,
        session(module.params, check_mode=True) as target,
        session({"auth": module.params["source_auth"]}, check_mode=True) as source,
    ):
        result = judge(source, target, **options)
    module.exit_json(**result, **stopwatch.times)


if __name__ == "__main__":
    main()
