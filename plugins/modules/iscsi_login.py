#!/usr/bin/python
# Copyright: (c) 2026, lifeboat.ovirt contributors
# GNU General Public License v3.0+ (see LICENSES or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: iscsi_login
short_description: Log hosts in to iSCSI targets
version_added: 0.1.0
description:
  - Logs one host, or every host of a data center that is up, in to iSCSI targets over all portals that are given.
  - A target to which a host has as many paths already as portals are given is left alone.
  - A portal or target that fails does not stop the others. A portal is a warning where its target is reached over
    another one.
  - The engine tells nothing of logins, only what a host sees afterwards. A login after which the host sees neither a
    further logical unit nor a further path is reported as no change.
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
    details: Tells which logins would be made and sends none.
  diff_mode:
    support: full
    details: Shows what changes.
  action_group:
    support: full
options:
  host:
    description:
      - Name or id of the host to log in.
      - Either this or O(data_center) is needed.
    type: str
  data_center:
    description: Name or id of the data center, of which every host that is up logs in. The others are named in a
      warning.
    type: str
  credentials:
    description: CHAP credentials by target, for entries of O(targets) that have none of their own.
    type: list
    elements: dict
    default: []
    suboptions:
      target:
        description: Name (IQN) of the target.
        type: str
        required: true
      username:
        description: User name.
        type: str
        required: true
      password:
        description: Password.
        type: str
        required: true
"""

EXAMPLES = r"""
- name: Let all hosts see the replicated storage
  lifeboat.ovirt.iscsi_login:
    data_center: west
    targets:
      - target: iqn.2031-05.test.array-b:vault
        address: 10.20.1.10
        username: lifeboat
        password: "{{ chap_password }}"
      - target: iqn.2031-05.test.array-b:vault
        address: 10.20.1.11
        username: lifeboat
        password: "{{ chap_password }}"
"""

RETURN = r"""
entities:
  description: What became of each target on each host.
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

from ..module_utils.ansible_glue import auth_spec, partial_spec, reported, session, subset, targets_spec, warned
from ..module_utils.iscsi import log_in

CREDENTIALS = {
    "target": {"type": "str", "required": True},
    "username": {"type": "str", "required": True},
    "password": {"type": "str", "required": True, "no_log": True},
}


def main() -> None:
    spec = {
        **auth_spec(),
        **partial_spec(),
        **targets_spec(),
        "host": {"type": "str"},
        "data_center": {"type": "str"},
        "credentials": {"type": "list", "elements": "dict", "default": [], "options": CREDENTIALS},
    }
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    with reported(module) as stopwatch, session(module.params, check_mode=module.check_mode) as engine:
        options = subset(module.params, "host", "data_center", "targets", "credentials")
        result = log_in(engine, **options, check_mode=module.check_mode)
    module.exit_json(**warned(module, result), **stopwatch.times)


if __name__ == "__main__":
    main()
