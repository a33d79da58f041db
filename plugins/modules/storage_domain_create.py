#!/usr/bin/python
# Copyright: (c) 2026, lifeboat.ovirt contributors
# GNU General Public License v3.0+ (see LICENSES or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: storage_domain_create
short_description: Make new storage domains, attach and activate them
version_added: 0.1.0
description:
  - Makes new data storage domains, attached to a data center, active, and as backup domains from the start if wanted.
  - A path or logical unit that holds a storage domain or is in use otherwise is refused. What a logical unit holds is
    destroyed only where O(storage_domains[].overwrite_luns) names it; what the engine itself uses never is.
  - To find out whether a path holds a storage domain, the engine is made to import it; such an import is undone.
  - A domain of the wanted name in the wanted place is left alone; what it lacks (attached, active, its settings) is
    added.
  - What stands in the way is looked for before the first change, for all domains at once; then nothing is changed.
    What lies on a path can only be told by the engine's try.
author:
  - lifeboat.ovirt contributors (@lifeboat-ovirt)
extends_documentation_fragment:
  - lifeboat.ovirt.auth
  - lifeboat.ovirt.auth.attributes
  - lifeboat.ovirt.partial
attributes:
  check_mode:
    support: full
    details: Tells what would be made, attached, activated and set, and sends no change. Paths are not looked at then.
  diff_mode:
    support: full
    details: Shows what changes.
  action_group:
    support: full
options:
  storage_domains:
    description: The domains to make.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the domain.
        type: str
        required: true
      storage_type:
        description: Kind of the storage.
        type: str
        choices: [iscsi, fcp, nfs, glusterfs, posixfs]
        required: true
      logical_units:
        description: Identifiers of the logical units to lie on, which the host has to see. Needed for V(iscsi) and
          V(fcp).
        type: list
        elements: str
        default: []
      overwrite_luns:
        description: Those of O(storage_domains[].logical_units) whose present content may be destroyed.
        type: list
        elements: str
        default: []
      address:
        description: Address of the file server.
        type: str
      path:
        description: Exported path. Needed for file storage.
        type: str
      vfs_type:
        description: Type of the file system. Needed for V(posixfs); for V(glusterfs) it is V(glusterfs) by default.
        type: str
      mount_options:
        description: Further mount options.
        type: str
      nfs_version:
        description: Version of the NFS protocol.
        type: str
        choices: [auto, v3, v4, v4_0, v4_1, v4_2]
      nfs_timeo:
        description: NFS timeout in tenths of a second.
        type: int
      nfs_retrans:
        description: How often NFS retransmits.
        type: int
      backup:
        description: Whether the domain shall be a backup domain.
        type: bool
        default: false
      wipe_after_delete:
        description: Whether deleted disks are wiped by default.
        type: bool
      discard_after_delete:
        description: Whether the blocks of deleted disks are discarded.
        type: bool
      warning_low_space_indicator:
        description: Free space in percent below which the engine warns.
        type: int
      critical_space_action_blocker:
        description: Free space in GiB below which the engine refuses to allocate.
        type: int
  data_center:
    description: Name or id of the data center to attach the domains to.
    type: str
    required: true
  host:
    description: Name or id of the host to make the domains with, by default the first of the data center that is up.
    type: str
  concurrency:
    description: How many domains are made at a time.
    type: int
    default: 8
  timeout:
    description: Seconds to wait for each domain to become active.
    type: int
    default: 600
  poll_interval:
    description: Longest time in seconds between two reads while waiting.
    type: float
    default: 3
"""

EXAMPLES = r"""
- name: Make a backup domain on a path and one on a logical unit
  lifeboat.ovirt.storage_domain_create:
    data_center: west
    storage_domains:
      - name: vault
        storage_type: nfs
        address: filer.example.com
        path: /exports/vault
        backup: true
      - name: block-vault
        storage_type: iscsi
        logical_units:
          - 3600a0980000000000000000000000b21
        backup: true
"""

RETURN = r"""
entities:
  description: What became of each domain.
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

from ..module_utils.ansible_glue import auth_spec, domain_spec, partial_spec, reported, session, warned
from ..module_utils.storage_create import make


def main() -> None:
    spec = {
        **auth_spec(),
        **partial_spec(),
        "storage_domains": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": {
                "name": {"type": "str", "required": True},
                "storage_type": {
                    "type": "str",
                    "choices": ["iscsi", "fcp", "nfs", "glusterfs", "posixfs"],
                    "required": True,
                },
                "logical_units": {"type": "list", "elements": "str", "default": []},
                "overwrite_luns": {"type": "list", "elements": "str", "default": []},
                **domain_spec(),
            },
        },
        "data_center": {"type": "str", "required": True},
        "host": {"type": "str"},
        "concurrency": {"type": "int", "default": 8},
        "timeout": {"type": "int", "default": 600},
        "poll_interval": {"type": "float", "default": 3},
    }
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    with reported(module) as stopwatch, session(module.params, check_mode=module.check_mode) as engine:
        options = {name: value for name, value in module.params.items() if name not in ("auth", "on_partial")}
        result = make(engine, **options, check_mode=module.check_mode)
    module.exit_json(**warned(module, result), **stopwatch.times)


if __name__ == "__main__":
    main()
