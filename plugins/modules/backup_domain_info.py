#!/usr/bin/python
# Copyright: (c) 2026, lifeboat.ovirt contributors
# GNU General Public License v3.0+ (see LICENSES or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: backup_domain_info
short_description: List the backup domains and audit them
version_added: 0.1.0
description:
  - Returns every backup domain with what lies on it, and every rule of the feature that its present state violates -
    a preview that somebody began in the web interface, a backup domain that is the master of its data center.
  - The number of requests grows with the data centers, not with the VMs.
  - Violations do not fail the module. Assert on RV(audit.passed).
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
  storage_domains:
    description:
      - Names or ids of the storage domains to look at. One that is no backup domain is left out.
      - Without any, all backup domains are looked at.
    type: list
    elements: str
    default: []
  data_center:
    description: Name or id of the data center to look at. Without it, all of them are looked at.
    type: str
"""

EXAMPLES = r"""
- name: Audit all backup domains
  lifeboat.ovirt.backup_domain_info:
  register: audited

- name: Fail when one of them is no good as a backup
  ansible.builtin.assert:
    that: audited.audit.passed
    fail_msg: "{{ audited.audit.lines }}"
"""

RETURN = r"""
storage_domains:
  description: The backup domains by name.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Identifier of the domain.
      type: str
    name:
      description: Name of the domain.
      type: str
    data_center:
      description: C(id) and C(name) of its data center, null where it is unattached.
      type: dict
    status:
      description: Its status in the data center.
      type: str
    storage_type:
      description: Kind of its storage.
      type: str
    master:
      description: Whether it is the master of its data center, which is a violation.
      type: bool
    available:
      description: Free bytes, null while the engine does not know.
      type: int
    used:
      description: Used bytes, null while the engine does not know.
      type: int
    vms:
      description: VMs with a disk on it, each with C(id), C(name) and C(status).
      type: list
      elements: dict
    templates:
      description: Templates with a copy of a disk on it, each with C(id) and C(name).
      type: list
      elements: dict
    disks:
      description: Disks on it without the OVF stores, each with C(id), C(name), C(status) and C(size) in bytes.
      type: list
      elements: dict
    ovf_store:
      description:
        - How many C(disks) make the OVF store, and its C(age) in seconds.
        - The age is null where the API does not show it, and C(reason) says why.
      type: dict
    violations:
      description: Violated rules, each with C(rule), C(severity), C(subject), C(message) and C(remedy).
      type: list
      elements: dict
audit:
  description: The violations of all domains.
  returned: success
  type: dict
  contains:
    passed:
      description: Whether no violation is a blocking one.
      type: bool
    blocking:
      description: Number of blocking violations.
      type: int
    warnings:
      description: Number of other violations.
      type: int
    violations:
      description: All of them, as in RV(storage_domains[].violations).
      type: list
      elements: dict
    lines:
      description: The same, one line each.
      type: list
      elements: str
      sample: ["block: backup.master: storage domain vault is the master domain of its data center"]
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
from ..module_utils.backup_audit import read


def main() -> None:
    spec = {
        **auth_spec(),
        **rules_spec(),
        "storage_domains": {"type": "list", "elements": "str", "default": []},
        "data_center": {"type": "str"},
    }
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    with reported(module) as stopwatch, session(module.params, check_mode=module.check_mode) as engine:
        options = {name: value for name, value in module.params.items() if name != "auth"}
        result = read(engine, **options)
    module.exit_json(**result, **stopwatch.times)


if __name__ == "__main__":
    main()
