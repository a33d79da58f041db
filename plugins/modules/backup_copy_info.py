#!/usr/bin/python
# Copyright: (c) 2026, lifeboat.ovirt contributors
# GNU General Public License v3.0+ (see LICENSES or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: backup_copy_info
short_description: List the backup copies of VMs
version_added: 0.1.0
description:
  - Returns the copies on backup domains - of which VM, of when, how big, where, and whether they are complete. Those of
    a VM stand together, the newest first.
  - What makes a VM a copy is the marker that M(lifeboat.ovirt.backup_transfer) has written at the end of its
    description. It comes along when the domain is imported elsewhere.
  - The number of requests grows with the domains, not with the VMs.
author:
  - lifeboat.ovirt contributors (@lifeboat-ovirt)
extends_documentation_fragment:
  - lifeboat.ovirt.auth
  - lifeboat.ovirt.auth.attributes
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
  storage_domains:
    description:
      - Names or ids of the storage domains to look at.
      - Without any, all backup domains are looked at.
    type: list
    elements: str
    default: []
  vms:
    description:
      - Names or ids of the VMs whose copies are wanted. A name is that of now, or of when the VM was copied.
      - Without any, the copies of all VMs are returned.
    type: list
    elements: str
    default: []
seealso:
  - module: lifeboat.ovirt.backup_transfer
  - module: lifeboat.ovirt.backup_prune
"""

EXAMPLES = r"""
- name: List the copies of a VM
  lifeboat.ovirt.backup_copy_info:
    vms: [db]
  register: found

- name: Fail when the newest one is older than a day
  ansible.builtin.assert:
    that: found.copies | selectattr('usable') | map(attribute='age') | min < 86400
"""

RETURN = r"""
copies:
  description: The copies by the name of their source, the newest first; those that are not registered come last.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Identifier of the copy.
      type: str
    name:
      description: Name of the copy.
      type: str
    source:
      description: C(id) and C(name) of the VM that was copied, as they were then.
      type: dict
    at:
      description: When the copy began, in UTC.
      type: str
      sample: "2026-11-26T01:16:28+00:00"
    age:
      description: Seconds since then.
      type: int
    complete:
      description: Whether everything of the copy has arrived.
      type: bool
    storage_domains:
      description: Names of the domains that it lies on.
      type: list
      elements: str
    size:
      description: Bytes that its disks take. Null for a copy that is not registered.
      type: int
    registered:
      description: Whether the engine has the copy as a VM. M(lifeboat.ovirt.entity_registration) makes it one.
      type: bool
    usable:
      description: Whether the source could be restored from it now. Null for a copy that is not registered.
      type: bool
    reason:
      description: Why it is not usable although it is complete, or why something of it is null.
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

from ..module_utils.ansible_glue import auth_spec, reported, session, subset
from ..module_utils.copies import info


def main() -> None:
    spec = {
        **auth_spec(),
        "storage_domains": {"type": "list", "elements": "str", "default": []},
        "vms": {"type": "list", "elements": "str", "default": []},
    }
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    with reported(module) as stopwatch, session(module.params, check_mode=module.check_mode) as engine:
        result = info(engine, **subset(module.params, "storage_domains", "vms"))
    module.exit_json(**result, **stopwatch.times)


if __name__ == "__main__":
    main()
