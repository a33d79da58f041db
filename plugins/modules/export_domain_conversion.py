#!/usr/bin/python
# Copyright: (c) 2026, lifeboat.ovirt contributors
# GNU General Public License v3.0+ (see LICENSES or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: export_domain_conversion
short_description: Bring everything on an export domain to a backup domain
version_added: 0.1.0
description:
  - Imports every VM and template of an export domain into a backup domain, under their own identifiers and MAC
    addresses, and then writes the OVF stores of that domain, so that the export domain can be retired. What is still in
    use elsewhere can come as a clone, see O(names).
  - Templates come before the VMs that stand on them. Nothing is started, and nothing on the export domain changes.
  - A run that was interrupted is continued by running again. What is on the target already is left alone, and a copy
    that is still going on is awaited. What keeps one VM or template out is told for it, and the others come.
  - Space is checked for the whole list before anything is copied.
notes:
  - The engine takes the network and the profile of a NIC by name; a NIC that fits nothing in the cluster comes without
    a profile.
  - Snapshots come along, unless O(collapse_snapshots=true). The engine chooses the domain for their memory, so the
    module warns of VMs that have some.
author:
  - lifeboat.ovirt contributors (@lifeboat-ovirt)
extends_documentation_fragment:
  - lifeboat.ovirt.auth
  - lifeboat.ovirt.auth.attributes
  - lifeboat.ovirt.partial
attributes:
  check_mode:
    support: full
    details: Tells what would come, and what cannot, and sends nothing.
  diff_mode:
    support: full
    details: Shows the VMs and templates of the export domain that are on the target.
  action_group:
    support: full
options:
  export_domain:
    description: Name or id of the export domain. It has to be active in the data center of the target.
    type: str
    required: true
  storage_domain:
    description: Name or id of the target.
    type: str
    required: true
  cluster:
    description: Name or id of the cluster that everything comes to. Only needed where the data center has several.
    type: str
  names:
    description:
      - New names, by name or id on the export domain, for what has a name that is taken.
      - Where the engine has the VM or template itself, with disks elsewhere, its export copy comes under the new name
        as a clone, with identifiers and MAC addresses of its own, and as with O(collapse_snapshots=true).
    type: dict
    default: {}
  exclude:
    description: Names or ids of what is not needed any more and shall stay behind.
    type: list
    elements: str
    default: []
  collapse_snapshots:
    description:
      - Whether VMs come without snapshots, each disk as one volume that stands on no template. A VM that was made of a
        template needs that template on the export domain for this.
    type: bool
    default: false
  allow_non_backup:
    description: Whether the target may be a domain that is no backup domain.
    type: bool
    default: false
  concurrency:
    description: How many VMs or templates are copied side by side.
    type: int
    default: 2
  timeout:
    description: Seconds to wait for each VM and template.
    type: int
    default: 3600
  poll_interval:
    description: Longest time in seconds between two reads while waiting.
    type: float
    default: 3
"""

EXAMPLES = r"""
- name: Bring everything from the old export domain
  lifeboat.ovirt.export_domain_conversion:
    export_domain: attic
    storage_domain: vault

- name: The same, where one name is taken and one VM is not needed any more
  lifeboat.ovirt.export_domain_conversion:
    export_domain: attic
    storage_domain: vault
    cluster: Default
    names: {db: db-2019}
    exclude: [scratch]
"""

RETURN = r"""
entities:
  description: What became of each VM and template, and of the OVF stores of the target if they could not be written.
  returned: success or partial failure
  type: list
  elements: dict
  contains:
    id:
      description: Identifier of the entity.
      type: str
    name:
      description: Its name on the export domain.
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
  returned: success or partial failure
  type: dict
  sample: {succeeded: 55, failed: 0, skipped: 0, unknown: 0}
retirable:
  description: Whether everything on the export domain is on the target, in check mode whether it would be.
  returned: success or partial failure
  type: bool
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

from ..module_utils.ansible_glue import auth_spec, partial_spec, reported, session, warned
from ..module_utils.export_conversion import convert


def main() -> None:
    spec = {
        **auth_spec(),
        **partial_spec(),
        "export_domain": {"type": "str", "required": True},
        "storage_domain": {"type": "str", "required": True},
        "cluster": {"type": "str"},
        "names": {"type": "dict", "default": {}},
        "exclude": {"type": "list", "elements": "str", "default": []},
        "collapse_snapshots": {"type": "bool", "default": False},
        "allow_non_backup": {"type": "bool", "default": False},
        "concurrency": {"type": "int", "default": 2},
        "timeout": {"type": "int", "default": 3600},
        "poll_interval": {"type": "float", "default": 3},
    }
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    with reported(module) as stopwatch, session(module.params, check_mode=module.check_mode) as engine:
        options = {name: value for name, value in module.params.items() if name not in ("auth", "on_partial")}
        result = convert(engine, **options, check_mode=module.check_mode)
    module.exit_json(**warned(module, result), **stopwatch.times)


if __name__ == "__main__":
    main()
