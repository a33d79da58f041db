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
  - Lists the iSCSI or Fibre Channel storage domains that a host sees and that can be imported.
  - The engine's own discovery logs the host in to the targets. Other than that nothing changes.
author:
  - lifeboat.ovirt contributors (@lifeboat-ovirt)
extends_documentation_fragment:
  - lifeboat.ovirt.auth
  - lifeboat.ovirt.auth.attributes
attributes:
  check_mode:
    support: full
    details: Does not send the discovery, since it logs the host in. It lists what the host sees already, without
      names and formats.
  diff_mode:
    support: none
    details: Changes nothing on the engine.
  action_group:
    support: full
options:
  host:
    description:
      - Name or id of the host to look from.
      - Either this or O(data_center) is needed.
    type: str
  data_center:
    description: Name or id of the data center, of which the first host that is up looks.
    type: str

  storage_type:
    description: Kind of block storage to look at.
    type: str
    choices: [iscsi, fcp]
    default: iscsi
  address:
    description: Address of the iSCSI portal. Needed for O(storage_type=iscsi).
    type: str
  port:
    description: TCP port of the iSCSI portal.
    type: int
    default: 3260
  targets:
    description: Names (IQN) of the iSCSI targets to look behind. Needed for O(storage_type=iscsi).
    type: list
    elements: str
    default: []
  username:
    description: CHAP user name.
    type: str
  password:
    description: CHAP password.
    type: str
"""

EXAMPLES = r"""
- name: Find what came with the replicated storage
  lifeboat.ovirt.unregistered_storage_domain_info:
    host: west-h1
    address: 10.20.1.10
    targets:
      - iqn.2031-05.test.array-b:vault
"""

RETURN = r"""
host:
  description: The host that looked.
  returned: success
  type: dict
  sample: {id: 52fa2de1-5a4b-4bb0-9fd2-5d3a7d8e4c11, name: west-h1}
storage_domains:
  description: The storage domains that can be imported.
  returned: success
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
    logical_units:
      description: The logical units (C(id), C(target)) that it lies on.
      type: list
      elements: dict
elapsed:
  description: Seconds that the work took.
  returned: always
  type: float
  sample: 12.34
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.ansible_glue import auth_spec, reported, session
from ..module_utils.discovery import find_unregistered


def main() -> None:
    spec = {
        **auth_spec(),
        "host": {"type": "str"},
        "data_center": {"type": "str"},
        "storage_type": {"type": "str", "choices": ["iscsi", "fcp"], "default": "iscsi"},
        "address": {"type": "str"},
        "port": {"type": "int", "default": 3260},
        "targets": {"type": "list", "elements": "str", "default": []},
        "username": {"type": "str"},
        "password": {"type": "str", "no_log": True},
    }
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    with reported(module) as stopwatch, session(module.params, check_mode=module.check_mode) as engine:
        options = {name: value for name, value in module.params.items() if name != "auth"}
        result = find_unregistered(engine, **options, check_mode=module.check_mode)
    module.exit_json(**result, elapsed=stopwatch.seconds)


if __name__ == "__main__":
    main()
