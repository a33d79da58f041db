#!/usr/bin/python
# Copyright: (c) 2026, lifeboat.ovirt contributors
# GNU General Public License v3.0+ (see LICENSES or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: unregistered_storage_domain_info
short_description: Find block storage domains that the engine does not know
version_added: 0.1.0
description:
  - Lists the iSCSI or Fibre Channel storage domains that hosts see and that can be imported, with the logical units
    and targets that each lies on, and tells why a wanted domain is not among them.
  - The engine's own discovery logs the hosts in to the targets. Other than that nothing changes.
author:
  - lifeboat.ovirt contributors (@lifeboat-ovirt)
extends_documentation_fragment:
  - lifeboat.ovirt.auth
  - lifeboat.ovirt.auth.attributes
  - lifeboat.ovirt.partial
  - lifeboat.ovirt.targets
attributes:
  check_mode:
    support: full
    details: Does not send the discovery, since it logs the hosts in. It lists what the hosts see already, without
      names and formats.
  diff_mode:
    support: none
    details: Changes nothing on the engine.
  action_group:
    support: full
options:
  hosts:
    description:
      - Names or ids of the hosts to look from.
      - Either this or O(data_center) is needed.
    type: list
    elements: str
    default: []
  data_center:
    description: Name or id of the data center, of which every host that is up looks.
    type: str
  storage_type:
    description: Kind of block storage to look at.
    type: str
    choices: [iscsi, fcp]
    default: iscsi
  storage_domains:
    description: Domains that are expected. RV(missing) tells why one of them was not found.
    type: list
    elements: dict
    default: []
    suboptions:
      id:
        description: UUID of the domain.
        type: str
      name:
        description: Name of the domain, looked for where there is no O(storage_domains[].id).
        type: str
      logical_units:
        description: Identifiers of the logical units that it has to lie on, where they are known.
        type: list
        elements: str
        default: []
"""

EXAMPLES = r"""
- name: Find what came with the replicated storage
  lifeboat.ovirt.unregistered_storage_domain_info:
    data_center: west
    targets:
      - target: iqn.2031-05.test.array-b:vault
        address: 10.20.1.10
    storage_domains:
      - id: 6ab65b16-0f03-4b93-85a7-5bc3b8d52be0
"""

RETURN = r"""
hosts:
  description: The hosts that looked.
  returned: success or partial failure
  type: list
  elements: dict
  sample: [{id: 52fa2de1-5a4b-4bb0-9fd2-5d3a7d8e4c11, name: west-h1}]
storage_domains:
  description: The storage domains that can be imported.
  returned: success or partial failure
  type: list
  elements: dict
  contains:
    id:
      description: Identifier of the storage domain, which the import needs.
      type: str
    name:
      description: Name that the domain had, null in check mode.
      type: str
    type:
      description: Function of the domain.
      type: str
    storage_type:
      description: Kind of its storage.
      type: str
    storage_format:
      description: Version of its metadata, null in check mode.
      type: str
    volume_group_id:
      description: Identifier of its volume group.
      type: str
    hosts:
      description: Names of the hosts that see it. A host that does not is named in a warning.
      type: list
      elements: str
    logical_units:
      description: The logical units (C(id), C(target)) that it lies on.
      type: list
      elements: dict
missing:
  description: The domains of O(storage_domains) that were not found.
  returned: success or partial failure
  type: list
  elements: dict
  contains:
    id:
      description: Identifier that was looked for.
      type: str
    name:
      description: Name that was looked for.
      type: str
    reason:
      description: Why it is not among the others, as far as that can be told.
      type: str
    remedy:
      description: How to clear that.
      type: str
entities:
  description: What became of the search on each host over each portal, none in check mode.
  returned: success or partial failure
  type: list
  elements: dict
  contains:
    id:
      description: Identifier of the host, and the portal.
      type: str
    name:
      description: Name of the host, and the portal.
      type: str
    outcome:
      description: One of V(succeeded), V(failed), V(skipped) and V(unknown). V(skipped) is a portal that fails while
        another one leads to the same targets.
      type: str
    reason:
      description: Why it came out like this.
      type: str
    remedy:
      description: How to clear a failure.
      type: str
counts:
  description: How many searches have each outcome.
  returned: success or partial failure
  type: dict
  sample: {succeeded: 2, failed: 0, skipped: 0, unknown: 0}
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

from ..module_utils.ansible_glue import auth_spec, partial_spec, reported, session, subset, targets_spec, warned
from ..module_utils.unregistered_domains import find_unregistered


def main() -> None:
    spec = {
        **auth_spec(),
        **partial_spec(),
        **targets_spec(),
        "hosts": {"type": "list", "elements": "str", "default": []},
        "data_center": {"type": "str"},
        "storage_type": {"type": "str", "choices": ["iscsi", "fcp"], "default": "iscsi"},
        "storage_domains": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {
                "id": {"type": "str"},
                "name": {"type": "str"},
                "logical_units": {"type": "list", "elements": "str", "default": []},
            },
        },
    }
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    with reported(module) as stopwatch, session(module.params, check_mode=module.check_mode) as engine:
        options = subset(module.params, "hosts", "data_center", "storage_type", "targets", "storage_domains")
        result = find_unregistered(engine, **options, check_mode=module.check_mode)
    module.exit_json(**warned(module, result), **stopwatch.times)


if __name__ == "__main__":
    main()
