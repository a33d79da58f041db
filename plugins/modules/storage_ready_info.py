#!/usr/bin/python
# Copyright: (c) 2026, lifeboat.ovirt contributors
# GNU General Public License v3.0+ (see LICENSES or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: storage_ready_info
short_description: Wait until hosts see storage domains
version_added: 0.1.0
description:
  - Looks at what the hosts of a data center that are up see of storage domains, and waits until nothing is missing. It
    is the gate after a storage array has reversed its replication.
  - A domain on logical units is there once every host sees all of its units, each usable and over a path that works.
    The API does not show a write protection that the hosts have not met yet, so the activation has the last word.
  - Of file storage, the API shows nothing before it is imported.
  - Logs no host in to a target, and starts no discovery.
author:
  - lifeboat.ovirt contributors (@lifeboat-ovirt)
extends_documentation_fragment:
  - lifeboat.ovirt.auth
  - lifeboat.ovirt.auth.attributes
attributes:
  check_mode:
    support: full
    details: Looks once and does not wait, since nobody has done what there is to wait for.
  diff_mode:
    support: none
    details: Changes nothing.
  action_group:
    support: full
options:
  data_center:
    description: Name or id of the data center whose hosts look.
    type: str
    required: true
  storage_domains:
    description:
      - The storage domains to look for, as RV(lifeboat.ovirt.recovery_plan_info#module:run) has them under
        C(storage_domains).
      - Each is a dictionary, of which C(id), C(storage_type) and (for messages) C(name) count.
    type: list
    elements: dict
    required: true
  deadline:
    description: Seconds to wait. V(0) looks once, and something missing is no failure then.
    type: int
    default: 0
  poll_interval:
    description: Longest time in seconds between two looks. A look takes a host a while.
    type: float
    default: 10
"""

EXAMPLES = r"""
- name: Wait until the array has turned its replication round
  lifeboat.ovirt.storage_ready_info:
    data_center: west
    storage_domains: "{{ planned_migration_run.storage_domains }}"
    deadline: 1800
"""

RETURN = r"""
ready:
  description: Whether nothing is missing, as far as it can be told.
  returned: success, and on a timeout
  type: bool
storage_domains:
  description: What was seen of each domain.
  returned: success, and on a timeout
  type: list
  elements: dict
  contains:
    id:
      description: Identifier.
      type: str
    name:
      description: Name, or the identifier without one.
      type: str
    storage_type:
      description: Kind of the storage.
      type: str
    ready:
      description: Whether all hosts see it; V(null) where the API cannot tell.
      type: bool
    reason:
      description: Why it is not ready, why nothing can be told, or how it is known.
      type: str
    logical_units:
      description: Its logical units that any of the hosts sees.
      type: list
      elements: str
missing:
  description: What each host lacks.
  returned: success, and on a timeout
  type: list
  elements: dict
  contains:
    storage_domain:
      description: Name of the domain.
      type: str
    host:
      description: Name of the host.
      type: str
    reason:
      description: What it lacks.
      type: str
    remedy:
      description: What to do.
      type: str
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

from ..module_utils.ansible_glue import auth_spec, reported, session, subset, warned
from ..module_utils.storage_ready import await_storage


def main() -> None:
    spec = {
        **auth_spec(),
        "data_center": {"type": "str", "required": True},
        "storage_domains": {"type": "list", "elements": "dict", "required": True},
        "deadline": {"type": "int", "default": 0},
        "poll_interval": {"type": "float", "default": 10},
    }
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    with reported(module) as stopwatch, session(module.params, check_mode=True) as engine:
        result = await_storage(
            engine,
            **subset(module.params, "data_center", "storage_domains", "poll_interval"),
            deadline=0 if module.check_mode else module.params["deadline"],
        )
    module.exit_json(**warned(module, result), **stopwatch.times)


if __name__ == "__main__":
    main()
