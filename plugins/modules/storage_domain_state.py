#!/usr/bin/python
# Copyright: (c) 2026, lifeboat.ovirt contributors
# GNU General Public License v3.0+ (see LICENSES or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: storage_domain_state
short_description: Move existing storage domains through their states
version_added: 0.1.0
description:
  - Activates storage domains, puts them into maintenance, attaches, detaches, removes or destroys them.
  - It never creates a domain, and never formats one unless O(format=true).
  - Maintenance writes the OVF store first, and is refused while VMs run on the domain.
author:
  - lifeboat.ovirt contributors (@lifeboat-ovirt)
extends_documentation_fragment:
  - lifeboat.ovirt.auth
  - lifeboat.ovirt.auth.attributes
attributes:
  check_mode:
    support: full
    details: Tells the steps and sends none of them.
  diff_mode:
    support: full
    details: Shows what changes.
  action_group:
    support: full
options:
  storage_domains:
    description: Names or ids of the storage domains.
    type: list
    elements: str
    required: true
  state:
    description:
      - The state to reach.
      - V(unattached) is detached from its data center, V(removed) is unknown to the engine with its content kept.
      - V(destroyed) makes the engine forget a domain without touching the storage.
    type: str
    choices: [active, maintenance, unattached, removed, destroyed]
    default: active
  data_center:
    description: Name or id of the data center to attach an unattached domain to.
    type: str
  host:
    description: Name or id of the host to remove a domain with, by default any host that is up.
    type: str
  format:
    description: Whether O(state=removed) also erases the content of the storage.
    type: bool
    default: false

  timeout:
    description: Seconds to wait for each domain.
    type: int
    default: 600
  poll_interval:
    description: Longest time in seconds between two reads while waiting.
    type: float
    default: 3
"""

EXAMPLES = r"""
- name: Hand the vault over to another site
  lifeboat.ovirt.storage_domain_state:
    storage_domains: [vault]
    state: unattached
"""

RETURN = r"""
steps:
  description: What was done, in this order, or would be done in check mode.
  returned: success
  type: list
  elements: dict
  sample: [{action: deactivate, storage_domain: vault}, {action: detach, storage_domain: vault}]
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
from ..module_utils.domain_state import STATES, ensure


def main() -> None:
    spec = {
        **auth_spec(),
        "storage_domains": {"type": "list", "elements": "str", "required": True},
        "state": {"type": "str", "choices": list(STATES), "default": "active"},
        "data_center": {"type": "str"},
        "host": {"type": "str"},
        "format": {"type": "bool", "default": False},
        "timeout": {"type": "int", "default": 600},
        "poll_interval": {"type": "float", "default": 3},
    }
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    with reported(module) as stopwatch, session(module.params, check_mode=module.check_mode) as engine:
        result = ensure(
            engine,
            **subset(module.params, "storage_domains", "state", "data_center", "host", "timeout", "poll_interval"),
            format_storage=module.params["format"],
            check_mode=module.check_mode,
        )
    module.exit_json(**result, **stopwatch.times)


if __name__ == "__main__":
    main()
