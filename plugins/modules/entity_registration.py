#!/usr/bin/python
# Copyright: (c) 2026, lifeboat.ovirt contributors
# GNU General Public License v3.0+ (see LICENSES or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: entity_registration
short_description: Register the VMs, templates and disks of imported storage domains
version_added: 0.1.0
description:
  - Registers what waits on active storage domains in one call, templates before the VMs that need them, floating disks
    at the end. Each takes one request, and as many are under way side by side as their locks allow.
  - What is registered already is skipped. What the engine claims to have done is verified, and what it dropped with
    only an event (a role, an affinity group, a lease) is told of each VM.
  - A VM with a plugged NIC that has no vNIC profile is repaired or fails, since no mapping fitted and the engine says
    nothing of it.
  - The clusters and vNIC profiles that a mapping leads to are checked first, since the engine falls back silently where
    one does not exist.
author:
  - lifeboat.ovirt contributors (@lifeboat-ovirt)
extends_documentation_fragment:
  - lifeboat.ovirt.auth
  - lifeboat.ovirt.auth.attributes
  - lifeboat.ovirt.mapping
  - lifeboat.ovirt.partial
attributes:
  check_mode:
    support: full
    details: Tells what would be registered and sends no change. What waits on a domain that is not attached yet, and
      floating disks beside VMs that wait, are V(unknown).
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
  inactive:
    description: Whether a storage domain that is not attached and active is an error of the whole call before anything
      is registered, or a failed entity of its own. The same goes for a VM or template that is named and is nowhere.
    type: str
    choices: [fail, report]
    default: fail
  vms:
    description: Names or ids of the VMs to register; all when it is left out, none for an empty list.
    type: list
    elements: str
  templates:
    description: Names or ids of the templates to register; all when it is left out, none for an empty list.
    type: list
    elements: str
  disks:
    description:
      - Names or ids of the floating disks to register; all when it is left out, none for an empty list.
      - Where a VM or template stays unregistered on a domain, only disks that are named are taken from there. They may
        belong to it, and once registered as floating, they would keep it from being registered.
    type: list
    elements: str
  cluster:
    description: Name or id of the cluster for everything. It wins over the mapping.
    type: str
  mapping_yaml:
    description:
      - The mapping as the text of a mapping file, usually from C(lookup('ansible.builtin.file', ...)).
      - The text of a variable file of the official disaster recovery role (C(dr_*) variables) is taken as well, with
        C(dr_partial_import) and C(dr_reset_mac_pool) as values for O(allow_partial) and O(reassign_bad_macs) where
        these are left out.
    type: str
  mapping_target:
    description: Which of the sites in a variable file of the official role is this one. Without it, the file's own
      C(dr_target_host) counts, or V(secondary).
    type: str
  allow_partial:
    description: Whether a VM may be registered without disks that are missing. Left out, it is V(false) unless
      O(mapping_yaml) says otherwise.
    type: bool
  reassign_bad_macs:
    description: Whether MAC addresses that are in use or out of range are replaced. Left out, it is V(false) unless
      O(mapping_yaml) says otherwise.
    type: bool
  rename:
    description: Pattern of the names to register VMs and templates by, such as C({name}-drill). Their ids stay.
    type: str
  unmapped_networks:
    description:
      - What to do about a plugged NIC without a vNIC profile, where O(repair_profile) does not help.
      - V(fail) makes its VM a failed one, V(unplug) unplugs the NIC. VMs that run are left alone.
    type: str
    choices: [fail, unplug]
    default: fail
  repair_profile:
    description: The vNIC profile to connect NICs to that came without one.
    type: dict
    suboptions:
      network:
        description: Name of its network.
        type: str
        required: true
      profile:
        description: Its own name.
        type: str
        required: true
      data_center:
        description: Name of its data center, where several have such a profile and only one is meant.
        type: str
  concurrency:
    description: How many entities are registered side by side. The engine does not lock a disk that VMs share, so
      V(1) is the choice where some share a direct LUN or a shareable disk.
    type: int
    default: 8
  timeout:
    description: Seconds that the registration of one entity may take.
    type: int
    default: 600
"""

EXAMPLES = r"""
- name: Register everything from the vault
  lifeboat.ovirt.entity_registration:
    storage_domains: [vault]
    mapping:
      version: 1
      clusters:
        - {source: east-cl1, target: west-cl1}
      vnic_profiles:
        - source: {network: east-lan, profile: east-lan}
          target: {network: west-lan, profile: west-lan}

- name: Register for a drill, with a variable file of the official role
  lifeboat.ovirt.entity_registration:
    storage_domains: [vault]
    mapping_yaml: "{{ lookup('ansible.builtin.file', 'disaster_recovery_vars.yml') }}"
    rename: "{name}-drill"
    repair_profile: {network: drill, profile: isolated}
"""

RETURN = r"""
repairs:
  description: What was done to NICs that came without a vNIC profile, one request each.
  returned: when entities were looked at
  type: list
  elements: dict
  contains:
    vm_id:
      description: Identifier of the VM.
      type: str
    vm:
      description: Name of the VM.
      type: str
    nic_id:
      description: Identifier of the NIC.
      type: str
    nic:
      description: Name of the NIC.
      type: str
    action:
      description: V(connect) or V(unplug).
      type: str
    profile:
      description: The vNIC profile that it was connected to.
      type: str
entities:
  description: What became of each VM, template and disk.
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

from ..module_utils.ansible_glue import auth_spec, mapping_spec, partial_spec, reported, session, warned
from ..module_utils.registration.run import register


def main() -> None:
    profile = {
        "network": {"type": "str", "required": True},
        "profile": {"type": "str", "required": True},
        "data_center": {"type": "str"},
    }
    spec = {
        **auth_spec(),
        **mapping_spec(),
        **partial_spec(),
        "storage_domains": {"type": "list", "elements": "str", "required": True},
        "inactive": {"type": "str", "choices": ["fail", "report"], "default": "fail"},
        "vms": {"type": "list", "elements": "str"},
        "templates": {"type": "list", "elements": "str"},
        "disks": {"type": "list", "elements": "str"},
        "cluster": {"type": "str"},
        "mapping_yaml": {"type": "str", "no_log": True},
        "mapping_target": {"type": "str"},
        "allow_partial": {"type": "bool"},
        "reassign_bad_macs": {"type": "bool"},
        "rename": {"type": "str"},
        "unmapped_networks": {"type": "str", "choices": ["fail", "unplug"], "default": "fail"},
        "repair_profile": {"type": "dict", "options": profile},
        "concurrency": {"type": "int", "default": 8},
        "timeout": {"type": "int", "default": 600},
    }
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    with reported(module) as stopwatch, session(module.params, check_mode=module.check_mode) as engine:
        options = {name: value for name, value in module.params.items() if name not in ("auth", "on_partial")}
        result = register(engine, **options, check_mode=module.check_mode)
    module.exit_json(**warned(module, result), **stopwatch.times)


if __name__ == "__main__":
    main()
