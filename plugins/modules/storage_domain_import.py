#!/usr/bin/python
# Copyright: (c) 2026, lifeboat.ovirt contributors
# GNU General Public License v3.0+ (see LICENSES or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: storage_domain_import
short_description: Import storage domains, attach and activate them
version_added: 0.1.0
description:
  - Brings existing storage domains into an engine, attached to a data center, active, and with the wanted backup flag.
  - The flag never travels with the storage, so it is set here. Nothing is ever formatted or created.
  - A domain that is there already is left alone; what it lacks (attached, active, its name and settings) is added.
  - What stands in the way is looked for before the first change, for all domains at once; see O(on_obstacle). What
    lies on a path can only be told by an import from it.
  - An import that does not end with the domain attached is undone. A storage connection to the path that no domain
    uses, as an earlier failure may have left, is used or replaced.
  - A domain that is no backup domain goes first into a data center without a master. Where there is only one, it
    cannot be a backup domain.
author:
  - lifeboat.ovirt contributors (@lifeboat-ovirt)
extends_documentation_fragment:
  - lifeboat.ovirt.auth
  - lifeboat.ovirt.auth.attributes
  - lifeboat.ovirt.partial
attributes:
  check_mode:
    support: full
    details: Tells what would be imported, attached, activated and set, and sends no change. The formats of block
      domains are not looked at then.
  diff_mode:
    support: full
    details: Shows what changes.
  action_group:
    support: full
options:
  storage_domains:
    description: The domains to bring in.
    type: list
    elements: dict
    required: true
    suboptions:
      id:
        description: UUID of the domain. Needed for V(iscsi) and V(fcp), and for the others unless
          O(storage_domains[].identity=any).
        type: str
      identity:
        description: With V(any) whatever domain lies on the path is imported. With V(checked) it has to be the one
          of O(storage_domains[].id).
        type: str
        choices: [checked, any]
        default: checked
      name:
        description: Name that the domain shall have; without it the name on the storage stays.
        type: str
      storage_type:
        description: Kind of the storage. V(localfs) is refused, since the engine cannot import such a domain.
        type: str
        choices: [iscsi, fcp, nfs, glusterfs, posixfs, localfs]
        required: true
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
    description:
      - Name or id of the host to import with.
      - By default the first of the data center that is up, and for a block domain the one that sees most of it.
    type: str
  take_over:
    description:
      - What to do with a domain whose metadata still names a data center of another engine.
      - With V(false) its import is undone and it fails. With V(true) it is taken from the other engine.
      - Only set this when the hosts of the other engine certainly do not write any more, see
        M(lifeboat.ovirt.site_guard).
    type: bool
    default: false

  keep_flags:
    description: Whether a domain that is there already keeps its backup flag, where another one is wanted. Otherwise
      that is an error, since M(lifeboat.ovirt.backup_domain) changes it under the rules of the feature.
    type: bool
    default: false
  on_obstacle:
    description:
      - What to do where something stands in the way of some domains that can be told before the first change.
      - V(stop) names every obstacle and brings nothing in.
      - V(leave_out) brings the others in; those with an obstacle fail with it.
    type: str
    choices: [stop, leave_out]
    default: stop
  concurrency:
    description: How many domains are brought in at a time.
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
- name: Bring in the replica as backup domain
  lifeboat.ovirt.storage_domain_import:
    data_center: west
    take_over: true
    storage_domains:
      - id: 6ab65b16-0f03-4b93-85a7-5bc3b8d52be0
        storage_type: iscsi
        backup: true
      - id: 0e4d1c52-7c1b-4f0a-9a51-0c2e6d5b9f11
        storage_type: nfs
        address: filer.example.com
        path: /exports/vault
        backup: true
        warning_low_space_indicator: 5
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
from ..module_utils.storage_import import bring_in


def main() -> None:
    spec = {
        **auth_spec(),
        **partial_spec(),
        "storage_domains": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": {
                "id": {"type": "str"},
                "identity": {"type": "str", "choices": ["checked", "any"], "default": "checked"},
                "name": {"type": "str"},
                "storage_type": {
                    "type": "str",
                    "choices": ["iscsi", "fcp", "nfs", "glusterfs", "posixfs", "localfs"],
                    "required": True,
                },
                **domain_spec(),
            },
        },
        "data_center": {"type": "str", "required": True},
        "host": {"type": "str"},
        "take_over": {"type": "bool", "default": False},
        "keep_flags": {"type": "bool", "default": False},
        "on_obstacle": {"type": "str", "choices": ["stop", "leave_out"], "default": "stop"},
        "concurrency": {"type": "int", "default": 8},
        "timeout": {"type": "int", "default": 600},
        "poll_interval": {"type": "float", "default": 3},
    }
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    with reported(module) as stopwatch, session(module.params, check_mode=module.check_mode) as engine:
        options = {name: value for name, value in module.params.items() if name not in ("auth", "on_partial")}
        result = bring_in(engine, **options, check_mode=module.check_mode)
    module.exit_json(**warned(module, result), **stopwatch.times)


if __name__ == "__main__":
    main()
