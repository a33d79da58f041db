#!/usr/bin/python
# Copyright: (c) 2026, lifeboat.ovirt contributors
# GNU General Public License v3.0+ (see LICENSES or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: backup_prune
short_description: Remove old backup copies of VMs
version_added: 0.1.0
description:
  - Removes the copies of each VM that no rule keeps, and writes the OVF stores of the domains that they were on. What
    is kept is the newest copies by their number, and in addition those of the last days, and the newest of each of the
    last weeks and months.
  - A VM goes only if it bears the marker that M(lifeboat.ovirt.backup_transfer) writes, is down, belongs to no pool,
    and has all of its disks, which are whole and nobody else's, on active backup domains. A VM with the marker that
    does not look like that is reported, left alone, and not counted as a copy.
  - The last complete copy of a VM always stays.
  - A copy that is protected against deletion stays and counts.
author:
  - lifeboat.ovirt contributors (@lifeboat-ovirt)
extends_documentation_fragment:
  - lifeboat.ovirt.auth
  - lifeboat.ovirt.auth.attributes
  - lifeboat.ovirt.partial
attributes:
  check_mode:
    support: full
    details: Tells what would be removed and sends nothing.
  diff_mode:
    support: full
    details: Shows the copies with their times.
  action_group:
    support: full
options:
  keep:
    description: How many of the newest complete copies of each VM are kept, at least 1.
    type: int
    required: true
  keep_days:
    description: Complete copies that are younger than so many days are kept in addition.
    type: int
    default: 0
  keep_weeks:
    description: The newest complete copy of each of the last so many weeks that have one is kept in addition.
    type: int
    default: 0
  keep_months:
    description: The newest complete copy of each of the last so many months that have one is kept in addition.
    type: int
    default: 0
  incomplete_age:
    description:
      - How old in seconds an incomplete copy has to be to be removed. Give more than the longest transfer takes.
      - One with a locked disk stays whatever its age, for its transfer is under way.
    type: int
    default: 86400
  storage_domains:
    description:
      - Names or ids of the backup domains whose copies are judged. Copies elsewhere are neither removed nor counted.
      - Without any, all backup domains are looked at.
    type: list
    elements: str
    default: []
  vms:
    description:
      - Names or ids of the VMs whose copies are judged. A name is that of now, or of when the VM was copied.
      - Without O(vms) and O(vm_search), the copies of all VMs are judged, also of those that are gone.
    type: list
    elements: str
    default: []
  vm_search:
    description: Search of the engine for VMs whose copies are judged, as they are now. It has to find one.
    type: str
  concurrency:
    description: How many copies are removed side by side.
    type: int
    default: 4
  timeout:
    description: Seconds to wait for the disks of the removed copies to be gone, and for each OVF store.
    type: int
    default: 1800
  poll_interval:
    description: Longest time in seconds between two reads while waiting.
    type: float
    default: 3
seealso:
  - module: lifeboat.ovirt.backup_transfer
  - module: lifeboat.ovirt.backup_copy_info
"""

EXAMPLES = r"""
- name: Keep the last seven copies of each VM, and one of each of the last twelve months
  lifeboat.ovirt.backup_prune:
    keep: 7
    keep_months: 12

- name: See what would go from one domain
  lifeboat.ovirt.backup_prune:
    keep: 3
    storage_domains: [vault]
  check_mode: true
"""

RETURN = r"""
entities:
  description:
    - What became of each copy - V(succeeded) for one that is removed (in check mode, that would be), V(skipped) for one
      that stays.
    - A storage domain is among them if its OVF store could not be written.
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
      description: One of V(succeeded), V(failed), V(skipped) and V(unknown).
      type: str
    reason:
      description: Why it stays, goes, or could not be removed.
      type: str
      sample: it is one of the newest 7
    remedy:
      description: How to clear a failure.
      type: str
counts:
  description: How many entities have each outcome.
  returned: always
  type: dict
  sample: {succeeded: 2, failed: 0, skipped: 7, unknown: 0}
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

from ..module_utils.ansible_glue import auth_spec, partial_spec, reported, session
from ..module_utils.retention import prune


def main() -> None:
    spec = {
        **auth_spec(),
        **partial_spec(),
        "keep": {"type": "int", "required": True},
        "keep_days": {"type": "int", "default": 0},
        "keep_weeks": {"type": "int", "default": 0},
        "keep_months": {"type": "int", "default": 0},
        "incomplete_age": {"type": "int", "default": 86400},
        "storage_domains": {"type": "list", "elements": "str", "default": []},
        "vms": {"type": "list", "elements": "str", "default": []},
        "vm_search": {"type": "str"},
        "concurrency": {"type": "int", "default": 4},
        "timeout": {"type": "int", "default": 1800},
        "poll_interval": {"type": "float", "default": 3},
    }
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    with reported(module) as stopwatch, session(module.params, check_mode=module.check_mode) as engine:
        options = {name: value for name, value in module.params.items() if name not in ("auth", "on_partial")}
        result = prune(engine, **options, check_mode=module.check_mode)
    module.exit_json(**result, **stopwatch.times)


if __name__ == "__main__":
    main()
