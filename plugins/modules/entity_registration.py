#!/usr/bin/python
# Copyright: (c) 2026, lifeboat.ovirt contributors
# GNU General Public License v3.0+ (see LICENSES or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: entity_registration
short_description: Register the VMs and templates of imported storage domains
version_added: 0.1.0
description:
  - Registers what waits on active storage domains, templates before VMs, in one call.
  - What is registered already is skipped. What the engine claims to have done is verified.
  - The targets of all mappings are checked first, since the engine falls back silently where one does not exist.
author:
  - lifeboat.ovirt contributors (@lifeboat-ovirt)
extends_documentation_fragment:
  - lifeboat.ovirt.auth
  - lifeboat.ovirt.auth.attributes
attributes:
  check_mode:
    support: full
    details: Tells what would be registered and sends no change. What waits on a domain that is not attached yet is
      V(unknown).
  diff_mode:
    support: full
    details: Shows which of the entities are registered.
  action_group:
    support: full
options:
  storage_domains:
    description: Names or ids of the storage domains to register from.
    type: list
    elements: str
    required: true
  vms:
    description: Names or ids of the VMs to register; all when it is left out, none for an empty list.
    type: list
    elements: str
  templates:
    description: Names or ids of the templates to register; all when it is left out, none for an empty list.
    type: list
    elements: str
  cluster:
    description: Name or id of the cluster for everything. It wins over O(cluster_mappings).
    type: str
  cluster_mappings:
    description: Which cluster takes the place of which. Without a mapping the cluster of the same name is taken.
    type: list
    elements: dict
    default: []
    suboptions:
      source:
        description: Name of the cluster at the site that the VMs come from.
        type: str
        required: true
      target:
        description: Name of the cluster at this site.
        type: str
        required: true
  vnic_profile_mappings:
    description: Which vNIC profile takes the place of which.
    type: list
    elements: dict
    default: []
    suboptions:
      source_network:
        description: Name of the network at the site that the VMs come from.
        type: str
        required: true
      source_profile:
        description: Name of the vNIC profile there.
        type: str
        required: true
      target_network:
        description: Name of the network at this site.
        type: str
        required: true
      target_profile:
        description: Name of the vNIC profile at this site.
        type: str
        required: true
  allow_partial:
    description: Whether a VM may be registered without disks that are missing.
    type: bool
    default: false
  reassign_bad_macs:
    description: Whether MAC addresses that are in use or out of range are replaced.
    type: bool
    default: false
  concurrency:
    description: How many VMs are registered side by side.
    type: int
    default: 8
"""

EXAMPLES = r"""
- name: Register everything from the vault
  lifeboat.ovirt.entity_registration:
    storage_domains: [vault]
    cluster_mappings:
      - source: east-cl1
        target: west-cl1
    vnic_profile_mappings:
      - source_network: east-lan
        source_profile: east-lan
        target_network: west-lan
        target_profile: west-lan
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
from ..module_utils.registration import register


def main() -> None:
    spec = {
        **auth_spec(),
        "storage_domains": {"type": "list", "elements": "str", "required": True},
        "vms": {"type": "list", "elements": "str"},
        "templates": {"type": "list", "elements": "str"},
        "cluster": {"type": "str"},
        "cluster_mappings": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {
                "source": {"type": "str", "required": True},
                "target": {"type": "str", "required": True},
            },
        },
        "vnic_profile_mappings": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {
                "source_network": {"type": "str", "required": True},
                "source_profile": {"type": "str", "required": True},
                "target_network": {"type": "str", "required": True},
                "target_profile": {"type": "str", "required": True},
            },
        },
        "allow_partial": {"type": "bool", "default": False},
        "reassign_bad_macs": {"type": "bool", "default": False},
        "concurrency": {"type": "int", "default": 8},
    }
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    with reported(module) as stopwatch, session(module.params, check_mode=module.check_mode) as engine:
        options = {name: value for name, value in module.params.items() if name != "auth"}
        result = register(engine, **options, check_mode=module.check_mode)
    module.exit_json(**result, elapsed=stopwatch.seconds)


if __name__ == "__main__":
    main()
