#!/usr/bin/python
# Copyright: (c) 2026, lifeboat.ovirt contributors
# GNU General Public License v3.0+ (see LICENSES or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: mapping_info
short_description: Propose what the names of one site become at another
version_added: 0.1.0
description:
  - Reads clusters, vNIC profiles, affinity groups and labels, roles, domains of users and direct LUNs of both sites,
    and proposes a mapping for M(lifeboat.ovirt.entity_registration).
  - What has the same name at both sites comes first, then what has only one candidate, which is to be checked. The rest
    is listed with what there is to choose from.
  - A copy of a direct LUN is never guessed. Roles that both sites have are left out, since the engine finds them.
  - The number of requests grows with the clusters of this site at most, not with the VMs.
author:
  - lifeboat.ovirt contributors (@lifeboat-ovirt)
extends_documentation_fragment:
  - lifeboat.ovirt.auth
  - lifeboat.ovirt.auth.attributes
  - lifeboat.ovirt.mapping
  - lifeboat.ovirt.source_auth
attributes:
  check_mode:
    support: full
    details: Reads only.
  diff_mode:
    support: none
    details: Changes nothing.
  action_group:
    support: full
options:
  source_auth:
    required: true
"""

EXAMPLES = r"""
- name: Propose a mapping from the primary site to the secondary one
  lifeboat.ovirt.mapping_info:
    auth: "{{ mapping_sites.secondary.auth }}"
    source_auth: "{{ mapping_sites.primary.auth }}"
  register: proposed

- name: Write it for somebody to complete
  ansible.builtin.copy:
    content: "{{ proposed.document }}"
    dest: mapping.yml
    mode: "0644"
"""

RETURN = r"""
mapping:
  description: The proposal, as O(mapping) takes it. Passwords of direct LUNs are left out.
  returned: success
  type: dict
  sample: {version: 1, clusters: [{source: east-cl1, target: west-cl1}]}
document:
  description: The same as the text of a mapping file, with comments where somebody has to choose or to check.
  returned: success
  type: str
unresolved:
  description: What has no target yet.
  returned: success
  type: list
  elements: dict
  contains:
    section:
      description: The section of the mapping.
      type: str
      sample: affinity_groups
    source:
      description: The source, as in RV(mapping).
      type: raw
      sample: databases-apart
    candidates:
      description: What there is to choose from.
      type: list
      elements: raw
to_check:
  description: What was proposed although it has another name.
  returned: success
  type: list
  elements: dict
  contains:
    section:
      description: The section of the mapping.
      type: str
    source:
      description: The source, as in RV(mapping).
      type: raw
    target:
      description: The target, as in RV(mapping).
      type: raw
    by:
      description: V(spelling) for a name that differs only in case and punctuation, V(only_candidate) for the only
        thing that could take the place.
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

from ..module_utils.ansible_glue import auth_spec, mapping_spec, reported, session
from ..module_utils.mapping_info import read


def main() -> None:
    login = auth_spec()
    spec = {**login, **mapping_spec(), "source_auth": {**login["auth"], "required": True}}
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    with (
        reported(module) as stopwatch,
        session(module.params, check_mode=True) as target,
        session({"auth": module.params["source_auth"]}, check_mode=True) as source,
    ):
        result = read(source, target, mapping=module.params["mapping"])
    module.exit_json(**result, **stopwatch.times)


if __name__ == "__main__":
    main()
