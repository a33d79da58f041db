#!/usr/bin/python
# Copyright: (c) 2026, lifeboat.ovirt contributors
# GNU General Public License v3.0+ (see LICENSES or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: recovery_plan
short_description: Write a recovery plan from two living sites
version_added: 0.1.0
description:
  - Writes a recovery plan (C(docs/recovery-plan.md) of the collection) for storage domains of one site that another one
    is to take over, for somebody to complete.
  - Storage domains that VMs, templates, leases or the memory of snapshots tie together become one protection group.
  - Where a domain lies at the target is taken from O(official_vars), from the target's engine if it knows the domain,
    or from what its hosts see of a replica. The mapping is proposed as M(lifeboat.ovirt.mapping_info) does.
  - What nobody knows is left empty, with a comment. M(lifeboat.ovirt.recovery_plan_info) names each of these places.
  - A file that is there already is never overwritten, unless O(overwrite) says so. At the sites nothing is changed.
author:
  - lifeboat.ovirt contributors (@lifeboat-ovirt)
extends_documentation_fragment:
  - lifeboat.ovirt.auth
  - lifeboat.ovirt.auth.attributes
  - lifeboat.ovirt.source_auth
attributes:
  check_mode:
    support: full
    details: Returns the plan and writes no file.
  diff_mode:
    support: full
    details: Shows the file before and after.
  action_group:
    support: full
options:
  source_auth:
    required: true
  auth:
    description: The engine of the site that takes over.
  path:
    description: Path of the plan on the machine that runs the module.
    type: path
    required: true
  name:
    description: Name of the plan. By default that of its file without the ending.
    type: str
  source:
    description: What the plan calls the site that the workloads come from.
    type: str
    required: true
  target:
    description: What the plan calls the site that takes them over.
    type: str
    required: true
  source_data_center:
    description: Name or id of the data center at the source. Needed where there are several.
    type: str
  data_center:
    description: Name or id of the data center at the target. Needed where there are several.
    type: str
  storage_domains:
    description:
      - Names or ids of the storage domains at the source.
      - By default those of O(official_vars), else all active data domains of the data center that are neither its
        master nor the hosted engine's.
    type: list
    elements: str
    default: []
  official_vars:
    description:
      - Path of a variable file of the official disaster recovery role to begin with. Its storage domains and mappings
        are taken over. The site that it calls source map is O(source) here.
    type: path
  overwrite:
    description: Whether a file that is there already and says something else is replaced.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Write a plan from east to west
  lifeboat.ovirt.recovery_plan:
    auth: "{{ plan_sites.west.auth }}"
    source_auth: "{{ plan_sites.east.auth }}"
    path: /etc/dr/plan.yml
    source: east
    target: west
    storage_domains: [vault]
  register: plan

- name: See what is left to decide
  ansible.builtin.debug:
    var: plan.undecided
"""

RETURN = r"""
path:
  description: Absolute path of the plan.
  returned: success
  type: str
document:
  description: The plan as text.
  returned: success
  type: str
groups:
  description: Its protection groups, with the VMs on their domains.
  returned: success
  type: list
  elements: dict
  sample: [{name: vault, vms: [db, web]}]
undecided:
  description: The places at which somebody has to decide before the plan can be used.
  returned: success
  type: list
  elements: str
  sample: [groups.vault.domains.vault.sites.west, "mappings[0].clusters: east-cl2"]
to_check:
  description: What was taken although it is not certain, or does not seem right.
  returned: success
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

from ..module_utils.ansible_glue import auth_spec, reported, session, warned
from ..module_utils.recovery.generate import generate


def main() -> None:
    login = auth_spec()
    spec = {
        **login,
        "source_auth": {**login["auth"], "required": True},
        "path": {"type": "path", "required": True},
        "name": {"type": "str"},
        "source": {"type": "str", "required": True},
        "target": {"type": "str", "required": True},
        "source_data_center": {"type": "str"},
        "data_center": {"type": "str"},
        "storage_domains": {"type": "list", "elements": "str", "default": []},
        "official_vars": {"type": "path"},
        "overwrite": {"type": "bool", "default": False},
    }
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    options = {name: value for name, value in module.params.items() if name not in ("auth", "source_auth")}
    with (
        reported(module) as stopwatch,
        session(module.params, check_mode=True) as target,
        session({"auth": module.params["source_auth"]}, check_mode=True) as source,
    ):
        result = generate(source, target, **options, check_mode=module.check_mode)
    module.exit_json(**warned(module, result), **stopwatch.times)


if __name__ == "__main__":
    main()
