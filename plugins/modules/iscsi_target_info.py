#!/usr/bin/python
# Copyright: (c) 2026, lifeboat.ovirt contributors
# GNU General Public License v3.0+ (see LICENSES or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: iscsi_target_info
short_description: Find iSCSI targets from a host
version_added: 0.1.0
description:
  - Asks one host to discover the targets behind some portals, and tells which of them it is logged in to.
  - Discovery changes nothing, neither on the engine nor on the host.
  - A portal that does not answer is a warning where another one leads to its targets, otherwise a failure. What the
    others tell is returned in any case.
author:
  - lifeboat.ovirt contributors (@lifeboat-ovirt)
extends_documentation_fragment:
  - lifeboat.ovirt.auth
  - lifeboat.ovirt.auth.attributes
  - lifeboat.ovirt.partial
attributes:
  check_mode:
    support: full
    details: Sends the discovery in check mode, too, because it changes nothing.
  diff_mode:
    support: none
    details: Changes nothing.
  action_group:
    support: full
options:
  host:
    description:
      - Name or id of the host to discover from.
      - Either this or O(data_center) is needed.
    type: str
  data_center:
    description: Name or id of the data center, of which the first host that is up discovers.
    type: str

  portals:
    description: Where to ask for targets.
    type: list
    elements: dict
    required: true
    suboptions:
      address:
        description: Address or host name of the portal.
        type: str
        required: true
      port:
        description: TCP port of the portal.
        type: int
        default: 3260
      username:
        description: CHAP user name, where the portal wants one.
        type: str
      password:
        description: CHAP password.
        type: str
"""

EXAMPLES = r"""
- name: List the targets of an array
  lifeboat.ovirt.iscsi_target_info:
    data_center: west
    portals:
      - address: 10.20.1.10
      - address: 10.20.1.11
        username: lifeboat
        password: "{{ chap_password }}"
"""

RETURN = r"""
host:
  description: The host that looked.
  returned: success
  type: dict
  sample: {id: 52fa2de1-5a4b-4bb0-9fd2-5d3a7d8e4c11, name: west-h1}
iscsi_targets:
  description:
    - The targets, one entry for each portal that leads to one.
    - With the CHAP credentials added where a target wants them, the entries are what
      M(lifeboat.ovirt.iscsi_login) and M(lifeboat.ovirt.unregistered_storage_domain_info) take as O(ignore:targets).
  returned: success or partial failure
  type: list
  elements: dict
  contains:
    target:
      description: Name (IQN) of the target.
      type: str
    address:
      description: Address that the target advertises.
      type: str
    port:
      description: TCP port.
      type: int
    portal:
      description: Address, port and portal group as the host names them.
      type: str
logged_in:
  description:
    - The targets behind which the host sees a logical unit. The engine tells logins by target, not by portal.
    - Where several targets lead to the same logical unit, the host names the first one only.
  returned: success or partial failure
  type: list
  elements: str
  sample: ["iqn.2031-05.test.array-b:vault"]
entities:
  description: What became of the discovery at each portal.
  returned: success or partial failure
  type: list
  elements: dict
  contains:
    id:
      description: Address and port of the portal.
      type: str
    name:
      description: Address and port of the portal.
      type: str
    outcome:
      description: One of V(succeeded), V(failed), V(skipped) and V(unknown). V(skipped) is a portal that does not
        answer while another one leads to its targets.
      type: str
    reason:
      description: Why it came out like this.
      type: str
    remedy:
      description: How to clear a failure.
      type: str
counts:
  description: How many portals have each outcome.
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

from ..module_utils.ansible_glue import auth_spec, partial_spec, reported, session, subset, warned
from ..module_utils.iscsi import discover_targets


def main() -> None:
    spec = {
        **auth_spec(),
        **partial_spec(),
        "host": {"type": "str"},
        "data_center": {"type": "str"},
        "portals": {
            "type": "list",
            "elements": "dict",
            "required": True,
            "options": {
                "address": {"type": "str", "required": True},
                "port": {"type": "int", "default": 3260},
                "username": {"type": "str"},
                "password": {"type": "str", "no_log": True},
            },
        },
    }
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    with reported(module) as stopwatch, session(module.params, check_mode=module.check_mode) as engine:
        result = discover_targets(engine, **subset(module.params, "host", "data_center", "portals"))
    module.exit_json(**warned(module, result), **stopwatch.times)


if __name__ == "__main__":
    main()
