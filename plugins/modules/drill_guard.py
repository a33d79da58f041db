#!/usr/bin/python
# Copyright: (c) 2026, lifeboat.ovirt contributors
# GNU General Public License v3.0+ (see LICENSES or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: drill_guard
short_description: Make sure that a drill and a recovery in earnest do not meet
version_added: 0.1.0
description:
  - A drill imports copies of storage domains, which have the identifiers of the originals. Fails where the engine knows
    one of these already, unless under the name that it has in a drill, which then was broken off, or at a place that
    only copies have.
  - A recovery in earnest must not take such copies for the storage itself. With O(in_earnest) fails where a drill has
    left any.
author:
  - lifeboat.ovirt contributors (@lifeboat-ovirt)
extends_documentation_fragment:
  - lifeboat.ovirt.auth
  - lifeboat.ovirt.auth.attributes
attributes:
  check_mode:
    support: full
    details: The check is the same, since it changes nothing.
  diff_mode:
    support: none
    details: Changes nothing.
  action_group:
    support: full
options:
  storage_domains:
    description: The storage domains of the drill or the recovery, as RV(lifeboat.ovirt.recovery_plan_info#module:run)
      has them. Of each the keys C(id) and C(name) count.
    type: list
    elements: dict
    required: true
  copies_at:
    description: By the id of a file domain the place, as C(<address>:<path>), at which there are only copies of it.
      What the engine has there is of a drill, whatever its name is.
    type: dict
    default: {}
  in_earnest:
    description: Whether this is no drill. The names are those of the storage domains themselves then.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Do not drill on storage that is in use
  lifeboat.ovirt.drill_guard:
    storage_domains: "{{ plan.run.storage_domains }}"
    copies_at: "{{ plan.run.copies_at }}"

- name: Do not fail over to the copies of a drill
  lifeboat.ovirt.drill_guard:
    storage_domains: "{{ plan.run.storage_domains }}"
    copies_at: "{{ plan.run.copies_at }}"
    in_earnest: true
"""

RETURN = r"""
storage_domains:
  description: Names of the storage domains that an earlier drill has left.
  returned: success
  type: list
  elements: str
reason:
  description: The finding in words.
  returned: success
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
  sample: 0.34
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils.ansible_glue import auth_spec, reported, session, subset
from ..module_utils.guard import check_drill


def main() -> None:
    spec = {
        **auth_spec(),
        "storage_domains": {"type": "list", "elements": "dict", "required": True},
        "copies_at": {"type": "dict", "default": {}},
        "in_earnest": {"type": "bool", "default": False},
    }
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    with reported(module) as stopwatch, session(module.params, check_mode=True) as engine:
        result = check_drill(engine, **subset(module.params, "storage_domains", "copies_at", "in_earnest"))
    module.exit_json(**result, **stopwatch.times)


if __name__ == "__main__":
    main()
